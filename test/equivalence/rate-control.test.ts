import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseFrameLog } from "../../src/ffmpeg/frame-log.js";
import { runBuffer } from "../../src/plan/rate-control/buffer.js";
import { make, readSummary, runBoth, type Summary } from "./compare.js";
import { type Ended, must, run, runCli, runFfmpeg } from "./programs.js";
import { Sources } from "./sources.js";
import { ALL, isLeftOut } from "../thorough.js";

/** Bitrates, caps and two passes: what plain ffmpeg keeps over the film as a whole, kept over chunks. */

const sources = new Sources();
afterAll(() => sources.close());

let film = "";
beforeAll(async () => {
  film = await sources.get("scenes.mkv");
});

/** Sixteen seconds of easy and hard scenes, in at least four chunks. */
const SECONDS = 16;
const FRAMES = 400;
const CHUNKS = [
  ...["-df_workers=none", "-df_local_slots=2"],
  ...["-df_keyint_min=40", "-df_segment_frames=80", "-df_keyint_max=120"],
];
const QUIET = ["-y", "-v", "error", "-nostdin"];
const X264 = "-c:v libx264 -preset veryfast";
const X265 = "-c:v libx265 -preset ultrafast";

/** They are slow, and alike to VP9. */
const RARE = new Set(["libx265", "libvpx", "libvpx-vp9", "libaom-av1"]);

const folderFor = (name: string): string => mkdtempSync(join(sources.folder, `${name.replaceAll(/\W/g, "")}-`));

interface Made {
  readonly ended: Ended;
  readonly summary: Summary | undefined;
}

/** Runs distffmpeg in a folder. */
async function ours(folder: string, words: string, signal: AbortSignal): Promise<Made> {
  const summary = join(folder, "summary.json");
  const flags = [`-df_summary=${summary}`, `-df_server_work_path=${join(folder, "work")}`, ...CHUNKS];
  const ended = await runCli([...flags, ...QUIET, "-i", film, ...words.split(" ")], {
    cwd: folder,
    signal,
    env: { HOME: folder, XDG_CONFIG_HOME: folder },
  });
  return { ended, summary: readSummary(summary) };
}

const plain = (folder: string, words: string, signal: AbortSignal): Promise<Ended> =>
  runFfmpeg([...QUIET, "-i", film, ...words.split(" ")], { cwd: folder, signal });

function expectChunks({ ended, summary }: Made, least = 4): void {
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(summary?.route, summary?.reason).toBe("chunks");
  expect(summary?.chunks).toBeGreaterThanOrEqual(least);
  expect(summary?.frames).toBe(FRAMES);
}

/** Bytes of the film's packets, in coded order. */
async function sizesOf(path: string): Promise<number[]> {
  const probe = ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", path];
  const lines = (await must("ffprobe", probe)).trim().split("\n");
  return lines.map((line) => Number(line.split(",")[0]));
}

async function bitrateOf(path: string, times = 1): Promise<number> {
  const sizes = await sizesOf(path);
  expect(sizes).toHaveLength(FRAMES * times);
  return (sizes.reduce((a, b) => a + b, 0) * 8) / (SECONDS * times);
}

/** How far the film is from a bitrate, as a share of it. */
async function missOf(path: string, bitrate: number, times = 1): Promise<number> {
  return Math.abs((await bitrateOf(path, times)) / bitrate - 1);
}

async function psnrOf(path: string): Promise<number> {
  const byNumber = "settb=1/1000,setpts=N";
  const graph = `[0:v]${byNumber}[a];[1:v]${byNumber}[b];[a][b]psnr`;
  const { stderr } = await run("ffmpeg", ["-nostdin", "-i", path, "-i", film, "-lavfi", graph, "-f", "null", "-"]);
  return Number(/PSNR .* average:(\S+)/.exec(stderr)?.[1]);
}

/** The film eight times: two minutes, in which a single pass comes near its bitrate. */
let long = "";
beforeAll(async () => {
  long = join(sources.folder, "eight-times.mkv");
  await make(["-stream_loop", "7", "-i", film, "-c", "copy", long]);
});

