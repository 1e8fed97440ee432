import { describe, expect, test } from "vitest";
import { cutLengths } from "../../../scripts/bench/simulation.mjs";
import type { ChunkBounds } from "../../../src/plan/chunk.js";
import { Cuts } from "../../../src/plan/cuts.js";

const cut = (bounds: ChunkBounds, gops: readonly number[]): number[] => cutLengths(new Cuts(bounds), gops);

const planned = (length: number, [min, max] = [50, 400]): ChunkBounds => ({ min, max, target: () => length });

describe("a planned length", () => {
  test("ends at the keyframe that comes nearest", () => {
    expect(cut(planned(200), [90, 90, 90, 90])).toEqual([180, 180]);
    expect(cut(planned(240), [90, 90, 90, 90])).toEqual([270, 90]);
  });

  test("ends rather where a keyframe comes early, though others are nearer", () => {
    // Every 50 frames but one, which comes after 20: 170 and 220 could be as near as 200.
    expect(cut(planned(200), [50, 50, 50, 20, 50, 50, 50])).toEqual([170, 150]);
    expect(cut(planned(200), [50, 50, 50, 50, 20, 50, 50])[0]).toBe(220);
  });

  test("of several that come early, the nearest", () => {
    expect(cut(planned(200), [50, 50, 50, 10, 25, 50, 50, 50])[0]).toBe(185);
  });

  test("a little less than the regular distance is no scene change", () => {
    // Windows of an open GOP differ by a picture or two.
    expect(cut(planned(200), [50, 50, 50, 48, 50, 50])[0]).toBe(198);
    expect(cut(planned(190), [50, 50, 48, 50, 50, 50])[0]).toBe(198);
  });

  test("goes no further for it than a quarter, nor beyond the bounds", () => {
    expect(cut(planned(200), [50, 50, 30, 50, 50, 50])[0]).toBe(180);
    expect(cut(planned(200, [190, 210]), [50, 50, 50, 20, 30, 50])[0]).toBe(200);
  });

  test("what is too long for the bounds ends before", () => {
    expect(cut(planned(200), [100, 350, 100])).toEqual([100, 350, 100]);
  });

  test("what is left behind a cut ends too, where the next GOP would make it too long", () => {
    expect(cut(planned(200, [50, 250]), [50, 100, 50, 230])).toEqual([200, 230]);
    expect(cut(planned(200, [50, 250]), [90, 80, 75, 230])[1]).toBe(75);
  });
});

test("a fixed length ends at the first keyframe that is far enough", () => {
  expect(cut({ min: 50, target: 200, max: 400 }, [50, 50, 50, 20, 50, 50])).toEqual([220, 50]);
});
