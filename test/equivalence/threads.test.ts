import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { describe, expect, test, vi } from "vitest";
import { makeOption } from "../../src/ffmpeg/options.js";
import { withThreads } from "../../src/plan/encoders/threads.js";
import { words } from "../../src/plan/stages.js";
import { ALL } from "../thorough.js";

vi.setConfig({ testTimeout: 300_000 });

/** Encoders that are told how many threads to take, with options for speed. */
const TOLD: Readonly<Record<string, string>> = {
  libx264: "-preset veryfast -crf 30 -x264-params stitchable=1",
  libx265: "-preset ultrafast -x265-params info=0:log-level=none",
  libsvtav1: "-preset 12 -crf 40",
  "libaom-av1": "-cpu-used 8 -crf 40",
  "libvpx-vp9": "-deadline realtime -cpu-used 8 -crf 40 -b:v 0",
  libvpx: "-deadline realtime -cpu-used 8 -b:v 500k",
  librav1e: "-speed 10 -qp 150",
};
/** One of ffmpeg's own, for which nothing is said. */
const UNTOLD = { mpeg2video: "-q:v 4" };

const available = spawnSync("ffmpeg", ["-hide_banner", "-encoders"], { encoding: "utf8" }).stdout;
const CORES = ALL ? [1, 2, 3, 6, 12, 40] : [1];
/** Each is told in another way: by `-threads`, by a key of its parameters. */
const USUAL = ["libx264", "libx265", "mpeg2video"];

/** What stands before the first packet, and the packets' times; the headers that ffprobe reads out of the stream itself. */
function encode(encoder: string, given: readonly string[], cores: number | undefined): string {
  const options = [makeOption("-c:v", encoder)];
  for (let i = 0; i < given.length; i += 2) options.push(makeOption(given[i] ?? "", given[i + 1]));
  const all = cores === undefined ? options : withThreads(encoder, options, cores, availableParallelism());
  const source = ["-f", "lavfi", "-i", "testsrc2=s=320x192:r=25,format=yuv420p", "-frames:v", "5"];
  const env = { ...process.env, SVT_LOG: "0" };
  const nut = spawnSync("ffmpeg", ["-v", "error", "-nostdin", ...source, ...words(all), "-f", "nut", "pipe:1"], {
    ...{ env, maxBuffer: 1 << 28 },
  });
  expect(nut.status, nut.stderr.toString()).toBe(0);
  const read = (program: string, args: readonly string[]): string =>
    spawnSync(program, args, { input: nut.stdout, encoding: "utf8" }).stdout;
  const entries =
    "stream=profile,level,width,height,has_b_frames,refs,pix_fmt,field_order,color_range:packet=pts,flags";
  const packets = read("ffmpeg", ["-v", "error", "-i", "pipe:0", "-c", "copy", "-f", "framecrc", "-"]);
  return [
    ...packets.split("\n").filter((line) => line.startsWith("#")),
    read("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "compact", "pipe:0"]),
  ].join("\n");
}

describe("what an encoder is told of threads changes neither headers nor times", () => {
  for (const [encoder, options] of Object.entries({ ...TOLD, ...UNTOLD })) {
    test.skipIf(!available.includes(` ${encoder} `) || !(ALL || USUAL.includes(encoder)))(encoder, () => {
      const plain = encode(encoder, options.split(" "), undefined);
      expect(plain).toContain("pts=");
      for (const cores of CORES) expect(encode(encoder, options.split(" "), cores), `${cores} cores`).toBe(plain);
    });
  }
});
