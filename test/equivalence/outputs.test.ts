import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { make, runBoth } from "./compare.js";
import { Sources, type SourceName } from "./sources.js";
import { isLeftOut } from "../thorough.js";

/** Commands of several outputs, and ladders: every rendition frame by frame. */
const sources = new Sources();
let logo = "";
beforeAll(async () => {
  logo = join(sources.folder, "ladder-logo.png");
  await make(["-f", "lavfi", "-i", "testsrc=s=32x24", "-frames:v", "1", logo]);
});
afterAll(() => sources.close());

const LADDER = "[0:v]split=3[a][b][c];[b]scale=80:60[bs];[c]hflip,fps=10[cs]";
const SOUND = "-map 0:a -c:a copy";

interface Case {
  readonly source?: SourceName;
  readonly args: string;
  /** Why all of it runs whole. */
  readonly whole?: RegExp;
  readonly keyframes?: boolean;
  readonly folders?: readonly string[];
  /** Part of it is not split. */
  readonly notice?: RegExp;
}

const cases: Record<string, Case> = {
  "two films and their sound": {
    args: "-c:v ffv1 -c:a copy a.mkv -vf scale=80:60 -c:v libx264 -qp 0 -preset ultrafast -c:a aac -b:a 64k b.mp4",
  },
  "a ladder": {
    args: `-filter_complex ${LADDER} -map [a] ${SOUND} -c:v ffv1 a.mkv -map [bs] ${SOUND} -c:v ffv1 b.mkv -map [cs] -c:v utvideo c.avi`,
  },
  "a ladder in one file": {
    args: `-filter_complex ${LADDER} -map [a] -map [bs] -map 0:a -map [cs] -c:a copy -c:v:0 ffv1 -c:v:1 utvideo -c:v:2 ffv1 -level:v:2 3 a.mkv`,
  },
  "the film twice in one file": {
    args: `-map 0:v -map 0:v -map 0:a -c:a copy -c:v:0 ffv1 -filter:v:1 yadif -c:v:1 utvideo a.mkv`,
  },
  "sound and nothing beside the film": {
    args: "-c:v ffv1 -c:a copy a.mkv -vn -c:a flac b.flac -map 0:v -c:v rawvideo -f null -",
  },
  "parts of different length": {
    source: "opengop.mkv",
    args: "-c:v ffv1 -an a.mkv -ss 1.5 -t 2 -c:v ffv1 -an b.mkv -vf tblend -frames:v 60 -c:v ffv1 -an c.mkv",
  },
  "constant and variable rate": {
    source: "vfr.mp4",
    args: "-c:v ffv1 -an -fps_mode cfr a.mkv -c:v ffv1 -an -fps_mode vfr b.mkv -r 12.5 -c:v ffv1 -an -f mov c.mov",
  },
  "a logo in one of them, sound by a graph": {
    args: `-i {logo} -filter_complex [0:v]split[a][b];[b][1:v]overlay=4:4[bo];[0:a]asplit[l][m];[m]volume=0.5[n] -map [a] -map [l] -c:v ffv1 -c:a flac a.mkv -map [bo] -map [n] -c:v ffv1 -c:a flac b.mkv`,
  },
  "graphs of their own": {
    args: `-filter_complex [0:v]crop=80:60[x] -filter_complex [0:v]negate[y] -map [y] -c:v ffv1 a.mkv -map [x] -c:v ffv1 b.mkv`,
  },
  "keyframes at certain places in both": {
    args: "-g 24 -c:v ffv1 -an a.mkv -vf fps=12.5 -g 12 -c:v ffv1 -an b.mkv",
    keyframes: true,
  },
  "a film that cannot be split and one that can": {
    args: "-c:v ffv1 -an a.mkv -vf reverse -c:v ffv1 -an b.mkv",
    notice: /b\.mkv: not split, filter reverse/,
  },
  "pictures beside a film": { args: "-c:v ffv1 -an a.mkv -vf fps=1 p%02d.png", notice: /p%02d\.png: not split/ },
  "a tee into two containers": {
    args: "-map 0 -flags +global_header -c:v libx264 -preset ultrafast -qp 0 -c:a aac -f tee [f=mp4:movflags=+faststart]{o}/a.mp4|{o}/b.mkv",
  },
  "a tee without headers for all": {
    args: "-map 0:v -map 0:a -c:v libx264 -preset superfast -qp 0 -g 25 -sc_threshold 0 -c:a aac -f tee [f=mpegts]a.ts|[f=hls:hls_time=1:hls_list_size=0:hls_segment_filename=s%03d.ts]list.m3u8|[f=nut]c.nut",
    keyframes: true,
  },
  "a tee beside a film": {
    folders: ["c"],
    args: "-map 0:v -c:v ffv1 -f tee a.mov|b.nut|c/d.mkv -map 0:v -vf hflip -c:v ffv1 c.mkv",
  },
  "a tee that leaves streams out": {
    args: "-map 0 -c:v ffv1 -c:a flac -f tee [select=v]a.mkv|[select=a]b.mkv",
    whole: /-f tee to a\.mkv: select=v is not split/,
  },
  "a tee to a place that is none": {
    args: "-map 0:v -c:v ffv1 -f tee a.mkv|no/such/b.mkv",
    whole: /no\/such\/b\.mkv cannot be written/,
  },
  "none of them can": { args: "-vf reverse -c:v ffv1 -an a.mkv -c:v copy b.mkv", whole: /reverse/ },
  "ways that meet again": {
    args: "-filter_complex [0:v]split[a][b];[b]negate[c];[a][c]overlay=8:8[v] -map [v] -c:v ffv1 a.mkv",
    whole: /meet again/,
  },
};