describe("-b:v in one pass", { concurrent: true, timeout: 300_000 }, () => {
  for (const words of [
    X264,
    `${X265} -x265-params log-level=error`,
    "-c:v libvpx-vp9 -deadline realtime -cpu-used 8",
    "-c:v mpeg4",
  ]) {
    test.skipIf(isLeftOut(words))(words, async ({ expect: expected, signal }) => {
      const target = words.includes("mpeg4") ? 600_000 : 300_000;
      const { differences, summary } = await runBoth(["-i", long, ...words.split(" "), "-b:v", `${target}`, "o.mkv"], {
        ...{ signal, df: CHUNKS, lossless: false, loose: 1 },
        inspect: async (_, made) => {
          const miss = await missOf(made, target, 8);
          return miss < 0.03 ? [] : [`the bitrate is missed by ${miss}`];
        },
      });
      expected(differences).toEqual([]);
      expected(summary?.route, summary?.reason).toBe("chunks");
      expected(summary?.chunks).toBeGreaterThanOrEqual(4);
    });
  }
});

describe("two passes", { concurrent: true, timeout: 300_000 }, () => {
  const TARGET = 300_000;
  const RATE = "-b:v 300k";

  test.skipIf(!ALL)("a log made of chunks is plain ffmpeg's, too, and the other way round", async ({ signal }) => {
    const folder = folderFor("passes");
    const [first, second] = [`${X264} ${RATE} -pass 1 -f null -`, `${X264} ${RATE} -pass 2`];
    expectChunks(await ours(folder, first, signal));
    const log = parseFrameLog(readFileSync(join(folder, "ffmpeg2pass-0.log"), "latin1"));
    expect(log.ok && log.value.frames.length).toBe(FRAMES);
    expect(await plain(folder, `${second} plain.mkv`, signal)).toMatchObject({ code: 0, stderr: "" });
    expect(await missOf(join(folder, "plain.mkv"), TARGET)).toBeLessThan(0.08);
    // The same with a log of plain ffmpeg's.
    expect(await plain(folder, `${X264} ${RATE} -pass 1 -passlogfile of-plain -f null -`, signal)).toMatchObject({
      code: 0,
    });
    // Chunks begin where that log has keyframes.
    expectChunks(await ours(folder, `${second} -passlogfile of-plain ours.mkv`, signal), 2);
    expect(await plain(folder, `${second} -passlogfile of-plain all-plain.mkv`, signal)).toMatchObject({ code: 0 });
    const [made, wanted] = [join(folder, "ours.mkv"), join(folder, "all-plain.mkv")];
    expect(await missOf(made, TARGET)).toBeLessThan(0.03);
    expect(await psnrOf(made)).toBeGreaterThan((await psnrOf(wanted)) - 0.5);
  });

  for (const [encoder, words, asks, end] of [
    ["libx264", `${X264} ${RATE}`, (pass: number) => `-pass ${pass} -passlogfile my`, "-an -f mp4 /dev/null"],
    [
      "libx265",
      `${X265} ${RATE}`,
      (pass: number) => `-x265-params log-level=error:pass=${pass}:stats=my.log`,
      "-f null -",
    ],
    ["libvpx", `-c:v libvpx -cpu-used 8 ${RATE}`, (pass: number) => `-pass ${pass}`, "-an -f null NUL"],
    ["libvpx-vp9", `-c:v libvpx-vp9 -cpu-used 8 ${RATE}`, (pass: number) => `-pass ${pass}`, "-f webm /dev/null"],
    ["libaom-av1", `-c:v libaom-av1 -cpu-used 8 ${RATE}`, (pass: number) => `-pass ${pass}`, "-f null -"],
  ] as const) {
    test.skipIf(!ALL && RARE.has(encoder))(`${encoder}, on one line`, async ({ signal }) => {
      const folder = folderFor(encoder);
      const second = ["-i", film, ...words.split(" "), ...asks(2).split(" "), "o.mkv"];
      const line = `${words} ${asks(1)} ${end} ffmpeg ${[...QUIET, ...second].join(" ")}`;
      expectChunks(await ours(folder, line, signal));
      expect(await missOf(join(folder, "o.mkv"), TARGET)).toBeLessThan(0.03);
      const afterwards = await runFfmpeg([...QUIET, ...second.slice(0, -1), "plain.mkv"], { cwd: folder, signal });
      expect(afterwards.code, afterwards.stderr).toBe(0);
      expect(existsSync(join(folder, "NUL"))).toBe(false);
    });
  }

  test("a log of another film is none for this one", async ({ signal }) => {
    const folder = folderFor("other");
    const words = `${X264} ${RATE}`;
    expectChunks(await ours(folder, `${words} -pass 1 -f null -`, signal));
    const { summary } = await ours(folder, `${words} -pass 2 -t 8 o.mkv`, signal);
    expect(summary).toMatchObject({ route: "local", reason: expect.stringContaining("is one of 400 frames") });
  });
});

