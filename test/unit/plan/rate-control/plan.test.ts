import { describe, expect, it } from "vitest";
import type { OptionUse } from "../../../../src/ffmpeg/command.js";
import { parseCommand } from "../../../../src/ffmpeg/parse.js";
import { encoderTrait } from "../../../../src/plan/encoders/index.js";
import { type ChunkRate, planRate, ratedOptions } from "../../../../src/plan/rate-control/plan.js";

function planned(encoder: string, words: string) {
  const parsed = parseCommand(["-i", "a.mkv", ...words.split(" "), "o.mkv"]);
  const trait = encoderTrait(encoder);
  if (!parsed.ok || !trait.ok) throw new Error("no such command");
  const plan = planRate({ encoder, outputStream: 0 }, trait.value, parsed.value.outputs[0]?.options ?? []);
  if (!plan.ok) throw new Error(plan.failure);
  return plan.value;
}

const printed = (uses: readonly OptionUse[]): string => uses.flatMap(({ flag, value = "" }) => [flag, value]).join(" ");

/** What a chunk is told in the end. */
function told(encoder: string, words: string, rate: ChunkRate): string {
  const plan = planned(encoder, words);
  return printed(ratedOptions(plan.rest, plan.rate, rate));
}

describe("planRate", () => {
  it.each([
    ["libx264", "-crf 20 -preset fast"],
    ["libx264", "-qp 0"],
    ["dnxhd", "-b:v 36M"],
    ["libvpx", "-b:v 2M -qmin 20 -qmax 20"],
    ["libvpx-vp9", "-crf 30 -b:v 0"],
  ])("has nothing to keep: %s %s", (encoder, words) => {
    expect(planned(encoder, words).rate).toBeUndefined();
    expect(printed(planned(encoder, words).rest)).toBe(words);
  });
});

describe("ratedOptions", () => {
  it.each<[string, string, ChunkRate, string]>([
    ["libx264", "-b:v 1M -preset fast", { bitrate: 812_345 }, "-preset fast -b:v 812000"],
    ["libx264", "-b:v 1M", { bitrate: 3_200, level: 31 }, "-x264-params level=31 -b:v 4000"],
    [
      "libx264",
      "-crf 20 -maxrate 1M -bufsize 2M",
      { start: 0.5 },
      "-crf 20 -maxrate 1M -bufsize 2M -rc_init_occupancy 1000000",
    ],
    [
      "libx265",
      "-crf 20 -x265-params vbv-maxrate=1000:vbv-bufsize=2000:aq-mode=2",
      { start: 0.25 },
      "-crf 20 -x265-params aq-mode=2:vbv-maxrate=1000:vbv-bufsize=2000:vbv-init=0.2500",
    ],
    [
      "libx264",
      "-b:v 1M -pass 2 -passlogfile mine",
      { bitrate: 500_000, log: "/w/stats3-0.log" },
      "-b:v 500000 -pass 2 -passlogfile /w/stats3",
    ],
    [
      "libx265",
      "-b:v 1M -x265-params pass=2:stats=mine.log",
      { bitrate: 500_000, log: "/w:x/stats3-0.log" },
      "-x265-params pass=2:stats=/w\\:x/stats3-0.log -b:v 500000",
    ],
    ["libvpx-vp9", "-b:v 1M -maxrate 2M", { bitrate: 812_345 }, "-maxrate 2M -b:v 812345"],
  ])("%s %s", (encoder, words, rate, expected) => expect(told(encoder, words, rate)).toBe(expected));
});