describe("several outputs", { concurrent: true, timeout: 600_000 }, () => {
  for (const [name, { source = "h264.mp4", args, whole, notice, keyframes = false, folders = [] }] of Object.entries(
    cases,
  )) {
    test.skipIf(isLeftOut(name))(name, async ({ expect, signal }) => {
      const words = args.split(" ").map((word) => word.replace("{logo}", logo));
      const both = await runBoth(["-i", await sources.get(source), ...words], {
        ...{ signal, keyframes },
        prepare: (folder) => {
          for (const name of folders) mkdirSync(join(folder, name));
        },
        ...(notice ? { before: ["-y", "-nostdin"] } : {}),
      });
      const { differences, summary, ours } = both;
      expect(differences, summary?.reason).toEqual([]);
      expect(summary?.route, summary?.reason).toBe(whole ? "local" : "chunks");
      if (whole) expect(summary?.reason).toMatch(whole);
      else expect(summary?.chunks).toBeGreaterThanOrEqual(2);
      if (notice) expect(ours.stderr).toMatch(notice);
    });
  }

  test("one that fails is named", async ({ expect, signal }) => {
    const args = ["-i", await sources.get("h264.mp4"), "-c:v", "ffv1", "a.mkv", "-c:v", "ffv1", "no/such/b.mkv"];
    const { ours, differences } = await runBoth(args, { signal, out: ["a.mkv"] });
    expect(ours.code).not.toBe(0);
    expect(ours.stderr).toContain("no/such/b.mkv");
    expect(differences.filter((d) => d.startsWith("left"))).toEqual([]);
  });

  test("nothing stands in the way of any", async ({ expect, signal }) => {
    const args = ["-i", await sources.get("h264.mp4"), "-c:v", "ffv1", "a.mkv", "-c:v", "ffv1", "b.mkv"];
    const prepare = (folder: string): void => writeFileSync(join(folder, "b.mkv"), "old");
    const { ours, differences } = await runBoth(args, {
      ...{ signal, before: ["-n", "-v", "error"], prepare },
      // Plain ffmpeg has made an empty a.mkv by then.
      out: ["b.mkv"],
    });
    expect(ours.stderr).toContain("b.mkv' already exists");
    expect(ours.code).not.toBe(0);
    // From 6.1 on plain ffmpeg calls that a success.
    expect(differences.filter((difference) => !difference.startsWith("status 0 != 1:"))).toEqual([]);
  });
});
