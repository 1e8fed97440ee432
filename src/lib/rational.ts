/**
 * Exact rationals for time bases and frame rates. Terms are bigint, because the
 * product of two 32-bit terms (as in ffmpeg's av_rescale_q) does not fit a double.
 */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** num/den in lowest terms with a positive denominator. Throws on a zero denominator (a bug of the caller). */
export function rational(num: bigint | number, den: bigint | number = 1n): Rational {
  const n = BigInt(num);
  const d = BigInt(den);
  if (d === 0n) throw new RangeError(`rational with denominator 0 (numerator ${n})`);
  const g = gcd(n, d) || 1n;
  const sign = d < 0n ? -1n : 1n;
  return { num: (sign * n) / g, den: (sign * d) / g };
}

/** The time base of ffmpeg's own times (libavutil/avutil.h AV_TIME_BASE). */
export const MICROSECOND: Rational = rational(1, 1_000_000);

/** Longer than any rational that ffmpeg writes or takes: to reduce one of very many digits takes very long. */
const LONGEST = 100;

/** "30000/1001", "25" or "0.5" as a rational; undefined for anything else, for x/0 and for very long ones. */
export function parseRational(text: string): Rational | undefined {
  if (text.length > LONGEST) return undefined;
  const fraction = /^(-?\d+)[/:](\d+)$/.exec(text);
  if (fraction) {
    const [, n = "", d = ""] = fraction;
    return BigInt(d) === 0n ? undefined : rational(BigInt(n), BigInt(d));
  }
  const decimal = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!decimal) return undefined;
  const [, sign = "", whole = "", fractionDigits = ""] = decimal;
  if (whole === "" && fractionDigits === "") return undefined;
  const value = rational(BigInt(`${whole}${fractionDigits}`), 10n ** BigInt(fractionDigits.length));
  return sign === "-" ? rational(-value.num, value.den) : value;
}

/** a × b, exact. */
export function multiply(a: Rational, b: Rational): Rational {
  return rational(a.num * b.num, a.den * b.den);
}

/** a ÷ b, exact; throws when b is 0 (a bug of the caller). */
export function divide(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den, a.den * b.num);
}

/** a + b, exact. */
export function add(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den + b.num * a.den, a.den * b.den);
}

/** a − b, exact. */
export function subtract(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den - b.num * a.den, a.den * b.den);
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compare(a: Rational, b: Rational): number {
  const d = a.num * b.den - b.num * a.den;
  return d < 0n ? -1 : d > 0n ? 1 : 0;
}

/** True when both are the same number. */
export function equal(a: Rational, b: Rational): boolean {
  return compare(a, b) === 0;
}

/** Division rounded to nearest, halves away from zero: AV_ROUND_NEAR_INF of libavutil/mathematics.c. */
export function divideRoundNear(num: bigint, den: bigint): bigint {
  const [n, d] = den < 0n ? [-num, -den] : [num, den];
  return n < 0n ? -((-n * 2n + d) / (2n * d)) : (n * 2n + d) / (2n * d);
}

/** av_rescale_q: `ticks` of time base `from` in ticks of `to`, rounded to nearest, halves away from zero. */
export function rescale(ticks: bigint, from: Rational, to: Rational): bigint {
  return divideRoundNear(ticks * from.num * to.den, from.den * to.num);
}

/** av_reduce: the nearest ratio whose terms are both at most `max`; 0 when `value`, which is not negative, is too small. */
export function reduce(value: Rational, max: bigint): Rational {
  let { num, den } = value;
  if (num <= max && den <= max) return value;
  let [before, found] = [
    { num: 0n, den: 1n },
    { num: 1n, den: 0n },
  ];
  while (den !== 0n) {
    const x = num / den;
    const next = { num: x * found.num + before.num, den: x * found.den + before.den };
    if (next.num > max || next.den > max) {
      const rooms = [found.num === 0n ? x : (max - before.num) / found.num];
      if (found.den !== 0n) rooms.push((max - before.den) / found.den);
      const room = rooms.reduce((a, b) => (b < a ? b : a));
      if (den * (2n * room * found.den + before.den) > num * found.den) {
        found = { num: room * found.num + before.num, den: room * found.den + before.den };
      }
      break;
    }
    [before, found] = [found, next];
    [num, den] = [den, num - den * x];
  }
  return found;
}

/** av_d2q: the ratio that a positive double stands for, with terms of at most `max`. */
export function fromDouble(value: number, max: bigint): Rational {
  const exponent = Math.max(Math.floor(Math.log2(value)), 0);
  const den = 2 ** (61 - exponent);
  return reduce(rational(BigInt(Math.floor(value * den + 0.5)), BigInt(den)), max);
}

/** Microseconds, not below zero, as seconds with six decimals. */
export function decimalSeconds(microseconds: bigint): string {
  return `${microseconds / 1_000_000n}.${`${microseconds % 1_000_000n}`.padStart(6, "0")}`;
}

/** "num/den", the way ffmpeg's options take it. */
export function formatRational(r: Rational): string {
  return `${r.num}/${r.den}`;
}

/** The nearest double, for figures shown to people; never for times that are compared. */
export function toNumber(r: Rational): number {
  return Number(r.num) / Number(r.den);
}
