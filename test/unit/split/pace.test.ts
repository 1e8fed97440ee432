import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pace } from "../../../src/split/pace.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => void vi.useRealTimers());

interface Rig {
  /** A split that goes, or stands; whether anybody works, and how much could be given up. */
  readonly now: { goes: boolean; busy: boolean; evictable: number };
  readonly pace: Pace;
  detach(): void;
}

function rig(limit?: number): Rig {
  const now = { goes: true, busy: true, evictable: 0 };
  const pace = new Pace({
    ...{ limit, busy: () => now.busy },
    evict: (bytes) => {
      const freed = Math.min(bytes, now.evictable);
      now.evictable -= freed;
      return freed;
    },
  });
  const process = { pause: () => void (now.goes = false), resume: () => void (now.goes = true) };
  return { now, pace, detach: pace.attach(process) };
}

test("the split stands while there is too much, and goes when there is room", () => {
  const { now, pace } = rig(1000);
  pace.add(750);
  expect(now.goes).toBe(true);
  pace.add(1);
  expect(now.goes).toBe(false);
  pace.free(1);
  expect(now.goes).toBe(true);
});

test("without a limit it goes whatever is on the disk", () => {
  const { now, pace } = rig();
  pace.add(1e15);
  expect([now.goes, pace.limited]).toEqual([true, false]);
});

test("it stands while too many frames are cut that no output has taken in", () => {
  const { now, pace } = rig();
  pace.cut(100_000);
  expect(now.goes).toBe(true);
  pace.cut(1);
  expect(now.goes).toBe(false);
  pace.joined(1);
  expect(now.goes).toBe(true);
  // All of them have to be cut before any is encoded, as for a bitrate.
  pace.cut(200_000);
  now.busy = false;
  vi.advanceTimersByTime(3000);
  expect(now.goes).toBe(true);
});

test("what is only kept for later goes first", () => {
  const { now, pace } = rig(1000);
  now.evictable = 300;
  pace.add(1000);
  expect([now.goes, now.evictable]).toEqual([true, 50]);
});

test("where nobody makes room it goes on: at once, or when a join has taken nothing for a while", () => {
  const { now, pace } = rig(1000);
  now.busy = false;
  pace.add(5000);
  expect(now.goes).toBe(true);
  pace.free(10);
  expect(now.goes).toBe(false);
  vi.advanceTimersByTime(1500);
  expect(now.goes).toBe(false);
  vi.advanceTimersByTime(1000);
  expect(now.goes).toBe(true);
});

test("a split that ends is not left standing", () => {
  const { now, pace, detach } = rig(1000);
  pace.add(5000);
  expect(now.goes).toBe(false);
  detach();
  expect(now.goes).toBe(true);
  pace.add(5000);
  expect(now.goes).toBe(true);
});
