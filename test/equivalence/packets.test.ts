import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { make, runBoth } from "./compare.js";
import { playParts } from "./edit-list.js";
import { isLeftOut } from "../thorough.js";

/** Films whose packets are not frames one by one, each with a time of its own: split all the same, or whole. */

let folder = "";
const film = (name: string): string => join(folder, name);
const picture = "-f lavfi -i testsrc2=size=96x64:rate=25:duration=4";
const sound = "-f lavfi -i sine=sample_rate=48000:duration=4";
const x264 = "-c:v libx264 -preset superfast -pix_fmt yuv420p -bf 3 -x264-params keyint=24:scenecut=0";
const mpeg2 = "-c:v mpeg2video -q:v 4 -g 12 -bf 2";

const RECIPES: Readonly<Record<string, string>> = {
  "b.avi": `${picture} ${sound} -c:v mpeg4 -q:v 4 -g 24 -bf 2 -c:a mp2`,
  "b.mxf": `${picture} ${sound} ${mpeg2} -pix_fmt yuv422p -c:a pcm_s16le`,
  "open.h264": `${picture} ${x264}:open-gop=1`,
  "h264.avi": `${picture} ${sound} ${x264} -c:a mp2`,
  "h264.ts": `${picture} ${sound} ${x264} -c:a mp2`,
  "mpeg2.ts": `${picture} ${sound} ${mpeg2} -c:a mp2`,
  "late.mkv": `-itsoffset 0.7 ${picture} ${sound} ${x264} -c:a flac`,
  "parts.mp4": `${picture} ${sound} ${x264} -video_track_timescale 12800 -c:a aac`,
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "distffmpeg-packets-"));
  await Promise.all(Object.entries(RECIPES).map(([name, recipe]) => make([...recipe.split(" "), film(name)])));
  for (const name of ["h264.ts", "mpeg2.ts"]) {
    const whole = readFileSync(film(name));
    // Recordings begin where they begin.
    writeFileSync(film(`cut-${name}`), whole.subarray(188 * Math.floor(whole.length / 188 / 6)));
  }
  const parts = readFileSync(film("parts.mp4"));
  // The first picture is at 1024. Two seconds, a jump into the middle of a GOP, and some of it once more.
  writeFileSync(
    film("again.mp4"),
    playParts(parts, [
      [1000, 1024],
      [2000, 26624],
      [1000, 13824],
    ]),
  );
  for (const pass of [1, 2]) {
    const vp8 = `-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -b:v 100k -g 40 -cpu-used 5 -threads 1 -pass ${pass}`;
    await make([...`${picture} ${vp8} -passlogfile ${film("vp8")}`.split(" "), film("alt-ref.webm")]);
  }
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FFV1 = "-c:v ffv1";
const chunks: readonly (readonly [what: string, args: string])[] = [
  ["MPEG-4 with B-frames in AVI", `-i b.avi ${FFV1} -c:a copy o.mkv`],
  ["MPEG-2 in MXF", `-i b.mxf ${FFV1} -vf yadif -c:a copy o.mkv`],
  ["H.264 in AVI", `-i h264.avi -vf hflip ${FFV1} -c:a copy o.mkv`],
  ["a hidden picture before the frame with its time", `-i alt-ref.webm ${FFV1} o.mkv`],
  ["H.264 from the middle", `-i cut-h264.ts ${FFV1} -c:a copy o.mkv`],
  ["MPEG-2 from the middle", `-i cut-mpeg2.ts ${FFV1} -c:a copy o.mkv`],
  ["H.264 that is sought in the middle", `-ss 1.3 -t 3 -i h264.ts ${FFV1} -c:a copy o.mkv`],
  ["a part of a film that begins late", `-t 3 -i late.mkv ${FFV1} -c:a copy o.mkv`],
  ["parts of an edit list", `-i again.mp4 ${FFV1} -c:a copy o.mkv`],
];
const wholes: readonly (readonly [what: string, args: string, reason: RegExp])[] = [
  ["open GOPs without times", `-i open.h264 -fps_mode passthrough ${FFV1} o.mkv`, /GOPs look at each other/],
  ["filters across a jump", `-i again.mp4 -vf tblend ${FFV1} -an o.mkv`, /one part of an edit list/],
];

const short = ["-df_workers=none", "-df_local_slots=2"];
const bounds = ["-df_keyint_min=10", "-df_segment_frames=24", "-df_keyint_max=36"];
const words = (args: string): string[] =>
  args.split(" ").map((word, i, all) => (all[i - 1] === "-i" ? film(word) : word));

describe("packets", { concurrent: true, timeout: 600_000 }, () => {
  for (const [what, args] of chunks) {
    test.skipIf(isLeftOut(what))(what, async ({ expect: expected, signal }) => {
      const { differences, summary } = await runBoth(words(args), { df: [...short, ...bounds], signal });
      expected(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
      expected(summary?.route, summary?.reason).toBe("chunks");
      expected(summary?.chunks).toBeGreaterThanOrEqual(3);
    });
  }
  for (const [what, args, reason] of wholes) {
    test.skipIf(isLeftOut(what))(what, async ({ expect: expected, signal }) => {
      const { differences, summary } = await runBoth(words(args), { df: [...short, ...bounds], signal });
      expected(differences).toEqual([]);
      expected(summary?.route).toBe("local");
      expected(summary?.reason).toMatch(reason);
    });
  }
});
