import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StallWatch } from "../../../src/job/stall.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A watch of ten seconds over a program whose processor time is what `used` says. */
function watch(used: () => number | undefined): { watch: StallWatch; asked: () => number } {
  let asked = 0;
  const stop = new AbortController();
  const one = new StallWatch(10, stop.signal, () => {
    asked++;
    return Promise.resolve(used());
  });
  return { watch: one, asked: () => asked };
}

const pass = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000);

test("while there is progress nobody is asked", async () => {
  const { watch: one, asked } = watch(() => 0);
  for (let second = 0; second < 40; second++) {
    one.saw(`${second}`);
    await pass(1);
  }
  expect(asked()).toBe(0);
  expect(one.signal.aborted).toBe(false);
});

test("who neither shows progress nor uses a processor is given up when time is up, and not before", async () => {
  const { watch: one } = watch(() => 7.5);
  one.saw("1");
  await pass(3);
  // The same once more is none.
  one.saw("1");
  await pass(6.9);
  expect(one.signal.aborted).toBe(false);
  await pass(0.2);
  expect(one.signal.aborted).toBe(true);
  expect(one.verdict).toMatch(/frozen: no progress for 10 s/);
});

test("so is who does not answer", async () => {
  const { watch: one } = watch(() => undefined);
  await pass(9.9);
  expect(one.signal.aborted).toBe(false);
  await pass(0.2);
  expect(one.signal.aborted).toBe(true);
});

test("who uses a processor is at work, however long", async () => {
  let used = 0;
  const { watch: one } = watch(() => (used += 2));
  await pass(300);
  expect(one.signal.aborted).toBe(false);
  one.end();
});

test("progress that comes while the worker is asked counts", async () => {
  let answer: (used: number) => void = () => undefined;
  const stop = new AbortController();
  const one = new StallWatch(10, stop.signal, () => new Promise((resolve) => (answer = resolve)));
  await pass(5);
  answer(1);
  await pass(5);
  one.saw("new");
  answer(1);
  await pass(1);
  expect(one.signal.aborted).toBe(false);
});
