import { parseFiltergraph } from "../ffmpeg/filtergraph.js";
import { divide, equal, formatRational, type Rational, rational } from "../lib/rational.js";
import { type FilmPlan, shiftTicks } from "./film.js";
import { FRAME_BY_FRAME } from "./graph.js";
import { rotationFilters } from "./rotation.js";
import type { Chunk } from "./timeline.js";

/** The chunk's filter chain: back on the source's clock, the frames it needs, the user's filters, its own frames' ticks. */
export function chunkFilters(plan: FilmPlan, chunk: Chunk): string {
  const graph = plan.filters === undefined ? undefined : parseFiltergraph(plan.filters);
  const flags = graph?.ok && graph.value.swsFlags !== undefined ? `sws_flags=${graph.value.swsFlags};` : "";
  const user = plan.filters === undefined ? [] : [plan.filters.replace(/^\s*sws_flags=[^;]*;/, "")];
  const chain = [
    `settb=${formatRational(plan.timeBase)}`,
    `setpts=${chunk.decoded ? byNumber(chunk.decoded, usualStep(chunk.decoded)) : `PTS-${shiftTicks(plan)}`}`,
    `trim=start_pts=${chunk.firstPts}:end_pts=${chunk.lastPts + 1}`,
    ...rotationFilters(plan.source),
    ...user,
    ...(plan.graph === FRAME_BY_FRAME
      ? []
      : [
          `settb=${formatRational(plan.graphTimeBase)},trim=start_pts=${chunk.graph[0]}:end_pts=${(chunk.graph.at(-1) ?? 0) + 1}`,
        ]),
    ...tickFilters(plan, chunk),
  ];
  return flags + chain.join(",");
}

/**
 * Puts the frames on their ticks by their number, drops and repeats what plain ffmpeg drops and repeats, and tells the
 * encoder the rate: the one that a worker's ffmpeg guesses from a part of the film need not be the film's.
 */
function tickFilters(plan: FilmPlan, chunk: Chunk): string[] {
  const { ticks } = chunk;
  const shown = ticks.flatMap((tick, i) => (tick.source === ticks[i - 1]?.source ? [] : [{ ...tick, i }]));
  const kept = new Set(shown.map(({ source }) => source));
  const dropped = chunk.graph.filter((pts) => !kept.has(pts)).map((pts) => `eq(pts,${pts})`);
  const period = divide(rational(1), plan.outputRate);
  const onGrid = equal(plan.encoderTimeBase, period);
  const end = onGrid ? (ticks.at(-1)?.tick ?? 0) + 1 : ticks.length;
  const gaps = ticks.flatMap(({ tick }, i) => {
    const before = (ticks[i - 1]?.tick ?? tick - 1) + 1;
    return onGrid && before < tick ? [`between(pts,${before},${tick - 1})`] : [];
  });
  const places = [...shown.map(({ tick, i }) => (onGrid ? tick : i)), end];
  const times = ticks.map(({ tick }) => tick);
  // The fps filter shows each frame until the next, and the last until the end, whose time setpts works out like that of
  // one more frame (libavfilter/setpts.c). It is the last that may touch the times: behind setpts, 7.1 knows no rate.
  return [
    ...leaveOut(dropped),
    ...atTimes(period, places),
    `fps=${formatRational(plan.outputRate)}`,
    ...leaveOut(gaps),
    ...(onGrid ? [] : atTimes(plan.encoderTimeBase, times)),
  ];
}

/** A filter that leaves the frames out for which one of these terms is 1. */
function leaveOut(terms: readonly string[]): string[] {
  return terms.length === 0 ? [] : [`select='not(${sum(terms)})'`];
}

/** Filters that give the frames these times by their number, in this time base. */
function atTimes(timeBase: Rational, times: readonly number[]): string[] {
  return [`settb=${formatRational(timeBase)}`, `setpts=${byNumber(times, 1)}`];
}

/** The times of frames by their number, as an expression; most are `usual` apart, and so is the end from the last. */
function byNumber(times: readonly number[], usual: number): string {
  const odd = times.slice(1).flatMap((time, i) => {
    const step = time - (times[i] ?? 0);
    return step === usual ? [] : [`gte(N,${i + 1})*${step - usual}`];
  });
  return `'${sum([`N*${usual}+${times[0] ?? 0}`, ...odd])}'`;
}

/** The step between most of them. */
function usualStep(times: readonly number[]): number {
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 1;
}

/** A sum in halves of halves: ffmpeg's expressions may not nest deeper than 100, and a + b + c nests (libavutil/eval.c). */
function sum(terms: readonly string[]): string {
  const half = Math.floor(terms.length / 2);
  return half === 0 ? (terms[0] ?? "0") : `(${sum(terms.slice(0, half))}+${sum(terms.slice(half))})`;
}
