import { mendHead } from "../join/head.js";
import { compareStreams, verifyFilm } from "../join/verify-film.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { type HostTools, probeFile } from "./probing.js";

/** Holds the finished file against what plain ffmpeg writes and against the whole index, before it is put in place. */
export async function proveFilm(
  plan: FilmPlan,
  reference: Reference,
  path: string,
  ticks: readonly number[],
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const mended = await mendHead(plan.muxer, path, reference);
  if (!mended.ok) return mended;
  const written = await probeFile(tools, path);
  if (!written.ok) return fail({ what: written.failure });
  const difference = compareStreams(written.value, reference.media, plan.film.outputStream, plan.mappings.length);
  if (difference !== undefined) return fail({ what: difference });
  const { encoderTimeBase, film } = plan;
  const proven = await verifyFilm(
    tools.ffmpeg,
    path,
    { encoderTimeBase, ticks, stream: film.outputStream },
    tools.signal,
  );
  return proven.ok ? ok(undefined) : proven;
}
