import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALL } from "../thorough.js";
import { type BothOptions, runBoth } from "./compare.js";
import { CHANGES, FRAMES, KEYLESS, keyframesOf, makeSceneFilm, openGops, SCENE_LENGTHS } from "./scene-film.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-scenes-"));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILM = path("film.mkv");
beforeAll(() => makeSceneFilm(FILM, openGops(48)));

const SCENES = ["-df_workers=none", "-df_local_slots=2", "-df_split=scene", ...SCENE_LENGTHS];

async function both(args: readonly string[], options: BothOptions = {}, flags: readonly string[] = SCENES) {
  const begun: number[][] = [];
  const inspect = async (_: string, ours: string): Promise<string[]> => {
    begun.push(await keyframesOf(ours));
    return [];
  };
  const before = ["-y", "-v", "warning", "-nostdin"];
  return { ...(await runBoth(args, { df: flags, lossless: true, before, inspect, ...options })), begun };
}

describe("chunks begin exactly at the scene changes", () => {
  const x265 = "open-gop=1:keyint=48:scenecut=0:bframes=3:log-level=error";
  /** Where each eighth of a GOP may be a chunk at the least, one of the changes comes too early. */
  const EIGHTHS = CHANGES.map((change) => (change === 203 ? 220 : change));
  const rows: readonly (readonly [string, string, readonly string[], boolean, number[]?])[] = [
    ["open GOPs of H.264", "film.mkv", openGops(48), true],
    ["a single GOP, 10 bit", "ten.mkv", [...openGops(1000), "-pix_fmt", "yuv420p10le"], ALL, EIGHTHS],
    ["open GOPs of HEVC", "hevc.mp4", ["-c:v", "libx265", "-preset", "superfast", "-x265-params", x265], ALL],
    ["VP9", "vp9.webm", "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 48".split(" "), ALL],
    ["MPEG-2", "mpeg2.ts", "-c:v mpeg2video -q:v 3 -g 24 -bf 2 -sc_threshold 1000000000".split(" "), ALL],
    ["pictures that stand alone", "all.mov", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p".split(" "), ALL],
  ];
  for (const [name, file, encoder, usual, changes = CHANGES] of rows) {
    test.skipIf(!usual)(name, async () => {
      const film = path(file);
      if (film !== FILM) await makeSceneFilm(film, encoder);
      const { differences, summary, begun, ours } = await both(["-i", film, ...KEYLESS, "o.mkv"]);
      expect(differences, ours.stderr).toEqual([]);
      expect(summary?.route, summary?.reason).toBe("chunks");
      expect(begun).toEqual([changes]);
      // Each frame was decoded once for that, those at which runs of segments meet twice.
      const compared = summary?.workers[0]?.compared ?? 0;
      expect(compared).toBeGreaterThanOrEqual(FRAMES);
      expect(compared).toBeLessThanOrEqual(FRAMES + 8);
    });
  }

  test("of what -ss and -t leave of the film", async () => {
    const { differences, begun, ours, summary } = await both(["-ss", "1", "-t", "8", "-i", FILM, ...KEYLESS, "o.mkv"]);
    expect(differences, ours.stderr).toEqual([]);
    expect(summary?.route, summary?.reason).toBe("chunks");
    expect(begun).toEqual([[0, 30, 70, 145]]);
  });

  test.skipIf(!ALL)("in all renditions of it", async () => {
    const { differences, begun, ours } = await both([
      ...["-i", FILM, ...KEYLESS, "a.mkv", "-vf", "scale=80:48", ...KEYLESS, "b.mkv"],
    ]);
    expect(differences, ours.stderr).toEqual([]);
    expect(begun).toEqual([CHANGES, CHANGES]);
  });

  test.skipIf(!ALL)("anew for a lossy encoder: times, count and streams are plain ffmpeg's", async () => {
    const { differences, ours, summary } = await both(
      ["-i", FILM, "-c:v", "libx264", "-preset", "superfast", "-crf", "24", "o.mp4"],
      { lossless: false, loose: 0.15 },
    );
    expect(differences, ours.stderr).toEqual([]);
    expect(summary?.chunks).toBe(CHANGES.length);
  });
});

describe("keyframes decide, and a line says why", () => {
  const line = (why: string): string => `chunks begin at keyframes, not at scene changes: ${why}`;

  test.skipIf(!ALL)("where the output's keyframes are asked for", async () => {
    const { differences, ours, summary } = await both(
      ["-i", FILM, "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-g", "24", "o.mkv"],
      { keyframes: true },
    );
    expect(differences, ours.stderr).toEqual([]);
    expect(ours.stderr).toContain(line("the keyframes of the output are asked for"));
    expect(summary?.workers[0]?.compared).toBe(0);
  });

  test.skipIf(!ALL)("where packets have no times", async () => {
    const film = await makeSceneFilm(path("none.avi"), "-c:v libx264 -preset superfast -g 24".split(" "));
    const { differences, ours } = await both(["-i", film, "-c:v", "ffv1", "-an", "o.mkv"]);
    expect(differences, ours.stderr).toEqual([]);
    expect(ours.stderr).toContain(line("the source's packets have no times"));
  });

  test.skipIf(!ALL)("in two passes", async () => {
    const encoder = "-c:v libx264 -preset ultrafast -b:v 100k -an -pass 1".split(" ");
    const { ours } = await both(["-i", FILM, ...encoder, "-f", "null", "-"], { out: [] });
    expect(ours.stderr).toContain(line("-pass 1 and -pass 2 have to agree"));
  });

  test("where nobody can look for scene changes", async () => {
    const blind = path("ffmpeg-without-scdet");
    const lines = ['case "$*" in *scdet*) echo No such filter >&2; exit 1;; esac', 'exec ffmpeg "$@"'];
    writeFileSync(blind, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
    const { differences, ours, summary } = await both(["-i", FILM, ...KEYLESS, "o.mkv"], {}, [
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
