import {
  type Command,
  fileOptions,
  globalOptions,
  lastOption,
  type OptionUse,
  type OutputFile,
} from "../ffmpeg/command.js";
import type { StreamMapping } from "../ffmpeg/log.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { findOption, makeOption } from "../ffmpeg/options.js";
import { type Rational, toNumber } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import {
  type CommandGraphs,
  findOutlets,
  type GraphFilm,
  type Outlets,
  readGraphs,
  readSimple,
} from "./command-graphs.js";
import { estimateFrames } from "./chunk-sizes.js";
import { chunkEncoderOptions, encoderTrait } from "./encoders/index.js";
import { type FilmPlan, shiftSeconds } from "./film.js";
import { findFilms, type FoundFilms, isCover, streamOptions } from "./find-film.js";
import type { Generation } from "./frame-clock.js";
import { planKeyframes } from "./gop.js";
import { FRAME_BY_FRAME, graphOutput } from "./graph.js";
import { packetHabits } from "./habits.js";
import { muxerTrait } from "./container.js";
import { notJoinedInto } from "./muxers.js";
import { type FiltersOutcome, planFilmFilters, throughGraph } from "./planned-filters.js";
import { briefReason, planRate } from "./rate-control/plan.js";
import { outputRates, syncMode } from "./rates.js";
import { FILM_OPTIONS, FINAL_ALONE } from "./route.js";
import { type Routing, streamOf, usedStreams } from "./routing.js";
import type { SideFacts } from "./sides.js";
import { planSideData } from "./side-data.js";
import { loopReason, streamsReason } from "./reasons.js";
import { streamingKind } from "./streaming.js";
import { filesOf } from "./tee.js";
import { inputTrim, outputTimes } from "./times.js";

/** What was learned by asking ffmpeg about this very command. */
export interface Findings extends Routing {
  /** What ffprobe says of the inputs, in their order. */
  readonly inputs: readonly MediaInfo[];
  /** Numbers of the inputs that are one picture in a file. */
  readonly stills: readonly number[];
  /** What was found in the files that filters read. */
  readonly sides: SideFacts;
  /** True when all chunks are encoded on this machine, with its own fonts. */
  readonly alone: boolean;
  readonly muxer: string;
  /** What this ffmpeg does about the frame rate when it writes such a file and is told nothing. */
  readonly defaultSync: "cfr" | "vfr";
  /** How this ffmpeg takes a frame's length, from its version. */
  readonly generation: Generation;
  /** Threads that ffmpeg gives filters on this machine when not told. */
  readonly filterThreads: number;
  /** All streams that the whole command uses, for other outputs too. */
  readonly company: Pick<Routing, "mappings" | "feeds">;
}

/**
 * Turns a command of one output and the findings about it into the plans of its films (one, but for ladders in one
 * output), or says why it runs whole.
 */
export function prepare(command: Command, findings: Findings): Result<readonly FilmPlan[], string> {
  const [output] = command.outputs;
  if (!output) return fail("there is no film");
  if (findings.complexMapping !== undefined)
    return fail(`streams are mapped in another way (${findings.complexMapping})`);
  const muxer = muxerTrait(output, findings.muxer);
  if (!muxer) return fail(notJoinedInto(findings.muxer));
  const graphs = readGraphs(command);
  if (!graphs.ok) return graphs;
  const outlets = findOutlets(command, graphs.value, findings);
  if (!outlets.ok) return outlets;
  const viaGraph = graphFilms(graphs.value, outlets.value, findings);
  if (!viaGraph.ok) return viaGraph;
  const found = findFilms(command, findings, viaGraph.value);
  if (!found.ok) return found;
  const plans: FilmPlan[] = [];
  for (const film of found.value.films) {
    const place = viaGraph.value.findIndex((m) => m.outputStream === film.outputStream);
    const own = { film, graphs: graphs.value, viaGraph: graphs.value.films[place], soundOutputs: outlets.value.sound };
    const plan = prepareFilm(command, output, findings, found.value, own);
    if (!plan.ok) return plan;
    plans.push(plan.value);
  }
  return ok(plans);
}

