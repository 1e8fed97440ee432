import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { make } from "../equivalence/compare.js";
import { Sources } from "../equivalence/sources.js";
import { until } from "../lab/sessions.js";
import { ALL } from "../thorough.js";
import {
  damage,
  differences,
  type Host,
  hostsIn,
  killWarden,
  packets,
  plainly,
  reportFault,
  shorten,
  smallDisk,
  type Stage,
} from "./host-rig.js";

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());
const newHost = hostsIn(() => sources.folder);

/** Eight seconds in nine chunks. */
const CHUNKS = 9;
const film = (): Promise<string> => sources.get("long.mp4");
const QUIET = ["-y", "-v", "warning", "-nostdin"];
const LOSSLESS = ["-c:v", "ffv1", "-c:a", "copy", "o.mkv"];

let plain: Promise<string> | undefined;
/** What plain ffmpeg makes of the film without loss. */
const lossless = async (): Promise<string> => {
  plain ??= film().then((path) => plainly(sources.folder, ["-i", path, ...LOSSLESS]));
  return plain;
};

/** Begins the lossless job and kills it when so many chunks are finished; gives its words. */
async function killedAfter(host: Host, chunks: number, path?: string): Promise<string[]> {
  const words = [...QUIET, "-i", path ?? (await film()), ...LOSSLESS];
  host.hold("remote", chunks);
  const job = host.start(words);
  await host.held(chunks);
  await host.kill(job);
  expect(existsSync(join(host.out, "o.mkv"))).toBe(false);
  return words;
}

/** Runs the words to their end; as many chunks as that must have been kept, and nothing may be left. */
async function expectResumed(host: Host, words: readonly string[], kept: number): Promise<string> {
  const { code, stderr } = await host.run(words);
  expect({ code, kept: host.summary?.kept, encoded: host.encoded }, stderr).toEqual({
    ...{ code: 0, kept, encoded: CHUNKS - kept },
  });
  expect(await differences(await lossless(), host.out)).toEqual([]);
  expect(host.leftovers()).toEqual([]);
  return stderr;
}

describe("killed outright, with all of its group, and typed again", () => {
  const MOMENTS: [string, Stage, number, number][] = [
    ["while the source is split", "pre", 0, 0],
    ["in the middle", "remote", 3, 3],
    ["at the last chunk", "remote", CHUNKS - 1, CHUNKS - 1],
    ["while FINAL is at work", "final", 0, CHUNKS],
    ["when all is proven but not in place", "proof", 0, CHUNKS],
  ];
  test.runIf(ALL).each(MOMENTS)("%s", async (name, stage, after, kept) => {
    const host = newHost();
    const words = [...QUIET, "-i", await film(), ...LOSSLESS];
    host.hold(stage, after);
    const job = host.start(words);
    await host.held(kept);
    await host.kill(job);
    // Only what can be gone on with.
    expect(host.leftovers().filter((one) => !one.startsWith("resume-"))).toEqual([]);
    expect(host.journal().length).toBe(kept);
    await expectResumed(host, words, kept);
    reportFault(`host killed ${name}`, true, 0);
  });

  test("a torn journal, a chunk with a wrong bit, one that is too short", async () => {
    const host = newHost();
    const words = await killedAfter(host, 4);
    const [first, second] = host.journal().flatMap(({ files }) => files.map(({ file }) => join(host.state, file)));
    damage(first ?? "");
    shorten(second ?? "");
    appendFileSync(join(host.state, "journal"), '{"kind":"chunk","key":"0123');
    const said = await expectResumed(host, words, 2);
    expect(said.match(/what was kept of it is damaged, and is made anew/g)).toHaveLength(2);
    reportFault("torn journal, damaged chunks", true, 0);
  });

  test.runIf(ALL)("a folder of the output that is gone", async () => {
    const host = newHost();
    const words = [...QUIET, "-i", await film(), ...LOSSLESS.slice(0, -1), "sub/o.mkv"];
    mkdirSync(join(host.out, "sub"));
    host.hold("proof");
    const job = host.start(words);
    await host.held(CHUNKS);
    rmSync(join(host.out, "sub"), { recursive: true });
    host.release("proof");
    const ended = await job.ended;
    expect(ended.code, ended.stderr).toBe(1);
    expect(ended.stderr).toMatch(/the folder \S+\/sub is gone/);
    expect(ended.stderr).toMatch(/9 finished chunks .* are kept in/);
    // Plain ffmpeg says what is missing; what is kept stays.
    expect(await host.run(words)).toMatchObject({ code: 1, stderr: expect.stringMatching(/sub\/o\.mkv/) });
    mkdirSync(join(host.out, "sub"));
    expect(await host.run(words)).toMatchObject({ code: 0 });
    expect({ kept: host.summary?.kept, encoded: host.encoded }).toEqual({ kept: CHUNKS, encoded: 0 });
    expect(await packets(join(host.out, "sub/o.mkv"))).toBe(await packets(join(await lossless(), "o.mkv")));
    expect(host.leftovers()).toEqual([]);
  });
});