describe("-maxrate and -bufsize", { concurrent: true, timeout: 300_000 }, () => {
  for (const [words, cap, start] of [
    [`${X264} -crf 16 -maxrate 400k -bufsize 400k`, { rate: 400_000, size: 400_000 }, 0.9],
    [`${X264} -b:v 300k -maxrate 400k -bufsize 300k`, { rate: 400_000, size: 300_000 }, 0.9],
    [`${X265} -crf 18 -maxrate 400k -bufsize 500k -x265-params log-level=error`, { rate: 400_000, size: 500_000 }, 0.9],
    ["-c:v mpeg2video -b:v 800k -maxrate 1200k -bufsize 1000k -g 12", { rate: 1_200_000, size: 1_000_000 }, 0.75],
  ] as const) {
    test.skipIf(isLeftOut(words))(words, async ({ signal }) => {
      const folder = folderFor("vbv");
      expectChunks(await ours(folder, `${words} o.mkv`, signal));
      const frames = (await sizesOf(join(folder, "o.mkv"))).map((bytes) => ({ bits: bytes * 8, seconds: 1 / 25 }));
      expect(runBuffer(frames, cap, cap.size * start).underflow).toBeUndefined();
    });
  }

  test("a ladder: each rendition has its own", async ({ signal }) => {
    const folder = folderFor("ladder");
    const graph = "-filter_complex [0:v]split=2[a][b];[b]scale=80:48[c]";
    const large = `-map [a] ${X264} -b:v 300k -maxrate 450k -bufsize 600k large.mkv`;
    const small = `-map [c] ${X264} -b:v 100k -maxrate 150k -bufsize 300k small.mkv`;
    expectChunks(await ours(folder, `${graph} ${large} ${small}`, signal));
    for (const [name, target, cap] of [
      ["large.mkv", 300_000, { rate: 450_000, size: 600_000 }],
      ["small.mkv", 100_000, { rate: 150_000, size: 300_000 }],
    ] as const) {
      const frames = (await sizesOf(join(folder, name))).map((bytes) => ({ bits: bytes * 8, seconds: 1 / 25 }));
      expect(runBuffer(frames, cap, cap.size * 0.9).underflow).toBeUndefined();
      expect(await missOf(join(folder, name), target)).toBeLessThan(0.05);
    }
  });
});

describe("whole, by rule", { concurrent: true, timeout: 60_000 }, () => {
  for (const [words, reason] of [
    [`${X264} -b:v 1M o.mkv`, "only in films of 2 minutes and more"],
    [`${X264} -b:v 1M -pass 1 kept.mkv`, "-pass 1 that keeps its film"],
    [`${X264} -b:v 1M -pass 2 -passlogfile nowhere o.mkv`, "the log nowhere-0.log of -pass 1: it is not there"],
    [`${X264} -b:v 1M -pass 1 -f null - ${X264} -b:v 1M -pass 1 -f null NUL`, "-pass with several outputs"],
    ["-c:v mpeg4 -b:v 1M -pass 1 -f null -", "not followed for this encoder"],
    [`${X265} -b:v 1M -pass 1 -f null -`, "-pass 1 concerns the film as a whole"],
    ["-c:v librav1e -b:v 1M o.mkv", "-b:v 1M is a target for the film as a whole"],
    ["-c:v mpeg2video -b:v 1M o.mkv", "writes a buffer made from the bitrate into its headers"],
    [`${X264} -b:v 1M -x264-params nal-hrd=vbr o.mkv`, "nal-hrd is kept over the film as a whole"],
  ] as const) {
    test(words, async ({ expect: expected, signal }) => {
      const { stdout } = await runCli(["-df_plan", ...QUIET, "-i", film, ...words.split(" ")], { signal });
      expected(stdout).toContain("# route: local (");
      expected(stdout).toContain(reason);
    });
  }
});
