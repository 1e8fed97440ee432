import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editDistance, nearest } from "../../../src/lib/did-you-mean.js";

describe("editDistance", () => {
  test.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["kitten", "sitting", 3],
    ["keyint", "keytin", 2],
    ["ab", "ba", 1],
    ["loglevel", "loglevle", 1],
    ["ca", "abc", 3],
    ["naïve", "naive", 1],
  ])("%j to %j takes %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test("is symmetric, zero only for equal words, and never more than the longer word", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe("nearest", () => {
  const keys = ["keyint_min", "keyint_max", "workers", "plan"];

  test.each([
    ["keyint_mim", "keyint_min"],
    ["keyintmax", "keyint_max"],
    ["KEYINT-MAX", "keyint_max"],
    ["worker", "workers"],
    ["wrokers", "workers"],
    ["paln", "plan"],
  ])("%s is meant as %s", (word, meant) => {
    expect(nearest(word, keys)).toBe(meant);
  });

  test.each(["colour", "x", ""])("%j is meant as none of them", (word) => {
    expect(nearest(word, keys)).toBeUndefined();
  });

  test("takes the earlier one on a tie", () => {
    expect(nearest("keyint_m", ["keyint_min", "keyint_max"])).toBe("keyint_min");
  });
});