/** One of an output's films, and how it comes about. */
interface OwnWay {
  readonly film: FilmPlan["film"];
  readonly graphs: CommandGraphs;
  /** The graph of `-filter_complex` that it goes through. */
  readonly viaGraph: GraphFilm | undefined;
  readonly soundOutputs: Outlets["sound"];
}

function prepareFilm(
  command: Command,
  output: OutputFile,
  findings: Findings,
  { mappings, input, media, source, sourceTag, graph }: FoundFilms,
  { film: mapping, graphs, viaGraph, soundOutputs }: OwnWay,
): Result<FilmPlan, string> {
  const globalHeader = muxerTrait(output, findings.muxer)?.globalHeader === true;
  const options = streamOptions(fileOptions(output), mappings, findings.inputs, mapping);
  if (!options.ok) return options;
  const trait = encoderTrait(mapping.encoder);
  if (!trait.ok) return trait;
  const kept = options.value.filter(
    (use) => FILM_OPTIONS.has(use.name) || (findOption(use.name) === undefined && !FINAL_ALONE.has(use.name)),
  );
  const times = outputTimes(output, options.value, mappings.length + soundOutputs.length);
  if (!times.ok) return times;
  const filters = plannedFilters(command, findings, viaGraph, options.value, graph.timeBase);
  if (!filters.ok) return filters;
  const names = filters.value?.filters.graph.nodes.map((node) => node.use.name) ?? [];
  const beside = planSideData({
    source,
    encoder: mapping.encoder,
    filters: names,
    generation: findings.generation,
    fromStart:
      times.value.startMicroseconds === 0n &&
      fileOptions(input).every((use) => use.name !== "ss" && use.name !== "sseof"),
  });
  if (!beside.ok) return beside;
  const { headersInBand } = trait.value;
  const alreadyInBand = !globalHeader && headersInBand !== undefined;
  const rate = planRate(mapping, trait.value, kept);
  if (!rate.ok) return rate;
  const encoder = chunkEncoderOptions(
    mapping.encoder,
    rate.value.rest.filter((use) => use.name !== "filter" && use.name !== "c"),
    {
      rated: rate.value.rate !== undefined,
      more: [...beside.value.x264, ...(alreadyInBand ? [headersInBand] : [])],
      sourceFormat: names.length === 0 ? source.pixelFormat : undefined,
    },
  );
  if (!encoder.ok) return encoder;
  const chain = filters.value?.plan ?? FRAME_BY_FRAME;
  if (chain.rate.kind === "grid" && lastOption(fileOptions(input), "t")) {
    // ffmpeg's trim filter before the user's ends without saying when, and fps then loses its last frame.
    return fail("-t before -i with filter fps");
  }
  if (chain.rate.kind === "double" && findings.generation === "by-duration") {
    return fail("this ffmpeg's field-doubling filters are not followed");
  }
  if (names.includes("setpts") && findings.generation === "by-duration") {
    // libavfilter/setpts.c: some versions forget the rate there, others keep it.
    return fail("this ffmpeg's setpts filter is not followed");
  }
  const behind = graphOutput(chain, graph.timeBase, graph.frameRate);
  const rates = outputRates(options.value, behind.rate, trait.value);
  if (!rates.ok) return rates;
  // What comes out of -filter_complex belongs to no input.
  const streams = viaGraph ? undefined : media.streams.length;
  const sync = syncMode(command, input, options.value, findings, streams);
  if (!sync.ok) return sync;
  if (
    source.startSeconds === undefined &&
    (filters.value?.filters.ofInput ?? true) &&
    findings.generation === "by-rate" &&
    sync.value !== "passthrough"
  ) {
    // fftools/ffmpeg.c do_video_out takes a frame's length from the output's rate only where it is known.
    return fail("the demuxer does not know when the film begins");
  }
  const listed = filesOf(output).filter((file) => streamingKind(file) !== undefined);
  const keys = planKeyframes(mapping.encoder, options.value, {
    generation: findings.generation,
    timeBase: rates.value.encoderTimeBase,
    wanted: listed.length > 0,
  });
  if (!keys.ok) return keys;
  for (const file of listed) {
    const unlike = streamsReason(file, keys.value, mappings, findings);
    if (unlike !== undefined) return fail(unlike);
  }
  const trim = inputTrim(command, input, media, graph.timeBase);
  if (!trim.ok) return trim;
  const limit = times.value.limitMicroseconds;
  const brief = briefReason(rate.value.rate, [
    media.durationSeconds,
    limit === undefined ? undefined : Number(limit) / 1e6,
    trim.value.duration === undefined ? undefined : trim.value.duration * toNumber(graph.timeBase),
  ]);
  if (brief !== undefined) return fail(brief);
  const endless = loopReason(input, findings.generation, trim.value.duration ?? times.value.limitMicroseconds);
  if (endless !== undefined) return fail(endless);
  return ok({
    command,
    film: mapping,
    mappings,
    covers: mappings.filter((m) => isCover(streamOf(findings.inputs, m))).map((m) => m.outputStream),
    used: usedStreams(findings.company),
    heard: usedStreams({
      ...findings.company,
      mappings: findings.company.mappings.filter((m) => m.decoder !== undefined),
    }).filter((m) => streamOf(findings.inputs, m)?.type === "audio"),
    sound: graphs.sound.map((one) => one.description),
    soundOutputs,
    source,
    sourceTag,
    sourceFormat: media.format,
    habits: packetHabits(source, media.format),
    muxer: findings.muxer,
    timeBase: graph.timeBase,
    shiftSeconds: shiftSeconds(graph.timeBase),
    sourceFrames: estimateFrames({
      ...{ input, seconds: media.durationSeconds, timeBase: graph.timeBase, trim: trim.value, ...times.value },
      rate: source.averageFrameRate ?? graph.frameRate,
    }),
    sourceRate: graph.frameRate,
    graph: chain,
    graphTimeBase: behind.timeBase,
    graphRate: behind.rate,
    filterThreads: filterThreads(command, findings, viaGraph !== undefined),
    ...rates.value,
    syncMode: sync.value,
    generation: findings.generation,
    ...times.value,
    inputTrim: trim.value,
    filters: filters.value?.filters,
    sides: filters.value?.sides ?? [],
    headersInBand: !globalHeader && !alreadyInBand,
    watchFrameData: beside.value.watched,
    keys: keys.value,
    rate: rate.value.rate,
    encoderOptions: [makeOption("-c:v", mapping.encoder), ...encoder.value.map(forOnlyStream)],
  });
}

