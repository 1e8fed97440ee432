import { fileOptions, type InputFile, lastOption, type OptionUse, type OutputFile } from "../ffmpeg/command.js";
import { parseDuration } from "../ffmpeg/duration.js";
import { MICROSECOND, type Rational, rescale } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { FilmPlan } from "./film.js";
import type { InputTrim } from "./windows.js";

type Times = Pick<FilmPlan, "startMicroseconds" | "limitMicroseconds" | "maxFrames">;

/** `-ss`, `-t` or `-to`, and `-frames:v` of the output; `options` are those that apply to the film, `streams` how many the output has. */
export function outputTimes(output: OutputFile, options: readonly OptionUse[], streams: number): Result<Times, string> {
  const times = readTimes(output);
  if (!times.ok) return times;
  const frames = options.findLast((use) => use.name === "frames")?.value;
  if (frames !== undefined && !/^\d+$/.test(frames)) return fail(`-frames:v ${frames} is not understood`);
  // Plain ffmpeg ends the whole file with the film's last frame, and how far the sound has come by then is chance.
  if (frames !== undefined && streams > 1) return fail("-frames:v ends the other streams too");
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

/** What `-ss`, `-t` and `-to` before `-i` leave of the source. */
export function inputTrim(input: InputFile, timeBase: Rational): Result<InputTrim, string> {
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
