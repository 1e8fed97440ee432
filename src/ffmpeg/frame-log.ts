import { fail, ok, type Result } from "../lib/result.js";

/**
 * What x264 and x265 write about one frame in their first pass: `in:4 out:1 type:P q:32.45 tex:9691 mv:736 …;`
 * (x264 encoder/ratecontrol.c x264_ratecontrol_end, x265 encoder/ratecontrol.cpp writeRateControlFrameStats).
 */
export interface LoggedFrame {
  /** Its number in display order, from 0. */
  readonly shown: number;
  /** `I` is a keyframe that closes what was before it, `i` another intra frame, `b` a frame that nothing refers to. */
  readonly type: string;
  /** All fields that are one number: `q`, `tex`, `mv`, `misc`, `dur`, `imb` (x264), `icu` (x265) … */
  readonly numbers: ReadonlyMap<string, number>;
  /** What stands between `out:N ` and the semicolon, as written. */
  readonly text: string;
}

/** A first pass' log. Frames stand in coded order. */
export interface FrameLog {
  /** The line `#options: …` with the settings of the encoder, without its end. */
  readonly options: string;
  readonly frames: readonly LoggedFrame[];
}

const FRAME = /^\s*in:(\d+) out:(\d+) (type:(\S+) .*)$/s;

/** Reads a log; fails when it is not one, or not complete (frames are missing, or one stands there twice). */
export function parseFrameLog(text: string): Result<FrameLog, string> {
  const end = text.indexOf("\n");
  if (!text.startsWith("#options:") || end === -1) return fail("it has no line of options");
  const frames: LoggedFrame[] = [];
  const entries = text.slice(end + 1).split(";");
  if (entries.pop()?.trim() !== "") return fail("its last frame is cut off");
  for (const entry of entries) {
    const match = FRAME.exec(entry);
    if (!match) return fail(`entry ${frames.length} is no frame`);
    const [, shown = "", out, rest = "", type = ""] = match;
    if (Number(out) !== frames.length) return fail(`frame ${out} stands at place ${frames.length}`);
    frames.push({ shown: Number(shown), type, numbers: numbersOf(rest), text: rest });
  }
  const seen = new Set(frames.map((frame) => frame.shown));
  const complete = frames.length > 0 && seen.size === frames.length && frames.every((f) => f.shown < frames.length);
  return complete ? ok({ options: text.slice(0, end), frames }) : fail("its frames are not the frames of one film");
}

function numbersOf(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const word of text.split(" ")) {
    const colon = word.indexOf(":");
    const value = Number(word.slice(colon + 1));
    if (colon > 0 && colon < word.length - 1 && Number.isFinite(value)) numbers.set(word.slice(0, colon), value);
  }
  return numbers;
}

/** The text of a log, as the encoder writes and reads it. */
export function printFrameLog(log: FrameLog): string {
  const frames = log.frames.map((frame, out) => `in:${frame.shown} out:${out} ${frame.text};\n`);
  return `${log.options}\n${frames.join("")}`;
}

/** The log of a whole film from those of its chunks, in order. Takes the options of the first. */
export function joinFrameLogs(logs: readonly FrameLog[]): FrameLog {
  const frames: LoggedFrame[] = [];
  for (const log of logs) {
    const before = frames.length;
    for (const frame of log.frames) frames.push({ ...frame, shown: frame.shown + before });
  }
  return { options: logs[0]?.options ?? "", frames };
}

/** A part of a log as a log of its own, and where the part lies in coded order. */
export interface LogPart {
  readonly log: FrameLog;
  readonly firstCoded: number;
}

/**
 * The log of the frames shown from `first` to before `end`, as if they were a film. Fails when they cannot stand by
 * themselves: the first is no closing keyframe, or one behind the end does not begin anew.
 */
export function sliceFrameLog(log: FrameLog, first: number, end: number): Result<LogPart, string> {
  const firstCoded = log.frames.findIndex((frame) => frame.shown === first);
  const frames = log.frames.slice(firstCoded, firstCoded + end - first);
  if (firstCoded === -1 || frames[0]?.type !== "I") return fail(`frame ${first} is no closing keyframe`);
  if (frames.length !== end - first || frames.some((f) => f.shown < first || f.shown >= end)) {
    return fail(`frames ${first} to ${end - 1} are not coded by themselves`);
  }
  return ok({ log: { ...log, frames: frames.map((f) => ({ ...f, shown: f.shown - first })) }, firstCoded });
}

/** True when the log has a second file beside it (x264's `.mbtree`, x265's `.cutree`), by its line of options. */
export function hasTree({ options }: Pick<FrameLog, "options">): boolean {
  return / mbtree=1| cutree\b/.test(options);
}

/** True when other frames refer to it: x264's `.mbtree` and x265's `.cutree` have a record for it, in coded order. */
export function isReferenced(frame: LoggedFrame): boolean {
  return frame.type !== "b";
}

/** A run of bytes of a file, from `start` to before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the records of the frames `firstCoded` to before `endCoded` lie in a tree file (`.mbtree`, `.cutree`) of `size`
 * bytes: all are of one length, a byte with the frame's type and a number of two bytes a block. Fails when the file does
 * not fit the log.
 */
export function treeRange(
  log: FrameLog,
  size: number,
  firstCoded: number,
  endCoded: number,
): Result<ByteRange, string> {
  const records = (to: number): number => log.frames.slice(0, to).filter(isReferenced).length;
  const length = size / Math.max(1, records(log.frames.length));
  if (!Number.isInteger(length) || length % 2 !== 1) return fail("the tree file does not fit the log");
  return ok({ start: records(firstCoded) * length, end: records(endCoded) * length });
}