/** The films as they come out of `-filter_complex`, in the graphs' order. */
function graphFilms(
  { films }: CommandGraphs,
  outlets: Outlets,
  findings: Findings,
): Result<readonly StreamMapping[], string> {
  const mappings: StreamMapping[] = [];
  for (const [i, output] of outlets.films.entries()) {
    const film = films[i];
    const mapping = film && throughGraph(film.graph, film.index, output, findings);
    if (mapping?.ok === false) return mapping;
    if (mapping) mappings.push(mapping.value);
  }
  return ok(mappings);
}

function plannedFilters(
  command: Command,
  findings: Findings,
  film: GraphFilm | undefined,
  options: readonly OptionUse[],
  timeBase: Rational,
): Result<FiltersOutcome | undefined, string> {
  if (film) return planFilmFilters(command, findings, film.graph, film.index, timeBase);
  const text = options.findLast((use) => use.name === "filter")?.value;
  if (text === undefined) return ok(undefined);
  const graph = readSimple(text);
  return graph.ok ? planFilmFilters(command, findings, graph.value, undefined, timeBase) : graph;
}

/** As many as plain ffmpeg takes on this machine; graphs of `-filter_complex` go by an option of their own. */
function filterThreads(command: Command, findings: Findings, complex: boolean): string {
  const name = complex ? "filter_complex_threads" : "filter_threads";
  const said = lastOption(globalOptions(command), name)?.value;
  return said === undefined || (complex && said === "0") ? `${findings.filterThreads}` : said;
}

/**
 * A worker's output has one stream: whatever the user's specifier was, there it is that one. Options without one stay
 * so: among them are those of muxers and of the scaler, which take none (fftools/cmdutils.c opt_default).
 */
function forOnlyStream(use: OptionUse): OptionUse {
  return use.spec === undefined ? use : makeOption(`-${use.name}:v`, use.value);
}
