import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Patience } from "../../../src/lib/patience.js";

describe("by the clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is over once, when no sign has come for so long", () => {
    const over = vi.fn();
    const patience = new Patience(800, over);
    vi.advanceTimersByTime(700);
    patience.renew();
    vi.advanceTimersByTime(750);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5000);
    expect(over).toHaveBeenCalledTimes(1);
  });

  test("is never over when it was ended", () => {
    const over = vi.fn();
    new Patience(800, over).end();
    vi.advanceTimersByTime(5000);
    expect(over).not.toHaveBeenCalled();
  });
});

test("a program that was stopped for long has lost one step of it, not all", async () => {
  let over = false;
  const patience = new Patience(2000, () => (over = true));
  // Nothing is read and no timer runs meanwhile, as in a stopped process.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  await sleep(20);
  expect(over).toBe(false);
  patience.end();
});
