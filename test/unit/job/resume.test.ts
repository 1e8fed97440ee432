import { expect, test } from "vitest";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { findDead } from "../../../src/job/clean/worker.js";
import { changedSource, commandId, whyAnew } from "../../../src/job/resume/identity.js";
import { type JournalHead, type KeptRecord, parseJournal } from "../../../src/job/resume/journal.js";
import { ownerTag, thisProcess } from "../../../src/lib/owner.js";

const SOURCE = { path: "/films/a.mkv", size: 10, mtime: 1.5, sample: "00" };
const HEAD: JournalHead = {
  ...{
    kind: "job",
    version: 1,
    argv: ["-i", "a.mkv", "o.mkv"],
    flags: {},
    cwd: "/films",
    began: "2026-01-01T00:00:00Z",
  },
  ...{ sources: [SOURCE], ffmpeg: "5.1", settings: "1 2 3", sharing: { slots: 4, alike: false } },
};
const chunk = (key: string, number: number): KeptRecord => ({
  ...{ kind: "chunk", key, chunk: number, rendition: 0, frames: 24, header: "h", sizes: [1, 2] },
  files: [{ file: `${number}.nut`, bytes: 3, sha256: "s" }],
});
const lines = (...records: unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");

function id(words: string, cwd = "/films"): string {
  const parsed = parseCommand(words.split(" "));
  if (!parsed.ok) throw new Error(words);
  return commandId(parsed.value, cwd);
}

test("a journal is read line by line, and what is torn counts as not written", () => {
  const whole = lines(HEAD, chunk("a", 0), { kind: "total", chunks: 5, frames: 120 }, chunk("b", 1), chunk("a", 0));
  expect([...(parseJournal(whole)?.chunks.keys() ?? [])]).toEqual(["a", "b"]);
  expect(parseJournal(whole)?.total).toMatchObject({ chunks: 5, frames: 120 });
  for (let cut = 0; cut < whole.length; cut++) {
    const journal = parseJournal(whole.slice(0, cut));
    const complete = whole.slice(0, cut).split("\n").length - 1;
    expect(journal === undefined).toBe(complete === 0);
    expect(journal?.chunks.size ?? 0).toBe([0, 0, 1, 1, 2, 2][complete]);
  }
  expect(parseJournal(lines(HEAD, { kind: "chunk", key: 5 }, "x", chunk("b", 1)))?.chunks.size).toBe(1);
  expect(parseJournal(lines(chunk("a", 0)))).toBeUndefined();
});

test("a command is the same whatever it says of itself, and another one in another folder or with other options", () => {
  const same = ["-y -i a.mkv -c:v ffv1 o.mkv", "-v error -nostdin -i a.mkv -c:v ffv1 -n o.mkv"];
  const one = id("-i a.mkv -c:v ffv1 o.mkv");
  expect(same.map((words) => id(words))).toEqual([one, one]);
  const others = ["-i a.mkv -c:v ffv1 -g 1 o.mkv", "-i a.mkv -c:v ffv1 p.mkv", "-ss 1 -i a.mkv -c:v ffv1 o.mkv"];
  expect(new Set([...others.map((words) => id(words)), id("-i a.mkv -c:v ffv1 o.mkv", "/"), one]).size).toBe(5);
});

test("what was kept is of use as long as nothing has changed that it was made of", () => {
  expect(whyAnew(HEAD, HEAD)).toBeUndefined();
  const changed = { ...SOURCE, mtime: 2 };
  expect(whyAnew(HEAD, { ...HEAD, sources: [changed] })).toBe("/films/a.mkv has changed");
  expect(whyAnew(HEAD, { ...HEAD, sources: [] })).toBe("/films/a.mkv has changed");
  expect(whyAnew(HEAD, { ...HEAD, sources: [SOURCE, changed] })).toBe("there are other sources");
  expect(whyAnew(HEAD, { ...HEAD, ffmpeg: "7.1" })).toBe("ffmpeg is of another build");
  expect(whyAnew(HEAD, { ...HEAD, settings: "4" })).toBe("distffmpeg or its chunk lengths are others");
  expect(changedSource([SOURCE], [{ ...SOURCE, sample: "01" }])).toBe("/films/a.mkv");
});

test("on a worker only what is nobody's is dead", () => {
  const random = "0123456789abcdef01234567";
  const folder = (owner: Parameters<typeof ownerTag>[0]): string => `distffmpeg-${ownerTag(owner)}${random}`;
  const me = thisProcess();
  const ours = folder(me);
  const dead = folder({ ...me, start: "another" });
  const elsewhere = { host: "0123456789abcdef", pid: 7, start: "1" };
  const [used, young, old] = [7, 8, 9].map((pid) => folder({ ...elsewhere, pid }));
  const listing = [
    ...[ours, dead, used, young, old, "distffmpeg-notes", `distffmpeg-${random}`].map((name) => `folder ${name}`),
    ...[`young ${young}`, `young ${dead}`],
    `program 11 ffmpeg -i file:/w/${dead}/source0.nut /w/${dead}/result0.nut`,
    `program 12 sh -c wait sh /w/${used}`,
    `program 13 ffmpeg -i /w/${ours}/source1.nut`,
    `program 14 grep /w/distffmpeg-`,
  ].join("\n");
  expect(findDead(listing, "/w", "own")).toEqual({ folders: [dead, old, `distffmpeg-${random}`], programs: [11] });
  expect(findDead(listing, "/w", dead).programs).toEqual([]);
});
