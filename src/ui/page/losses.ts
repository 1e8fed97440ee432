import type { JobFacts, Span, WorkerFacts } from "./facts.js";

/** Where the time of a worker's slots went, in seconds of slots. */
export interface Losses {
  readonly encode: number;
  /** Encodes that failed or were given up since another worker was first. */
  readonly failed: number;
  readonly cancelled: number;
  /** Idle before the first chunk, between two, and after the last. */
  readonly before: number;
  readonly between: number;
  readonly after: number;
}

/** The spans that fill a slot; what is sent and fetched goes on beside them. */
export function holdsSlot({ kind }: Span): boolean {
  return kind === "encode" || kind === "failed" || kind === "cancelled";
}

/** What was done in each slot of a worker, idle ones included. */
export function spansBySlot({ slots, spans }: WorkerFacts): Span[][] {
  const rows: Span[][] = Array.from({ length: slots }, () => []);
  for (const span of spans) {
    while (rows.length <= span.slot) rows.push([]);
    rows[span.slot]?.push(span);
  }
  return rows;
}

/** What became of the time between a worker's coming and its going, or the job's end. */
export function lossesOf(worker: WorkerFacts, seconds: number): Losses {
  const end = worker.dropped?.at ?? seconds;
  const sum = { encode: 0, failed: 0, cancelled: 0, before: 0, between: 0, after: 0 };
  for (const slot of spansBySlot(worker)) {
    let reached = worker.up;
    const spans = slot.filter(holdsSlot).sort((a, b) => a.from - b.from);
    for (const [i, span] of spans.entries()) {
      sum[i === 0 ? "before" : "between"] += Math.max(0, span.from - reached);
      if (span.kind === "encode" || span.kind === "failed" || span.kind === "cancelled")
        sum[span.kind] += span.to - span.from;
      reached = Math.max(reached, span.to);
    }
    sum[spans.length === 0 ? "before" : "after"] += Math.max(0, end - reached);
  }
  return sum;
}

/** The job's own phases: seconds before the first encode, while any goes on, and after the last. */
export function phasesOf({ workers, seconds }: JobFacts): { before: number; encoding: number; after: number } {
  let [first, last] = [seconds, 0];
  for (const span of workers.flatMap(({ spans }) => spans)) {
    if (!holdsSlot(span)) continue;
    first = Math.min(first, span.from);
    last = Math.max(last, span.to);
  }
  if (last < first) return { before: seconds, encoding: 0, after: 0 };
  return { before: first, encoding: last - first, after: Math.max(0, seconds - last) };
}
