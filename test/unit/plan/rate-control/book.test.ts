import { describe, expect, it } from "vitest";
import { rational } from "../../../../src/lib/rational.js";
import { runBuffer } from "../../../../src/plan/rate-control/buffer.js";
import { RateBook, type RateOrder, type RateStep } from "../../../../src/plan/rate-control/book.js";
import type { RatePlan } from "../../../../src/plan/rate-control/plan.js";

const BASE = rational(1, 25);
const FRAMES = 25;

function plan(more: Partial<RatePlan>): RatePlan {
  return {
    ...{ encoder: "libx264", bitrate: undefined, atMost: false, buffer: undefined, pass: undefined },
    ...{ common: [], commonPairs: [], weighing: { bias: 0.5, least: 0, most: 20, blur: 20 } },
    ...more,
  };
}

const ticks = (chunk: number): number[] => Array.from({ length: FRAMES }, (_, i) => chunk * FRAMES + i);
const evenly = (bits: number): number[] => Array.from({ length: FRAMES }, () => bits / FRAMES);

/** Encodes what is ordered, as `encoder` does, until nothing more is; gives all orders, and what was settled in turn. */
function make(book: RateBook, sources: readonly number[], encoder: (order: RateOrder) => readonly number[]) {
  const orders: RateOrder[] = [];
  const settled: number[] = [];
  const sizes = new Map<number, readonly number[]>();
  const waiting: RateOrder[] = [];
  const take = (step: RateStep): void => {
    orders.push(...step.orders);
    waiting.push(...step.orders);
    settled.push(...step.settled);
  };
  for (const [chunk, sourceBytes] of sources.entries()) take(book.cut({ ticks: ticks(chunk), sourceBytes }));
  take(book.end());
  // The last comes back first, as it may from a worker.
  for (let order = waiting.pop(); order; order = waiting.pop()) {
    const bits = encoder(order);
    sizes.set(order.chunk, bits);
    take(book.done(order.chunk, bits));
  }
  const film = [...sizes].sort(([a], [b]) => a - b).map(([, bits]) => bits);
  return { orders, settled, film };
}

const total = (film: readonly (readonly number[])[]): number => film.flat().reduce((a, b) => a + b, 0);

describe("a bitrate", () => {
  it("is shared out by the source's sizes, and met", () => {
    const { orders, settled, film } = make(new RateBook(plan({ bitrate: 1000 }), BASE), [10, 1000, 10], (order) =>
      evenly(order.bitrate ?? 0),
    );
    expect(orders.map(({ chunk }) => chunk)).toEqual([0, 1, 2]);
    expect(orders[1]?.bitrate).toBeGreaterThan(2 * (orders[0]?.bitrate ?? 0));
    expect(total(film)).toBeCloseTo(3000);
    expect(settled).toEqual([0, 1, 2]);
  });

  it("has chunks encoded again that miss it", () => {
    const misses = (order: RateOrder): number[] => evenly((order.bitrate ?? 0) * (order.chunk === 1 ? 1.4 : 1));
    const { orders, film } = make(new RateBook(plan({ bitrate: 1000 }), BASE), [10, 10, 10], misses);
    expect(orders.map(({ chunk }) => chunk)).toEqual([0, 1, 2, 1]);
    expect(Math.abs(total(film) / 3000 - 1)).toBeLessThan(0.03);
  });

  it("is met though a chunk cannot use its share", () => {
    const easy = (order: RateOrder): number[] => evenly(Math.min(order.bitrate ?? 0, order.chunk === 0 ? 200 : 1e9));
    const { film, settled } = make(new RateBook(plan({ bitrate: 1000 }), BASE), [10, 10, 10], easy);
    expect(Math.abs(total(film) / 3000 - 1)).toBeLessThan(0.03);
    expect(settled).toEqual([0, 1, 2]);
  });

  it("that is not to be gone beyond may be stayed below", () => {
    const enough = plan({ bitrate: 1000, atMost: true });
    const { orders, film } = make(new RateBook(enough, BASE), [10, 10], () => evenly(300));
    expect(orders).toHaveLength(2);
    expect(total(film)).toBeCloseTo(600);
  });

  it("is shared out by a log where there is one", () => {
    const book = new RateBook(plan({ bitrate: 1000 }), BASE, {
      share: (_, target) => [target * 0.9, target * 0.1],
      least: () => 0,
    });
    const { orders } = make(book, [10, 10], (order) => evenly(order.bitrate ?? 0));
    expect(orders.map(({ bitrate }) => bitrate)).toEqual([expect.closeTo(1800), expect.closeTo(200)]);
  });
});

describe("a buffer", () => {
  const cap = { rate: 1000, size: 1000, startShare: 0.9 };

  it("is kept legal over the seams by encoding again what does not fit behind its predecessor", () => {
    // Each chunk uses up all that it is told of, and what comes in.
    const greedy = ({ start = 0 }: RateOrder): number[] => {
      const first = Math.floor(start * cap.size);
      return [first, ...Array.from({ length: FRAMES - 1 }, () => 40)];
    };
    const book = new RateBook(plan({ buffer: cap }), BASE);
    const { orders, settled, film } = make(book, [10, 10, 10], greedy);
    const frames = film.flat().map((bits) => ({ bits, seconds: 1 / 25 }));
    expect(runBuffer(frames, cap, cap.size * cap.startShare).underflow).toBeUndefined();
    expect(orders.slice(0, 3).map(({ start }) => start)).toEqual([0.9, 0.5, 0.5]);
    expect(orders.length).toBeGreaterThan(3);
    expect(settled).toEqual([0, 1, 2]);
    expect(book.strained).toBe(0);
  });

  it("is not waited for for ever", () => {
    const book = new RateBook(plan({ buffer: cap }), BASE);
    const { settled } = make(book, [10, 10], () => evenly(40 * FRAMES * 3));
    expect(settled).toEqual([0, 1]);
    expect(book.strained).toBe(2);
  });

  it("bounds what a chunk is told", () => {
    const { orders } = make(new RateBook(plan({ bitrate: 900, buffer: cap }), BASE), [1, 100000], (order) =>
      evenly(order.bitrate ?? 0),
    );
    expect(Math.max(...orders.map(({ bitrate = 0 }) => bitrate))).toBeLessThanOrEqual(1000);
  });
});
