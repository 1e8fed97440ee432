import type { Command } from "../ffmpeg/command.js";
import { cutToFilm } from "../join/cut.js";
import { mendHead } from "../join/head.js";
import { compareStreams, countPackets, verifyFilm } from "../join/verify-film.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { placeOf } from "../plan/reference.js";
import { hasFragments, readsAsOne } from "../plan/streaming.js";
import { type HostTools, probeFile } from "./probing.js";
import { filesInTree, isList } from "./tree.js";

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
  const streams = plan.mappings.length + plan.soundOutputs.length;
  const stream = placeOf(written.value, plan.film.outputStream);
  const difference = compareStreams(written.value, reference.media, stream, streams);
  if (difference !== undefined) return fail({ what: difference });
  const { encoderTimeBase } = plan;
  const proven = await verifyFilm(tools.ffmpeg, path, { encoderTimeBase, ticks, stream }, tools.signal);
  return proven.ok ? ok(undefined) : proven;
}

/** Holds the files of an output of many against what plain ffmpeg writes, and counts the frames in them. */
export async function proveSegments(
  plan: FilmPlan,
  reference: Reference,
  { list, tree }: { readonly list: string; readonly tree: string },
  ticks: readonly number[],
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const [output] = plan.command.outputs;
  const all = (await filesInTree(tree)).filter((file) => !isList(file));
  const complete = plan.streaming === "hls" && output !== undefined && readsAsOne(output);
  const [first] = complete && hasFragments(output) ? [list] : all;
  if (first === undefined) return fail({ what: "the output has no segments" });
  const written = await probeFile(tools, first);
  if (!written.ok) return fail({ what: written.failure });
  const { outputStream: stream } = plan.film;
  const streams = plan.mappings.length + plan.soundOutputs.length;
  const difference = compareStreams(written.value, reference.media, stream, streams);
  if (difference !== undefined) return fail({ what: difference });
  const { encoderTimeBase } = plan;
  if (complete) return verifyFilm(tools.ffmpeg, list, { encoderTimeBase, ticks, stream }, tools.signal);
  let frames = 0;
  for (const file of all) {
    const counted = await countPackets(tools.ffmpeg, file, stream, tools.signal);
    if (!counted.ok) return counted;
    frames += counted.value;
  }
  return frames === ticks.length
    ? ok(undefined)
    : fail({ what: `the segments have ${frames} frames instead of ${ticks.length}` });
}

/**
 * Makes a whole file of the head of a film whose making was ended early: what plain ffmpeg has in the file's head, every
 * frame that was joined, and the other streams no longer than the film.
 */
export async function keepHead(
  plan: FilmPlan,
  command: Command,
  reference: Reference,
  { path, frames }: { readonly path: string; readonly frames: number },
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const mended = await mendHead(plan.muxer, path, reference);
  if (!mended.ok || plan.mappings.length === 1) return mended;
  const flags = (command.outputs[0]?.options ?? []).filter((use) => use.name === "movflags");
  const options = flags.flatMap(({ flag, value = "" }) => [flag, value]);
  const stream = placeOf(reference.media, plan.film.outputStream);
  const differs = async (file: string): Promise<string | undefined> => {
    const written = await probeFile(tools, file);
    if (!written.ok) return written.failure;
    return compareStreams(written.value, reference.media, stream, plan.mappings.length);
  };
  return cutToFilm(tools.ffmpeg, { path, stream, frames, muxer: plan.muxer, options, differs }, tools.signal);
}
