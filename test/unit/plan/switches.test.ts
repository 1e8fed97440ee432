import { expect, test } from "vitest";
import { switchedAlike } from "../../../src/plan/switches.js";

test.each<[string, number, number, boolean | undefined]>([
  ["anything", 0, 0, true],
  ["between(t,1,4.2)", 0, 0.5, true],
  ["between(t,1,4.2)", 0, 1, false],
  ["between(t,0,4)", 0, 0.08, true],
  ["gte(t,0.08)", 0, 0.08, false],
  ["gt( t , 0.08 )", 0, 0.08, true],
  ["lt(t,10)", 0, 0.08, true],
  ["lte(t,0.04)", 0, 0.08, false],
  ["gt(t,1)+lt(t,2)", 0, 0.08, undefined],
  ["between(t,1)", 0, 0.08, undefined],
  ["gt(t,1,2)", 0, 0.08, undefined],
])("%s at %s and %s", (expression, a, b, wanted) => expect(switchedAlike(expression, a, b)).toBe(wanted));
