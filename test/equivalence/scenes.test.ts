import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALL } from "../thorough.js";
import { type BothOptions, make, runBoth } from "./compare.js";
import { run } from "./programs.js";

/** A film whose scene changes are known, within GOPs and at none of their keyframes. */
const CHANGES = [0, 55, 95, 170, 203, 265];
const FRAMES = 310;

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-scenes-"));
const films = {
  h264: join(folder, "h264.mkv"),
  hevc: join(folder, "hevc.mp4"),
  vp9: join(folder, "vp9.webm"),
  mpeg2: join(folder, "mpeg2.ts"),
  noTimes: join(folder, "none.avi"),
  tenBit: join(folder, "ten.mkv"),
};

const PICTURES = ["testsrc2", "smptebars", "mandelbrot", "rgbtestsrc", "testsrc2", "smptehdbars"];

beforeAll(async () => {
  const scenes = PICTURES.map((name, i) => {
    const length = (CHANGES[i + 1] ?? FRAMES) - (CHANGES[i] ?? 0);
    const look = i === 4 ? ",negate" : "";
    return `${name}=s=160x96:r=25,trim=end_frame=${length},format=yuv420p${look}[s${i}]`;
  });
  const graph = `${scenes.join(";")};${PICTURES.map((_, i) => `[s${i}]`).join("")}concat=n=${PICTURES.length}`;
  const first = join(folder, "first.mkv");
  await make(["-f", "lavfi", "-i", graph, "-c:v", "ffv1", first]);
  const x264 = ["-c:v", "libx264", "-preset", "superfast", "-bf", "3", "-x264-params"];
  await make(["-i", first, ...x264, "keyint=48:scenecut=0:open-gop=1", films.h264]);
  await make(["-i", first, ...x264, "keyint=24:scenecut=0", "-t", "4", films.noTimes]);
  if (!ALL) return;
  const x265 = ["-c:v", "libx265", "-preset", "superfast", "-x265-params"];
  await make(["-i", first, ...x265, "keyint=48:scenecut=0:open-gop=1:bframes=3:log-level=error", films.hevc]);
  await make(["-i", first, "-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime", "-g", "48", films.vp9]);
  await make([
    "-i",
    first,
    "-c:v",
    "mpeg2video",
    "-q:v",
    "3",
    "-g",
    "24",
    "-bf",
    "2",
    "-sc_threshold",
    "1000000000",
    films.mpeg2,
  ]);
  await make(["-i", first, ...x264, "keyint=1000:scenecut=0", "-pix_fmt", "yuv420p10le", films.tenBit]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCENES = [
  ...["-df_workers=none", "-df_local_slots=2", "-df_split=scene"],
  ...["-df_keyint_min=30", "-df_segment_frames=50", "-df_keyint_max=80"],
];

/** x264 that sets no keyframes but the first, and is lossless. */
const LOSSLESS = "-c:v libx264 -preset ultrafast -qp 0".split(" ");

/** The frames of a film's keyframes, by their numbers. */
async function keyframes(film: string): Promise<number[]> {
  const { stdout } = await run("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", film],
  ]);
  const packets = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  packets.sort((a, b) => Number(a[0]) - Number(b[0]));
  return packets.flatMap(([, flags], i) => (flags?.includes("K") ? [i] : []));
}

async function both(args: readonly string[], options: BothOptions = {}, flags: readonly string[] = SCENES) {
  const begun: number[][] = [];
  const inspect = async (_: string, ours: string): Promise<string[]> => {
    begun.push(await keyframes(ours));
    return [];
  };
  const before = ["-y", "-v", "warning", "-nostdin"];
  return { ...(await runBoth(args, { df: flags, lossless: true, before, inspect, ...options })), begun };
}

describe("chunks begin exactly at the scene changes", () => {
  const rows: readonly (readonly [string, keyof typeof films, boolean])[] = [
    ["open GOPs of H.264", "h264", true],
    ["open GOPs of HEVC", "hevc", ALL],
    ["VP9", "vp9", ALL],
    ["MPEG-2 in a transport stream", "mpeg2", ALL],
    ["a single GOP, 10 bit", "tenBit", ALL],
  ];
  for (const [name, film, usual] of rows) {
    test.skipIf(!usual)(name, async () => {
      const { differences, summary, begun, ours } = await both(["-i", films[film], ...LOSSLESS, "o.mkv"]);
      expect(differences, ours.stderr).toEqual([]);
      expect(summary?.route, summary?.reason).toBe("chunks");
      expect(begun).toEqual([CHANGES]);
      // Each frame was decoded once for that, those at which runs of segments meet twice.
      const compared = summary?.workers[0]?.compared ?? 0;
      expect(compared).toBeGreaterThanOrEqual(FRAMES);
      expect(compared).toBeLessThanOrEqual(FRAMES + 8);
    });
  }

  test("of what -ss and -t leave of the film", async () => {
    const { differences, begun, ours, summary } = await both([
      "-ss",
      "1",
      "-t",
      "8",
      "-i",
      films.h264,
      ...LOSSLESS,
      "o.mkv",
    ]);
    expect(differences, ours.stderr).toEqual([]);
    expect(summary?.route, summary?.reason).toBe("chunks");
    expect(begun).toEqual([[0, 30, 70, 145]]);
  });

  test.skipIf(!ALL)("in all renditions of it", async () => {
    const { differences, begun, ours } = await both([
      ...["-i", films.h264, ...LOSSLESS, "a.mkv", "-vf", "scale=80:48", ...LOSSLESS, "b.mkv"],
    ]);
    expect(differences, ours.stderr).toEqual([]);
    expect(begun).toEqual([CHANGES, CHANGES]);
  });

  test("anew for a lossy encoder: times, count and streams are plain ffmpeg's", async () => {
    const { differences, ours, summary } = await both(
      ["-i", films.h264, "-c:v", "libx264", "-preset", "superfast", "-crf", "24", "o.mp4"],
      { lossless: false, loose: 0.15 },
    );
    expect(differences, ours.stderr).toEqual([]);
    expect(summary?.chunks).toBe(CHANGES.length);
  });
});

describe("keyframes decide, and a line says why", () => {
  const line = (why: string): string => `chunks begin at keyframes, not at scene changes: ${why}`;

  test("where the output's keyframes are asked for", async () => {
    const { differences, ours, summary } = await both(
      ["-i", films.h264, "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-g", "24", "o.mkv"],
      { keyframes: true },
    );
    expect(differences, ours.stderr).toEqual([]);
    expect(ours.stderr).toContain(line("the keyframes of the output are asked for"));
    expect(summary?.workers[0]?.compared).toBe(0);
  });

  test("where packets have no times", async () => {
    const { differences, ours } = await both(["-i", films.noTimes, "-c:v", "ffv1", "-an", "o.mkv"]);
    expect(differences, ours.stderr).toEqual([]);
    expect(ours.stderr).toContain(line("the source's packets have no times"));
  });

  test.skipIf(!ALL)("in two passes", async () => {
    const encoder = "-c:v libx264 -preset ultrafast -b:v 100k -an -pass 1".split(" ");
    const { ours } = await both(["-i", films.h264, ...encoder, "-f", "null", "-"], { out: [] });
    expect(ours.stderr).toContain(line("-pass 1 and -pass 2 have to agree"));
  });

  test("where nobody can look for scene changes", async () => {
    const blind = join(folder, "ffmpeg-without-scdet");
    await run("sh", [
      "-c",
      `printf '#!/bin/sh\\ncase "$*" in *scdet*) echo No such filter >&2; exit 1;; esac\\nexec ffmpeg "$@"\\n' > '${blind}'; chmod +x '${blind}'`,
    ]);
    const { differences, ours, summary } = await both(["-i", films.h264, ...LOSSLESS, "o.mkv"], {}, [
      ...SCENES,
      `-df_ffmpeg_bin=${blind}`,
    ]);
    expect(differences, ours.stderr).toEqual([]);
    expect(summary?.chunks).toBeGreaterThan(3);
    const said = ours.stderr.split("\n").filter((words) => words.includes("scene"));
    expect(said).toEqual([
      expect.stringMatching(
        /chunks begin at keyframes from here on: scene changes cannot be looked for \(.*No such filter\)/,
      ),
    ]);
  });
});
