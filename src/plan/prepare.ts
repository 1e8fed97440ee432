import {
  type Command,
  fileOptions,
  globalOptions,
  type InputFile,
  lastOption,
  type OptionUse,
  type OutputFile,
} from "../ffmpeg/command.js";
import { parseDuration } from "../ffmpeg/duration.js";
import type { GraphInput, StreamMapping } from "../ffmpeg/log.js";
import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import { findOption, makeOption } from "../ffmpeg/options.js";
import {
  compare,
  divide,
  fromDouble,
  parseRational,
  type Rational,
  rational,
  reduce,
  rescale,
  subtract,
  toNumber,
} from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import { chunkEncoderOptions, type EncoderTrait, encoderTrait } from "./encoders.js";
import type { FilmPlan } from "./film.js";
import { FRAME_BY_FRAME, graphOutput, planFilters } from "./graph.js";
import type { SyncMode } from "./frame-clock.js";
import { MUXERS } from "./muxers.js";
import { FILM_OPTIONS, localPath } from "./route.js";
import { MICROSECOND } from "./seams.js";
import { optionConcerns, type StreamRef } from "./streams.js";
import type { InputTrim } from "./windows.js";

/** What was learned by asking ffmpeg about this very command. */
export interface Findings {
  readonly media: MediaInfo;
  readonly mappings: readonly StreamMapping[];
  /** A line of the stream mapping that is no plain stream to stream. */
  readonly complexMapping: string | undefined;
  readonly graphInputs: readonly GraphInput[];
  readonly muxer: string;
  /** What this ffmpeg does about the frame rate when it writes such a file and is told nothing. */
  readonly defaultSync: "cfr" | "vfr";
  /** Threads that ffmpeg gives filters on this machine when not told. */
  readonly filterThreads: number;
}

/** Codecs that NUT carries exactly and whose packets are frames one by one (libavformat/nut.c). */
const SOURCE_CODECS = new Set(
  `h264 hevc vp8 vp9 av1 mpeg1video mpeg2video mpeg4 msmpeg4v3 h263 theora mjpeg prores ffv1 huffyuv ffvhuff utvideo
  rawvideo v210 png`.split(/\s+/),
);

const SYNC_MODES: Readonly<Record<string, SyncMode>> = {
  passthrough: "passthrough",
  "0": "passthrough",
  cfr: "cfr",
  "1": "cfr",
  vfr: "vfr",
  "2": "vfr",
};

