import {
  type Command,
  fileOptions,
  globalOptions,
  type InputFile,
  lastOption,
  type OptionUse,
} from "../ffmpeg/command.js";
import type { GraphInput, StreamMapping } from "../ffmpeg/log.js";
import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import { findOption, makeOption } from "../ffmpeg/options.js";
import type { Rational } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import { chunkEncoderOptions, encoderTrait } from "./encoders.js";
import type { FilmPlan } from "./film.js";
import { FRAME_BY_FRAME, graphOutput, planFilters } from "./graph.js";
import type { Generation } from "./frame-clock.js";
import { packetHabits } from "./habits.js";
import { MUXERS } from "./muxers.js";
import { finalOptions } from "./final-options.js";
import { FILM_OPTIONS, localPath, whyNoFilm } from "./route.js";
import { type Routing, sameStream, streamOf } from "./routing.js";
import { outputRates, syncMode } from "./rates.js";
import { planSideData } from "./side-data.js";
import { carriage } from "./source-codecs.js";
import { optionConcerns, type StreamRef } from "./streams.js";
import { inputTrim, outputTimes } from "./times.js";

/** What was learned by asking ffmpeg about this very command. */
export interface Findings extends Routing {
  /** What ffprobe says of the inputs, in their order. */
  readonly inputs: readonly MediaInfo[];
  /** Numbers of the inputs that are one picture in a file. */
  readonly stills: readonly number[];
  readonly muxer: string;
  /** What this ffmpeg does about the frame rate when it writes such a file and is told nothing. */
  readonly defaultSync: "cfr" | "vfr";
  /** How this ffmpeg takes a frame's length, from its version. */
  readonly generation: Generation;
  /** Threads that ffmpeg gives filters on this machine when not told. */
  readonly filterThreads: number;
}

/** Turns a command and the findings about it into the plan of the film, or says why the command runs whole. */
export function prepare(command: Command, findings: Findings): Result<FilmPlan, string> {
  const [output] = command.outputs;
  if (!output) return fail("there is no film");
  if (findings.complexMapping !== undefined) return fail(`a filter graph joins streams (${findings.complexMapping})`);
  if (!MUXERS[findings.muxer]) return fail(`the container ${findings.muxer} is not joined`);
  const film = findFilm(command, findings);
  if (!film.ok) return film;
  const { mapping, input, media, source, sourceTag, graph } = film.value;
  const options = streamOptions(fileOptions(output), findings, mapping);
  if (!options.ok) return options;
  const trait = encoderTrait(mapping.encoder);
  if (!trait.ok) return trait;
  const kept = options.value.filter((use) => FILM_OPTIONS.has(use.name) || findOption(use.name) === undefined);
  const times = outputTimes(output, options.value, findings.mappings.length);
  if (!times.ok) return times;
  const filters = options.value.findLast((use) => use.name === "filter")?.value;
  const beside = planSideData({
    source,
    encoder: mapping.encoder,
    filters,
    generation: findings.generation,
    fromStart: times.value.startMicroseconds === 0n && lastOption(fileOptions(input), "ss") === undefined,
  });
  if (!beside.ok) return beside;
  const encoder = chunkEncoderOptions(
    mapping.encoder,
    kept.filter((use) => use.name !== "filter" && use.name !== "c"),
    beside.value.x264,
  );
  if (!encoder.ok) return encoder;
  const chain = filters === undefined ? ok(FRAME_BY_FRAME) : planFilters(filters);
  if (!chain.ok) return chain;
  if (chain.value.rate.kind === "grid" && lastOption(fileOptions(input), "t")) {
    // ffmpeg's trim filter before the user's ends without saying when, and fps then loses its last frame.
    return fail("-t before -i with filter fps");
  }
  if (chain.value.rate.kind === "double" && findings.generation === "by-duration") {
    return fail("this ffmpeg's field-doubling filters are not followed");
  }
  if (filters !== undefined && /\bsetpts\b/.test(filters) && findings.generation === "by-duration") {
    // libavfilter/setpts.c: some versions forget the rate there, others keep it.
    return fail("this ffmpeg's setpts filter is not followed");
  }
  const behind = graphOutput(chain.value, graph.timeBase, graph.frameRate);
  const rates = outputRates(options.value, behind.rate, trait.value);
  if (!rates.ok) return rates;
  const sync = syncMode(command, input, options.value, findings.defaultSync, media.streams.length);
  if (!sync.ok) return sync;
  if (source.startSeconds === undefined && findings.generation === "by-rate" && sync.value !== "passthrough") {
    // fftools/ffmpeg.c do_video_out takes a frame's length from the output's rate only where it is known.
    return fail("the demuxer does not know when the film begins");
  }
  const trim = inputTrim(input, graph.timeBase);
  if (!trim.ok) return trim;
  return ok({
    command,
    film: mapping,
    mappings: findings.mappings,
    covers: findings.mappings.filter((m) => isCover(streamOf(findings.inputs, m))).map((m) => m.outputStream),
    source,
    sourceTag,
    sourceFormat: media.format,
    habits: packetHabits(source, media.format),
    muxer: findings.muxer,
    timeBase: graph.timeBase,
    shiftSeconds: shiftSeconds(graph.timeBase),
    sourceRate: graph.frameRate,
    graph: chain.value,
    graphTimeBase: behind.timeBase,
    graphRate: behind.rate,
    filterThreads: lastOption(globalOptions(command), "filter_threads")?.value ?? `${findings.filterThreads}`,
    ...rates.value,
    syncMode: sync.value,
    generation: findings.generation,
    ...times.value,
    inputTrim: trim.value,
    filters,
    watchFrameData: beside.value.watched,
    encoderOptions: [makeOption("-c:v", mapping.encoder), ...encoder.value.map(forOnlyStream)],
  });
}

