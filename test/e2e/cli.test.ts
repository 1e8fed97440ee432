import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { filesIn, namesIn, readSummary, SHORT_CHUNKS } from "../equivalence/compare.js";
import { type Ended, ROOT, runCli, runFfmpeg, type StartOptions, startCli } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { lives, until } from "../lab/sessions.js";

vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

let folder: string;
let home: string;

beforeEach(() => {
  folder = mkdtempSync(join(sources.folder, "test-"));
  home = join(folder, "home");
  mkdirSync(home);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ENCODE = ["-c:v", "ffv1", "-c:a", "copy"] as const;

/** Both programs see a home of their own, in which there is no configuration, and work in the test's folder. */
function settings(options: StartOptions): StartOptions {
  // What is known of ffmpeg may stay, in a folder of its own.
  const cache = join(sources.folder, "cache");
  const state = { HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, XDG_CACHE_HOME: cache, TMPDIR: home };
  return { cwd: folder, ...options, env: { ...state, ...options.env } };
}

/** distffmpeg in short chunks on this machine. Nothing may ever be left in its work folder, but what can be gone on with. */
async function distffmpeg(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const ended = await runCli([...SHORT_CHUNKS, ...args], settings(options));
  // The folder for the folders of jobs may stay.
  const left = namesIn(home).filter((name) => !/^distffmpeg(\/jobs)?$/.test(name));
  expect(left.filter((name) => ended.code === 0 || !/^distffmpeg\/jobs\/resume-/.test(name))).toEqual([]);
  rmSync(join(home, "distffmpeg"), { recursive: true, force: true });
  return ended;
}

function ffmpeg(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return runFfmpeg(args, settings(options));
}

/** The files in the test's folder and those below. */
function written(): string[] {
  return filesIn(folder);
}

describe("what cannot be read", () => {
  test.each([
    ["no such file", ["missing.mp4"]],
    ["a name with a format sign", ["100%d.mp4"]],
    ["a folder", ["."]],
  ])("%s: ffmpeg's words and status", async (_, [name = ""]) => {
    const words = ["-v", "error", "-nostdin", "-i", name, ...ENCODE, "o.mkv"];
    const [plain, ours] = [await ffmpeg(words), await distffmpeg(words)];
    expect(ours.code).toBe(plain.code);
    expect(ours.code).toBe(1);
    expect(withoutAddresses(ours.stderr)).toBe(withoutAddresses(plain.stderr));
    expect(written()).toEqual([]);
  });

  test("a broken film: ffmpeg's words and status", async () => {
    const words = ["-v", "error", "-nostdin", "-i", await sources.get("broken.mp4"), ...ENCODE, "o.mkv"];
    const [plain, ours] = [await ffmpeg(words), await distffmpeg(words)];
    expect(ours.code).toBe(plain.code);
    expect(withoutAddresses(ours.stderr)).toBe(withoutAddresses(plain.stderr));
    expect(written()).toEqual([]);
  });

  test("half a film: what plain ffmpeg makes of it", async () => {
    const whole = readFileSync(await sources.get("mpeg2.ts"));
    writeFileSync(join(folder, "half.ts"), whole.subarray(0, Math.floor(whole.length / 2)));
    const words = ["-v", "quiet", "-nostdin", "-i", "half.ts", "-c:v", "ffv1", "-an"];
    const plain = await ffmpeg([...words, "plain.mkv"]);
    const ours = await distffmpeg([...words, "ours.mkv"]);
    expect(ours.code).toBe(plain.code);
    expect(await hashes("ours.mkv")).toEqual(await hashes("plain.mkv"));
  });

  test("sound alone is encoded by plain ffmpeg, and one line says so", async () => {
    const words = ["-nostdin", "-i", await sources.get("silence.m4a"), "-c:v", "ffv1", "o.mka"];
    const { code, stderr, stdout } = await distffmpeg(words);
    expect(code).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^distffmpeg: not split: no video stream is encoded$/m);
    expect(written()).toEqual(["o.mka"]);
  });
});

/** ffmpeg puts addresses of memory into its lines. */
function withoutAddresses(text: string): string {
  return text.replace(/@ 0x[0-9a-f]+/g, "@");
}

async function hashes(name: string): Promise<readonly string[]> {
  const words = ["-v", "error", "-i", name, "-map", "0", "-f", "framemd5", "-"];
  return (await ffmpeg(words)).stdout.split("\n").filter((line) => !line.startsWith("#"));
}

describe("where it cannot be written", () => {
  test("a folder that is not there: ffmpeg's status, and nothing is made", async () => {
    const words = ["-v", "error", "-nostdin", "-i", await sources.get("h264.mp4"), ...ENCODE, "missing/o.mkv"];
    const [plain, ours] = [await ffmpeg(words), await distffmpeg(words)];
    expect(ours.code).toBe(plain.code);
    expect(ours.stderr).toMatch(/missing\/o\.mkv/);
    expect(readdirSync(folder)).toEqual(["home"]);
  });

  test("a folder in the place of the film", async () => {
    mkdirSync(join(folder, "o.mkv"));
    const words = ["-v", "error", "-nostdin", "-i", await sources.get("h264.mp4"), ...ENCODE, "-y", "o.mkv"];
    const { code, stderr } = await distffmpeg(words);
    expect(code).toBe(1);
    expect(stderr).toMatch(/o\.mkv/);
    expect(readdirSync(join(folder, "o.mkv"))).toEqual([]);
  });

  test.skipIf(userInfo().uid === 0)("a folder that is not ours to write", async () => {
    const locked = join(folder, "locked");
    mkdirSync(locked, { mode: 0o555 });
    const words = ["-v", "error", "-nostdin", "-i", await sources.get("h264.mp4"), ...ENCODE, "locked/o.mkv"];
    const [plain, ours] = [await ffmpeg(words), await distffmpeg(words)];
    chmodSync(locked, 0o755);
    expect(ours.code).toBe(plain.code);
    expect(ours.stderr).toMatch(/locked\/o\.mkv/);
    expect(readdirSync(locked)).toEqual([]);
  });
});

describe("an output that is there already", () => {
  const old = "the old film";

  async function overwrite(...before: string[]): Promise<Ended> {
    writeFileSync(join(folder, "o.mkv"), old);
    return distffmpeg([...before, "-v", "error", "-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"]);
  }

  test.each([[[]], [["-n"]], [["-nostdin"]]])("stays without -y: %j", async (before) => {
    const { code, stderr, stdout } = await overwrite(...before);
    expect(readFileSync(join(folder, "o.mkv"), "utf8")).toBe(old);
    const plain = await ffmpeg([...before, "-v", "error", "-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"]);
    expect(code).toBe(plain.code);
    expect(code).toBe(1);
    expect(stderr).toContain("File 'o.mkv' already exists.");
    expect(stdout).toBe("");
    expect(written()).toEqual(["o.mkv"]);
  });

  test("is replaced with -y, in one step", async () => {
    const { code } = await overwrite("-y", "-nostdin");
    expect(code).toBe(0);
    expect(statSync(join(folder, "o.mkv")).size).toBeGreaterThan(10_000);
    expect(written()).toEqual(["o.mkv"]);
  });

  test("stays when the job fails half-way", async () => {
    writeFileSync(join(folder, "o.mkv"), old);
    const bin = stuckFfmpeg("exit 1");
    const words = ["-y", "-nostdin", "-v", "error", "-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"];
    const { code, stderr } = await distffmpeg([`-df_ffmpeg_bin=${bin}`, "-df_job_max_retries=1", ...words]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^distffmpeg: chunk \d+ failed on local/m);
    expect(readFileSync(join(folder, "o.mkv"), "utf8")).toBe(old);
    expect(written().sort()).toEqual(["ffmpeg", "o.mkv"]);
  });
});

/** An ffmpeg that does everything but encode chunks: there it does what the shell lines say. */
function stuckFfmpeg(lines: string): string {
  const path = join(folder, "ffmpeg");
  const real = spawnSync("sh", ["-c", "command -v ffmpeg"], { encoding: "utf8" }).stdout.trim();
  writeFileSync(path, `#!/bin/sh\ncase "$*" in *"-progress pipe:1"*) ${lines};; esac\nexec '${real}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("Ctrl-C", () => {
  async function interrupted(signal: NodeJS.Signals, group: boolean): Promise<{ ended: Ended; pids: number[] }> {
    const pids = join(folder, "pids");
    const bin = stuckFfmpeg(`echo $$ >> '${pids}'; exec sleep 600`);
    const words = ["-y", "-v", "error", "-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"];
    const args = [...SHORT_CHUNKS, `-df_ffmpeg_bin=${bin}`, `-df_summary=${join(folder, "s.json")}`, ...words];
    const { child, ended } = startCli(args, settings({ group: true }));
    await until(() => existsSync(pids) && readFileSync(pids, "utf8").split("\n").length > 2, 120);
    const pid = child.pid ?? 0;
    process.kill(group ? -pid : pid, signal);
    const end = await ended;
    return { ended: end, pids: readFileSync(pids, "utf8").trim().split("\n").map(Number) };
  }

  test.each([
    ["SIGINT", true],
    ["SIGINT", false],
    ["SIGTERM", false],
    ["SIGHUP", false],
  ] as const)("%s (to all of the terminal: %s) before a chunk is finished: 255, and nothing is left", async (signal, group) => {
    writeFileSync(join(folder, "o.mkv"), "the old film");
    const { ended, pids } = await interrupted(signal, group);
    expect(ended.code).toBe(255);
    expect(ended.stdout).toBe("");
    expect(pids.filter(lives)).toEqual([]);
    expect(readFileSync(join(folder, "o.mkv"), "utf8")).toBe("the old film");
    expect(written().sort()).toEqual(["ffmpeg", "o.mkv", "pids", "s.json"]);
    expect(readSummary(join(folder, "s.json"))).toMatchObject({ route: "chunks", chunks: 0 });
  });

  test("of a command that runs whole: ffmpeg's own status, after ffmpeg's own end", async () => {
    const endless = ["-re", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25", "-c:v", "ffv1", "o.nut"];
    const { child, ended } = startCli([...SHORT_CHUNKS, "-y", "-v", "error", ...endless], settings({ group: true }));
    await until(() => existsSync(join(folder, "o.nut")), 120);
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect((await ended).code).toBe(255);
    expect((await hashes("o.nut")).length).toBeGreaterThan(0);
  });
});

describe("settings that cannot be used end with status 3 before anything is started", () => {
  const refuse = async (flags: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const ended = await runCli([...flags, "-i", "missing.mp4", "-c:v", "ffv1", "o.mkv"], settings({ env }));
    expect(ended.code).toBe(3);
    expect(ended.stdout).toBe("");
    // Nobody has looked for the film.
    expect(ended.stderr).not.toMatch(/No such file/);
    expect(written().filter((name) => name.endsWith(".mkv"))).toEqual([]);
    return ended.stderr;
  };

  test("an unknown flag: the nearest one is named", async () => {
    const words = await refuse(["-df_keyint_mim=30"]);
    expect(words).toMatch(/^distffmpeg: command line: unknown setting -df_keyint_mim$/m);
    expect(words).toMatch(/^Try: Did you mean -df_keyint_min\?$/m);
  });

  test("a flag without a value, and one with a wrong one: both are named", async () => {
    const words = await refuse(["-df_keyint_min=many", "-df_workers"]);
    expect(words).toMatch(/keyint_min is "many", but must be a whole number of frames/);
    expect(words).toMatch(/-df_workers needs a value/);
  });

  test("bounds that contradict each other", async () => {
    expect(await refuse(["-df_keyint_min=60", "-df_keyint_max=30"])).toMatch(
      /keyint_min is 60 .* more than keyint_max/,
    );
  });

  test("a variable of the environment", async () => {
    expect(await refuse([], { DISTFFMPEG_FALLBACK: "remote" })).toMatch(/DISTFFMPEG_FALLBACK.* must be local or fail/);
  });

  test("a worker nobody knows", async () => {
    expect(await refuse(["-df_workers=tower"])).toMatch(/tower/);
  });

  test("a file that is no JSON: the line is named", async () => {
    writeFileSync(join(folder, "broken.json"), '{\n  "keyint_min": 30,\n  "workers": [\n}\n');
    expect(await refuse(["-df_config=broken.json"])).toMatch(/broken\.json, line 4, column 1/);
  });

  test("a file with an unknown setting: file, line and the nearest name", async () => {
    writeFileSync(join(folder, "distffmpeg.json"), '{\n  "keyint_max": 300,\n  "falback": "local"\n}\n');
    const words = await refuse([]);
    expect(words).toMatch(/distffmpeg\.json:3.*unknown setting falback/);
    expect(words).toMatch(/^Try: Did you mean fallback\?$/m);
  });

  test("a file that is not there", async () => {
    expect(await refuse(["-df_config=missing.json"])).toMatch(/missing\.json/);
  });
});

describe("-df_plan", () => {
  test("shows the commands of each stage, and encodes nothing", async () => {
    const film = await sources.get("h264.mp4");
    const { code, stdout, stderr } = await distffmpeg(["-df_plan", "-y", "-i", film, ...ENCODE, "o.mkv"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^# route: chunks \(.+\)$/m);
    expect(stdout).toMatch(/^# PRE, on this machine\nffmpeg .* -f segment /m);
    const chunks = [...stdout.matchAll(/^# REMOTE, chunk (\d+): (\d+) frames\nffmpeg .* -c:v ffv1 /gm)];
    expect(chunks.length).toBeGreaterThanOrEqual(2);
    expect(chunks.map(([, index]) => Number(index))).toEqual(chunks.map((_, index) => index));
    expect(chunks.reduce((sum, [, , frames]) => sum + Number(frames), 0)).toBe(150);
    expect(stdout).toMatch(/^# FINAL, on this machine\nffmpeg .* o\.mkv$/m);
    expect(written()).toEqual([]);
  });

  test("gives the reason why a command is not split", async () => {
    const film = await sources.get("h264.mp4");
    const { code, stdout } = await distffmpeg(["-df_plan", "-i", film, "-c:v", "wmv2", "-b:v", "1M", "o.mkv"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# route: local \(-b:v 1M is a target for the film as a whole\)$/m);
    expect(written()).toEqual([]);
  });
});

describe("explain", () => {
  test("is the plan of -df_plan", async () => {
    const words = ["-y", "-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"];
    const explained = await runCli(["explain", ...SHORT_CHUNKS, ...words], settings({}));
    expect(explained).toEqual(await distffmpeg(["-df_plan", ...words]));
    expect(explained.stdout).toMatch(/^# 3 chunks, 150 frames, for local \(\d+ slots?\)$/m);
  });

  test("--json says what decided it; all behind is ffmpeg's", async () => {
    const film = await sources.get("h264.mp4");
    const explain = async (...words: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await runCli(["explain", "--json", ...words], settings({}));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout);
    };
    const rate = ["-i", film, "-c:v", "wmv2", "-b:v", "1M", "o.mkv"];
    expect(await explain("--", ...rate)).toMatchObject({
      ...{ version: 1, route: "local", decidedBy: { kind: "option", words: "-b:v 1M" }, workers: [], chunks: 0 },
      stages: { pre: [], remote: [], final: ["ffmpeg", ...rate] },
    });
    const filter = ["-i", film, "-vf", "scale=80:-2,reverse", "-c:v", "ffv1", "o.mkv"];
    expect(await explain(...filter)).toMatchObject({ decidedBy: { kind: "filter", words: "reverse" } });
    expect(await explain("-i", film, ...ENCODE, "o.mkv")).toMatchObject({
      ...{ route: "local", reason: expect.stringMatching(/^a film of 150 frames is too short for two chunks/) },
    });
    const split = ["-df_local_slots=3", "-df_keyint_min=75"];
    expect(await explain(...split, "-i", film, ...ENCODE, "o.mkv")).toMatchObject({
      ...{ route: "chunks", decidedBy: null, workers: [{ name: "local", slots: 3 }], chunks: 2, frames: 150 },
    });
    expect(written()).toEqual([]);
  });

  test.each([[[]], [["--jsn", "-i", "x"]], [["--"]]])("of %j is wrong use: 2", async (words) => {
    const { code, stdout, stderr } = await runCli(["explain", ...words], settings({}));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^Try: distffmpeg explain --help$/m);
  });
});

describe("-df_summary", () => {
  const summarise = async (args: readonly string[]): Promise<Record<string, unknown>> => {
    const { code } = await distffmpeg(["-df_summary=s.json", "-y", "-v", "error", "-nostdin", ...args]);
    return { code, ...readSummary(join(folder, "s.json")) };
  };

  test("of a film in chunks", async () => {
    const summary = await summarise(["-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"]);
    expect(summary).toEqual({
      code: 0,
      version: 1,
      route: "chunks",
      reason: expect.any(String),
      chunks: expect.any(Number),
      frames: 150,
      seconds: expect.any(Number),
      workers: [
        { name: "local", chunks: summary.chunks, frames: 150, seconds: expect.any(Number), shared: 0, compared: 0 },
      ],
      kept: 0,
      retries: 0,
      doubled: 0,
      dropped: [],
    });
  });

  test("of a film that ran whole, and of one that is not there", async () => {
    const film = await sources.get("h264.mp4");
    const whole = await summarise(["-i", film, "-c:v", "wmv2", "-b:v", "1M", "o.mkv"]);
    expect(whole).toMatchObject({ code: 0, route: "local", reason: expect.stringContaining("-b:v"), workers: [] });
    const missing = await summarise(["-i", "missing.mp4", ...ENCODE, "o.mkv"]);
    expect(missing).toMatchObject({ code: 1, route: "local", chunks: 0 });
  });

  test("that cannot be written is said, and the film is made", async () => {
    const film = await sources.get("h264.mp4");
    const { code, stderr } = await distffmpeg([
      "-df_summary=missing/s.json",
      "-v",
      "error",
      "-i",
      film,
      ...ENCODE,
      "o.mkv",
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^distffmpeg: the summary could not be written to .*missing\/s\.json$/m);
    expect(written()).toEqual(["o.mkv"]);
  });
});

describe("a full disk", () => {
  const disk = (): string => join(folder, "disk");

  /** A small disk of its own for the test; says why when there is none to be had. */
  async function withDisk(use: () => Promise<void>): Promise<string | undefined> {
    mkdirSync(disk(), { recursive: true });
    if (userInfo().uid !== 0) return "only root can mount a small disk";
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=300k", "tmpfs", disk()], { encoding: "utf8" });
    if (mounted.status !== 0) return `a small disk cannot be mounted here: ${mounted.stderr}`;
    try {
      await use();
      return undefined;
    } finally {
      spawnSync("umount", ["-l", disk()]);
    }
  }

  test("under the output: ffmpeg's status, the cause in words, the old film as it was", async ({ skip }) => {
    const film = await sources.get("h264.mp4");
    const reason = await withDisk(async () => {
      writeFileSync(join(disk(), "o.mkv"), "the old film");
      const words = ["-y", "-v", "error", "-nostdin", "-i", film, ...ENCODE];
      const ours = await distffmpeg([...words, "disk/o.mkv"]);
      expect(readdirSync(disk())).toEqual(["o.mkv"]);
      expect(readFileSync(join(disk(), "o.mkv"), "utf8")).toBe("the old film");
      const plain = await ffmpeg([...words, "disk/plain.mkv"]);
      expect(ours.code).toBe(plain.code);
      expect(ours.stderr).toMatch(/No space left on device/);
    });
    if (reason !== undefined) skip(reason);
  });

  test("under the work folder: the film is not made, or made whole, and nothing is left", async ({ skip }) => {
    const film = await sources.get("prores.mov");
    const reason = await withDisk(async () => {
      const work = join(disk(), "work");
      const words = [`-df_server_work_path=${work}`, "-y", "-v", "error", "-nostdin", "-i", film, ...ENCODE, "o.mkv"];
      const { code, stderr } = await distffmpeg(words);
      expect(namesIn(work)).toEqual([]);
      if (code === 0) expect(written()).toContain("o.mkv");
      else {
        expect(stderr).toMatch(/No space left on device|ENOSPC/);
        expect(written()).toEqual([]);
      }
    });
    if (reason !== undefined) skip(reason);
  });
});

describe("help", () => {
  test("--help and --version, as the first word, are distffmpeg's", async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(await runCli(["--version"], settings({}))).toEqual({
      ...{ code: 0, signal: null, stderr: "" },
      stdout: `distffmpeg ${manifest.version}\n`,
    });
    const { code, stdout, stderr } = await runCli(["--help"], settings({}));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^ {2}distffmpeg -i film\.mkv -c:v /m);
    expect(stdout).not.toContain("\u001b");
    expect(await runCli([], settings({}))).toMatchObject({ code: 0 });
  });

  test("they need no configuration that is good", async () => {
    writeFileSync(join(folder, "distffmpeg.json"), "{ broken");
    for (const word of ["--help", "--version"]) expect((await runCli([word], settings({}))).code).toBe(0);
  });

  test("-df_help lists every flag", async () => {
    const { code, stdout } = await runCli(["-df_help"], settings({}));
    expect(code).toBe(0);
    for (const flag of ["-df_workers=", "-df_keyint_min=", "-df_summary=", "-df_plan "]) expect(stdout).toContain(flag);
  });

  test("-version and -h are ffmpeg's, byte for byte", async () => {
    for (const words of [["-version"], ["-h"], ["-hide_banner", "-h", "encoder=ffv1"]]) {
      expect(await distffmpeg(words)).toEqual(await ffmpeg(words));
    }
  });
});

describe("what is said", () => {
  test("nothing on standard output, and on standard error no colours or cursors when it is no terminal", async () => {
    const words = ["-y", "-nostdin", "-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"];
    const { code, stdout, stderr } = await distffmpeg(words, { env: { TERM: "xterm-256color" } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).not.toContain("\u001b");
    expect(stderr).toMatch(/^distffmpeg: split into chunks: ffv1/m);
    // ffmpeg's last line, which programs read the progress from.
    expect(stderr).toMatch(/(^|\r)frame= *150 fps=.* time=00:00:0[56]\.\d+ bitrate=.* speed=.*x/m);
  });

  test("nothing at all with -v quiet", async () => {
    const words = ["-y", "-v", "quiet", "-nostdin", "-i", await sources.get("h264.mp4"), ...ENCODE, "o.mkv"];
    expect(await distffmpeg(words)).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  });

  test("a film to standard output is plain ffmpeg's", async () => {
    const words = ["-v", "error", "-i", await sources.get("h264.mp4"), "-c:v", "ffv1", "-an", "-f", "nut", "-"];
    const bitexact = ["-fflags", "+bitexact", "-flags", "+bitexact"];
    const args = [...words.slice(0, -1), ...bitexact, "-"];
    expect(await distffmpeg(args)).toEqual(await ffmpeg(args));
  });

  test("a reader of standard error that goes away does not hurt", async () => {
    const film = await sources.get("h264.mp4");
    const { child, ended } = startCli([...SHORT_CHUNKS, "-y", "-i", film, ...ENCODE, "o.mkv"], settings({}));
    child.stderr?.destroy();
    expect((await ended).code).toBe(0);
    expect((await hashes("o.mkv")).length).toBeGreaterThan(150);
  });
});

test("ffmpeg that is not there is said, with what to do", async () => {
  const film = await sources.get("h264.mp4");
  const { code, stderr } = await distffmpeg(["-df_ffmpeg_bin=no-such-ffmpeg", "-i", film, ...ENCODE, "o.mkv"]);
  expect(code).toBe(127);
  expect(stderr).toMatch(/no-such-ffmpeg cannot be started \(ENOENT\)/);
  expect(stderr).toMatch(/Try: install ffmpeg/);
});