describe("what makes a job another one", () => {
  test.runIf(ALL)("a source that has changed meanwhile: it is said, and all is made anew", async () => {
    const host = newHost();
    const path = join(host.folder, "film.mp4");
    copyFileSync(await film(), path);
    const words = await killedAfter(host, 2, path);
    copyFileSync(await sources.get("h264.mp4"), path);
    const { code, stderr } = await host.run(words);
    expect({ code, kept: host.summary?.kept }).toEqual({ code: 0, kept: 0 });
    expect(stderr).toMatch(/is of no use: .*film\.mp4 has changed; starting anew/);
    expect(await differences(await plainly(sources.folder, ["-i", path, ...LOSSLESS]), host.out)).toEqual([]);
    expect(host.leftovers()).toEqual([]);
  });

  const OTHERS: [string, (host: Host, words: string[]) => { words: string[]; said?: RegExp }][] = [
    ["a command", (_, words) => ({ words: [...words.slice(0, -5), "-c:v", "ffv1", "-g", "1", ...words.slice(-3)] })],
    [
      "chunk lengths",
      (_, words) => ({ words: ["-df_segment_frames=30", ...words], said: /its chunk lengths are others/ }),
    ],
    [
      "a build of ffmpeg",
      (host, words) => {
        const other = join(host.folder, "other");
        writeFileSync(other, '#!/bin/sh\n[ "$*" = -version ] && echo "ffmpeg version 9"\nexec ffmpeg "$@"\n', {
          mode: 0o755,
        });
        return { words: [`-df_ffmpeg_bin=${other}`, ...words], said: /ffmpeg is of another build/ };
      },
    ],
    ["-df_resume=never", (_, words) => ({ words: ["-df_resume=never", ...words] })],
  ];
  test.runIf(ALL).each(OTHERS)("%s", async (_, other) => {
    const host = newHost();
    const { words, said } = other(host, await killedAfter(host, 2));
    const { code, stderr } = await host.run(words);
    expect({ code, kept: host.summary?.kept }, stderr).toEqual({ code: 0, kept: 0 });
    if (said) expect(stderr).toMatch(said);
    else expect(stderr).toBe("");
    expect(await differences(await lossless(), host.out)).toEqual([]);
  });

  test.runIf(ALL)("a source that changes while the job runs: plain ffmpeg makes what is there now", async () => {
    const host = newHost();
    const path = join(host.folder, "film.mp4");
    copyFileSync(await film(), path);
    host.hold("final");
    const job = host.start([...QUIET, "-i", path, ...LOSSLESS]);
    await host.held(CHUNKS);
    copyFileSync(await sources.get("h264.mp4"), path);
    host.release("final");
    const { code, stderr } = await job.ended;
    expect({ code, route: host.summary?.route }, stderr).toEqual({ code: 0, route: "local" });
    expect(await differences(await plainly(sources.folder, ["-i", path, ...LOSSLESS]), host.out)).toEqual([]);
    expect(host.leftovers()).toEqual([]);
  });
});

