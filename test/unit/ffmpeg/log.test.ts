import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endNotWritten, type LogFact, readLogLine } from "../../../src/ffmpeg/log.js";
import { rational } from "../../../src/lib/rational.js";

const facts = (text: string): LogFact[] => text.split("\n").flatMap((line) => readLogLine(line) ?? []);

test("an end that could not be written", () => {
  expect(endNotWritten(["Error writing trailer of /dev/full: No space left on device"])).toBe(true);
  expect(endNotWritten(["[nut @ 0x1] x", "Error closing file film.nut: Disk quota exceeded"])).toBe(true);
  expect(endNotWritten([])).toBe(false);
  expect(endNotWritten(["[h264 @ 0x1] error while decoding MB 3 4, bytestream -5"])).toBe(false);
});

describe("readLogLine", () => {
  test("streams that are encoded and copied", () => {
    expect(
      facts(`  Stream #0:0[0x1](und): Video: h264 (High 4:4:4 Predictive), 1 reference frame (avc1 / 0x31637661), 64x36
Stream mapping:
  Stream #0:0 -> #0:0 (h264 (native) -> h264 (libx264))
  Stream #0:1 -> #0:2 (copy)
  Stream #2:10 -> #0:11 (vp9 (libvpx-vp9) -> ffv1 (native))
Press [q] to stop, [?] for help`),
    ).toEqual([
      {
        kind: "mapping",
        mapping: {
          ...{ inputFile: 0, inputStream: 0, outputFile: 0, outputStream: 0 },
          ...{ decoder: "h264", encoder: "libx264" },
        },
      },
      {
        kind: "mapping",
        mapping: {
          ...{ inputFile: 0, inputStream: 1, outputFile: 0, outputStream: 2 },
          ...{ decoder: undefined, encoder: undefined },
        },
      },
      {
        kind: "mapping",
        mapping: {
          ...{ inputFile: 2, inputStream: 10, outputFile: 0, outputStream: 11 },
          ...{ decoder: "libvpx-vp9", encoder: "ffv1" },
        },
      },
    ]);
  });

  test("a stream that is synchronised with another one is no plain mapping", () => {
    expect(readLogLine("  Stream #0:0 -> #0:0 [sync #0:1] (copy)")).toMatchObject({ kind: "complex-mapping" });
  });

  test("streams that go into graphs and come out of them", () => {
    expect(
      facts(`  Stream #0:0 (h264) -> split:default
  Stream #1:2 (aac) -> volume (graph 1)
  hstack:default -> Stream #0:0 (libx264)
  volume:default (graph 1) -> Stream #0:1 (aac)
  File font.ttf -> Stream #0:2`),
    ).toEqual([
      { kind: "graph-feed", feed: { inputFile: 0, inputStream: 0, decoder: "h264", filter: "split", graph: 0 } },
      {
        kind: "graph-feed",
        feed: { inputFile: 1, inputStream: 2, decoder: "aac", filter: "volume", graph: 1 },
      },
      {
        kind: "graph-yield",
        yield: { outputFile: 0, outputStream: 0, encoder: "libx264", filter: "hstack", graph: 0 },
      },
      { kind: "graph-yield", yield: { outputFile: 0, outputStream: 1, encoder: "aac", filter: "volume", graph: 1 } },
      { kind: "complex-mapping", text: "File font.ttf -> Stream #0:2" },
    ]);
  });

  test("what a graph is fed", () => {
    expect(
      readLogLine(
        "[graph 0 input from stream 0:0 @ 0x56554ab60c00] w:64 h:36 pixfmt:yuv444p tb:1/12800 fr:25/1 sar:1/1",
      ),
    ).toEqual({
      kind: "graph-input",
      input: {
        ...{ inputFile: 0, inputStream: 0, width: 64, height: 36, pixelFormat: "yuv444p" },
        ...{ timeBase: rational(1, 12800), frameRate: rational(25) },
      },
    });
  });

  test("a graph without a rate, and one with words behind", () => {
    const line = (rate: string): string =>
      `[graph 1 input from stream 2:13 @ 0x5] w:1920 h:1080 pixfmt:yuv420p10le tb:1/90000 fr:${rate} sar:0/1 csp:unknown`;
    for (const rate of ["0/1", "1/0", "-5/1"]) {
      expect(readLogLine(line(rate))).toMatchObject({ input: { frameRate: undefined, inputStream: 13 } });
    }
    expect(readLogLine(line("60000/1001"))).toMatchObject({ input: { frameRate: rational(60000, 1001) } });
  });

  test.each([
    "",
    "Stream #0:0 -> #0:0 (copy)",
    "[graph_1_in_0_1 @ 0x56554ab154c0] tb:1/44100 samplefmt:fltp samplerate:44100 chlayout:mono",
    "[graph 0 input from stream 0:0 @ 0x1] w:64 h:36 pixfmt:yuv444p tb:1/0 fr:25/1 sar:1/1",
    "[graph 0 input from stream 0:0 @ 0x1] changing video frame properties on the fly is not supported by all filters",
    "    title           : Stream #0:0 -> #0:0 (copy)",
    "frame=   49 fps=0.0 q=-0.0 Lsize=      84kB time=00:00:01.96 bitrate= 350.7kbits/s speed=76.9x",
  ])("says nothing: %j", (line) => expect(readLogLine(line)).toBeUndefined());

  test("garbage is never an error", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "  Stream #",
        "0:0",
        " -> ",
        "#0:0",
        " (copy)",
        "(h264 (native) -> x (y))",
        "File ",
        "tb:",
        "1/25",
      ),
      fc.constantFrom("[graph 0 input from stream 0:0 @ 0x1] ", "w:1 h:1 pixfmt:x ", "fr:1/0 ", "sar:"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => void readLogLine(pieces.join(""))),
      { numRuns: 1000 },
    );
  });
});
