import { describe, expect, it } from "vitest";
import { sizeLines } from "../../../src/job/closing.js";

describe("ffmpeg's lines about sizes", () => {
  const line = (video: number, audio: number, overhead: string): string =>
    `video:${video}kB audio:${audio}kB subtitle:0kB other streams:0kB global headers:1kB muxing overhead: ${overhead}`;

  it("up to 6.0 are one, behind the stat line, about all outputs", () => {
    const one = { outputs: [0], lines: [line(527, 51, "0.809860%")] };
    expect(sizeLines([one], 600_000)).toEqual({ before: [], behind: one.lines });
    const two = { outputs: [1], lines: [line(244, 0, "0.1%")] };
    const both = "video:771kB audio:51kB subtitle:0kB other streams:0kB global headers:2kB muxing overhead: ";
    expect(sizeLines([one, two], 596_499).behind).toEqual([`${both}unknown`]);
    expect(sizeLines([one, two], undefined).behind).toEqual([`${both}unknown`]);
    expect(sizeLines([one, two], 2 * 822 * 1024).behind).toEqual([`${both}100.000000%`]);
  });

  it("of later versions are one an output, by its number, in front of it", () => {
    const of = (number: number, what: string): string => `[out#${number}/mp4 @ 0x55ab] video:${what}`;
    const made = { outputs: [2], lines: [of(0, "5KiB")] };
    const plain = { outputs: [0, 1], lines: [of(0, "7KiB"), of(1, "9KiB")] };
    expect(sizeLines([made, plain], undefined)).toEqual({
      before: [of(0, "7KiB"), of(1, "9KiB"), of(2, "5KiB")],
      behind: [],
    });
  });

  it("are none where nothing was said", () => {
    expect(sizeLines([{ outputs: [0], lines: [] }], 1)).toEqual({ before: [], behind: [] });
  });
});
