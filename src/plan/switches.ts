import { multiply, rational, toNumber } from "../lib/rational.js";
import type { FilmPlan } from "./film.js";
import type { ChunkPart } from "./chunk.js";
import { table } from "../lib/table.js";

/** False where it is left to chance whether the film's first chunk begins with a filter switched on. */
export function beginsAsPlanned(plan: FilmPlan, first: ChunkPart): boolean {
  const seconds = toNumber(multiply(rational(first.graph[0] ?? 0), plan.graphTimeBase));
  return (plan.filters?.switches ?? []).every((expression) => switchedAlike(expression, 0, seconds) === true);
}

/**
 * Whether an `enable` expression says the same at these two times, seconds. A filter of two inputs goes by the time of
 * the input frame that it took last (libavfilter/avfilter.c ff_inlink_consume_frame): at the film's very first frame
 * that may be the picture's. Undefined for expressions that are not plainly about one span of time.
 */
export function switchedAlike(expression: string, a: number, b: number): boolean | undefined {
  if (a === b) return true;
  const number = String.raw`\s*(\d+(?:\.\d*)?)\s*`;
  const [, name = "", first, second] =
    new RegExp(`^(between|gte|gt|lte|lt)\\(\\s*t\\s*,${number}(?:,${number})?\\)$`).exec(expression.trim()) ?? [];
  const from = Number(first);
  const at = TESTS[name];
  if (!at || (name === "between") !== (second !== undefined)) return undefined;
  return at(a, from, Number(second)) === at(b, from, Number(second));
}

const TESTS: Readonly<Record<string, (t: number, from: number, to: number) => boolean>> = table({
  between: (t, from, to) => t >= from && t <= to,
  gte: (t, from) => t >= from,
  gt: (t, from) => t > from,
  lte: (t, from) => t <= from,
  lt: (t, from) => t < from,
});
