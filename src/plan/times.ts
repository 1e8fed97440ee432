import {
  type Command,
  fileOptions,
  globalOptions,
  type InputFile,
  lastOption,
  type OptionUse,
  type OutputFile,
} from "../ffmpeg/command.js";
import type { MediaInfo } from "../ffmpeg/media.js";
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
  // 5.1 ends the others when the first encoder has given its last packet, and those that are ahead stay longer; 7.1 by the
  // frames that go into the encoders, or the packets that come out, as the others are encoded or copied.
  if (streams > 1 && lastOption(fileOptions(output), "shortest")?.negated === false) {
    return fail("-shortest: where the other streams end hangs on the film's encoder");
  }
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

/**
 * Whether the inputs' times stay as they are: `-copyts`, without `-start_at_zero` (fftools/ffmpeg_opt.c open_input_file,
 * ts_offset; ffmpeg_demux.c in 7.1).
 */
export function keepsTimes(command: Command): boolean {
  return isSet(command, "copyts") && !isSet(command, "start_at_zero");
}

/** Whether a global switch of ffmpeg's is on. */
export function isSet(command: Command, name: "copyts" | "start_at_zero"): boolean {
  return lastOption(globalOptions(command), name)?.negated === false;
}

/** What `-ss` or `-sseof`, `-t` and `-to` before `-i` leave of the source; `media` is what ffprobe says of it. */
export function inputTrim(
  command: Command,
  input: InputFile,
  media: MediaInfo,
  timeBase: Rational,
): Result<InputTrim, string> {
  const times = readTimes(input);
  if (!times.ok) return times;
  const accurate = lastOption(fileOptions(input), "accurate_seek")?.negated !== true;
  const seek = times.value.start ?? fromEnd(input, media);
  const { limit } = times.value;
  return ok({
    // Frames before the place that was asked for are dropped by ffmpeg's trim filter.
    start: seek !== undefined && accurate ? startTicks(command, seek, media, timeBase) : undefined,
    duration: limit === undefined ? undefined : Number(rescale(limit, MICROSECOND, timeBase)),
  });
}

/**
 * The time of the place that was asked for (fftools/ffmpeg_filter.c configure_input_video_filter, 5.1 and 7.1): 0 from
 * here on, unless times are kept.
 */
function startTicks(command: Command, seek: bigint, { startSeconds }: MediaInfo, timeBase: Rational): number {
  if (!isSet(command, "copyts")) return 0;
  const first = keepsTimes(command) ? microseconds(startSeconds ?? 0) : 0n;
  return Number(rescale(seek + first, MICROSECOND, timeBase));
}

/** `-sseof` as the `-ss` that ffmpeg makes of it; undefined where it makes none (open_input_file, 5.1 and 7.1). */
function fromEnd(input: InputFile, { durationSeconds }: MediaInfo): bigint | undefined {
  const value = lastOption(fileOptions(input), "sseof")?.value;
  const offset = value === undefined ? undefined : parseDuration(value);
  if (offset === undefined || durationSeconds === undefined) return undefined;
  const start = microseconds(durationSeconds) + offset;
  return start < 0n ? undefined : start;
}

/** What ffprobe prints with six digits, in whole microseconds. */
function microseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e6));
}
