import { rational, rescale } from "../lib/rational.js";
import type { FilmPlan } from "./film.js";
import type { Chunk } from "./timeline.js";

export const MICROSECOND = rational(1, 1_000_000);

/**
 * True when every frame of the chunk comes out once, on the tick next to its own time. Nothing has to be done
 * then but to encode the frames as they come, and their times prove afterwards that they are the right ones.
 */
export function regular(plan: FilmPlan, chunk: Chunk): boolean {
  if (plan.startMicroseconds !== 0n || chunk.ticks.length !== chunk.graph.length) return false;
  if (plan.syncMode !== "vfr" && plan.graphRate === undefined) return false;
  return chunk.ticks.every((tick, i) => {
    const pts = chunk.graph[i];
    return pts === tick.source && rescale(BigInt(pts), plan.graphTimeBase, plan.encoderTimeBase) === BigInt(tick.tick);
  });
}
