import { type InputFile, fileOptions, lastOption } from "../ffmpeg/command.js";
import { parseDuration } from "../ffmpeg/duration.js";
import { type Rational, toNumber } from "../lib/rational.js";
import type { ChunkBounds, ChunkLengths } from "./chunk.js";
import type { InputTrim } from "./windows.js";

/** How long chunks are, in frames, where nothing is known that would say more. */
const USUAL = 240;

/**
 * Into how many chunks the work that is left of a slot is divided, chunk by chunk. With one, machines that are equally
 * quick are through at the same time (guided self-scheduling); with more, those that are not are, too.
 */
const DIVISOR = 6;

/** The same for slots that are alike: what differs is only how much work the film's frames are. */
const DIVISOR_ALIKE = 4;

/** Who shares a film. */
export interface Sharing {
  readonly slots: number;
  /** All are of this machine: equally quick, and nothing is uploaded. */
  readonly alike: boolean;
}

/** What is asked for: the bounds of all chunks, and `segment_frames`. */
export interface LengthWishes {
  readonly min: number;
  readonly max: number;
  readonly target: number | "auto";
}

/**
 * The lengths of chunks for a film of about so many source frames (undefined: nobody knows) and those who share it. Made
 * before anything is cut and from nothing that is measured: a film is cut at the same places however the work goes. First
 * there is a short chunk for every slot, so that none waits for the split nor for a long upload; then long ones, which
 * get shorter towards the end, so that all slots are through at about the same time.
 */
export function chunkBounds(
  { min, max, target }: LengthWishes,
  total: number | undefined,
  { slots, alike }: Sharing,
): ChunkBounds {
  const within = (frames: number): number => Math.min(max, Math.max(min, Math.floor(frames)));
  if (target !== "auto") return { min, max, target };
  if (total === undefined) return { min, max, target: usualLength({ min, max, target }) };
  const left = (first: number): number => Math.max(0, total - first);
  const lengths: ChunkLengths = alike
    ? (first) => within(left(first) / (DIVISOR_ALIKE * slots))
    : (first) => (first < slots * min ? min : within(left(first) / (DIVISOR * slots)));
  return { min, max, target: lengths };
}

/** How long chunks are, in frames, where it is the same for all. */
export function usualLength({ min, max, target }: LengthWishes): number {
  return target === "auto" ? Math.min(max, Math.max(min, USUAL)) : target;
}

/** What is known of how much of a source is seen; seconds, and frames of the output. */
export interface SourceSpan {
  readonly input: InputFile;
  /** By ffprobe. */
  readonly seconds: number | undefined;
  readonly rate: Rational | undefined;
  readonly timeBase: Rational;
  readonly trim: InputTrim;
  readonly startMicroseconds: bigint;
  readonly limitMicroseconds: bigint | undefined;
  readonly maxFrames: number | undefined;
}

/** About how many frames of the source are seen; undefined where that cannot be said. */
export function estimateFrames(span: SourceSpan): number | undefined {
  const { input, rate, timeBase, trim, startMicroseconds, limitMicroseconds, maxFrames } = span;
  const perSecond = rate && toNumber(rate);
  if (perSecond === undefined || perSecond <= 0) return undefined;
  const told = (name: string): number => {
    const value = lastOption(fileOptions(input), name)?.value;
    return Number(value === undefined ? 0n : (parseDuration(value) ?? 0n)) / 1e6;
  };
  const before = Number(startMicroseconds) / 1e6;
  const endless = lastOption(fileOptions(input), "stream_loop") !== undefined;
  const fromEnd = Math.abs(told("sseof"));
  const known = [
    span.seconds === undefined || endless ? undefined : span.seconds - told("ss"),
    fromEnd > 0 ? fromEnd : undefined,
    trim.duration === undefined ? undefined : trim.duration * toNumber(timeBase),
    limitMicroseconds === undefined ? undefined : before + Number(limitMicroseconds) / 1e6,
    maxFrames === undefined ? undefined : before + maxFrames / perSecond,
  ].filter((seconds) => seconds !== undefined);
  return known.length === 0 ? undefined : Math.max(1, Math.round(Math.min(...known) * perSecond));
}
