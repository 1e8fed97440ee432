import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  compare,
  divide,
  divideRoundNear,
  equal,
  formatRational,
  fromDouble,
  multiply,
  parseRational,
  type Rational,
  rational,
  reduce,
  rescale,
  subtract,
  toNumber,
} from "../../../src/lib/rational.js";

const term = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
const positive = fc.bigInt({ min: 1n, max: 2n ** 40n });
const rationals = fc.tuple(term, positive).map(([n, d]) => rational(n, d));
const magnitude = (n: bigint): bigint => (n < 0n ? -n : n);

describe("rational", () => {
  test("comes in lowest terms with the sign above the line", () => {
    expect(rational(6, -4)).toEqual({ num: -3n, den: 2n });
    expect(rational(-6, -4)).toEqual({ num: 3n, den: 2n });
    expect(rational(0, -7)).toEqual({ num: 0n, den: 1n });
    expect(rational(30000, 1001)).toEqual({ num: 30000n, den: 1001n });
    expect(rational(25)).toEqual({ num: 25n, den: 1n });
  });

  test("a zero denominator is a bug of the caller", () => {
    expect(() => rational(1, 0)).toThrow(RangeError);
    expect(() => divide(rational(1), rational(0))).toThrow(RangeError);
  });

  test("is exact where doubles are not", () => {
    const third = rational(1, 3);
    expect(add(add(third, third), third)).toEqual(rational(1));
    expect(multiply(rational(2n ** 62n + 1n, 3n), rational(3))).toEqual(rational(2n ** 62n + 1n));
    expect(subtract(rational(1001, 30000), rational(1, 30))).toEqual(rational(1, 30000));
    expect(compare(rational(2n ** 60n + 1n, 2n ** 60n), rational(1))).toBe(1);
    expect(compare(rational(-1, 3), rational(-1, 4))).toBe(-1);
    expect(equal(rational(2, 4), rational(-1, -2))).toBe(true);
  });

  test("obeys the laws of a field", () => {
    fc.assert(
      fc.property(rationals, rationals, rationals, (a, b, c) => {
        expect(add(a, b)).toEqual(add(b, a));
        expect(multiply(a, add(b, c))).toEqual(add(multiply(a, b), multiply(a, c)));
        expect(subtract(add(a, b), b)).toEqual(a);
        if (b.num !== 0n) expect(multiply(divide(a, b), b)).toEqual(a);
        expect(compare(a, b)).toBe(-compare(b, a) + 0);
      }),
    );
  });
});

describe("parseRational", () => {
  test.each<[string, Rational]>([
    ["30000/1001", rational(30000, 1001)],
    ["16:9", rational(16, 9)],
    ["-50/100", rational(-1, 2)],
    ["0/1", rational(0)],
    ["25", rational(25)],
    ["0.5", rational(1, 2)],
    ["-.25", rational(-1, 4)],
    ["5.", rational(5)],
    ["23.976", rational(2997, 125)],
    ["-0", rational(0)],
    ["9007199254740993/2", rational(9007199254740993n, 2n)],
  ])("%s", (text, value) => expect(parseRational(text)).toEqual(value));

  test.each([
    "",
    "-",
    ".",
    "-.",
    "1/0",
    "0/0",
    "1/-2",
    "1e3",
    "1/2/3",
    " 1",
    "1 ",
    "a",
    "0x10",
    "1.2.3",
    "1.5/2",
    "∞",
  ])("%j is none", (text) => expect(parseRational(text)).toBeUndefined());

  test("reads back what formatRational writes, and takes any text", () => {
    fc.assert(fc.property(rationals, (r) => void expect(parseRational(formatRational(r))).toEqual(r)));
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789-/:.eE+ x") }), (text) => {
        const value = parseRational(text);
        if (value) expect(value.den).toBeGreaterThan(0n);
      }),
    );
  });
});

