import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MUXERS } from "../../src/plan/muxers.js";
import { runBoth } from "./compare.js";
import { Sources } from "./sources.js";
import { ALL } from "../thorough.js";

/** A film in three chunks, with sound where the container takes any, into every container that people use for films. */

const sources = new Sources();
afterAll(() => sources.close());
beforeAll(() => sources.get("short.mp4"));

const THREE = [
  ...["-df_workers=none", "-df_local_slots=2"],
  ...["-df_keyint_min=8", "-df_segment_frames=16", "-df_keyint_max=24"],
];

const X264 = "-c:v libx264 -preset superfast -qp 0";
/** With B-frames, whose decoding times some containers show. */
const LOSSY = "-c:v libx264 -preset superfast -crf 20 -bf 2";
const X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=error";
const VP9 = "-c:v libvpx-vp9 -lossless 1 -deadline realtime -cpu-used 8";
const PCM = "-c:a pcm_s16le -ar 48000";

/** Those that few people use, and that are of the kind of another. */
const RARE =
  /^(3gp|3g2|f4v|ismv|ipod|ogv|gxf|wtv|swf|mpeg1video|mpeg2video|m4v|dv|mjpeg|obu|ivf|hevc|asf|mov|nut|flv|ogg)$/;

/** Muxer, then a command; those that are not "lossless" are compared by their times and fields. */
const joined: readonly (readonly [muxer: string, args: string])[] = [
  ["matroska", `${X264} -bf 2 -c:a aac o.mkv`],
  ["webm", `${VP9} -c:a libopus o.webm`],
  ["mp4", `${X264} -bf 2 -c:a aac o.mp4`],
  ["mp4", `${LOSSY} -c:a aac -movflags frag_keyframe+empty_moov o.mp4`],
  ["mov", `${X264} -bf 2 -c:a aac o.mov`],
  ["ipod", `${X264} -c:a aac o.m4v`],
  ["f4v", `${LOSSY} -c:a aac o.f4v`],
  ["ismv", `${LOSSY} -c:a aac o.ismv`],
  ["3gp", "-s 128x96 -c:v h263 -q:v 3 -g 10 -an o.3gp"],
  ["3g2", `${X264} -c:a aac o.3g2`],
  ["flv", `${LOSSY} -c:a aac o.flv`],
  ["flv", "-c:v flv -q:v 3 -g 10 -c:a aac o.flv"],
  ["nut", "-c:v ffv1 -c:a flac o.nut"],
  ["asf", "-c:v wmv2 -q:v 3 -g 10 -c:a wmav2 o.wmv"],
  ["asf", `${LOSSY} -c:a aac o.asf`],
  ["mpegts", `${LOSSY} -c:a mp2 o.ts`],
  ["mpegts", `${X265} -c:a mp2 o.ts`],
  ["mpegts", "-c:v mpeg2video -q:v 3 -bf 2 -g 10 -c:a mp2 o.ts"],
  ["avi", `${X264} -c:a mp2 o.avi`],
  ["ogg", "-c:v libtheora -q:v 5 -g 10 -c:a libvorbis o.ogg"],
  ["ogv", "-c:v libtheora -q:v 5 -g 10 -an o.ogv"],
  ["mxf", `-c:v mpeg2video -q:v 3 -bf 2 -g 10 ${PCM} o.mxf`],
  ["mxf", `-s 256x128 -pix_fmt yuv422p -c:v dnxhd -profile:v dnxhr_lb ${PCM} o.mxf`],
  ["gxf", "-an -s 720x576 -pix_fmt yuv422p -c:v mpeg2video -q:v 3 -g 10 o.gxf"],
  ["wtv", "-c:v mpeg2video -q:v 3 -g 10 -c:a mp2 o.wtv"],
  ["swf", "-an -c:v mjpeg -q:v 3 o.swf"],
  ["swf", "-c:v flv -q:v 3 -g 10 -c:a libmp3lame -ar 44100 o.swf"],
  ["ivf", `-an ${VP9} o.ivf`],
  ["dv", "-an -s 720x576 -pix_fmt yuv420p o.dv"],
  ["h264", `-an ${X264} o.h264`],
  ["hevc", `-an ${X265} -bf 0 o.hevc`],
  ["obu", "-an -c:v libsvtav1 -preset 12 -g 10 o.obu"],
  ["mpeg1video", "-an -c:v mpeg1video -q:v 3 -g 10 o.m1v"],
  ["mpeg2video", "-an -c:v mpeg2video -q:v 3 -g 10 o.m2v"],
  ["m4v", "-an -c:v mpeg4 -q:v 3 -g 10 -f m4v o.m4v"],
  ["mjpeg", "-an -c:v mjpeg -q:v 3 o.mjpeg"],
];

const LOSSLESS = /-qp 0|-lossless 1|ffv1|mjpeg|dnxhd|o\.dv$/;

/** A command that runs whole, and a part of what is said about it. */
const whole: readonly (readonly [args: string, reason: string])[] = [
  ["-c:v mpeg2video -q:v 3 -bf 2 -c:a mp2 o.mpg", "has a time for some frames only"],
  ["-c:v mpeg2video -q:v 3 -c:a ac3 -f dvd o.mpg", "has a time for some frames only"],
  ["-an o.y4m", "the container yuv4mpegpipe holds bare pictures"],
  ["-an o.gif", "the container gif is one of pictures"],
  ["-an -c:v rv20 -q:v 3 o.rm", "the container rm is of a kind that has not been proven"],
  ["-an -pix_fmt bgr24 -c:v rawvideo o.avi", "how raw pictures lie in AVI is kept beside their packets"],
];

async function both(args: string, signal: AbortSignal): ReturnType<typeof runBoth> {
  const words = ["-i", await sources.get("short.mp4"), ...args.split(" ")];
  return runBoth(words, { signal, df: THREE, lossless: LOSSLESS.test(args), loose: 0.5 });
}

test("every container of the table is tried", () => {
  expect([...new Set(joined.map(([muxer]) => muxer))].sort()).toEqual(
    // Those of many files have tests of their own.
    Object.keys(MUXERS)
      .filter((muxer) => !/hls|dash|segment/.test(muxer))
      .sort(),
  );
});

describe("joined as plain ffmpeg writes it", { concurrent: true, timeout: 300_000 }, () => {
  for (const [muxer, args] of joined) {
    test.skipIf(!ALL && RARE.test(muxer))(`${muxer}: ${args}`, async ({ expect: expected, signal }) => {
      const { differences, summary } = await both(args, signal);
      expected(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
      expected(summary?.route, summary?.reason).toBe("chunks");
      expected(summary?.chunks).toBeGreaterThanOrEqual(3);
    });
  }
});

describe("whole, with a reason", { concurrent: true, timeout: 300_000 }, () => {
  for (const [args, reason] of whole) {
    test(args, async ({ expect: expected, signal }) => {
      const { differences, summary } = await both(args, signal);
      expected(differences).toEqual([]);
      expected(summary?.route).toBe("local");
      expected(summary?.reason).toContain(reason);
    });
  }
});
