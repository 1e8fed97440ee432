import { join } from "node:path";
import { cutToFilm } from "../join/cut.js";
import { mendHead } from "../join/head.js";
import type { OutputFile } from "../ffmpeg/command.js";
import { compareStreams, countPackets, verifyFilm } from "../join/verify-film.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { placeOf } from "../plan/reference.js";
import { hasFragments, placeIn, playlistOf, readsAsOne, streamingKind, variantsOf } from "../plan/streaming.js";
import type { OutputPlace } from "./output.js";
import { type HostTools, probeFile } from "./probing.js";
import type { PlannedOutput } from "./stages.js";
import { standingAlone } from "./scratch.js";
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
  const written = await probeFile(tools, path);
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
  if (variantsOf(file) || streamingKind(file) === "dash") return proveFilms(output, made, file, tools);
  const all = (await filesInTree(made.place.tree ?? "")).filter((path) => !isList(path));
  const complete = streamingKind(file) !== "segment" && readsAsOne(file);
  const [first] = complete && hasFragments(file) ? [list] : all;
  if (first === undefined) return fail({ what: "the output has no segments" });
  const written = await compareFile(output, made, first, tools);
  if (!written.ok) return written;
  return complete ? verifyFilms(output, made, list, written.value, tools) : countFrames(plan, made, all, tools);
}

/** Every film by its own playlist, or all by one manifest. */
async function proveFilms(
  { plans }: PlannedOutput,
  { place, references, ticks }: MadeOutput,
  file: OutputFile,
  tools: HostTools,
): Promise<Result<void, Problem>> {
  const { tree = "", temporary } = place;
  for (const [i, { film, encoderTimeBase }] of plans.entries()) {
    const own = { film: i, stream: film.outputStream };
    const joined = join(tools.folder, `proof-${film.outputStream}.mp4`);
    const alone = await standingAlone(file, own, { list: temporary, tree, joined });
    const [written, reference] = [await probeFile(tools, alone), references[i]];
    if (!written.ok || !reference) return fail({ what: written.ok ? "there is no head" : written.failure });
    const at = placeOf(written.value, film.outputStream);
    const difference = compareStreams(written.value, reference.media, at, reference.media.streams.length);
    if (difference !== undefined) return fail({ what: difference });
    const variant = variantsOf(file) !== undefined;
    const list = variant ? placeIn(tree, playlistOf(file, i)) : temporary;
    const expected = { encoderTimeBase, ticks: ticks[i] ?? [], stream: variant ? at : i };
    const proven = await verifyFilm(tools.ffmpeg, list, expected, tools.signal);
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
