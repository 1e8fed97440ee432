import { type Command, fileOptions, lastOption } from "../ffmpeg/command.js";
import { parseDuration } from "../ffmpeg/duration.js";
import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import { toNumber } from "../lib/rational.js";

type Options = ReturnType<typeof fileOptions>;

/** Options of an input with which it is read for longer than its container says. */
const REPEATED = ["loop", "stream_loop", "ignore_loop"];

/** Whether a stream is a film, and no picture that goes with sound. */
export const isFilm = (stream: StreamInfo): boolean =>
  stream.type === "video" && !stream.dispositions.includes("attached_pic") && stream.width !== undefined;

/**
 * Seconds that are used of an input of so many (undefined: nobody knows) by the times that are said of it and of an output,
 * whatever filters make of them; undefined where nothing says it.
 */
export function usedSeconds(input: Options, output: Options, whole: number | undefined): number | undefined {
  let left = REPEATED.some((name) => lastOption(input, name) !== undefined) ? undefined : whole;
  for (const options of [input, output]) {
    const seconds = (name: string): number | undefined => {
      const parsed = parseDuration(lastOption(options, name)?.value ?? "");
      return parsed === undefined ? undefined : Number(parsed) / 1e6;
    };
    const [start = 0, length, end] = [seconds("ss"), seconds("t"), seconds("to")];
    if (left !== undefined) left = Math.max(0, left - start);
    const limit = length ?? (end === undefined ? undefined : Math.max(0, end - start));
    if (limit !== undefined) left = Math.min(left ?? limit, limit);
  }
  return left;
}

/**
 * Why a command is not worth splitting: no output has `least` frames of any film, by what containers and the words say;
 * undefined where it is, or where nobody knows.
 */
export function tooShort(command: Command, inputs: readonly MediaInfo[], least: number): string | undefined {
  let longest = 0;
  for (const [i, { streams, durationSeconds }] of inputs.entries()) {
    const input = command.inputs[i];
    if (!input) continue;
    for (const { averageFrameRate } of streams.filter(isFilm)) {
      const rate = averageFrameRate && toNumber(averageFrameRate);
      for (const output of command.outputs) {
        const seconds = usedSeconds(fileOptions(input), fileOptions(output), durationSeconds);
        if (seconds === undefined || rate === undefined || !(rate > 0)) return undefined;
        longest = Math.max(longest, Math.round(seconds * rate));
      }
    }
  }
  return shortReason(longest, least);
}

/** Why a film of so many frames (0: none is known) is not split; undefined where it has `least`. */
export function shortReason(frames: number, least: number): string | undefined {
  if (frames === 0 || frames >= least) return undefined;
  const half = Math.max(1, Math.floor(frames / 2));
  return `a film of ${frames} frames is too short for two chunks (-df_keyint_min=${half} would allow them)`;
}
