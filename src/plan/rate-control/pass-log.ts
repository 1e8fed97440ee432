import {
  type ByteRange,
  type FrameLog,
  hasTree,
  joinFrameLogs,
  parseFrameLog,
  printFrameLog,
  sliceFrameLog,
  treeRange,
} from "../../ffmpeg/frame-log.js";
import {
  joinPassStats,
  parsePassStats,
  type PassStats,
  printPassStats,
  slicePassStats,
} from "../../ffmpeg/pass-stats.js";
import { fail, ok, type Result } from "../../lib/result.js";
import { bitsUnderCap } from "./buffer.js";
import type { RatePlan } from "./plan.js";
import { rateTrait } from "./traits.js";
import { SCORE_FIELDS, type ScoreFields, scoreBits } from "./vpx.js";
import { curveBits, curveSettings } from "./x26x.js";

/** The statistics of a first pass, of a whole film or of a part of one. */
export type PassLog =
  | { readonly kind: "frames"; readonly log: FrameLog; readonly treeBytes: number | undefined }
  | { readonly kind: "scores"; readonly stats: PassStats; readonly fields: ScoreFields };

/** A part of a log, as the encoder of a chunk reads it: its text, and where its records lie in the second file. */
export interface PassSlice {
  readonly text: string;
  readonly tree: ByteRange | undefined;
}

/** True when a log, by its text, needs its second file. */
export const needsTree = (text: string): boolean => hasTree({ options: text.slice(0, text.indexOf("\n")) });

/** Reads the log of an encoder; `treeBytes`: the length of its second file, where there is one. */
export function parsePassLog(encoder: string, text: string, treeBytes: number | undefined): Result<PassLog, string> {
  if (rateTrait(encoder).passes?.log === "frames") {
    const log = parseFrameLog(text);
    if (!log.ok) return log;
    if (!needsTree(text)) return ok({ kind: "frames", log: log.value, treeBytes: undefined });
    return treeBytes === undefined
      ? fail("its second file is missing")
      : ok({ kind: "frames", log: log.value, treeBytes });
  }
  const stats = parsePassStats(text);
  if (!stats.ok) return stats;
  const fields = SCORE_FIELDS[encoder]?.[stats.value.total.length];
  return fields ? ok({ kind: "scores", stats: stats.value, fields }) : fail("this version's log is not followed");
}

/** How many frames a log speaks of. */
export const loggedFrames = (log: PassLog): number =>
  log.kind === "frames" ? log.log.frames.length : log.stats.frames.length;

/** The log of a film from those of its chunks, in order. */
export function joinPassLogs(parts: readonly PassLog[]): Result<string, string> {
  const frames = parts.flatMap((part) => (part.kind === "frames" ? [part.log] : []));
  if (frames.length === parts.length) return ok(printFrameLog(joinFrameLogs(frames)));
  const joined = joinPassStats(parts.flatMap((part) => (part.kind === "scores" ? [part.stats] : [])));
  return joined.ok ? ok(printPassStats(joined.value)) : joined;
}

/** The part of a log for the frames shown from `first` to before `end`. */
export function slicePassLog(log: PassLog, first: number, end: number): Result<PassSlice, string> {
  if (log.kind === "scores") {
    const part = slicePassStats(log.stats, first, end);
    return part.ok ? ok({ text: printPassStats(part.value), tree: undefined }) : part;
  }
  const part = sliceFrameLog(log.log, first, end);
  if (!part.ok) return part;
  const { firstCoded } = part.value;
  const text = printFrameLog(part.value.log);
  if (log.treeBytes === undefined) return ok({ text, tree: undefined });
  const tree = treeRange(log.log, log.treeBytes, firstCoded, firstCoded + end - first);
  return tree.ok ? ok({ text, tree: tree.value }) : tree;
}

/** The picture's and the film's measures that the shares hang on. */
export interface FilmMeasures {
  /** Of a film that lasts so long; the bits of the whole. */
  readonly seconds: number;
  readonly target: number;
  /** Lines of the picture. */
  readonly height: number;
}

/**
 * The bits for each of the chunks with so many frames, in order: what the encoder's own second pass would give their
 * frames if it saw the whole film.
 */
export function sharesByLog(
  log: PassLog,
  rate: RatePlan,
  frames: readonly number[],
  { seconds, target, height }: FilmMeasures,
): number[] {
  const { bias, least, most, blur } = rate.weighing;
  const settings = { bias, least, most, rows: Math.ceil(height / 16) };
  const plan = (bits: number): number[] =>
    log.kind === "frames"
      ? curveBits(log.log, curveSettings(log.log, blur), bits)
      : scoreBits(log.stats, log.fields, settings, bits);
  const each = seconds / Math.max(1, loggedFrames(log));
  const bits = rate.buffer ? bitsUnderCap(plan, target, each, rate.buffer) : plan(target);
  let at = 0;
  return frames.map((count) => bits.slice(at, (at += count)).reduce((a, b) => a + b, 0));
}

/**
 * The bits below which the second pass of x264 refuses to begin: those of its headers (encoder/ratecontrol.c init_pass2),
 * for the frames shown from `first` to before `end`, which are those coded from there on. 0 for encoders that never do.
 */
export function leastBits(log: PassLog, first: number, end: number): number {
  if (log.kind === "scores") return 0;
  const bits = log.log.frames.slice(first, end).reduce((sum, { numbers }) => sum + (numbers.get("misc") ?? 0), 0);
  return bits * 1.05;
}

/** Where a film that is encoded by a log has its keyframes, and chunks may begin. */
export class LogGrid {
  /** Chunks may begin nowhere else. */
  readonly complete = true;
  /** Other frames may be marked as keyframes, too. */
  readonly exhaustive = false;
  readonly #keys: ReadonlySet<number>;
  #frame = 0;

  constructor(log: FrameLog) {
    this.#keys = new Set(log.frames.flatMap(({ type, shown }) => (type === "I" ? [shown] : [])));
  }

  /** What is known of the next frame of the film. */
  next(): { readonly cut: boolean; readonly key: boolean; readonly forced: boolean } {
    const key = this.#keys.has(this.#frame++);
    return { cut: key, key, forced: false };
  }
}
