import { describe, expect, test } from "vitest";
import { parseExpression } from "../../../src/ffmpeg/expression.js";

const value = (text: string, variables: Record<string, number> = {}): number => {
  const parsed = parseExpression(text, new Set(["t", "n"]));
  if (!parsed.ok) throw new Error(parsed.failure);
  return parsed.value(variables);
};

describe("an expression", () => {
  // As ffmpeg 5.1.9 has them: ffmpeg -f lavfi -i aevalsrc='(EXPR)/100':s=8000:d=0.000125 -f f64le -
  test.each([
    ["1+2*3", 7],
    ["(1+2)*3", 9],
    ["-2^2", -4],
    ["2^-1", 0.5],
    ["2^3^2", 64],
    ["7-2-1", 4],
    ["8/4/2", 1],
    ["mod(-1,3)", 2],
    ["round(-2.5)", -3],
    ["trunc(-2.5)", -2],
    ["if(0,1)", 0],
    ["if(1,2,3)", 2],
    ["ifnot(1,2,3)", 3],
    ["between(2,1,2)", 1],
    ["gte(1,1)+lt(1,1)", 1],
    ["1.5e1", 15],
    [".5", 0.5],
    ["not(0)", 1],
    ["floor(2.9)*ceil(2.1)", 6],
    ["min(1,2)+max(1,2)", 3],
    ["clip(5,1,3)", 3],
  ])("%s is %d", (text, expected) => expect(value(text)).toBe(expected));

  test("takes its variables, and NaN for one that is not given", () => {
    expect(value("gte(t,n*3)", { t: 6, n: 2 })).toBe(1);
    expect(value("isnan(t)")).toBe(1);
  });

  test.each([
    "",
    "1+",
    "foo",
    "st(0,1)",
    "gte(1)",
    "(1",
    "1)",
    "1k",
    "random(0)",
    "1;2",
    "'1'",
  ])("does not take %j", (text) => {
    expect(parseExpression(text, new Set(["t"])).ok).toBe(false);
  });
});
