import { lastOption, type OptionUse } from "../ffmpeg/command.js";
import { nutInput } from "../ffmpeg/guarded-input.js";
import { makeOption } from "../ffmpeg/options.js";
import { decimalSeconds, formatRational } from "../lib/rational.js";
import type { Chunk, ChunkPart } from "./chunk.js";
import { chunkFilters } from "./chunk-filters.js";
import { colourOptions } from "./colours.js";
import { encoderTrait } from "./encoders/index.js";
import { withThreads } from "./encoders/threads.js";
import type { FilmPlan } from "./film.js";
import { type ChunkRate, isFirstPass, ratedOptions } from "./rate-control/plan.js";
import { words } from "./stages.js";
import { printTee } from "./tee.js";

/** Where a chunk is encoded: its slices, and for each rendition what comes of them and the plan's side files. */
export interface ChunkFiles {
  readonly input: string;
  /** x264's build number from the film's first packet: the H.264 decoder works around faults of old builds. */
  readonly x264Build?: number | undefined;
  /** Undefined where a rendition is not wanted (again). */
  readonly renditions: readonly (RenditionFiles | undefined)[];
}

/** Where a rendition goes, and what it is told of its size. */
export interface RenditionFiles {
  readonly output: string;
  readonly sides: readonly string[];
  readonly told?: ChunkRate | undefined;
}

/** The processors that a chunk's encoders are to make do with, and those of this machine, by which plain ffmpeg would go. */
export interface ThreadShare {
  readonly cores: number;
  readonly host: number;
}

/**
 * REMOTE: what a worker runs for one chunk: all renditions from one decoding. Times stay absolute, so that every frame
 * of the film has the same time whichever chunk it is in. Progress comes on standard output. A graph of
 * `-filter_complex` stays one: ffmpeg treats the two kinds differently (threads, flags of the scaler). Without `threads`
 * encoders take as many as they do by themselves.
 */
export function remoteArgs(
  plans: readonly FilmPlan[],
  chunk: Chunk,
  files: ChunkFiles,
  threads?: ThreadShare,
): string[] {
  const pictures: string[] = [];
  const renditions: string[] = [];
  let inputs = 1;
  for (const [i, plan] of plans.entries()) {
    const [part, own] = [chunk.parts[i], files.renditions[i]];
    if (!part || !own) continue;
    const place = { sides: own.sides, firstPicture: inputs, output: `film${i}` };
    for (const { options, side } of plan.filters?.pictures ?? []) {
      pictures.push(...words(options), "-protocol_whitelist", "file", "-i", `file:${own.sides[side] ?? ""}`);
      inputs++;
    }
    renditions.push(
      ...renditionArgs(plan, part, chunkFilters(plan, part, place), place.output, { told: own.told, threads }),
    );
    renditions.push("-y", ...(isFirstPass(plan.rate) ? ["-f", "null", own.output] : chunkOutput(plan, own.output)));
  }
  const [first] = plans;
  return [
    ...["-v", "error", "-nostdin", "-progress", "pipe:1", "-stats_period", "0.5"],
    ...filterThreads(plans),
    "-copyts",
    ...(files.x264Build === undefined ? [] : ["-x264_build", `${files.x264Build}`]),
    ...(first ? words(colourOptions(first.source)) : []),
    ...nutInput(files.input),
    ...pictures,
    ...renditions,
  ];
}

function filterThreads(plans: readonly FilmPlan[]): string[] {
  const said = plans.map((plan): [string, string] => [
    plan.filters?.complex ? "-filter_complex_threads" : "-filter_threads",
    plan.filterThreads,
  ]);
  return [...new Map(said)].flat();
}

/** What one rendition of a chunk is encoded with, up to the file's name. */
function renditionArgs(
  plan: FilmPlan,
  part: ChunkPart,
  filters: string,
  label: string,
  { told = {}, threads }: { readonly told: ChunkRate | undefined; readonly threads: ThreadShare | undefined },
): string[] {
  const options = ratedOptions(plan.encoderOptions, plan.rate, told);
  return [
    ...(plan.filters?.complex
      ? ["-filter_complex", filters, "-map", `[${label}]`]
      : ["-map", "0:v:0", "-filter:v", filters]),
    ...["-fps_mode", "passthrough", "-enc_time_base", formatRational(plan.encoderTimeBase)],
    ...words(threads ? withThreads(plan.film.encoder, options, threads.cores, threads.host) : options),
    ...timecode(plan, part),
    ...forcedKeyframes(plan, part),
    // One more than there should be: a frame too many must be seen.
    ...["-frames:v", `${part.ticks.length + 1}`],
  ];
}

/**
 * Where a rendition is written to: the chunk's file, and on standard output the size and checksum of every packet, as the
 * encoder hands it over (framecrc). What the file says later is held against these: they were never on the worker's disk.
 * Every line goes out as a whole, so that the lines of -progress stand between them.
 */
function chunkOutput(plan: FilmPlan, output: string): string[] {
  const option = (name: string, value: string): OptionUse => makeOption(`-${name}`, value);
  const exact = option("avoid_negative_ts", "disabled");
  const slaves = [
    { url: output, options: [option("f", "nut"), option("write_index", "0"), exact] },
    { url: "pipe:1", options: [option("f", "framecrc"), option("flush_packets", "1"), exact] },
  ];
  return [...inHeader(plan), "-map_metadata", "-1", "-f", "tee", printTee(slaves)];
}

/**
 * Where the encoder's headers go: before the first packet, which ffmpeg sees to by itself for NUT but not for the tee
 * muxer (libavformat/tee.c has no AVFMT_GLOBALHEADER); or into the stream, where the bitstream filter does nothing if they
 * are there by themselves.
 */
function inHeader({ film, headersInBand, encoderOptions }: FilmPlan): string[] {
  // ffmpeg keeps options by their words: `-flags` and `-flags:v` would not add up, and the later one alone would count.
  const flag = lastOption(encoderOptions, "flags")?.flag ?? "-flags:v";
  if (!headersInBand) return [flag, "+global_header"];
  const trait = encoderTrait(film.encoder);
  const dumped = trait.ok && trait.value.headersDumped === true;
  return [flag, "-global_header", ...(dumped ? ["-bsf:v", "dump_extra=freq=keyframe"] : [])];
}

/**
 * The keyframes that the encoder is told of, in seconds; microseconds below the frame's time are cut off, so that the
 * frame is the first that is not before it, in 5.1 (ticks of the encoder, rounded) and in 7.1 (microseconds).
 */
function forcedKeyframes(plan: FilmPlan, { keys }: ChunkPart): string[] {
  if (!keys || keys.forced.length === 0) return [];
  const times = keys.forced.map((tick) => {
    const { num, den } = plan.encoderTimeBase;
    return decimalSeconds((BigInt(tick) * num * 1_000_000n) / den);
  });
  return ["-force_key_frames", times.join(",")];
}

/**
 * Where the encoder counts the film's frames in its headers, the chunk begins at the number it has in the film. As
 * libavcodec/mpeg12enc.c writes it: hours, minutes, seconds and frames at the rate rounded to whole frames.
 */
function timecode({ film, outputRate: { num, den } }: FilmPlan, { outputsBefore }: ChunkPart): string[] {
  const trait = encoderTrait(film.encoder);
  if (!trait.ok || trait.value.timecode === undefined) return [];
  const rate = Number((2n * num + den) / (2n * den));
  const seconds = Math.floor(outputsBefore / rate);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60, outputsBefore % rate];
  return [`-${trait.value.timecode}:v`, parts.map((part) => String(part).padStart(2, "0")).join(":")];
}
