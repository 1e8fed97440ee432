import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Ended, runCli } from "../equivalence/programs.js";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "distffmpeg-change-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const ours = (...words: string[]): Promise<Ended> =>
  runCli(["workers", ...words], {
    cwd: home,
    env: { HOME: home, XDG_CONFIG_HOME: join(home, "config"), XDG_STATE_HOME: home },
  });

test("edit, drain, undrain and remove change the file they must, in place, and nothing else in it", async () => {
  const text =
    '{\n  "//": "mine",\n  "workers": [\n    { "host": "a", "//": "twice" },\n    { "host": "b" },\n    { "host": "a" }\n  ],\n  "keyint_min": 60\n}\n';
  mkdirSync(join(home, "config", "distffmpeg"), { recursive: true });
  const real = join(home, "dotfile.json");
  const file = join(home, "config", "distffmpeg", "config.json");
  writeFileSync(real, text);
  chmodSync(real, 0o640);
  symlinkSync(real, file);

  expect(await ours("drain", "a")).toMatchObject({ code: 0, stdout: `drain: a (${file})\n`, stderr: "" });
  expect(readFileSync(real, "utf8")).toBe(
    text
      .replace('"twice" }', '"twice", "drained": true }')
      .replace('{ "host": "a" }', '{ "host": "a", "drained": true }'),
  );
  expect(JSON.parse((await ours("--json")).stdout).workers).toMatchObject([
    { name: "b" },
    { name: "a", slots: 2, drained: true },
  ]);
  expect((await ours("undrain", "a", "b")).code).toBe(0);
  expect(readFileSync(real, "utf8")).toBe(text);

  const edited = await ours("edit", "a", "--slots", "6", "--work-path=/srv/x", "--name", "tower", "--json");
  expect(JSON.parse(edited.stdout)).toEqual({ version: 1, verb: "edit", workers: ["a"], file });
  expect(JSON.parse(readFileSync(real, "utf8")).workers).toEqual([
    { host: "a", "//": "twice", slots: 6, work_path: "/srv/x", name: "tower" },
    { host: "b" },
  ]);
  expect((await ours("edit", "tower", "--slots", "default")).code).toBe(0);
  expect((await ours("remove", "tower", "b")).code).toBe(0);
  expect(JSON.parse(readFileSync(real, "utf8"))).toEqual({ "//": "mine", workers: [], keyint_min: 60 });
  expect(statSync(real).mode & 0o777).toBe(0o640);
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(readdirSync(home).filter((name) => /part|lock/.test(name))).toEqual([]);
});

test("what cannot be done says why and what to type, and leaves the file as it was", async () => {
  const text = '{ "workers": [{ "host": "tower" }, { "host": "attic" }] }';
  const file = join(home, "distffmpeg.json");
  writeFileSync(file, text);
  const refused = async (words: string[], code: number, said: RegExp): Promise<void> => {
    const ended = await ours(...words);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(said);
    expect(readFileSync(file, "utf8")).toBe(text);
  };
  await refused(["remove", "towr"], 1, /no worker "towr"; did you mean tower\?\nTry: distffmpeg workers list\n$/);
  await refused(["drain"], 2, /needs the name of a worker\nTry: distffmpeg workers drain --help\n$/);
  await refused(["edit", "tower", "--slots", "many"], 2, /--slots is "many", but must be how many chunks/);
  await refused(["edit", "tower", "--name", "attic"], 1, /there is a worker attic already/);
  await refused(["edit", "tower"], 2, /needs an option/);
});
