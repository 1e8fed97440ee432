import { describe, expect, it } from "vitest";
import { parseCommand } from "../../../../src/ffmpeg/parse.js";
import { rateDemand } from "../../../../src/plan/rate-control/demand.js";

function demand(encoder: string, words: string) {
  const parsed = parseCommand(["-i", "a.mkv", ...words.split(" ").filter((word) => word !== ""), "o.mkv"]);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return rateDemand(encoder, parsed.value.outputs[0]?.options ?? [], 0);
}

const NOTHING = { bitrate: undefined, atMost: false, buffer: undefined, pass: undefined };

describe("rateDemand", () => {
  it.each([
    ["libx264", "-crf 20", NOTHING],
    ["libx264", "-crf 20 -b:v 1M", NOTHING],
    ["libx264", "-b:v 1M", { ...NOTHING, bitrate: 1_000_000 }],
    [
      "libx264",
      "-crf 20 -maxrate 1M -bufsize 2M",
      { ...NOTHING, buffer: { rate: 1_000_000, size: 2_000_000, startShare: 0.9 } },
    ],
    [
      "libx264",
      "-crf 20 -x264-params vbv-maxrate=1000:vbv-bufsize=2000:vbv-init=0.5",
      { ...NOTHING, buffer: { rate: 1_000_000, size: 2_000_000, startShare: 0.5 } },
    ],
    ["libx264", "-crf 20 -maxrate 1M", NOTHING],
    ["libx264", "-b:v 1M -pass 1", { ...NOTHING, bitrate: 1_000_000, pass: { number: 1, log: "ffmpeg2pass-0.log" } }],
    [
      "libvpx-vp9",
      "-crf 30 -b:v 1M -pass 2 -passlogfile a/b",
      { ...NOTHING, bitrate: 1_000_000, atMost: true, pass: { number: 2, log: "a/b-0.log" } },
    ],
    [
      "libx265",
      "-b:v 1M -x265-params pass=2:stats=here.log",
      { ...NOTHING, bitrate: 1_000_000, pass: { number: 2, log: "here.log" } },
    ],
    [
      "mpeg2video",
      "-b:v 1M -maxrate 2M -bufsize 1M",
      { ...NOTHING, bitrate: 1_000_000, buffer: { rate: 2_000_000, size: 1_000_000, startShare: 0.75 } },
    ],
  ])("%s %s", (encoder, words, expected) => {
    expect(demand(encoder, words)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ["mpeg2video", "-b:v 1M", /buffer made from the bitrate/],
    ["mpeg2video", "-q:v 4 -maxrate 2M", /makes up a buffer/],
    ["mpeg4", "-b:v 1M -pass 1", /not followed for this encoder/],
    ["libx264", "-b:v 1M -pass 3", /-pass 3/],
    ["libx264", "-pass 2", /no bitrate/],
    ["libx264", "-b:v 2*3", /not understood/],
    ["libx264", "-b:v 1M -x264-params nal-hrd=cbr", /nal-hrd/],
    ["librav1e", "-b:v 1M", /target for the film as a whole/],
  ])("refuses %s %s", (encoder, words, reason) => {
    const result = demand(encoder, words);
    expect(result.ok ? "" : result.failure).toMatch(reason);
  });
});
