import { execFileSync } from "node:child_process";
import { afterAll, describe, test } from "vitest";
import { runBoth, SHORT_CHUNKS } from "./compare.js";
import { isLeftOut } from "../thorough.js";
import { Sources, type SourceName } from "./sources.js";

/** Keyframes are where plain ffmpeg has them, all of them, where the encoder does not choose them by the pictures. */
const sources = new Sources();
afterAll(() => sources.close());

const encoders = execFileSync("ffmpeg", ["-hide_banner", "-encoders"], { encoding: "utf8" });
const X264 = "-c:v libx264 -preset superfast -crf 35";
const VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 50 -b:v 0";

interface Case {
  readonly source?: SourceName;
  readonly out: string;
  readonly df?: readonly string[];
  readonly chunks?: number;
  readonly whole?: RegExp;
}

const cases: Record<string, Case> = {
  "libx264, every second": { out: `${X264} -g 25 -sc_threshold 0 o.mkv`, chunks: 3 },
  "libx264 over a long GOP of the source": { source: "long.mp4", out: `${X264} -g 30 -sc_threshold 0 o.mkv` },
  "libx264 with forced ones between": {
    out: `${X264} -g 40 -sc_threshold 0 -force_key_frames 0.5,0:00:02,2.2,4.44 o.mkv`,
  },
  "libx264, forced by an expression": {
    out: `${X264} -force_key_frames expr:gte(t,n_forced*1.2) o.mkv`,
    chunks: 3,
  },
  "libx264, forced, twice the rate": {
    out: `${X264} -r 50 -sc_threshold 0 -g 31 -force_key_frames expr:gte(t,n_forced*1.5) o.mkv`,
  },
  "libx264, forced as in the source": {
    source: "mpeg2.ts",
    out: `${X264} -sc_threshold 0 -g 50 -force_key_frames:v source o.mkv`,
  },
  "libx264 with filters that look around": {
    source: "interlaced.mkv",
    out: `${X264} -vf yadif=1 -g 50 -sc_threshold 0 o.mkv`,
  },
  libx265: { out: "-c:v libx265 -preset superfast -crf 40 -g 30 -x265-params scenecut=0:log-level=none o.mkv" },
  mpeg2video: { out: "-c:v mpeg2video -q:v 6 -g 15 -sc_threshold 1000000000 o.ts" },
  "mpeg4, forced": { out: "-c:v mpeg4 -q:v 6 -g 25 -sc_threshold 1000000000 -force_key_frames 1,2.5 o.avi" },
  "libvpx-vp9 of a fixed GOP": { out: `${VP9} -g 30 o.webm` },
  "libvpx-vp9, evenly, with forced ones": { out: `${VP9} -g 25 -keyint_min 25 -force_key_frames 1.3,3 o.webm` },
  "libvpx, evenly": {
    out: "-c:v libvpx -deadline realtime -cpu-used 8 -crf 20 -qmin 20 -qmax 20 -g 25 -keyint_min 25 o.webm",
  },
  "mpeg4 with B-frames": { out: "-c:v mpeg4 -q:v 6 -bf 1 -g 25 -sc_threshold 1e9 o.avi", whole: /mpeg4 has keyframes/ },
  libsvtav1: { out: "-c:v libsvtav1 -preset 12 -crf 55 -g 32 o.mkv" },
  "ffv1, byte by byte": { out: "-c:v ffv1 -g 12 o.mkv" },
  "too far apart": {
    source: "long.mp4",
    out: `${X264} -g 2000 -sc_threshold 0 o.mkv`,
    df: ["-df_workers=none", "-df_local_slots=2", "-df_keyint_min=2", "-df_segment_frames=8", "-df_keyint_max=10"],
    whole: /too far apart/,
  },
};

describe("keyframes", { concurrent: true, timeout: 600_000 }, () => {
  for (const [name, { source = "h264.mp4", out, df = SHORT_CHUNKS, chunks = 2, whole }] of Object.entries(cases)) {
    const encoder = /-c:v (\S+)/.exec(out)?.[1] ?? "";
    test.skipIf(!encoders.includes(` ${encoder} `) || isLeftOut(name))(name, async ({ expect, signal }) => {
      const args = ["-i", await sources.get(source), "-an", ...out.split(" ")];
      const lossless = encoder === "ffv1";
      const { differences, summary } = await runBoth(args, { df, signal, keyframes: true, lossless, loose: 0.25 });
      expect(differences, summary?.reason).toEqual([]);
      expect(summary?.route, summary?.reason).toBe(whole ? "local" : "chunks");
      if (whole) expect(summary?.reason).toMatch(whole);
      else expect(summary?.chunks).toBeGreaterThanOrEqual(chunks);
    });
  }
});
