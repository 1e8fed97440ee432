import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FramecrcParser, frameTime, type Packet } from "../../../src/ffmpeg/packets.js";
import { rational } from "../../../src/lib/rational.js";

function read(text: string): { packets: Packet[]; parser: FramecrcParser } {
  const parser = new FramecrcParser();
  return { packets: text.split("\n").flatMap((line) => parser.line(line) ?? []), parser };
}

/** ffmpeg 5.1.9, an MP4 cut with `-ss`, its edit list hides what precedes the cut. */
const REAL = `#extradata 0:       45, 0x6d7a10f5
#extradata 1:        5, 0x03460155
#software: Lavf59.27.100
#tb 0: 1/12800
#media_type 0: video
#codec_id 0: h264
#dimensions 0: 64x36
#sar 0: 1/1
#tb 1: 1/44100
#media_type 1: audio
#codec_id 1: aac
#sample_rate 1: 44100
#channel_layout_name 1: mono
0,      -4096,      -3072,      512,      627, 0x6d7a3ca4, F=0x5
1,     -13462,     -13462,     1024,      221, 0xe45a6949, F=0x5, S=1,       10
1,     -12438,     -12438,     1024,      247, 0xf8ea7dfe
0,      -3584,      -2560,      512,       17, 0x25de05f3, F=0x4
0,       -512,        512,      512,       41, 0x402312fb, F=0x0
`;

describe("FramecrcParser", () => {
  test("a real index", () => {
    const { packets, parser } = read(REAL);
    expect(packets).toEqual([
      {
        ...{ stream: 0, dts: -4096, pts: -3072, duration: 512, size: 627, crc: "0x6d7a3ca4" },
        ...{ key: true, discard: true, beside: [] },
      },
      {
        ...{ stream: 1, dts: -13462, pts: -13462, duration: 1024, size: 221, crc: "0xe45a6949" },
        ...{ key: true, discard: true, beside: [10] },
      },
      {
        ...{ stream: 1, dts: -12438, pts: -12438, duration: 1024, size: 247, crc: "0xf8ea7dfe" },
        ...{ key: true, discard: false, beside: [] },
      },
      {
        ...{ stream: 0, dts: -3584, pts: -2560, duration: 512, size: 17, crc: "0x25de05f3" },
        ...{ key: false, discard: true, beside: [] },
      },
      {
        ...{ stream: 0, dts: -512, pts: 512, duration: 512, size: 41, crc: "0x402312fb" },
        ...{ key: false, discard: false, beside: [] },
      },
    ]);
    expect(parser.headers.get(0)).toEqual({
      ...{ timeBase: rational(1, 12800), codec: "h264", dimensions: "64x36" },
      extradata: "45,0x6d7a10f5",
    });
    expect(parser.headers.get(1)).toEqual({
      ...{ timeBase: rational(1, 44100), codec: "aac", dimensions: undefined },
      extradata: "5,0x03460155",
    });
  });

  test.each<[string, boolean, boolean]>([
    ["", true, false],
    [", F=0x0", false, false],
    [", F=0x1", true, false],
    [", F=0x2", false, false],
    [", F=0x3", true, false],
    [", F=0x4", false, true],
    [", F=0x5", true, true],
    [", F=0x10", false, false],
    [", F=0x15", true, true],
    [", S=1,       10, 0x00000000", true, false],
    [", F=0x5, S=2,        4, 0x00000001,       10, 0x00aa00aa", true, true],
    [", F=0x0, S=1, Skip Samples,       10, 0x02c90050", false, false],
  ])("flags and side data: %j", (rest, key, discard) => {
    expect(read(`0,          0,          0,        1,      9, 0x00000001${rest}`).packets).toMatchObject([
      { key, discard },
    ]);
  });

  test("a time that nobody knows", () => {
    const { packets } = read("0, -9223372036854775808, -9223372036854775808,        0,     9, 0x00000001");
    expect(packets).toMatchObject([{ dts: undefined, pts: undefined, duration: 0, size: 9 }]);
  });

  test("times that a double cannot hold exactly are not known", () => {
    const { packets } = read("0, 9007199254740993, 9007199254740991, 0, 9, 0x1\n0, 92233720368547758, 1, -5, 9, 0x1");
    expect(packets).toMatchObject([
      { dts: undefined, pts: 9007199254740991 },
      { dts: undefined, pts: 1, duration: 0 },
    ]);
  });

  test.each([
    "",
    "#",
    "#tb",
    "#tb x: 1/2",
    "#tb 0:",
    "0, 0, 0",
    "0,0,0,0,0,crc",
    ",,,,,0x1",
    "-1,0,0,0,0,0x0",
    "frame=1",
  ])("no packet: %j", (line) => {
    expect(read(line).packets).toEqual([]);
  });

  test("a time base without sense is none", () => {
    expect(read("#tb 0: 1/0").parser.headers.get(0)?.timeBase).toBeUndefined();
    expect(read("#tb 0: often").parser.headers.get(0)?.timeBase).toBeUndefined();
  });

  test("garbage is never an error, and what comes of it can be reckoned with", () => {
    const field = fc.oneof(
      fc.constantFrom("0", "1", "-1", "0x1", "0xffffffff", "F=0x5", "F=0xzz", "F=", "-9223372036854775808", "1e9", "#"),
      fc.string(),
      fc.bigInt().map(String),
    );
    const line = fc.oneof(
      fc.string(),
      fc.array(field, { maxLength: 9 }).map((fields) => fields.join(", ")),
      fc
        .tuple(fc.constantFrom("tb", "codec_id", "extradata", "dimensions"), field, field)
        .map((p) => `#${p.join(" ")}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        for (const packet of read(lines.join("\n")).packets) {
          for (const time of [packet.dts, packet.pts])
            if (time !== undefined) expect(time).toSatisfy(Number.isSafeInteger);
          expect(packet.duration).toBeGreaterThanOrEqual(0);
          expect(packet.stream).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("every packet comes back from the line that ffmpeg prints for it", () => {
    const ticks = fc.option(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.nat(9),
        ticks,
        ticks,
        fc.nat(),
        fc.nat(),
        fc.nat(31),
        (stream, dts, pts, duration, size, flags) => {
          const print = (time: number | undefined): string => `${time ?? "-9223372036854775808"}`.padStart(10);
          const shown = flags === 1 ? "" : `, F=0x${flags.toString(16).toUpperCase()}`;
          const line = `${stream}, ${print(dts)}, ${print(pts)}, ${`${duration}`.padStart(8)}, ${size}, 0x0a0b0c0d${shown}`;
          expect(read(line).packets).toEqual([
            {
              ...{ stream, dts, pts, duration, size, crc: "0x0a0b0c0d" },
              ...{ key: flags % 2 === 1, discard: Math.floor(flags / 4) % 2 === 1, beside: [] },
            },
          ]);
        },
      ),
    );
  });
});

test("frameTime: lines of framemd5, and of nothing else", () => {
  expect(frameTime("0,      -4800,      -4800,     3600,      472, 78a29d119ef069e7eb42ab5cf7829cde")).toBe(-4800);
  expect(frameTime("0,      53102,      53102,     3600,      472, 0xa4c3207d")).toBeUndefined();
  expect(frameTime("#tb 0: 1/90000")).toBeUndefined();
});