describe("divideRoundNear", () => {
  test.each<[bigint, bigint, bigint]>([
    [1n, 2n, 1n],
    [-1n, 2n, -1n],
    [3n, 2n, 2n],
    [-3n, 2n, -2n],
    [5n, 2n, 3n],
    [-5n, 2n, -3n],
    [5n, -2n, -3n],
    [-5n, -2n, 3n],
    [1n, 3n, 0n],
    [-1n, 3n, 0n],
    [2n, 3n, 1n],
    [-2n, 3n, -1n],
    [0n, 5n, 0n],
    [7n, 7n, 1n],
  ])("%s / %s is %s", (num, den, wanted) => expect(divideRoundNear(num, den)).toBe(wanted));

  test("is the nearest whole number, halves away from zero, and odd", () => {
    fc.assert(
      fc.property(term, term, (num, den) => {
        fc.pre(den !== 0n);
        const quotient = divideRoundNear(num, den);
        // |num/den - quotient| <= 1/2, and where it is 1/2 the quotient lies further out.
        const off = 2n * magnitude(num - quotient * den);
        expect(off <= magnitude(den)).toBe(true);
        if (off === magnitude(den)) expect(magnitude(quotient * den) > magnitude(num)).toBe(true);
        expect(divideRoundNear(-num, den)).toBe(-quotient);
        expect(divideRoundNear(num, -den)).toBe(-quotient);
      }),
    );
  });
});

describe("rescale", () => {
  const MPEG = rational(1, 90000);

  test("as av_rescale_q", () => {
    expect(rescale(3003n, MPEG, rational(1, 1000))).toBe(33n);
    expect(rescale(-3003n, MPEG, rational(1, 1000))).toBe(-33n);
    expect(rescale(45n, MPEG, rational(1, 1000))).toBe(1n);
    expect(rescale(-45n, MPEG, rational(1, 1000))).toBe(-1n);
    expect(rescale(44n, MPEG, rational(1, 1000))).toBe(0n);
    expect(rescale(1_500_000n, rational(1, 1_000_000), rational(1001, 30000))).toBe(45n);
  });

  test("products beyond 64 bits lose nothing", () => {
    expect(rescale(2n ** 62n, rational(1, 90000), rational(1, 180000))).toBe(2n ** 63n);
  });

  test("there and back is the same where the other base is finer", () => {
    const coarse = rational(1001, 30000);
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), (ticks) => {
        expect(rescale(rescale(ticks, coarse, MPEG), MPEG, coarse)).toBe(ticks);
      }),
    );
  });
});

describe("ratios of bounded terms", () => {
  test("what fits is left as it is", () => {
    expect(reduce(rational(30000, 1001), 30000n)).toEqual(rational(30000, 1001));
  });

  test("the nearest ratio that fits", () => {
    expect(reduce(rational(31415926, 10000000), 1000n)).toEqual(rational(355, 113));
    expect(reduce(rational(30000, 1001), 100n)).toEqual(rational(30));
    expect(reduce(rational(1, 1000), 100n)).toEqual({ num: 0n, den: 1n });
    expect(reduce(rational(1000), 100n)).toEqual(rational(100));
  });

  test("no ratio of such terms is nearer", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 5000n), fc.bigInt(1n, 5000n), fc.bigInt(20n, 60n), (num, den, max) => {
        const value = rational(num, den);
        const found = reduce(value, max);
        fc.pre(found.num !== 0n);
        const distance = Math.abs(toNumber(subtract(found, value)));
        for (let d = 1n; d <= max; d++) {
          const n = divideRoundNear(value.num * d, value.den);
          if (n > max) continue;
          expect(Math.abs(toNumber(subtract(rational(n, d), value)))).toBeGreaterThanOrEqual(distance - 1e-12);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a double stands for the film rate it was rounded from", () => {
    const max = 1_001_000n;
    expect(fromDouble(30000 / 1001, max)).toEqual(rational(30000, 1001));
    expect(fromDouble(29.97002997, max)).toEqual(rational(30000, 1001));
    expect(fromDouble(23.976023976, max)).toEqual(rational(24000, 1001));
    expect(fromDouble(29.97, max)).toEqual(rational(2997, 100));
    expect(fromDouble(0.1, max)).toEqual(rational(1, 10));
    expect(fromDouble(1_000_000, max)).toEqual(rational(1_000_000));
    // Seen with ffmpeg 5.1 (-r 59.94006 and -r 12.345678).
    expect(fromDouble(59.94006, max)).toEqual(rational(979001, 16333));
    expect(fromDouble(12.345678, max)).toEqual(rational(903074, 73149));
  });
});
