import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { compareFiles, make, readSummary, SHORT_CHUNKS } from "../equivalence/compare.js";
import { cliPath, type Ended, must, run, runFfmpeg, start, type StartOptions } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { until } from "../lab/sessions.js";
import { ALL, isLeftOut } from "../thorough.js";

/** Commands that end early, and the last words of those that do not, beside plain ffmpeg's. */

vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(sources.folder, "dropin-"));
  mkdirSync(join(folder, "bin"));
  symlinkSync(cliPath(), join(folder, "bin", "ffmpeg"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = (options: StartOptions = {}): StartOptions => ({
  cwd: folder,
  ...options,
  env: {
    ...{ HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: join(folder, "state") },
    ...{ XDG_CACHE_HOME: join(sources.folder, "cache"), ...options.env },
  },
});
const PATH = (): string => `${join(folder, "bin")}:${process.env.PATH}`;
const ours = (args: readonly string[], options: StartOptions = {}): Promise<Ended> =>
  run(join(folder, "bin", "ffmpeg"), [...SHORT_CHUNKS, ...args], settings({ ...options, env: { PATH: PATH() } }));
const plain = (args: readonly string[], options: StartOptions = {}): Promise<Ended> =>
  runFfmpeg(args, settings(options));
const steady = ({ stderr, ...rest }: Ended): Ended => ({ ...rest, stderr: stderr.replace(/@ 0x[0-9a-f]+/g, "@") });
const split = (text: string): string[] => text.split(/[\r\n]+/);

const X264 = "-c:v libx264 -preset ultrafast -c:a copy";

describe("what ffmpeg refuses it refuses in its own words, once, with its own status", () => {
  test.each([
    ["a preset that is none", "-y -i {film} -c:v libx264 -preset nonsense o.mkv"],
    ["an encoder that is none", "-y -i {film} -c:v nonsense o.mkv"],
    ["an option that is none", "-y -i {film} -c:v libx264 -nonsense 4 o.mkv"],
    ["a container that is none", "-y -i {film} -c:v libx264 o.nonsense"],
    ["a stream that is not there", "-y -i {film} -map 0:5 -c:v libx264 o.mkv"],
    ["a folder that is not there", `-y -i {film} ${X264} no/such/o.mkv`],
    ["a film that is not there", `-y -i missing.mkv ${X264} o.mkv`],
    ["no output", "-i {film}"],
    ["-n, and a file is there", `-n -i {film} ${X264} old.mkv`],
    ["no answer, and a file is there", `-i {film} ${X264} old.mkv`],
    ["-y and -n", `-y -n -i {film} ${X264} old.mkv`],
    ["the film is its own output", `-y -i own.mp4 ${X264} own.mp4`],
  ])("%s", async (_, words) => {
    const film = await sources.get("h264.mp4");
    writeFileSync(join(folder, "old.mkv"), "old");
    await make(["-i", film, "-c", "copy", join(folder, "own.mp4")]);
    const args = words.split(" ").map((word) => word.replace("{film}", film));
    const [theirs, own] = [steady(await plain(args)), steady(await ours(args))];
    // Where a folder lacks, that is found when the command is known to be one for chunks.
    const said = own.stderr.replace(/^distffmpeg: not split: .* cannot be written.*\n/, "");
    expect({ ...own, stderr: said }).toEqual(theirs);
  });
});

test("what is refused after the question is told once", async () => {
  const film = await sources.get("h264.mp4");
  await make(["-i", film, "-c", "copy", join(folder, "own.mp4")]);
  writeFileSync(join(folder, "answer"), "y\n");
  const args = ["-i", "own.mp4", ...X264.split(" "), "own.mp4"];
  const options = { stdin: join(folder, "answer") };
  const [theirs, own] = [await plain(args, options), await ours(args, options)];
  expect(own.code).toBe(theirs.code);
  for (const ended of [theirs, own]) {
    expect(ended.stderr.match(/^Input #0/gm)).toHaveLength(1);
    expect(ended.stderr).toMatch(/Output own\.mp4 same as Input #0 - exiting\n/);
  }
});

test("what runs whole after all says ffmpeg's words once", async () => {
  const film = join(folder, "damaged.mkv");
  const noise = ["-bsf:v", "noise=amount=if(eq(mod(n\\,90)\\,80)\\,30\\,0)"];
  await make(["-i", await sources.get("h264.mp4"), "-map", "0:v", "-c", "copy", ...noise, film]);
  const { code, stderr } = await ours(["-df_summary=s.json", "-y", "-i", film, ...X264.split(" "), "o.mkv"]);
  expect(code).toBe(0);
  expect(readSummary(join(folder, "s.json"))).toMatchObject({ route: "local" });
  for (const once of [/^ffmpeg version/gm, /^Input #0/gm, /^Stream mapping:/gm, /^Output #0/gm, /Lsize=/gm]) {
    expect(stderr.match(once)).toHaveLength(1);
  }
  expect(stderr).toMatch(/^distffmpeg: running the whole command unsplit: /m);
});

describe("the last words", () => {
  /** The last stat line and what stands beside it, without figures that hang on the encoder's choices and the clock. */
  function lastWords({ stderr }: Ended): string[] {
    const lines = split(stderr.replace(/@ 0x[0-9a-f]+/g, "@"));
    return lines
      .filter((line) => /L(size|q)=|^(\[out#.*)?video:/.test(line))
      .map((line) =>
        line
          .replace(/(fps=|size=|bitrate=|speed=) *[\d.e+]+/g, "$1")
          .replace(/q=-?[\d.]+/g, "q=")
          .replace(/((?:video|audio|streams|headers):)\d+/g, "$1")
          .replace(/overhead: [\d.]+%/, "overhead: %"),
      );
  }
  const reports = [
    ["frames left out", `-r 10 ${X264} o.mp4`],
    ["frames repeated", `-r 60 ${X264} o.mp4`],
    ["a filter that leaves frames out itself", `-vf fps=10 ${X264} o.mkv`],
    ["two outputs", `${X264} a.mp4 -vf scale=80:60 ${X264} b.mkv`],
    [
      "two films in one, one of them at another rate",
      `-map 0:v -map 0:v -r:v:1 50 -c:v libx264 -preset ultrafast o.mkv`,
    ],
    ["one output that is not split", `${X264} a.mp4 -vn -c:a flac b.flac`],
    ["many files", `${X264} -g 25 -sc_threshold 0 -hls_time 2 o.m3u8`],
  ] as const;
  test.for(reports)("of %s", async ([about, words], { skip }) => {
    skip(isLeftOut(about));
    const args = ["-y", "-nostdin", "-stats_period", "0.25", "-i", await sources.get("h264.mp4"), ...words.split(" ")];
    const [theirs, own] = [await plain(args), await ours(["-df_summary=s.json", ...args])];
    expect(readSummary(join(folder, "s.json"))).toMatchObject({ route: "chunks" });
    expect(lastWords(own)).toEqual(lastWords(theirs));
    const said = (ended: Ended): string[] => split(ended.stderr).filter((line) => /^ffmpeg (stats|version)/.test(line));
    expect(said(own)).toEqual(said(theirs));
  });

  test("of -progress: the same keys, a quantizer for each film", async () => {
    const words = [...X264.split(" "), "a.mp4", "-r", "10", ...X264.split(" "), "b.mkv"];
    const args = ["-y", "-v", "error", "-progress", "pipe:1", "-i", await sources.get("h264.mp4"), ...words];
    const last = ({ stdout }: Ended): [string, string][] => {
      const [block = ""] = stdout
        .trim()
        .split(/(?<=^progress=.*\n)/m)
        .slice(-1);
      return block.split("\n").map((line) => [line.split("=")[0] ?? "", line.split("=")[1] ?? ""]);
    };
    const [theirs, own] = [last(await plain(args)), last(await ours(args))];
    expect(own.map(([key]) => key)).toEqual(theirs.map(([key]) => key));
    const exact = /^(frame|out_time|out_time_us|dup_frames|drop_frames|progress)$/;
    expect(own.filter(([key]) => exact.test(key))).toEqual(theirs.filter(([key]) => exact.test(key)));
  });
});

test("a probe is ffmpeg's own with a configuration that names the programs, too", async () => {
  mkdirSync(join(folder, "distffmpeg"));
  writeFileSync(join(folder, "distffmpeg", "config.json"), JSON.stringify({ ffmpeg_bin: "ffmpeg", workers: [] }));
  for (const args of [["-version"], ["-hide_banner", "-encoders"], ["-h", "filter=scale"]]) {
    const bare = await run(join(folder, "bin", "ffmpeg"), args, settings({ env: { PATH: PATH() } }));
    expect(bare).toEqual(await plain(args));
    expect(await ours(args)).toEqual(bare);
  }
});

describe("killed outright, as programs do it after some seconds", () => {
  const running = async (): Promise<string[]> =>
    (await must("ps", ["-eo", "args"])).split("\n").filter((args) => args.includes(folder));

  test.each([
    ["in chunks", ["-c:v", "libx264", "-preset", "veryslow"]],
    ["whole", ["-vf", "reverse,reverse", "-c:v", "libx264", "-preset", "veryslow"]],
  ])("%s: nothing of it goes on, and nothing is left lying about", async (how, encode) => {
    const film = join(folder, "long.mkv");
    const source = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=20"];
    await make([...source, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", film]);
    const flags = [...SHORT_CHUNKS, "-df_local_slots=1", "-y", "-v", "error", "-i", film];
    const args = [...flags, ...encode, join(folder, "o.mkv")];
    const { child, ended } = start(join(folder, "bin", "ffmpeg"), args, settings({ env: { PATH: PATH() } }));
    // While the first chunks are in the output already, where there are chunks.
    const begun = (): boolean => readdirSync(folder).some((name) => name.startsWith(how === "whole" ? "o." : ".o."));
    await until(begun, 60);
    child.kill("SIGKILL");
    expect(await ended).toMatchObject({ code: null, signal: "SIGKILL" });
    for (let i = 0; i < 40 && (await running()).length > 0; i++) await new Promise((later) => setTimeout(later, 100));
    expect(await running()).toEqual([]);
    await until(() => readdirSync(folder).every((name) => !name.startsWith(".o.")), 10);
    const jobs = join(folder, "state", "distffmpeg", "jobs");
    await until(() => !existsSync(jobs) || readdirSync(jobs).length === 0, 10);
  });
});

describe("keys on standard input have it wait and go on", () => {
  // As plain ffmpeg 5.1 says it.
  const asked = ["Enter command: <target>|all <time>|-1 <command>[ <argument>]", "Parse error, at least 3 arguments"];
  test.for([
    ["p", "u", []],
    ["c", "\n", asked],
  ] as const)("%j and %j", async ([wait, goOn, said], { skip }) => {
    skip(!ALL && wait === "c");
    const film = join(folder, "long.mkv");
    const source = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=10"];
    await make([...source, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", film]);
    const keys = join(folder, "keys");
    await must("mkfifo", [keys]);
    const flags = [...SHORT_CHUNKS, "-df_local_slots=1", "-y", "-stats_period", "0.1", "-i", film];
    const args = [...flags, "-c:v", "libx264", "-preset", "slower", "o.mkv"];
    const shell = ["-c", `exec "$0" "$@" <'${keys}'`, join(folder, "bin", "ffmpeg"), ...args];
    const running = start("sh", shell, settings({ env: { PATH: PATH() } }));
    const to = openSync(keys, "w");
    let heard = "";
    running.child.stderr?.on("data", (block: Buffer) => (heard += block.toString()));
    const frames = (): number => Number([...heard.matchAll(/frame= *(\d+)/g)].at(-1)?.[1] ?? 0);
    const later = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    await until(() => frames() > 0, 60);
    writeSync(to, wait);
    // The chunk that is under way is finished.
    let before = -1;
    for (let i = 0; i < 20 && before !== frames(); i++) {
      before = frames();
      await later(1);
    }
    expect(frames()).toBe(before);
    expect(before).toBeLessThan(250);
    writeSync(to, goOn);
    const { code, stderr } = await running.ended;
    closeSync(to);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^frame= {2}250 .*Lsize=/m);
    for (const text of said) expect(stderr).toContain(text);
  });
});

describe("HLS is seen while it is being made", () => {
  const HLS = "-c:v libx264 -qp 0 -preset ultrafast -g 25 -sc_threshold 0 -c:a aac -f hls -hls_time 1 -hls_list_size 0";
  /** An ffmpeg that waits with the third chunk until a file is there, and then does what it says. */
  const waiting = (): string => {
    const script = join(folder, "waiting");
    const wait = `case "$*" in *chunk2.nut*) until [ -s go ]; do sleep 0.1; done; . ./go;; esac`;
    writeFileSync(script, `#!/bin/sh\ncd '${folder}'\n${wait}\nexec ffmpeg "$@"\n`, { mode: 0o755 });
    return script;
  };
  const begin = (words = "live.m3u8"): ReturnType<typeof start> => {
    const flags = [...SHORT_CHUNKS, `-df_ffmpeg_bin=${waiting()}`, "-df_job_max_retries=0", "-df_summary=s.json"];
    const film = ["-nostdin", "-y", "-i", join(folder, "film.mp4"), ...HLS.split(" "), words];
    return start(
      join(folder, "bin", "ffmpeg"),
      [...flags, ...film],
      settings({ env: { PATH: `${process.env.PATH}` } }),
    );
  };
  beforeEach(async () => copyFileSync(await sources.get("h264.mp4"), join(folder, "film.mp4")));
  const listed = (): string[] => readFileSync(join(folder, "live.m3u8"), "utf8").match(/^live\d+\.ts$/gm) ?? [];
  const made = (): string[] => readdirSync(folder).filter((name) => name.startsWith("live") || name.startsWith("."));

  test("its first segments are there, and in the playlist, before the last chunk is encoded", async () => {
    const { child, ended } = begin();
    await until(() => existsSync(join(folder, "live.m3u8")), 120);
    expect(child.exitCode).toBeNull();
    expect(listed().length).toBeGreaterThan(0);
    for (const name of listed()) expect(existsSync(join(folder, name))).toBe(true);
    expect(readFileSync(join(folder, "live.m3u8"), "utf8")).not.toContain("ENDLIST");
    writeFileSync(join(folder, "go"), ":\n");
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(0);
    expect(readSummary(join(folder, "s.json"))).toMatchObject({ route: "chunks" });
    expect(listed()).toHaveLength(6);
    mkdirSync(join(folder, "plain"));
    const args = ["-nostdin", "-i", join(folder, "film.mp4"), ...HLS.split(" "), "live.m3u8"];
    await runFfmpeg(args, { ...settings(), cwd: join(folder, "plain") });
    expect(made()).toEqual(readdirSync(join(folder, "plain")));
    expect(await compareFiles(join(folder, "plain", "live.m3u8"), join(folder, "live.m3u8"))).toEqual([]);
  });

  test("what was seen of one that failed is taken away", async () => {
    const { ended } = begin();
    await until(() => existsSync(join(folder, "live0.ts")), 120);
    writeFileSync(join(folder, "go"), "echo 'no memory left' >&2; exit 1\n");
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain("no memory left");
    expect(made()).toEqual([]);
  });
});