/**
 * A worker's output has one stream: whatever the user's specifier was, there it is that one. Options without one stay
 * so: among them are those of muxers and of the scaler, which take none (fftools/cmdutils.c opt_default).
 */
function forOnlyStream(use: OptionUse): OptionUse {
  return use.spec === undefined ? use : makeOption(`-${use.name}:v`, use.value);
}

/** Whole seconds, at least 1000, that are whole ticks of the time base too. */
function shiftSeconds(timeBase: Rational): bigint {
  return timeBase.num * ((1000n + timeBase.num - 1n) / timeBase.num);
}

interface FoundFilm {
  readonly mapping: StreamMapping & { readonly encoder: string };
  /** The input that the film is in, and what ffprobe says of it. */
  readonly input: InputFile;
  readonly media: MediaInfo;
  readonly source: StreamInfo;
  readonly sourceTag: string | undefined;
  readonly graph: GraphInput;
}

function findFilm(command: Command, findings: Findings): Result<FoundFilm, string> {
  const encoded = findings.mappings.flatMap((m) => {
    const stream = streamOf(findings.inputs, m);
    return m.encoder !== undefined && stream?.type === "video" ? [{ m, encoder: m.encoder, stream }] : [];
  });
  const films = encoded.filter(
    ({ m, stream }) => !isCover(stream) && (encoded.length === 1 || !findings.stills.includes(m.inputFile)),
  );
  const [only, ...more] = films;
  if (!only) return fail("no video stream is encoded");
  if (more.length > 0) return fail("several video streams are encoded");
  const { m, encoder, stream } = only;
  const beside = encoded.filter((other) => other !== only).map((other) => other.m);
  const reason = checkPictures(command, findings, m, beside);
  if (reason !== undefined) return fail(reason);
  if (findings.mappings.filter((other) => sameStream(other, m)).length > 1) return fail("the film is mapped twice");
  const [input, media] = [command.inputs[m.inputFile], findings.inputs[m.inputFile]];
  if (!input || !media) return fail("there is no film");
  const odd = whyNoFilm(input);
  if (odd !== undefined) return fail(odd);
  const carried = carriage(stream, media.format, m.decoder);
  if (!carried.ok) return carried;
  const graph = findings.graphInputs.find((g) => sameStream(g, m));
  if (!graph) return fail("ffmpeg did not say how it decodes the film");
  return ok({ mapping: { ...m, encoder }, input, media, source: stream, sourceTag: carried.value.tag, graph });
}

function isCover(stream: StreamInfo | undefined): boolean {
  return stream?.dispositions.includes("attached_pic") === true;
}

/**
 * Pictures from files of their own (a cover) may be encoded beside the film: FINAL does it, with all of the user's
 * options but those that it is not given for the film's sake. None of these may concern the picture.
 */
function checkPictures(
  command: Command,
  findings: Findings,
  film: StreamMapping,
  pictures: readonly StreamMapping[],
): string | undefined {
  const [output] = command.outputs;
  if (!output || pictures.length === 0) return undefined;
  if (pictures.some((m) => !findings.stills.includes(m.inputFile))) return "several video streams are encoded";
  const withheld = new Set(fileOptions(output));
  for (const use of finalOptions(output, film)) withheld.delete(use);
  for (const picture of pictures) {
    const options = streamOptions([...withheld], findings, picture);
    if (!options.ok) return options.failure;
    const odd = options.value.find((use) => use.name !== "map" && use.name !== "disposition");
    if (odd) return `${odd.flag} concerns a picture beside the film too`;
  }
  return lastOption(globalOptions(command), "vsync") && "-vsync concerns a picture beside the film too";
}

/** Those options of the output that apply to this video stream of it, whatever their specifier. */
function streamOptions(
  options: readonly OptionUse[],
  findings: Findings,
  film: StreamMapping,
): Result<OptionUse[], string> {
  const typeOf = (m: StreamMapping): string => streamOf(findings.inputs, m)?.type ?? "unknown";
  const typeIndex = findings.mappings.filter((m) => typeOf(m) === "video" && m.outputStream < film.outputStream).length;
  const ref: StreamRef = { type: "video", index: film.outputStream, typeIndex, attachedPicture: false };
  const uses: OptionUse[] = [];
  for (const use of options) {
    if (use.name === "metadata" || use.name === "map_metadata" || use.name === "program") continue;
    const concerns = optionConcerns(use, ref);
    if (concerns === undefined) return fail(`the stream specifier of ${use.flag} is not followed`);
    if (concerns && !isForOtherMedia(use)) uses.push(use);
  }
  return ok(uses);
}

function isForOtherMedia(use: OptionUse): boolean {
  const media = findOption(use.name)?.media;
  return media === "audio" || media === "subtitle";
}

/** Number of the input that is standard input, if one is. */
export function standardInput(command: Command): number | undefined {
  const at = command.inputs.findIndex((input) => localPath(input.url) === "-");
  return at === -1 ? undefined : at;
}

/** True when an input is standard input. */
export function readsStandardInput(command: Command): boolean {
  return standardInput(command) !== undefined;
}
