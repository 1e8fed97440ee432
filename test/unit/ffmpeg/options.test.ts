import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { allOptions, concernsOnlyVideo, findOption, interpretFlag, makeOption } from "../../../src/ffmpeg/options.js";

const version = spawnSync("ffmpeg", ["-version"], { encoding: "utf8" });
const installed = version.status === 0;
const major = Number(/version n?(\d+)/.exec(version.stdout ?? "")?.[1] ?? 5);

/** Section title to option names in `ffmpeg -h full`, without the sections about AVOptions. */
function sectionsOfHelp(): Map<string, string[]> {
  const help = spawnSync("ffmpeg", ["-hide_banner", "-h", "full"], { encoding: "utf8", maxBuffer: 1 << 26 }).stdout;
  const own = help.slice(help.indexOf("Print help"), help.search(/^.*AVOptions:$/m));
  const sections = own
    .split(/\n{2,}/)
    .map((text): [string, string[]] => [
      text.slice(0, text.indexOf("\n")),
      [...text.matchAll(/^-(\S+)/gm)].map((match) => match[1] ?? ""),
    ]);
  return new Map(sections.filter(([, names]) => names.length > 0));
}

/**
 * What ffmpeg itself takes for the value of each option. Its debug log tells
 * while it splits the command line; the unknown option at the end stops it
 * before it does anything. (The help does not tell: `-hide_banner hide_banner`.)
 */
