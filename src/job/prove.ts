import { join } from "node:path";
import { cutToFilm } from "../join/cut.js";
import { mendHead } from "../join/head.js";
import type { OutputFile } from "../ffmpeg/command.js";
import { compareStreams, countPackets, verifyFilm } from "../join/verify-film.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { placeOf } from "../plan/reference.js";
import { streamingKind } from "../plan/streaming.js";
import type { OutputPlace } from "./output.js";
import { type HostTools, probeWritten } from "./probing.js";
import type { PlannedOutput } from "./stages.js";
import { filmSegments, readSegments, writeBeginning } from "./segments.js";
import { slavesOf } from "./slaves.js";
import { filesInTree, isList } from "./tree.js";

/** An output as FINAL has left it; references and ticks film by film. */
export interface MadeOutput {
  readonly place: OutputPlace;
  readonly references: readonly Reference[];
  readonly ticks: readonly (readonly number[])[];
}

/** Holds a finished output against what plain ffmpeg writes and against the whole index, before it is put in place. */
export function proveOutput(output: PlannedOutput, made: MadeOutput, tools: HostTools): Promise<Result<void, Problem>> {
  if (made.place.slaves) return proveTee(output, made, made.place.slaves, tools);
  return made.place.tree === undefined ? proveFile(output, made, tools) : proveSegments(output, made, tools);
}

/** Every file of a tee as an output of its own. */
async function proveTee(
  output: PlannedOutput,
  { ticks }: MadeOutput,
  places: readonly OutputPlace[],
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const slaves = await slavesOf(output);
  if (!slaves.ok) return fail({ what: slaves.failure });
  for (const [i, slave] of slaves.value.entries()) {
    const place = places[i];
    if (!place) return fail({ what: "a file of the tee has no place" });
    const proven = await proveOutput(slave.output, { place, references: slave.references, ticks }, tools);
    if (!proven.ok) return fail({ ...proven.failure, what: `${place.shown}: ${proven.failure.what}` });
  }
  return ok(undefined);
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

/** Compares the streams of a file of the output with those that plain ffmpeg writes there, as the films' heads show them. */
async function compareFile(
  { plans }: PlannedOutput,
  { references }: MadeOutput,
  path: string,
  tools: HostTools,
): Promise<Result<MediaInfo, Problem>> {
  const written = await probeWritten(tools, path);
  if (!written.ok) return fail({ what: written.failure });
  for (const [i, { film, mappings, soundOutputs }] of plans.entries()) {
    const streams = mappings.length + soundOutputs.length;
    const place = placeOf(written.value, film.outputStream);
    const reference = references[i];
    const difference = reference ? compareStreams(written.value, reference.media, place, streams) : "there is no head";
    if (difference !== undefined) return fail({ what: difference });
  }
  return written;
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

/** An output of many files: film by film, or where each file is one by itself, the streams of the first and the frames of all. */
async function proveSegments(
  output: PlannedOutput,
  made: MadeOutput,
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const [plan] = output.plans;
  const [file] = output.command.outputs;
  if (!plan || !file) return fail({ what: "the output has no film" });
  if (streamingKind(file) !== "segment") return proveFilms(output, made, file, tools);
  const all = (await filesInTree(made.place.tree ?? "")).filter((path) => !isList(path));
  const [first] = all;
  if (first === undefined) return fail({ what: "the output has no segments" });
  const written = await compareFile(output, made, first, tools);
  return written.ok ? countFrames(plan, made, all, tools) : written;
}

/** Every film by its own files, put together as they are read. */
async function proveFilms(
  { plans }: PlannedOutput,
  { place: { tree = "", temporary: list }, references, ticks }: MadeOutput,
  file: OutputFile,
  tools: HostTools,
): Promise<Result<void, Problem>> {
  for (const [i, { film, encoderTimeBase }] of plans.entries()) {
    const own = { film: i, stream: film.outputStream };
    const segments = await filmSegments(file, own, { list, tree });
    const beginning = join(tools.folder, `proof-${film.outputStream}`);
    const shown = segments.ok ? await writeBeginning(segments.value, beginning) : segments;
    if (!segments.ok || !shown.ok) return fail({ what: shown.ok ? "there are no segments" : shown.failure });
    const [written, reference] = [await probeWritten(tools, beginning), references[i]];
    if (!written.ok || !reference) return fail({ what: written.ok ? "there is no head" : written.failure });
    const stream = placeOf(written.value, film.outputStream);
    const difference = compareStreams(written.value, reference.media, stream, reference.media.streams.length);
    if (difference !== undefined) return fail({ what: difference });
    const expected = { encoderTimeBase, ticks: ticks[i] ?? [], stream, ofEnd: segments.value.shortened };
    const proven = await verifyFilm(tools.ffmpeg, readSegments(segments.value.parts), expected, tools.signal);
    if (!proven.ok) return proven;
  }
  return ok(undefined);
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
