import { describe, expect, it } from "vitest";
import { chunksAgain } from "../../../../src/plan/rate-control/settle.js";

describe("chunksAgain", () => {
  const sizes = (...pairs: [number, number][]) => pairs.map(([planned, actual]) => ({ planned, actual }));

  it("leaves a film alone that is near its target", () => {
    expect(chunksAgain(sizes([100, 110], [100, 91]), [100, 100], 200)).toEqual([]);
  });

  it("takes the worst misses on the film's side first, and no more than it needs", () => {
    const film = sizes([100, 130], [100, 108], [100, 95], [100, 100]);
    expect(chunksAgain(film, [100, 100, 100, 100], 400)).toEqual([{ chunk: 0, target: expect.closeTo(100 / 1.3, 5) }]);
  });

  it("starts from what was asked before", () => {
    expect(chunksAgain(sizes([100, 80], [100, 100]), [120, 100], 200)[0]?.target).toBeCloseTo(150);
  });
});
