import {
  type Command,
  fileOptions,
  globalOptions,
  type InputFile,
  lastOption,
  type OptionUse,
} from "../ffmpeg/command.js";
import type { StreamMapping } from "../ffmpeg/log.js";
import { makeOption } from "../ffmpeg/options.js";
import { formatRational, MICROSECOND, rescale } from "../lib/rational.js";
import { chunkFilters, COMPLEX_OUTPUT } from "./chunk-filters.js";
import { colourOptions, fieldOrderOption } from "./colours.js";
import { encoderTrait } from "./encoders/index.js";
import type { FilmPlan, Reference } from "./film.js";
import { finalOptions } from "./final-options.js";
import { isMatroska } from "./muxers.js";
import { withoutPass } from "./rate-control/first-pass.js";
import { type ChunkRate, isFirstPass, ratedOptions } from "./rate-control/plan.js";
import { type InputStream, sameStream } from "./routing.js";
import type { Chunk } from "./chunk.js";
import { keepsTimes } from "./times.js";

/** The arguments of options. */
export const words = (uses: readonly OptionUse[]): string[] =>
  uses.flatMap((use) => (use.value === undefined ? [use.flag] : [use.flag, use.value]));

/** One of the user's inputs with its options, as every stage that reads it is given it. */
export const inputWords = (input: InputFile): string[] => [...words(fileOptions(input)), "-i", input.url];

/** Global options that say what becomes of the inputs' own times, for every stage that reads them. */
export function clockGlobals(command: Command): string[] {
  return words(globalOptions(command).filter((use) => use.name === "copyts" || use.name === "start_at_zero"));
}

/** Global options that change how frames are made, for the stages that make some. */
function processingGlobals(command: Command): string[] {
  return [...words(globalOptions(command).filter((use) => use.name === "filter_threads")), ...clockGlobals(command)];
}

/**
 * Demuxers without AVFMT_TS_DISCONT (libavformat 59.27). For the others ffmpeg 5.1 takes as start time the least over
 * the streams it uses (fftools/ffmpeg.c process_input), so the stages must use the same streams as the user's command.
 */
export const STEADY = /^(matroska,webm|mov,mp4,m4a,3gp,3g2,mj2|avi|nut|yuv4mpegpipe|rawvideo|mxf|ivf|image2)$/;

/**
 * An output that makes ffmpeg use these streams of an input and keeps nothing of them; `heard`: sound that it decodes.
 */
export function companion(
  input: number,
  streams: readonly InputStream[],
  { limits = [], heard = [] }: { readonly limits?: readonly OptionUse[]; readonly heard?: readonly InputStream[] } = {},
): string[] {
  const maps = streams.flatMap((m) => ["-map", `${input}:${m.inputStream}`]);
  const decoded = streams.flatMap((m, i) => (heard.some((h) => sameStream(h, m)) ? [`-c:${i}`, "pcm_s16le"] : []));
  return [...maps, "-c", "copy", ...decoded, ...words(limits), "-f", "null", "-"];
}

/**
 * Whether times of the film's input hang on all streams of it that are used: on demuxers that are not steady, and where
 * it is read again (`-stream_loop`): how long it is, ffmpeg takes from these, and from what it has decoded of the sound
 * (fftools/ffmpeg.c seek_to_start; ffmpeg_demux.c in 7.1).
 */
export function goesByCompany(plan: FilmPlan): boolean {
  return !STEADY.test(plan.sourceFormat) || (isLooped(plan) && company(plan).length > 0);
}

/** The streams of the film's input that are used beside it. */
export function company({ used, film }: FilmPlan): readonly InputStream[] {
  return used.filter((m) => m.inputFile === film.inputFile && !sameStream(m, film));
}

function isLooped({ command, film }: FilmPlan): boolean {
  const input = command.inputs[film.inputFile];
  return input !== undefined && lastOption(fileOptions(input), "stream_loop") !== undefined;
}

/** Where a chunk is encoded: its slices, what comes of them, and the plan's side files. */
export interface ChunkFiles {
  readonly input: string;
  readonly output: string;
  readonly sides: readonly string[];
}

/**
 * REMOTE: what a worker runs for one chunk. Times stay absolute, so that every frame of the film has the same time
 * whichever chunk it is in. Progress comes on standard output. A graph of `-filter_complex` stays one: ffmpeg treats
 * the two kinds differently (threads, flags of the scaler).
 */
