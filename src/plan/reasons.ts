import { fileOptions, type InputFile, lastOption, type OutputFile } from "../ffmpeg/command.js";
import type { StreamMapping } from "../ffmpeg/log.js";
import type { Generation } from "./frame-clock.js";
import type { KeyPlan } from "./gop.js";
import type { Findings } from "./prepare.js";
import { streamOf } from "./routing.js";
import { segmentsReason, streamingKind } from "./streaming.js";

/** How every reason begins that is ffmpeg's own to give, since it does not take the command. */
export const REFUSES = "ffmpeg refuses it";

/** Why a command is for plain ffmpeg on this machine, which is given its words byte for byte. */
export const NOT_UTF8 = "a word of the command is not valid UTF-8";

/** Why ffmpeg has nothing to write. */
export const NO_OUTPUT = "there is no output";

/** True for a reason that ffmpeg gives itself when the command is run. */
export function isRefused(reason: string): boolean {
  return reason.startsWith(REFUSES) || reason === NO_OUTPUT;
}

/** Why an output of many files would not be plain ffmpeg's. */
export function streamsReason(
  output: OutputFile,
  keys: KeyPlan | undefined,
  mappings: readonly StreamMapping[],
  { inputs }: Findings,
): string | undefined {
  const kind = streamingKind(output);
  if (kind === undefined) return undefined;
  const kinds = ["video", "audio", ...(kind === "hls" ? ["subtitle"] : [])];
  const odd = mappings.find((m) => !kinds.includes(streamOf(inputs, m)?.type ?? ""));
  if (odd) return "subtitles and data in segments are not split";
  return segmentsReason(output, kind, keys);
}

/** Why a film that is read again and again does not end, or may not come as often as ffmpeg says. */
export function loopReason(
  input: InputFile,
  generation: Generation,
  end: bigint | number | undefined,
): string | undefined {
  const loop = lastOption(fileOptions(input), "stream_loop")?.value;
  if (loop === undefined || loop === "0") return undefined;
  // fftools/ffmpeg.c process_input, 5.1: it ends the filters of copied packets with the first reading.
  if (generation === "by-rate") return "this ffmpeg cannot copy a film that is read again (-stream_loop)";
  if (/^\d{1,6}$/.test(loop)) return undefined;
  if (loop !== "-1") return `-stream_loop ${loop} is not understood`;
  return end === undefined ? "the film has no end" : undefined;
}
