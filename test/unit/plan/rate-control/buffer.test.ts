import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BufferedFrame,
  bitsUnderCap,
  judgeChunk,
  legalBits,
  runBuffer,
} from "../../../../src/plan/rate-control/buffer.js";

const CAP = { rate: 1000, size: 2000 };
const frames = (...bits: number[]): BufferedFrame[] => bits.map((b) => ({ bits: b, seconds: 0.1 }));

describe("runBuffer", () => {
  it("takes frames out and fills up at the rate, no further than it holds", () => {
    expect(runBuffer(frames(500, 100), CAP, 1000)).toEqual({ underflow: undefined, lowest: 500, end: 600 });
    expect(runBuffer(frames(0, 0), CAP, 1950)).toEqual({ underflow: undefined, lowest: 1950, end: 2000 });
    expect(runBuffer([], CAP, 700).end).toBe(700);
  });

  it("says which frame was not there when it was due, and goes on empty", () => {
    expect(runBuffer(frames(500, 700, 50), CAP, 1000)).toEqual({ underflow: 1, lowest: -100, end: 150 });
  });

  it("is never worse off with more in it", () => {
    const bits = fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 30 });
    fc.assert(
      fc.property(bits, fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 2000 }), (sizes, a, b) => {
        const [less, more] = [a, b].sort((x, y) => x - y).map((fill) => runBuffer(frames(...sizes), CAP, fill));
        if (!less || !more) return false;
        return more.end >= less.end && (more.underflow === undefined || less.underflow !== undefined);
      }),
    );
  });
});

describe("judgeChunk", () => {
  it("asks for another try from what is really there", () => {
    expect(judgeChunk(frames(500, 100), CAP, 1000)).toEqual({ legal: true, fillAfter: 600 });
    expect(judgeChunk(frames(500, 100), CAP, 400)).toEqual({ legal: false, start: 400 });
  });
});

describe("bits under a cap", () => {
  it("are cut where the buffer would run dry, and only there", () => {
    const wished = [50, 900, 900, 900, 50, 50, 50, 50];
    const legal = legalBits(wished, 0.1, CAP, 1000);
    expect(runBuffer(frames(...legal), CAP, 1000).lowest).toBeGreaterThan(-1e-6);
    expect(legal.slice(4)).toEqual(wished.slice(4));
    expect(legal[2]).toBeLessThan(900);
  });

  it("give to easy frames what hard ones cannot take", () => {
    const shares = [1, 1, 1, 1, 12, 12, 1, 1, 1, 1];
    const plan = (target: number): number[] => shares.map((share) => (share * target) / 32);
    const bits = bitsUnderCap(plan, 900, 0.1, { rate: 1000, size: 400 });
    expect(bits.reduce((a, b) => a + b, 0)).toBeCloseTo(900, -1);
    expect(bits[0]).toBeGreaterThan(plan(900)[0] ?? 0);
  });
});