test("two runs of one command: the second says who is at work, Ctrl-C keeps what is finished, jobs goes on with it", async () => {
  const host = newHost();
  const words = ["-y", "-nostats", "-hide_banner", "-nostdin", "-i", await film(), ...LOSSLESS];
  host.hold("remote", 3);
  const job = host.start(words);
  await host.held(3);
  const second = await host.run(words);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(new RegExp(`the same command is at work already: process ${job.child.pid}, since `));
  expect(second.stderr).toMatch(/Try: wait until it is done, or end it \(kill \d+\)/);
  const listed = (await host.command(["jobs", "--json"])).stdout;
  expect(JSON.parse(listed).jobs).toMatchObject([{ chunks: 3, running: { pid: job.child.pid }, useless: null }]);
  process.kill(job.child.pid ?? 0, "SIGINT");
  host.release("remote");
  const { code, stderr } = await job.ended;
  expect(code).toBe(255);
  expect(stderr).toMatch(/the film's first \d+ frames .* are in o\.mkv/);
  const [, id = ""] =
    /finished chunks \([^)]+\) are kept in \S+: the same command goes on .*jobs resume (\w+);/.exec(stderr) ?? [];
  expect(host.state).toBe(join(host.work, `resume-${id}`));
  expect(host.leftovers().filter((one) => !one.startsWith("resume-"))).toEqual([]);
  const { jobs } = JSON.parse((await host.command(["jobs", "--json"])).stdout);
  expect(jobs).toMatchObject([
    { id, cwd: host.out, command: words, totalChunks: CHUNKS, running: null, useless: null },
  ]);
  expect((await host.command(["jobs"])).stdout).toMatch(
    new RegExp(`^${id} .* of ${CHUNKS} chunks .*jobs resume ${id}$`, "m"),
  );
  const resumed = await host.command(["jobs", "resume", id]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(host.summary?.kept).toBe(jobs[0].chunks);
  expect(await differences(await lossless(), host.out)).toEqual([]);
  expect(host.leftovers()).toEqual([]);
});

test("after a power loss clean leaves nothing but what can be gone on with, and jobs remove not even that", async () => {
  const host = newHost();
  const words = [...QUIET, "-i", await film(), ...LOSSLESS];
  host.hold("remote", 2);
  const running = host.start([...words.slice(0, -1), "other.mkv"]);
  await host.held(2);
  host.hold("remote", 2);
  const job = host.start(words);
  const begun = (): boolean => readdirSync(host.out).some((name) => name.startsWith(".o.distffmpeg-"));
  await until(() => host.jobFolders().length === 2 && existsSync(join(host.folder, "held")) && begun(), 100);
  const ours = host.leftovers();
  killWarden(job.child.pid ?? 0);
  process.kill(job.child.pid ?? 0, "SIGKILL");
  await job.ended;
  expect(host.leftovers().length).toBe(ours.length);
  const cleaned = await host.command(["clean"]);
  expect(cleaned.code, cleaned.stderr).toBe(0);
  expect(cleaned.stdout).toMatch(/^removed .*\/job-\w+$/m);
  expect(cleaned.stdout).toMatch(/^removed .*\/\.o\.distffmpeg-[0-9a-f]+\.mkv$/m);
  expect(cleaned.stdout).toMatch(/^ended process \d+$/m);
  // The one that is at work has all that it needs.
  expect(host.jobFolders()).toHaveLength(1);
  host.release("remote");
  expect(await running.ended).toMatchObject({ code: 0 });
  const { jobs } = JSON.parse((await host.command(["jobs", "--json"])).stdout);
  for (const { id } of jobs) expect(await host.command(["jobs", "remove", id])).toMatchObject({ code: 0, stderr: "" });
  expect(host.leftovers()).toEqual([]);
  expect(host.programs()).toEqual([]);
});

test("standard input that does not fit on the disk ends the job, and no cut film is left", async ({ skip }) => {
  const host = newHost();
  const disk = smallDisk(host.work, 400_000);
  if (!disk) return skip("a small disk can only be mounted as root");
  try {
    const words = ["-y", "-v", "error", "-i", "pipe:0", ...LOSSLESS];
    const { code, stderr } = await host.run(words, { stdin: await sources.get("ffv1.mkv") });
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/standard input cannot be kept in .*stdin/);
    expect(readdirSync(host.out)).toEqual([]);
  } finally {
    disk.remove();
  }
});

