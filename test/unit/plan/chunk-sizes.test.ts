import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { rational } from "../../../src/lib/rational.js";
import { chunkBounds, estimateFrames, type LengthWishes, type SourceSpan } from "../../../src/plan/chunk-sizes.js";

const WISHES: LengthWishes = { min: 120, max: 600, target: "auto" };
const FOUR = { slots: 4, alike: false };

/** The lengths of a film's chunks where it can be cut anywhere. */
function lengths(wishes: LengthWishes, total: number, slots: number, alike = false): number[] {
  const { target } = chunkBounds(wishes, total, { slots, alike });
  const found: number[] = [];
  for (let first = 0; first < total; ) {
    const length = Math.min(total - first, typeof target === "number" ? target : target(first));
    found.push(length);
    first += length;
  }
  return found;
}

describe("planned lengths", () => {
  test("a short one for every slot, then long ones, which get shorter to the end", () => {
    const found = lengths(WISHES, 36_000, 4);
    expect(found.slice(0, 5)).toEqual([120, 120, 120, 120, 600]);
    const rest = found.slice(4, -1);
    expect(rest).toEqual([...rest].sort((a, b) => b - a));
    expect(rest.at(-1)).toBe(120);
    // The last of each slot are the shortest there may be.
    expect(rest.filter((length) => length === 120).length).toBeGreaterThanOrEqual(4 * 3);
  });

  test("long from the start where all slots are of one machine, and fewer of them", () => {
    const found = lengths(WISHES, 7200, 2, true);
    expect(found[0]).toBe(600);
    expect(found).toEqual([...found].sort((a, b) => b - a));
    expect(found.at(-2)).toBe(120);
    expect(found.length).toBeLessThan(lengths(WISHES, 7200, 2).length);
  });

  test("a number of the user's own is that number", () => {
    expect(chunkBounds({ ...WISHES, target: 333 }, 36_000, FOUR)).toEqual({ min: 120, target: 333, max: 600 });
  });

  test("one length where nobody knows how long the film is, within the bounds", () => {
    expect(chunkBounds(WISHES, undefined, FOUR).target).toBe(240);
    expect(chunkBounds({ ...WISHES, min: 300 }, undefined, FOUR).target).toBe(300);
    expect(chunkBounds({ ...WISHES, min: 48, max: 96 }, undefined, FOUR).target).toBe(96);
  });

  test("never outside the bounds, wherever a chunk begins and however wrong the estimate is", () => {
    const whole = fc.integer({ min: 1, max: 2000 });
    fc.assert(
      fc.property(
        whole,
        whole,
        fc.nat(1e6),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(2e6),
        fc.boolean(),
        (a, b, total, slots, at, alike) => {
          const [min, max] = [Math.min(a, b), Math.max(a, b)];
          const { target } = chunkBounds({ min, max, target: "auto" }, total, { slots, alike });
          const length = typeof target === "number" ? target : target(at);
          expect(Number.isInteger(length)).toBe(true);
          expect(length).toBeGreaterThanOrEqual(min);
          expect(length).toBeLessThanOrEqual(max);
        },
      ),
    );
  });
});

describe("how many frames are seen of a source of a hundred seconds", () => {
  const estimate = (words: string, more: Partial<SourceSpan> = {}): number | undefined => {
    const parsed = parseCommand([...words.split(" ").filter((word) => word !== ""), "-i", "a.mkv", "o.mkv"]);
    const input = parsed.ok ? parsed.value.inputs[0] : undefined;
    if (!input) throw new Error("no command");
    return estimateFrames({
      ...{ input, seconds: 100, rate: rational(25), timeBase: rational(1, 1000) },
      ...{ trim: { start: undefined, duration: undefined }, startMicroseconds: 0n },
      ...{ limitMicroseconds: undefined, maxFrames: undefined, ...more },
    });
  };

  test.each<[string, string, Partial<SourceSpan>, number | undefined]>([
    ["all", "", {}, 2500],
    ["behind -ss", "-ss 60", {}, 1000],
    ["the end by -sseof", "-sseof -10", {}, 250],
    ["up to -t before the input", "-t 5", { trim: { start: undefined, duration: 5000 } }, 125],
    ["up to -t of the output", "", { limitMicroseconds: 4_000_000n }, 100],
    ["up to -frames:v", "", { maxFrames: 50 }, 50],
    ["what -ss of the output drops is seen as well", "", { startMicroseconds: 10_000_000n, maxFrames: 50 }, 300],
    ["read again and again, to an end", "-stream_loop -1", { limitMicroseconds: 1_000_000_000n }, 25_000],
    ["read again and again", "-stream_loop -1", {}, undefined],
    ["of unknown length", "", { seconds: undefined }, undefined],
    ["of unknown rate", "", { rate: undefined }, undefined],
    ["with a start behind the end", "-ss 500", {}, 1],
  ])("%s", (_, words, more, frames) => {
    expect(estimate(words, more)).toBe(frames);
  });
});
