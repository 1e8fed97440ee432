import { resolve } from "node:path";
import { FramecrcParser } from "../ffmpeg/packets.js";
import { fail, ok, type Result } from "../lib/result.js";
import { extractable, extractArgs, type SourceRun } from "../plan/extract.js";
import { type FilmPlan, shiftTicks } from "../plan/film.js";
import { equal } from "../lib/rational.js";
import type { Share } from "../plan/offload/index.js";
import { RunProof } from "../split/source-runs.js";
import type { Session } from "../workers/transport.js";

/** A worker's own way to the source. */
export interface Extraction {
  readonly session: Session;
  /** The words before its ffmpeg's arguments, its name the last. */
  readonly ffmpeg: readonly string[];
  readonly plan: FilmPlan;
  /** The source as the worker sees it. */
  readonly source: string;
  /** The name of the chunk in the worker's folder. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** The film's source as a worker sees it; undefined where it does not, or where chunks cannot be taken out of it. */
export function sharedSource(plan: FilmPlan | undefined, share: Share): string | undefined {
  const path = plan && extractable(plan);
  return path === undefined ? undefined : share(resolve(path));
}

/**
 * Has a worker take a chunk out of the source that it sees itself. Its path there, or why it is not the chunk that was cut
 * here: every packet must have the time, the size and the checksum that PRE has seen.
 */
export async function extractChunk(
  run: SourceRun,
  { session, ffmpeg, plan, source, name, signal }: Extraction,
): Promise<Result<string, string>> {
  const parser = new FramecrcParser();
  const proof = new RunProof(run, Number(shiftTicks(plan)));
  const end = await session.run([...ffmpeg, ...extractArgs(plan, run, source, name)], {
    signal,
    onStdoutLine: (line) => {
      const packet = parser.line(line);
      if (packet) proof.push(packet);
    },
  });
  if (!end.ok) return fail(end.failure.what);
  const { code, stderrTail } = end.value;
  // A muxer of the two that failed is told in words alone (libavformat/tee.c).
  if (code !== 0 || stderrTail.length > 0) return fail(stderrTail.join("; ") || "its ffmpeg failed");
  const header = parser.headers.get(0);
  const same = header?.timeBase && equal(header.timeBase, plan.timeBase) && header.extradata === run.extradata;
  return same && proof.holds ? ok(`${session.folder}/${name}`) : fail("it finds other packets there than this machine");
}