test.runIf(ALL)("a full disk: it is said, and with more room the same command goes on", async ({ skip }) => {
  const host = newHost();
  const disk = smallDisk(host.work, 1_200_000);
  if (!disk) return skip("a small disk can only be mounted as root");
  try {
    const words = ["-y", "-v", "error", "-nostdin", "-i", await film(), ...LOSSLESS];
    const { code, stderr } = await host.run(words);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/no space is left on the disk of .*\/work\/job-/);
    expect(stderr).toMatch(/Try: free some room there, and type the same command again/);
    const kept = new Set(host.journal().map(({ chunk }) => chunk)).size;
    disk.grow(100_000_000);
    await expectResumed(host, words, kept);
  } finally {
    disk.remove();
  }
});

describe.runIf(ALL)("sizes, passes, ladders", () => {
  test("two passes of x264 with a bitrate, each killed twice", async () => {
    const undisturbed = newHost();
    const host = newHost();
    const path = await film();
    const one = [
      ...QUIET,
      "-i",
      path,
      ..."-c:v libx264 -preset fast -b:v 150k -pass 1 -an -f null /dev/null".split(" "),
    ];
    const two = [...QUIET, "-i", path, ..."-c:v libx264 -preset fast -b:v 150k -pass 2 -an o.mkv".split(" ")];
    for (const words of [one, two]) {
      expect(await undisturbed.run(words)).toMatchObject({ code: 0 });
      const encodes = undisturbed.encoded;
      for (const after of [3, 2]) {
        host.hold("remote", after);
        const job = host.start(words);
        await host.held();
        await until(() => host.journal().length >= (after === 3 ? 3 : 5), 100);
        await host.kill(job);
      }
      expect(await host.run(words)).toMatchObject({ code: 0 });
      expect(host.encoded).toBe(encodes - 5);
    }
    expect(await packets(join(host.out, "o.mkv"))).toBe(await packets(join(undisturbed.out, "o.mkv")));
    expect([...host.leftovers(), ...undisturbed.leftovers()]).toEqual([]);
  });

  test("a ladder of two outputs", async () => {
    const host = newHost();
    const args = [
      ...["-i", await film(), "-filter_complex", "[0:v]split[a][b];[b]scale=80:60[s]"],
      ..."-map [a] -map 0:a -c:v ffv1 -c:a copy o.mkv -map [s] -c:v ffv1 s.mkv".split(" "),
    ];
    host.hold("remote", 4);
    const job = host.start([...QUIET, ...args]);
    await host.held(8);
    await host.kill(job);
    const { code, stderr } = await host.run([...QUIET, ...args]);
    expect({ code, kept: host.summary?.kept, encoded: host.encoded }, stderr).toEqual({
      code: 0,
      kept: 4,
      encoded: CHUNKS - 4,
    });
    expect(await differences(await plainly(sources.folder, args), host.out)).toEqual([]);
    expect(host.leftovers()).toEqual([]);
  });

  test("subtitles that go along are the same file each time", async () => {
    const host = newHost();
    const path = join(host.folder, "titled.mkv");
    const lines = "1\n00:00:00,500 --> 00:00:02,000\nOne\n\n2\n00:00:03,000 --> 00:00:05,000\nTwo\n";
    writeFileSync(join(host.folder, "titles.srt"), lines);
    await make(["-i", await film(), "-i", join(host.folder, "titles.srt"), "-c", "copy", path]);
    const args = ["-i", path, "-vf", `subtitles=${path}`, "-c:v", "ffv1", "-an", "-sn", "o.mkv"];
    host.hold("remote", 2);
    const job = host.start([...QUIET, ...args]);
    await host.held(2);
    await host.kill(job);
    const { code, stderr } = await host.run([...QUIET, ...args]);
    expect({ code, kept: host.summary?.kept }, stderr).toEqual({ code: 0, kept: 2 });
    expect(await differences(await plainly(sources.folder, args), host.out)).toEqual([]);
  });
});