function valuesTaken(names: readonly string[]): Map<string, string> {
  const argv = ["-loglevel", "debug", ...names.flatMap((name) => [`-${name}`, "@"]), "-no_such_option_at_all"];
  const log = spawnSync("ffmpeg", argv, { encoding: "utf8", cwd: tmpdir(), maxBuffer: 1 << 26 }).stderr;
  const line = /^Reading option '-(.*?)' \.\.\. matched as option '.*' \(.*\) with argument '?(.*?)'?\.$/gm;
  return new Map([...log.matchAll(line)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

describe.skipIf(!installed)("against the installed ffmpeg", () => {
  const sections = sectionsOfHelp();
  const names = [...new Set([...sections.values()].flat())];
  const inSections = (title: RegExp): string[] =>
    [...sections].filter(([text]) => title.test(text)).flatMap(([, list]) => list);

  test("every option of `ffmpeg -h full` is in the table", () => {
    expect(names.length).toBeGreaterThan(150);
    expect(names.filter((name) => findOption(name) === undefined)).toEqual([]);
  });

  test("options take a value where ffmpeg takes one", () => {
    const mine = names.filter((name) => name !== "loglevel" && name !== "report");
    const taken = valuesTaken(mine);
    const expected = mine.map((name) => {
      const info = findOption(name);
      const flag = info?.flagSince !== undefined && major >= info.flagSince;
      return [name, info?.takesValue === true && !flag ? "@" : "1"];
    });
    expect([...taken].filter(([name]) => name !== "loglevel")).toEqual(expected);
  });

  test("global options are those of the global sections", () => {
    const global = inSections(/^(Global|Advanced global|Print help)/);
    expect(global.length).toBeGreaterThan(60);
    const mine = names.filter((name) => findOption(name)?.scope === "global");
    expect(mine.toSorted()).toEqual([...new Set(global)].toSorted());
  });

  test("media are those of the sections, but for options listed in the wrong place", () => {
    const odd = (title: RegExp, media: string): string[] =>
      inSections(title).filter((name) => findOption(name)?.media !== media);
    const elsewhere = new Set(["b", "ab", "dn", "streamid", "timecode", "s"]);
    expect(odd(/^(Advanced )?Video options/, "video").filter((name) => !elsewhere.has(name))).toEqual([]);
    expect(odd(/^(Advanced )?Audio options/, "audio")).toEqual([]);
    expect(odd(/^(Advanced )?Subtitle options/, "subtitle").filter((name) => !elsewhere.has(name))).toEqual([]);
  });

  test("booleans and no other options have a -no form", () => {
    const negatable = names.filter((name) => findOption(name)?.negatable === true);
    const argv = ["-loglevel", "debug", ...negatable.map((name) => `-no${name}`), "-no_such_option_at_all"];
    const log = spawnSync("ffmpeg", argv, { encoding: "utf8", cwd: tmpdir() }).stderr;
    const line = /^Reading option '-no(.*?)' \.\.\. matched as option '.*' \(.*\) with argument 0\.$/gm;
    expect([...log.matchAll(line)].map((match) => match[1])).toEqual(negatable);
    for (const name of ["vstats", "map", "version"]) {
      expect(findOption(name)?.negatable).toBe(false);
      expect(spawnSync("ffmpeg", [`-no${name}`], { encoding: "utf8" }).stderr).toContain(
        `Unrecognized option 'no${name}'`,
      );
    }
  });
});

describe("the table", () => {
  test("has no name twice", () => {
    const names = allOptions().map((info) => info.name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("aliases lead to options that are no aliases", () => {
    for (const { alias } of allOptions()) {
      if (alias === undefined) continue;
      const target = findOption(alias.name);
      expect(target, alias.name).toBeDefined();
      expect(target?.alias, alias.name).toBeUndefined();
    }
  });

  test("knows options of later versions", () => {
    expect(findOption("stats_enc_pre")).toMatchObject({ takesValue: true, applies: "output", specifiers: true });
    expect(findOption("readrate_initial_burst")).toMatchObject({ takesValue: true, applies: "input" });
    expect(findOption("fix_sub_duration_heartbeat")).toMatchObject({ takesValue: false, media: "video" });
    expect(findOption("print_graphs")).toMatchObject({ takesValue: false, scope: "global" });
    expect(findOption("display_rotation")).toMatchObject({ takesValue: true, applies: "input", media: "video" });
  });

  test("information options", () => {
    for (const name of ["version", "h", "encoders", "formats", "L", "hwaccels"]) {
      expect(findOption(name)).toMatchObject({ information: true, scope: "global" });
    }
    expect(allOptions().filter((info) => info.information && info.negatable)).toEqual([]);
  });

  test("AVOptions are not in it", () => {
    for (const name of ["crf", "preset", "g", "movflags", "hls_time"]) expect(findOption(name)).toBeUndefined();
  });
});

describe("interpretFlag", () => {
  test.each([
    ["-vcodec", "c", "v"],
    ["-codec:a:1", "c", "a:1"],
    ["-codec", "c", undefined],
    ["-vframes", "frames", "v"],
    ["-dframes", "frames", "d"],
    ["-vf", "filter", "v"],
    ["-af", "filter", "a"],
    ["-qscale:v", "q", "v"],
    ["-qscale", "q", "v"],
    ["-q", "q", undefined],
    ["-aq", "q", "a"],
    ["-ab", "b", "a"],
    ["-vb", "b", "v"],
    ["-b", "b", "v"],
    ["-b:a", "b", "a"],
    ["-profile", "profile", "v"],
    ["-vtag", "tag", "v"],
    ["-absf", "bsf", "a"],
    ["-lavfi", "filter_complex", undefined],
    ["-v", "loglevel", undefined],
    ["--help", "h", undefined],
    ["-metadata:s:v:0", "metadata", "s:v:0"],
    ["-crf", "crf", undefined],
    ["-x264-params:v:0", "x264-params", "v:0"],
    ["-/filter:v", "filter", "v"],
    ["-c:", "c", ""],
  ])("%s", (flag, name, spec) => {
    expect(interpretFlag(flag)).toMatchObject({ name, spec, negated: false });
  });

  test("-no forms of booleans only", () => {
    expect(interpretFlag("-nostdin")).toMatchObject({ name: "stdin", negated: true });
    expect(interpretFlag("-noforce_fps:v")).toMatchObject({ name: "force_fps", spec: "v", negated: true });
    // -map takes a value and -report is no boolean, so these can only be AVOptions.
    expect(interpretFlag("-nomap")).toMatchObject({ info: undefined, name: "nomap", negated: false });
    expect(interpretFlag("-noreport")).toMatchObject({ info: undefined, negated: false });
    expect(interpretFlag("-noise_reduction")).toMatchObject({ name: "noise_reduction", negated: false });
  });
});

test("concernsOnlyVideo", () => {
  const yes = [
    "-c:v",
    "-vcodec",
    "-vf",
    "-r",
    "-s",
    "-pix_fmt:0",
    "-b:v:0",
    "-b",
    "-crf:v",
    "-frames:V",
    "-vn",
    "-fps_mode",
  ];
  const no = [
    "-c",
    "-crf",
    "-c:a",
    "-b:a",
    "-ar",
    "-sn",
    "-t",
    "-metadata:s:v:0",
    "-map",
    "-preset",
    "-frames",
    "-g",
    "-flags:version",
  ];
  expect(yes.filter((flag) => !concernsOnlyVideo(makeOption(flag, "1")))).toEqual([]);
  expect(no.filter((flag) => concernsOnlyVideo(makeOption(flag, "1")))).toEqual([]);
});
