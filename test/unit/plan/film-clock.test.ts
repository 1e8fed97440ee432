import { describe, expect, test } from "vitest";
import { filmClock } from "../../../src/plan/film-clock.js";
import { planOf } from "./rig.js";

/** A film of 25 frames a second, 512 ticks each, of which every other is said to last four: the doubt and the ticks. */
function follow(words: string, generation: "by-rate" | "by-duration"): { doubt: string | undefined; ticks: number[] } {
  const clock = filmClock(planOf(words, { generation, defaultSync: "cfr" }));
  const frames = [0, 1, 6].map((frame, i) => ({ pts: 512 * frame, duration: i === 1 ? 4 * 512 : 512, owner: frame }));
  const ticks = [...frames.flatMap((frame) => [...clock.push(frame)]), ...clock.end()].map((t) => t.source / 512);
  return { doubt: clock.doubt, ticks };
}

describe("how long a frame lasts", () => {
  test("is what the frame says, where there is no filter", () => {
    const film = { doubt: undefined, ticks: [0, 1, 1, 1, 1, 6, 6] };
    expect(follow("-i a.mp4 o.mp4", "by-rate")).toEqual(film);
    expect(follow("-i a.mp4 o.mp4", "by-duration")).toEqual(film);
  });

  test("is what the rate says, up to 6.0 with filters", () => {
    expect(follow("-i a.mp4 -vf hflip o.mp4", "by-rate")).toEqual({ doubt: undefined, ticks: [0, 1, 1, 1, 1, 6, 6] });
  });

  test("is in doubt, from 6.1 on with filters", () => {
    expect(follow("-i a.mp4 -vf hflip o.mp4", "by-duration").doubt).toMatch(/cannot be foretold/);
  });
});
