import { type ChildProcess, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { namesIn, SHORT_CHUNKS } from "../equivalence/compare.js";
import { type Ended, must, runCli, runFfmpeg, type StartOptions, start, cliPath } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { until } from "../lab/sessions.js";
import { ALL } from "../thorough.js";

/** What a program sees that believes to have started ffmpeg. */

vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

let folder = "";
let home = "";
beforeEach(() => {
  folder = mkdtempSync(join(sources.folder, "surface-"));
  home = join(folder, "home");
  mkdirSync(home);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ENCODE = ["-c:v", "ffv1", "-c:a", "copy"] as const;
const settings = (options: StartOptions = {}): StartOptions => ({
  cwd: folder,
  ...options,
  env: {
    ...{ HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, TMPDIR: home },
    ...{ XDG_CACHE_HOME: join(sources.folder, "cache"), ...options.env },
  },
});
const ours = (args: readonly string[], options: StartOptions = {}): Promise<Ended> =>
  runCli([...SHORT_CHUNKS, ...args], settings(options));
const lines = (stderr: string): string[] => stderr.replaceAll("\r", "\n").split("\n");
const STAT =
  /^frame= *\d+ fps= *[\d.]+ q=-?[\d.]+ (L?)size= *\d+(?:kB|KiB) time=\d\d:\d\d:\d\d\.\d\d bitrate= *[\d.]+kbits\/s speed= *\S+x {4}$/;

describe("standard error of a film in chunks", () => {
  test("is ffmpeg's: banner, inputs, mapping, output, stat lines, sizes", async () => {
    const film = await sources.get("h264.mp4");
    const words = ["-y", "-nostdin", "-i", film, "-c:v", "mpeg4", "-q:v", "5", "-c:a", "copy", "o.mkv"];
    const [plain, split] = [await runFfmpeg(words, settings()), await ours(words)];
    expect(split).toMatchObject({ code: 0, stdout: "" });
    const steady = ({ stderr }: Ended): string[] => lines(stderr.replace(/@ 0x[0-9a-f]+/g, "@"));
    const said = (ended: Ended): string[] =>
      steady(ended).filter((line) => !/^(frame=|(\[out#.*)?video:|distffmpeg:|\[mpeg4 @)/.test(line) && line !== "");
    expect(said(split)).toEqual(said(plain));
    const stats = lines(split.stderr).filter((line) => line.startsWith("frame="));
    expect(stats.filter((line) => !STAT.test(line) && !line.includes("bitrate=N/A"))).toEqual([]);
    // The last one is of the file that was written, as plain ffmpeg's is.
    expect(stats.at(-1)).toMatch(/^frame= {2}150 .*Lsize=/);
    const reach = (text: string | undefined): string | undefined => /time=(\S+)/.exec(text ?? "")?.[1];
    expect(reach(stats.at(-1))).toBe(reach(lines(plain.stderr).findLast((line) => line.startsWith("frame="))));
    expect(split.stderr).toMatch(/^(\[out#0\/.*\] )?video:\d+[kK]i?B audio:\d+[kK]i?B .* muxing overhead: [\d.]+%$/m);
  });

  test("obeys -nostats, -v and -hide_banner", async () => {
    const film = await sources.get("h264.mp4");
    const quiet = await ours(["-y", "-nostdin", "-v", "warning", "-nostats", "-i", film, ...ENCODE, "o.mkv"]);
    expect(quiet).toMatchObject({ code: 0, stderr: "" });
    const bare = await ours(["-y", "-nostdin", "-hide_banner", "-nostats", "-i", film, ...ENCODE, "o.mkv"]);
    expect(bare.stderr).not.toMatch(/ffmpeg version|split into/);
    expect(lines(bare.stderr).filter((line) => line.startsWith("frame="))).toHaveLength(1);
    const stats = await ours(["-y", "-nostdin", "-v", "error", "-stats", "-i", film, ...ENCODE, "o.mkv"]);
    expect(lines(stats.stderr).filter((line) => line !== "" && !line.startsWith("frame="))).toEqual([]);
    expect(stats.stderr).toContain("Lsize=");
  });

  test("of a command that runs whole has one line more, and none below info", async () => {
    const film = await sources.get("h264.mp4");
    const whole = ["-y", "-nostdin", "-i", film, "-c", "copy", "o.mkv"];
    const ended = await ours(whole);
    expect(lines(ended.stderr).filter((line) => line.startsWith("distffmpeg"))).toHaveLength(1);
    expect(await ours(["-v", "warning", ...whole])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });
});

const KEYS =
  "frame fps stream_0_0_q bitrate total_size out_time_us out_time_ms out_time dup_frames drop_frames speed progress";

/** The blocks of `-progress`: ffmpeg's keys in ffmpeg's order, the last one "end", frames and times never going back. */
function checkBlocks(text: string): void {
  const blocks = text.trim().split(/(?<=^progress=.*\n)/m);
  for (const block of blocks)
    expect(
      block
        .trim()
        .split("\n")
        .map((line) => line.split("=")[0])
        .join(" "),
    ).toBe(KEYS);
  expect(blocks.at(-1)).toMatch(/^frame=150\n[^]*progress=end$/);
  expect(blocks.slice(0, -1).filter((block) => !/progress=continue\n$/.test(block))).toEqual([]);
  const frames = blocks.map((block) => Number(/^frame=(\d+)/.exec(block)?.[1]));
  expect(frames).toEqual([...frames].sort((a, b) => a - b));
}

describe("-progress", () => {
  test("to standard output, to a file, and into a descriptor", async () => {
    const film = await sources.get("h264.mp4");
    const words = ["-y", "-v", "error", "-nostdin", "-stats_period", "0.1", "-i", film, ...ENCODE];
    const out = await ours(["-progress", "pipe:1", ...words, "o.mkv"]);
    expect({ code: out.code, stderr: out.stderr }).toEqual({ code: 0, stderr: "" });
    checkBlocks(out.stdout);
    expect((await ours(["-progress", "p.txt", ...words, "o.mkv"])).code).toBe(0);
    checkBlocks(readFileSync(join(folder, "p.txt"), "utf8"));
    const shell = `exec 3>p3.txt; "$@"`;
    const args = ["-c", shell, "sh", process.execPath, cliPath(), ...SHORT_CHUNKS, "-progress", "pipe:3"];
    await must("sh", [...args, ...words, "o.mkv"], settings());
    checkBlocks(readFileSync(join(folder, "p3.txt"), "utf8"));
  });

  test("to a server, by ffmpeg's own protocols", async () => {
    const film = await sources.get("h264.mp4");
    let heard = "";
    const server = createServer((socket) => socket.on("data", (block) => (heard += block.toString())));
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    try {
      const words = ["-y", "-v", "error", "-nostdin", "-progress", `tcp://127.0.0.1:${port}`, "-i", film];
      expect(await ours([...words, ...ENCODE, "o.mkv"])).toMatchObject({ code: 0, stderr: "" });
      await until(() => heard.includes("progress=end"), 60);
      checkBlocks(heard);
    } finally {
      server.close();
    }
  });
});

describe("-report", () => {
  test.each([["-report"], ["FFREPORT"]])("%s: one file, with the command and all that was said", async (how) => {
    const film = await sources.get("h264.mp4");
    const words = ["-y", "-nostdin", "-v", "error", "-i", film, ...ENCODE, "o.mkv"];
    const env = how === "FFREPORT" ? { FFREPORT: "file=r%%.log:level=32" } : undefined;
    const { code, stderr } = await ours(how === "-report" ? ["-report", ...words] : words, env ? { env } : {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const reports = readdirSync(folder).filter((name) => name.endsWith(".log"));
    expect(reports).toEqual([env ? "r%.log" : expect.stringMatching(/^ffmpeg-\d{8}-\d{6}\.log$/)]);
    const report = readFileSync(join(folder, reports[0] ?? ""), "utf8");
    expect(report).toMatch(
      /^ffmpeg started on .*\nReport written to ".*\.log"\nLog level: \d+\nCommand line:\nffmpeg (-report )?-y /,
    );
    expect(report).toMatch(/^Input #0, mov/m);
    expect(report).toMatch(/^Output #0, matroska, to 'o\.mkv':$/m);
    expect(report).toMatch(/Lsize=/);
  });
});

describe("the question whether to overwrite", () => {
  async function answered(answer: string, before: readonly string[] = []): Promise<{ ours: Ended; plain: Ended }> {
    const film = await sources.get("h264.mp4");
    writeFileSync(join(folder, "answer"), answer);
    const args = ["-v", "error", ...before, "-i", film, ...ENCODE, "o.mkv"];
    const options = settings({ stdin: join(folder, "answer") });
    writeFileSync(join(folder, "o.mkv"), "old");
    const plain = await runFfmpeg(args, options);
    writeFileSync(join(folder, "o.mkv"), "old");
    return { plain, ours: await ours(args, options) };
  }

  test.each([
    "y\n",
    "Y",
    "yes please\n",
    "n\n",
    "",
    "\ny\n",
  ])("is answered by %j on standard input as ffmpeg's", async (answer) => {
    const both = await answered(answer);
    expect(both.ours).toEqual(both.plain);
    const kept = readFileSync(join(folder, "o.mkv")).length === 3;
    expect(kept).toBe(!/^y/i.test(answer));
  });

  test.each([[["-nostdin"]], [["-n"]], [["-y", "-n"]]])("is not asked with %j", async (before) => {
    const both = await answered("y\n", before);
    expect(both.ours).toEqual(both.plain);
    expect(readFileSync(join(folder, "o.mkv"), "utf8")).toBe("old");
  });

  test("is not asked of a film that is its own source: that is refused", async () => {
    writeFileSync(join(folder, "a.mp4"), readFileSync(await sources.get("h264.mp4")));
    const args = ["-v", "error", "-y", "-i", "a.mp4", ...ENCODE, "a.mp4"];
    expect(await ours(args)).toEqual(await runFfmpeg(args, settings()));
  });
});

describe("ended early", () => {
  const size = "320x240";

  /** A film long enough that not all of it is encoded at once, and an encoder slow enough. */
  async function film(): Promise<string> {
    const path = join(folder, "long.mkv");
    const source = ["-f", "lavfi", "-i", `testsrc2=s=${size}:r=25:d=40`, "-f", "lavfi", "-i", "sine=d=40"];
    await must("ffmpeg", ["-v", "error", ...source, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", path]);
    return path;
  }

  /** Starts, waits for the join to have begun, ends it in this way; gives how it ended and the film's frames. */
  async function ended(output: string, end: (child: ChildProcess) => void): Promise<{ how: Ended; frames: number }> {
    const source = await film();
    const slow = ["-c:v", "libx264", "-preset", "veryslow", "-c:a", "aac"];
    const args = [cliPath(), ...SHORT_CHUNKS, "-df_local_slots=1", "-y", "-i", source, ...slow, output];
    const fifo = join(folder, "keys");
    spawnSync("mkfifo", [fifo]);
    const running = start("sh", ["-c", `exec "$0" "$@" <'${fifo}'`, process.execPath, ...args], settings());
    const keys = openSync(fifo, "w");
    let heard = "";
    running.child.stderr?.on("data", (block: Buffer) => (heard += block.toString()));
    // The film of three chunks, so that one of them at least is finished.
    await until(() => lines(heard).some((line) => Number(/^frame= *(\d+)/.exec(line)?.[1] ?? 0) > 120), 300);
    if (output.startsWith("q-")) writeFileSync(keys, "q");
    else end(running.child);
    const how = await running.ended;
    closeSync(keys);
    // But what can be gone on with.
    expect(namesIn(home).filter((name) => !/^distffmpeg(\/jobs(\/resume-.*)?)?$/.test(name))).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
    const md5 = ["-v", "error", "-i", output, "-map", "0:v", "-f", "framemd5", "-"];
    const pictures = (await must("ffmpeg", md5, settings())).split("\n").filter((line) => /^0,/.test(line));
    return { how, frames: pictures.length };
  }

  async function reach(output: string, stream: string): Promise<number> {
    const entries = ["-select_streams", stream, "-show_entries", "packet=pts_time,duration_time", "-of", "csv=p=0"];
    const rows = (await must("ffprobe", ["-v", "error", ...entries, output], settings())).trim().split("\n");
    return Math.max(...rows.map((row) => row.split(",").reduce((sum, field) => sum + (Number(field) || 0), 0)));
  }

  test.for([
    ["q-.mkv", 0, undefined],
    ["int.mp4", 255, "SIGINT"],
    ["term.ts", 255, "SIGTERM"],
  ] as const)("%s holds the film's head, and its sound ends with it", async ([output, code, signal], { skip }) => {
    skip(!ALL && signal !== undefined);
    const { how, frames } = await ended(output, (child) => void child.kill(signal));
    expect({ code: how.code, signal: how.signal, stdout: how.stdout }).toEqual({ code, signal: null, stdout: "" });
    expect(frames).toBeGreaterThanOrEqual(10);
    expect(frames).toBeLessThan(1000);
    const [film, sound] = [await reach(output, "v"), await reach(output, "a")];
    expect(Math.abs(film - sound)).toBeLessThan(0.3);
    const last = lines(how.stderr).findLast((line) => line.startsWith("frame="));
    expect(last).toMatch(new RegExp(`^frame= *${frames} .*Lsize=`));
    if (signal) expect(how.stderr).toMatch(/^Exiting normally, received signal \d+\.$/m);
    else expect(how.stderr).toMatch(/^\n\n\[q\] command received\. Exiting\.\n$/m);
  });
});

test("standard input that is a list of files is left alone", async () => {
  const film = await sources.get("h264.mp4");
  writeFileSync(join(folder, "list"), "queue\nsecond\n");
  const shell = `"$@"; cat`;
  const args = [process.execPath, cliPath(), ...SHORT_CHUNKS, "-y", "-v", "error", "-i", film, ...ENCODE, "o.mkv"];
  const { stdout } = await start("sh", ["-c", `exec <list; ${shell}`, "sh", ...args], settings()).ended;
  expect(stdout).toBe("queue\nsecond\n");
  expect(existsSync(join(folder, "o.mkv"))).toBe(true);
});