export function remoteArgs(plan: FilmPlan, chunk: Chunk, files: ChunkFiles, told: ChunkRate = {}): string[] {
  const { complex = false, pictures = [] } = plan.filters ?? {};
  const filters = chunkFilters(plan, chunk, files.sides);
  return [
    ...["-v", "error", "-nostdin", "-progress", "pipe:1", "-stats_period", "0.5"],
    ...[complex ? "-filter_complex_threads" : "-filter_threads", plan.filterThreads],
    ...["-copyts", "-protocol_whitelist", "file,pipe"],
    ...(plan.x264Build === undefined ? [] : ["-x264_build", `${plan.x264Build}`]),
    ...words(colourOptions(plan.source)),
    ...["-f", "nut", "-i", files.input],
    ...pictures.flatMap(({ options, side }) => [
      ...words(options),
      ...["-protocol_whitelist", "file,pipe", "-i", `file:${files.sides[side] ?? ""}`],
    ]),
    ...(complex
      ? ["-filter_complex", filters, "-map", `[${COMPLEX_OUTPUT}]`]
      : ["-map", "0:v:0", "-filter:v", filters]),
    ...["-fps_mode", "passthrough", "-enc_time_base", formatRational(plan.encoderTimeBase)],
    ...words(ratedOptions(plan.encoderOptions, plan.rate, told)),
    ...timecode(plan, chunk),
    ...inBand(plan),
    ...forcedKeyframes(plan, chunk),
    // One more than there should be: a frame too many must be seen.
    ...["-frames:v", `${chunk.ticks.length + 1}`],
    ...(isFirstPass(plan.rate)
      ? ["-f", "null", "-"]
      : [
          "-map_metadata",
          "-1",
          "-avoid_negative_ts",
          "disabled",
          "-write_index",
          "0",
          "-f",
          "nut",
          "-y",
          files.output,
        ]),
  ];
}

/** Keeps the encoder's headers in the stream; the bitstream filter does nothing where they are there by themselves. */
function inBand({ film, headersInBand }: FilmPlan): string[] {
  if (!headersInBand) return [];
  const trait = encoderTrait(film.encoder);
  const dumped = trait.ok && trait.value.headersDumped === true;
  return ["-flags:v", "-global_header", ...(dumped ? ["-bsf:v", "dump_extra=freq=keyframe"] : [])];
}

/**
 * The keyframes that the encoder is told of, in seconds; microseconds below the frame's time are cut off, so that the
 * frame is the first that is not before it, in 5.1 (ticks of the encoder, rounded) and in 7.1 (microseconds).
 */
function forcedKeyframes(plan: FilmPlan, { keys }: Chunk): string[] {
  if (!keys || keys.forced.length === 0) return [];
  const times = keys.forced.map((tick) => {
    const { num, den } = plan.encoderTimeBase;
    return microseconds((BigInt(tick) * num * 1_000_000n) / den);
  });
  return ["-force_key_frames", times.join(",")];
}

function microseconds(time: bigint): string {
  return `${time / 1_000_000n}.${`${time % 1_000_000n}`.padStart(6, "0")}`;
}

/**
 * Where the encoder counts the film's frames in its headers, the chunk begins at the number it has in the film. As
 * libavcodec/mpeg12enc.c writes it: hours, minutes, seconds and frames at the rate rounded to whole frames.
 */
function timecode({ film, outputRate: { num, den } }: FilmPlan, { outputsBefore }: Chunk): string[] {
  const trait = encoderTrait(film.encoder);
  if (!trait.ok || trait.value.timecode === undefined) return [];
  const rate = Number((2n * num + den) / (2n * den));
  const seconds = Math.floor(outputsBefore / rate);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60, outputsBefore % rate];
  return [`-${trait.value.timecode}:v`, parts.map((part) => String(part).padStart(2, "0")).join(":")];
}

/** The joined film as FINAL reads it: its first tick says what ffmpeg takes off as the start time. */
export interface JoinedFilm {
  readonly firstTick: number;
  readonly reference: Reference;
}

/**
 * FINAL: the user's own command with the joined film, which comes through descriptor 3, in place of its encoder. It
 * runs while the workers encode: sound and subtitles are encoded and everything is muxed as the film's head arrives.
 */
export function finalArgs(plan: FilmPlan, joined: JoinedFilm, outputPath: string): string[] {
  const { command, film } = plan;
  const [output] = command.outputs;
  const options = output ? finalOptions(output, film) : [];
  const { reference } = joined;
  const place = `${film.outputStream}`;
  // ffmpeg takes the input's start time off, rounded to microseconds; the same number is put back here exactly.
  const taken = keepsTimes(command) ? 0n : rescale(BigInt(joined.firstTick), plan.encoderTimeBase, MICROSECOND);
  const start = taken + plan.startMicroseconds;
  const tags = Object.entries(roomyTags(plan.muxer, reference)).filter(([key]) => key.toLowerCase() !== "duration");
  const limits = options.filter((use) => ["ss", "t", "to"].includes(use.name));
  return [
    ...["-v", "error", "-nostdin", "-y"],
    ...processingGlobals(command),
    ...command.inputs.flatMap(inputWords),
    ...["-thread_queue_size", "256", "-protocol_whitelist", "pipe"],
    ...["-itsoffset", `${start}us`, "-f", "nut", "-i", "pipe:3"],
    ...plan.sound.flatMap((description) => ["-filter_complex", description]),
    ...maps(plan),
    ...tags.flatMap(([key, value]) => [`-metadata:s:${place}`, `${key}=${value}`]),
    ...words(options),
    ...[`-c:${place}`, "copy", `-time_base:${place}`, formatRational(plan.encoderTimeBase)],
    ...[`-r:${place}`, formatRational(plan.outputRate)],
    // Containers that note a bitrate take it from here.
    ...(plan.rate?.bitrate === undefined ? [] : [`-b:${place}`, `${plan.rate.bitrate}`]),
    ...words(colourOptions(reference.film, `:${place}`)),
    ...words(fieldOrderOption(reference.film, `:${place}`)),
    ...tagOption(reference.film.codecTag, place),
    ...dispositions(plan, reference),
    ...(hasFormat(options) ? [] : ["-f", plan.muxer]),
    outputPath,
    ...(goesByCompany(plan) ? companion(film.inputFile, [film], { limits }) : []),
  ];
}

