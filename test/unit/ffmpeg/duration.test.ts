import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration } from "../../../src/ffmpeg/duration.js";
import { FramecrcParser } from "../../../src/ffmpeg/packets.js";
import { runLocal } from "../../../src/ffmpeg/run.js";

const GOOD: readonly (readonly [string, bigint])[] = [
  ["0", 0n],
  ["5", 5_000_000n],
  ["5.", 5_000_000n],
  ["0.04", 40_000n],
  ["-1.5", -1_500_000n],
  ["1.9999999", 1_999_999n],
  ["-1.9999999", -1_999_999n],
  ["0.000001", 1n],
  ["55s", 55_000_000n],
  ["200ms", 200_000n],
  ["1.5ms", 1_500n],
  ["1.23456ms", 1_234n],
  ["200000us", 200_000n],
  ["1.5us", 1n],
  ["00:00:10", 10_000_000n],
  ["1:30", 90_000_000n],
  ["1:30.5", 90_500_000n],
  ["1:30.5s", 90_500_000n],
  ["59:59.999999", 3_599_999_999n],
  ["01:02:03.25", 3_723_250_000n],
  ["1:2:3.5", 3_723_500_000n],
  ["100:1:1", 360_061_000_000n],
  ["-00:01:00", -60_000_000n],
];

const BAD = [
  ...["", "-", ":", ".", ".5", "-.5", "5m", "1e3", "0x10", "1:", ":05", "1::5", "90:00", "1:75", "001:01", "1:2:3:4"],
  ...["12345:00:00", "99999999999999999999", "9223372036855", "five", "5 ", "1.2.3", "1:-5", "1s5"],
];

describe("parseDuration", () => {
  test.each(GOOD)("%s", (text, micros) => expect(parseDuration(text)).toBe(micros));
  test.each(BAD)("%j is none", (text) => expect(parseDuration(text)).toBeUndefined());

  test("the installed ffmpeg reads the same", async () => {
    // A copied packet at time 0 on a clock of microseconds: -itsoffset is its time.
    const file = "-f lavfi -i color=s=16x16:r=1:d=1,settb=1/1000000".split(" ");
    const end = await runLocal("ffmpeg", [
      ..."-v error -nostdin -copyts".split(" "),
      ...GOOD.flatMap(([text]) => ["-itsoffset", text, ...file]),
      ...GOOD.flatMap((_, i) => ["-map", `${i}:v`]),
      ..."-c copy -avoid_negative_ts disabled -f framecrc -".split(" "),
    ]);
    expect(end.stderrTail).toEqual([]);
    const parser = new FramecrcParser();
    const times = new Map(
      end.stdout.split("\n").flatMap((line) => {
        const packet = parser.line(line);
        return packet ? [[packet.stream, packet.pts] as const] : [];
      }),
    );
    expect(GOOD.map((_, i) => times.get(i))).toEqual(GOOD.map(([, micros]) => Number(micros)));
  });

  test("the installed ffmpeg refuses what is refused here", { timeout: 60_000 }, async () => {
    const ends = [];
    for (const text of ["", ".5", "5m", "1e3", "90:00", "1:75", "001:01", "12345:00:00", "9223372036855"]) {
      ends.push(await runLocal("ffmpeg", ["-v", "error", "-nostdin", "-t", text, "-f", "lavfi", "-i", "color"]));
    }
    for (const end of ends) expect(end.stderrTail.join("\n")).toContain("Invalid duration specification");
  });

  test("any text gives a number of 64 bits or nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.:-smu +e") }), (text) => {
        const value = parseDuration(text);
        if (value !== undefined) expect(BigInt.asIntN(64, value)).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  test("seconds and clock say the same", () => {
    fc.assert(
      fc.property(fc.nat(9999), fc.nat(59), fc.nat(59), fc.nat(999_999), (hours, minutes, seconds, micros) => {
        const fraction = `${micros}`.padStart(6, "0");
        const total = (hours * 60 + minutes) * 60 + seconds;
        const clock = parseDuration(`${hours}:${minutes}:${seconds}.${fraction}`);
        expect(clock).toBe(BigInt(total) * 1_000_000n + BigInt(micros));
        expect(parseDuration(`${total}.${fraction}`)).toBe(clock);
        expect(parseDuration(`${clock}us`)).toBe(clock);
      }),
    );
  });
});
