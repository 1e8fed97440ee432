import { parseFiltergraph } from "../ffmpeg/filtergraph.js";
import { equal, formatRational } from "../lib/rational.js";
import { type FilmPlan, shiftTicks } from "./film.js";
import type { Tick } from "./frame-clock.js";
import { FRAME_BY_FRAME } from "./graph.js";
import { rotationFilters } from "./rotation.js";
import { regular } from "./seams.js";
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
    ...(regular(plan, chunk) ? rateFilter(plan, chunk) : tickFilters(plan, chunk)),
  ];
  return flags + chain.join(",");
}

/** Tells the encoder the rate, where it is not the one the graph has anyway; changes no frame of a regular chunk. */
function rateFilter(plan: FilmPlan, chunk: Chunk): string[] {
  const same = plan.graphRate !== undefined && equal(plan.graphRate, plan.outputRate);
  const first = chunk.ticks[0]?.tick ?? 0;
  const consecutive = chunk.ticks.every((tick, i) => tick.tick === first + i);
  return same || !consecutive ? [] : [`fps=${formatRational(plan.outputRate)}`];
}

/** Puts the frames on their ticks by their number, and drops and repeats what plain ffmpeg drops and repeats. */
function tickFilters(plan: FilmPlan, chunk: Chunk): string[] {
  const shown: Tick[] = [];
  let repeats = false;
  for (const tick of chunk.ticks) {
    if (shown.at(-1)?.source === tick.source) repeats = true;
    else shown.push(tick);
  }
  const lastRepeats = chunk.ticks.filter((t) => t.source === shown.at(-1)?.source).length - 1;
  const kept = new Set(shown.map((t) => t.source));
  const dropped = chunk.graph.filter((pts) => !kept.has(pts));
  const ticks = shown.map((t) => t.tick);
  return [
    ...(dropped.length === 0 ? [] : [`select='not(${sum(dropped.map((pts) => `eq(pts,${pts})`))})'`]),
    `settb=${formatRational(plan.encoderTimeBase)}`,
    `setpts=${byNumber(ticks, 1)}`,
    // A frame is repeated until the next one's tick; how long the last one is, only the table knows.
    ...(repeats ? [`fps=${formatRational(plan.outputRate)}`] : []),
    ...(lastRepeats > 0 ? [`tpad=stop=${lastRepeats}:stop_mode=clone`] : []),
  ];
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