/** The codec's tag as plain ffmpeg writes it: the one that NUT has for the codec need not be the encoder's or the muxer's. */
function tagOption(tag: string | undefined, place: string): string[] {
  return tag !== undefined && /^[\x20-\x7e]{4}$/.test(tag) ? [`-tag:${place}`, tag] : [];
}

/** The output's streams in their order; the joined film is one more input behind the user's. */
function maps({ command, film, mappings, soundOutputs }: FilmPlan): string[] {
  const from = (m: StreamMapping): string =>
    m.outputStream === film.outputStream ? `${command.inputs.length}:0` : `${m.inputFile}:${m.inputStream}`;
  return [
    ...mappings.map((m) => ({ at: m.outputStream, map: from(m) })),
    ...soundOutputs.map(({ outputStream, label }) => ({ at: outputStream, map: `[${label}]` })),
  ]
    .sort((a, b) => a.at - b.at)
    .flatMap(({ map }) => ["-map", map]);
}

/**
 * The film's dispositions are those of plain ffmpeg's head. Said of one stream, they keep ffmpeg from marking a default
 * among the others, unless the user has said them already (fftools/ffmpeg_mux_init.c set_dispositions): so these are
 * told too. But for covers, which keep their own: the head does not show all of them.
 */
function dispositions(plan: FilmPlan, reference: Reference): string[] {
  const [output] = plan.command.outputs;
  const said = output ? fileOptions(output).filter((use) => use.name === "disposition") : [];
  const told = reference.media.streams.filter(
    ({ index }) => index === plan.film.outputStream || (said.length === 0 && !plan.covers.includes(index)),
  );
  return [...words(said), ...told.flatMap((s) => [`-disposition:${s.index}`, s.dispositions.join("+") || "0"])];
}

/** The film's tags, one of them made longer by blanks: the room for what is written into the head afterwards. */
function roomyTags(muxer: string, { film: { tags }, room }: Reference): Readonly<Record<string, string>> {
  if (room === 0) return tags;
  const matroska = isMatroska(muxer);
  const name = Object.keys(tags).find((key) => key.toLowerCase() === (matroska ? "title" : "handler_name"));
  const key = name ?? (matroska ? "title" : "handler_name");
  return { ...tags, [key]: (tags[key] ?? "") + " ".repeat(room) };
}

function hasFormat(options: readonly OptionUse[]): boolean {
  return options.some((use) => use.name === "f");
}

/** Global options that make the output what it is, and that the stages are given in other ways. */
const REHEARSED = new Set(["vsync", "filter_complex", "filter_complex_threads"]);

/** Names of muxers and extensions of libavformat/movenc.c. */
const MOV_FAMILY = /^(mp4|m4v|mov|ipod|m4a|m4b|3gp|3g2|psp|f4v|ismv|isma)$/i;

/**
 * The command for its head alone (up to the first frame of the streams that the specifier `stream` names), as plain
 * ffmpeg runs it, into a scratch file: what ffmpeg says and writes here is
 * what the plan is made from, and what the joined film is held against.
 */
export function rehearsalArgs(command: Command, stream: string, outputPath: string): string[] {
  const [output] = command.outputs;
  if (!output) return [];
  const muxer = lastOption(fileOptions(output), "f")?.value ?? outputPath.split(".").at(-1) ?? "";
  return [
    ...["-v", "verbose", "-nostdin", "-nostats", "-y"],
    ...processingGlobals(command),
    ...words(globalOptions(command).filter((use) => REHEARSED.has(use.name))),
    ...command.inputs.flatMap(inputWords),
    ...words(withoutPass(fileOptions(output))),
    ...words([makeOption(`-frames:${stream}`, "1")]),
    // An MP4 leaves out the streams that no packet came for, and the head is too short for some; a fragmented one does not.
    ...(MOV_FAMILY.test(muxer) ? ["-movflags", "empty_moov"] : []),
    outputPath,
  ];
}