/** Turns a command and the findings about it into the plan of the film, or says why the command runs whole. */
export function prepare(command: Command, findings: Findings): Result<FilmPlan, string> {
  const [input] = command.inputs;
  const [output] = command.outputs;
  if (!input || !output) return fail("there is no film");
  if (findings.complexMapping !== undefined) return fail(`a filter graph joins streams (${findings.complexMapping})`);
  if (!MUXERS[findings.muxer]) return fail(`the container ${findings.muxer} is not joined`);
  const film = findFilm(findings);
  if (!film.ok) return film;
  const { mapping, source, graph } = film.value;
  const options = filmOptions(output, findings, mapping);
  if (!options.ok) return options;
  const trait = encoderTrait(mapping.encoder);
  if (!trait.ok) return trait;
  const kept = options.value.filter((use) => FILM_OPTIONS.has(use.name) || findOption(use.name) === undefined);
  const encoder = chunkEncoderOptions(
    mapping.encoder,
    kept.filter((use) => use.name !== "filter" && use.name !== "c"),
  );
  if (!encoder.ok) return encoder;
  const times = outputTimes(output, findings, options.value);
  if (!times.ok) return times;
  const filters = options.value.findLast((use) => use.name === "filter")?.value;
  const chain = filters === undefined ? ok(FRAME_BY_FRAME) : planFilters(filters);
  if (!chain.ok) return chain;
  if (chain.value.rate.kind === "grid" && readTimes(input).ok && lastOption(fileOptions(input), "t")) {
    // ffmpeg's trim filter before the user's ends without saying when, and fps then loses its last frame.
    return fail("-t before -i with filter fps");
  }
  const behind = graphOutput(chain.value, graph.timeBase, graph.frameRate);
  const rates = outputRates(options.value, behind.rate, trait.value);
  if (!rates.ok) return rates;
  const sync = syncMode(options.value, findings, input);
  if (!sync.ok) return sync;
  const trim = inputTrim(input, graph.timeBase);
  if (!trim.ok) return trim;
  return ok({
    command,
    film: mapping,
    mappings: findings.mappings,
    source,
    sourceFormat: findings.media.format,
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
    ...times.value,
    inputTrim: trim.value,
    filters,
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
  readonly source: StreamInfo;
  readonly graph: GraphInput;
}

function findFilm(findings: Findings): Result<FoundFilm, string> {
  const encoded = findings.mappings.flatMap((m) => {
    const stream = findings.media.streams.find((s) => s.index === m.inputStream);
    return m.encoder !== undefined && stream?.type === "video" ? [{ m, encoder: m.encoder, stream }] : [];
  });
  const films = encoded.filter(({ stream }) => !stream.dispositions.includes("attached_pic"));
  const [only, ...more] = films;
  if (!only) return fail("no video stream is encoded");
  if (more.length > 0 || encoded.length > 1) return fail("several video streams are encoded");
  const { m, encoder, stream } = only;
  if (findings.mappings.filter((other) => other.inputStream === m.inputStream).length > 1) {
    return fail("the film is mapped twice");
  }
  if (stream.codec === undefined || !SOURCE_CODECS.has(stream.codec)) {
    return fail(`a source in ${stream.codec ?? "an unknown codec"} is not cut`);
  }
  const beside = stream.sideData.find((d) => !/^(Display Matrix|CPB properties)$/.test(d.type));
  if (beside) return fail(`the source keeps data beside its stream (${beside.type})`);
  const graph = findings.graphInputs.find((g) => g.inputStream === m.inputStream);
  if (!graph) return fail("ffmpeg did not say how it decodes the film");
  return ok({ mapping: { ...m, encoder }, source: stream, graph });
}

/** The options of the output that apply to the film's stream, whatever their specifier. */
function filmOptions(output: OutputFile, findings: Findings, film: StreamMapping): Result<OptionUse[], string> {
  const typeOf = (m: StreamMapping): string =>
    findings.media.streams.find((s) => s.index === m.inputStream)?.type ?? "unknown";
  const typeIndex = findings.mappings.filter((m) => typeOf(m) === "video" && m.outputStream < film.outputStream).length;
  const ref: StreamRef = { type: "video", index: film.outputStream, typeIndex, attachedPicture: false };
  const uses: OptionUse[] = [];
  for (const use of fileOptions(output)) {
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

type Times = Pick<FilmPlan, "startMicroseconds" | "limitMicroseconds" | "maxFrames">;

function outputTimes(output: OutputFile, findings: Findings, options: readonly OptionUse[]): Result<Times, string> {
  const times = readTimes(output);
  if (!times.ok) return times;
  const frames = options.findLast((use) => use.name === "frames")?.value;
  if (frames !== undefined && !/^\d+$/.test(frames)) return fail(`-frames:v ${frames} is not understood`);
  // Plain ffmpeg ends the whole file with the film's last frame, and how far the sound has come by then is chance.
  if (frames !== undefined && findings.mappings.length > 1) return fail("-frames:v ends the other streams too");
  return ok({
    startMicroseconds: times.value.start ?? 0n,
    limitMicroseconds: times.value.limit,
    maxFrames: frames === undefined ? undefined : Number(frames),
  });
}

/** `-ss`, `-t` and `-to` of one file (fftools/ffmpeg_opt.c: `-t` wins over `-to`). */
function readTimes(file: InputFile): Result<{ start?: bigint; limit: bigint | undefined }, string> {
  const read = (name: string): bigint | undefined | "bad" => {
    const value = lastOption(fileOptions(file), name)?.value;
    return value === undefined ? undefined : (parseDuration(value) ?? "bad");
  };
  const [start, length, to] = [read("ss"), read("t"), read("to")];
  if (start === "bad" || length === "bad" || to === "bad") return fail("a time is not understood");
  if ((start ?? 0n) < 0n) return fail("a start time is below zero");
  const limit = length ?? (to === undefined ? undefined : to - (start ?? 0n));
  if (limit !== undefined && limit <= 0n) return fail("the end is not behind the start");
  return ok(start === undefined ? { limit } : { start, limit });
}

function inputTrim(input: InputFile, timeBase: Rational): Result<InputTrim, string> {
  const times = readTimes(input);
  if (!times.ok) return times;
  const accurate = lastOption(fileOptions(input), "accurate_seek")?.negated !== true;
  const { start, limit } = times.value;
  return ok({
    // What `-ss` names is time 0 from here on; ffmpeg's trim filter drops what is before it.
    start: start !== undefined && accurate ? 0 : undefined,
    duration: limit === undefined ? undefined : Number(rescale(limit, MICROSECOND, timeBase)),
  });
}

type Rates = Pick<FilmPlan, "outputRate" | "encoderTimeBase">;

/** The encoder's rate and time base (fftools/ffmpeg.c init_output_stream_encode). */
function outputRates(
  options: readonly OptionUse[],
  graphRate: Rational | undefined,
  trait: EncoderTrait,
): Result<Rates, string> {
  const asked = options.findLast((use) => use.name === "r")?.value;
  const given = asked === undefined ? undefined : readRate(asked);
  if (asked !== undefined && !given) return fail(`-r ${asked} is not understood`);
  const wanted = given ?? graphRate ?? rational(25);
  const rate = trait.frameRates ? nearest(wanted, trait.frameRates) : wanted;
  const largest = BigInt(trait.largestTerm ?? Number.MAX_SAFE_INTEGER);
  if (rate.num > largest || rate.den > largest)
    return fail("the encoder cannot write the source's frame rate as it is");
  const base = options.findLast((use) => use.name === "enc_time_base");
  if (base) return fail("-enc_time_base is not split");
  return ok({ outputRate: rate, encoderTimeBase: divide(rational(1), rate) });
}

/** libavutil/parseutils.c av_parse_video_rate. */
const LARGEST_RATE_TERM = 1_001_000n;

/** av_parse_video_rate: the named rates of libavutil/parseutils.c, a ratio or a number. */
function readRate(text: string): Rational | undefined {
  const named: Readonly<Record<string, string>> = {
    ntsc: "30000/1001",
    pal: "25",
    qntsc: "30000/1001",
    qpal: "25",
    sntsc: "30000/1001",
    spal: "25",
    film: "24",
    "ntsc-film": "24000/1001",
  };
  const value = parseRational(named[text] ?? text);
  if (!value || value.num <= 0n) return undefined;
  // av_parse_ratio: what is no ratio with a colon is a double, and the nearest ratio with terms this small is taken.
  const rate = text.includes(":") ? reduce(value, LARGEST_RATE_TERM) : fromDouble(toNumber(value), LARGEST_RATE_TERM);
  return rate.num > 0n && rate.den > 0n ? rate : undefined;
}

function nearest(wanted: Rational, rates: readonly string[]): Rational {
  const distance = (r: Rational): number => Math.abs(toNumber(subtract(r, wanted)));
  const known = rates.flatMap((text) => parseRational(text) ?? []);
  return known.reduce((best, r) => (distance(r) < distance(best) ? r : best), known[0] ?? wanted);
}

function syncMode(options: readonly OptionUse[], findings: Findings, input: InputFile): Result<SyncMode, string> {
  const asked = options.findLast((use) => use.name === "fps_mode" || use.name === "vsync")?.value;
  if (asked !== undefined && asked !== "auto" && asked !== "-1") {
    const mode = SYNC_MODES[asked];
    return mode ? ok(mode) : fail(`-fps_mode ${asked} is not split`);
  }
  if (findings.defaultSync === "vfr") return ok("vfr");
  // A file of one stream alone keeps its offset: fftools/ffmpeg_opt.c new_video_stream, VSYNC_VSCFR.
  const offset = lastOption(fileOptions(input), "itsoffset") !== undefined;
  return ok(findings.media.streams.length === 1 && !offset ? "vscfr" : "cfr");
}

/** True when the input is standard input. */
export function readsStandardInput(command: Command): boolean {
  return command.inputs.some((input) => localPath(input.url) === "-");
}

/** True when two rates are the same to a thousandth: containers round the rate they keep. */
export function nearRate(a: Rational, b: Rational): boolean {
  return compare(a, b) === 0 || Math.abs(toNumber(a) / toNumber(b) - 1) < 1e-3;
}
