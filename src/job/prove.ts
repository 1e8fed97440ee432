import { cutToFilm } from "../join/cut.js";
import { mendHead } from "../join/head.js";
import { compareStreams, countPackets, verifyFilm } from "../join/verify-film.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { placeOf } from "../plan/reference.js";
import { hasFragments, readsAsOne } from "../plan/streaming.js";
import type { OutputPlace } from "./output.js";
import { type HostTools, probeFile } from "./probing.js";
import type { PlannedOutput } from "./stages.js";
import { filesInTree, isList } from "./tree.js";

/** An output as FINAL has left it; references and ticks film by film. */
export interface MadeOutput {
  readonly place: OutputPlace;
  readonly references: readonly Reference[];
  readonly ticks: readonly (readonly number[])[];
}

/** Holds a finished output against what plain ffmpeg writes and against the whole index, before it is put in place. */
export function proveOutput(output: PlannedOutput, made: MadeOutput, tools: HostTools): Promise<Result<void, Problem>> {
  return made.place.tree === undefined ? proveFile(output, made, tools) : proveSegments(output, made, tools);
}

async function proveFile(output: PlannedOutput, made: MadeOutput, tools: HostTools): Promise<Result<void, Problem>> {
  const path = made.place.temporary;
  const mended = await mendHeads(output, made);
  if (!mended.ok) return mended;
  const written = await compareFile(output, made, path, tools);
  return written.ok ? verifyFilms(output, made, path, written.value, tools) : written;
}

async function mendHeads({ plans }: PlannedOutput, { place, references }: MadeOutput): Promise<Result<void, Problem>> {
  for (const [i, { muxer }] of plans.entries()) {
    const reference = references[i];
    const mended = reference ? await mendHead(muxer, place.temporary, reference) : ok(undefined);
    if (!mended.ok) return mended;
  }
  return ok(undefined);
}

/** Compares the streams of one of the output's files with those that plain ffmpeg writes. */
async function compareFile(
  { plans }: PlannedOutput,
  { references }: MadeOutput,
  path: string,
  tools: HostTools,
): Promise<Result<MediaInfo, Problem>> {
  const written = await probeFile(tools, path);
  if (!written.ok) return fail({ what: written.failure });
  const [first, reference] = [plans[0], references[0]];
  const films = plans.map(({ film }) => placeOf(written.value, film.outputStream));
  const streams = (first?.mappings.length ?? 0) + (first?.soundOutputs.length ?? 0);
  const difference = reference ? compareStreams(written.value, reference.media, films, streams) : "there is no head";
  return difference === undefined ? written : fail({ what: difference });
}

async function verifyFilms(
  { plans }: PlannedOutput,
  { ticks }: MadeOutput,
  path: string,
  written: MediaInfo,
  tools: HostTools,
): Promise<Result<void, Problem>> {
  for (const [i, { film, encoderTimeBase }] of plans.entries()) {
    const expected = { encoderTimeBase, ticks: ticks[i] ?? [], stream: placeOf(written, film.outputStream) };
    const proven = await verifyFilm(tools.ffmpeg, path, expected, tools.signal);
    if (!proven.ok) return proven;
  }
  return ok(undefined);
}

/** An output of many files: the streams of a segment, and the frames of all. */
async function proveSegments(
  output: PlannedOutput,
  made: MadeOutput,
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const list = made.place.temporary;
  const [plan] = output.plans;
  const [file] = output.command.outputs;
  if (!plan || !file) return fail({ what: "the output has no film" });
  const all = (await filesInTree(made.place.tree ?? "")).filter((path) => !isList(path));
  const complete = plan.streaming === "hls" && readsAsOne(file);
  const [first] = complete && hasFragments(file) ? [list] : all;
  if (first === undefined) return fail({ what: "the output has no segments" });
  const written = await compareFile(output, made, first, tools);
  if (!written.ok) return written;
  return complete ? verifyFilms(output, made, list, written.value, tools) : countFrames(plan, made, all, tools);
}

async function countFrames(
  { film: { outputStream } }: FilmPlan,
  { ticks }: MadeOutput,
  files: readonly string[],
  tools: HostTools,
): Promise<Result<void, Problem>> {
  let frames = 0;
  for (const file of files) {
    const counted = await countPackets(tools.ffmpeg, file, outputStream, tools.signal);
    if (!counted.ok) return counted;
    frames += counted.value;
  }
  const wanted = ticks[0]?.length ?? 0;
  return frames === wanted ? ok(undefined) : fail({ what: `the segments have ${frames} frames instead of ${wanted}` });
}

/**
 * Makes a whole file of the head of an output whose making was ended early: what plain ffmpeg has in the file's head,
 * every frame that was joined, and the other streams no longer than the film.
 */
export async function keepHead(
  output: PlannedOutput,
  made: MadeOutput,
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const { plans, command } = output;
  const mended = await mendHeads(output, made);
  const [plan, reference] = [plans[0], made.references[0]];
  if (!mended.ok || !plan || !reference || plan.mappings.length === 1) return mended;
  const flags = (command.outputs[0]?.options ?? []).filter((use) => use.name === "movflags");
  const options = flags.flatMap(({ flag, value = "" }) => [flag, value]);
  const stream = placeOf(reference.media, plan.film.outputStream);
  const frames = made.ticks[0]?.length ?? 0;
  const differs = async (file: string): Promise<string | undefined> => {
    const same = await compareFile(output, made, file, tools);
    return same.ok ? undefined : same.failure.what;
  };
  const head = { path: made.place.temporary, stream, frames, muxer: plan.muxer, options, differs };
  return cutToFilm(tools.ffmpeg, head, tools.signal);
}
