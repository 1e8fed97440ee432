import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OutputFile } from "../../../src/ffmpeg/command.js";
import { makeOption } from "../../../src/ffmpeg/options.js";
import { filesOf, parseTee, printTee, teeReason } from "../../../src/plan/tee.js";

const tee = (url: string): OutputFile => ({ url, options: [makeOption("-f", "tee")] });

describe("the name of a tee", () => {
  test("names its files with their options", () => {
    const files = parseTee(
      String.raw`[f=mp4:movflags=+faststart]a.mp4|[f=hls:hls_segment_filename='x\:y.ts']b.m3u8|c.mkv`,
    );
    expect(files.ok && files.value.map(({ url, options }) => [url, options.map((o) => [o.name, o.value])])).toEqual([
      [
        "a.mp4",
        [
          ["f", "mp4"],
          ["movflags", "+faststart"],
        ],
      ],
      [
        "b.m3u8",
        [
          ["f", "hls"],
          ["hls_segment_filename", "x:y.ts"],
        ],
      ],
      ["c.mkv", []],
    ]);
  });

  test("is printed so that it means the same", () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes("\0"));
    const value = word.map((text) => makeOption("-movflags", text));
    const file = fc.record({
      url: word.filter((url) => !url.startsWith("[")),
      options: fc.array(value, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 4 }), (files) => {
        const read = parseTee(printTee(files));
        expect(read.ok && read.value.map((one) => [one.url, one.options.map((o) => o.value)])).toEqual(
          files.map((one) => [one.url, one.options.map((o) => o.value)]),
        );
      }),
    );
  });

  test.each([
    ["[f=mp4]a.mp4|rtmp://host/live", /rtmp:\/\/host\/live: it is no local file/],
    ["[f=mp4a.mp4", /not understood/],
    ["[bsfs\\\\:v=h264_mp4toannexb]a.ts", /not understood|not split/],
    ["[onfail=ignore]a.mp4|b.mkv", /onfail=ignore is not split/],
    ["a.mp4|./a.mp4", /one file twice/],
    ["[f=null]-", /no local file/],
    ["a.gif|b.mkv", /a\.gif: its container is not proven/],
    ["[f=hls:strftime=1]a.m3u8", /strftime 1 of HLS/],
  ])("%s is not split", (url, why) => {
    expect(teeReason(tee(url))).toMatch(why);
  });

  test("leaves other outputs alone", () => {
    const film: OutputFile = { url: "a|b.mkv", options: [] };
    expect(filesOf(film)).toEqual([film]);
  });
});
