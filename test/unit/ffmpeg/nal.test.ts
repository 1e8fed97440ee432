import { describe, expect, test } from "vitest";
import { beginsAnew } from "../../../src/ffmpeg/nal.js";

/** Units behind start codes, by their first bytes. */
const stream = (...headers: number[]): Uint8Array =>
  Uint8Array.from([9, 9, ...headers.flatMap((header) => [0, 0, 0, 1, header, 0x42, 0x80])]);

describe("the kind of the first picture", () => {
  test("H.264: behind parameter sets and messages, an IDR slice or another", () => {
    expect(beginsAnew("h264", stream(0x09, 0x67, 0x68, 0x06, 0x65))).toBe(true);
    expect(beginsAnew("h264", stream(0x67, 0x68, 0x06, 0x41, 0x65))).toBe(false);
  });

  test("HEVC: IDR with and without leading pictures, and CRA", () => {
    expect(beginsAnew("hevc", stream(32 << 1, 33 << 1, 34 << 1, 19 << 1))).toBe(true);
    expect(beginsAnew("hevc", stream(20 << 1))).toBe(true);
    expect(beginsAnew("hevc", stream(33 << 1, 21 << 1, 19 << 1))).toBe(false);
  });

  test("nothing is taken for granted", () => {
    expect(beginsAnew("h264", stream(0x67, 0x68))).toBe(false);
    expect(beginsAnew("h264", Uint8Array.of(0, 0, 1))).toBe(false);
    expect(beginsAnew("mpeg4", stream(0x65))).toBe(false);
  });
});
