import type { Readable } from "node:stream";
import type { Config } from "../config/types.js";
import { fileOptions, type InputFile } from "../ffmpeg/command.js";
import { filmInput } from "../ffmpeg/guarded-input.js";
import { type MediaInfo, readProbe } from "../ffmpeg/media.js";
import { findOption } from "../ffmpeg/options.js";
import { runLocal } from "../ffmpeg/run.js";
import { fail, type Problem, type Result } from "../lib/result.js";

/** What the host's programs and the job's folder are. */
export interface HostTools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly folder: string;
  /** A fresh reader of standard input for each stage that reads it. */
  readonly stdin: (() => Readable) | undefined;
  /** Settles when that could not be kept to its end. */
  readonly stdinLost?: Promise<Problem> | undefined;
  /** True when no workers are configured: all chunks are encoded on this machine. */
  readonly alone: boolean;
  /** Frames that a film has to have to be worth splitting. */
  readonly least: number;
  /** Where it is seen to have fewer, no other reason is looked for. */
  readonly hasty: boolean;
  readonly signal: AbortSignal;
}

/** Frames that a film has to have to be worth splitting: enough for two chunks; none where splitting is insisted on. */
export const leastFrames = ({ route, keyint_min }: Pick<Config, "route" | "keyint_min">): number =>
  route === "chunks" ? 0 : 2 * keyint_min;

/** Demuxers of pictures: of sequences of files, or of one file (libavformat/img2dec.c). */
export const PICTURE = /^image2$|_pipe$/;

/** ffmpeg's own options of an input that its demuxer is told. */
const DEMUXER_OPTIONS = new Set(["f", "find_stream_info"]);

/** The line that says best why ffmpeg gave up: the first one that names a fault. */
export function faultIn(tail: readonly string[]): string {
  const words = tail
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== "" && !/Conversion failed!|Statistics:|^Total:|Input (file|stream)|Output (file|stream)/.test(line),
    );
  const fault = words.find((line) =>
    /error|invalid|unknown|unrecognized|no such|failed|not found|could not|cannot|unable|does not|not supported/i.test(
      line,
    ),
  );
  return (fault ?? words.at(-1) ?? "").replace(/^\[[^\]]* @ 0x[0-9a-f]+\] /, "");
}

/** ffprobe's view of an input of the command; `stdin` is a reader of standard input where the input is that. */
export async function probeInput(
  tools: HostTools,
  input: InputFile,
  stdin: Readable | undefined,
): Promise<Result<MediaInfo, string>> {
  // What a demuxer needs to be told, ffprobe needs to be told too; times are ffmpeg's own business.
  const told = fileOptions(input).filter((use) => DEMUXER_OPTIONS.has(use.name) || findOption(use.name) === undefined);
  return runProbe(
    tools,
    [...told.flatMap((u) => (u.value === undefined ? [u.flag] : [u.flag, u.value])), "-i", input.url],
    stdin,
  );
}

/** Whether a picture's file holds one picture and no more. */
export async function holdsOneFrame(tools: HostTools, args: readonly string[]): Promise<boolean> {
  const count = [
    "-v",
    "error",
    "-read_intervals",
    "%+#2",
    "-count_packets",
    "-show_entries",
    "stream=nb_read_packets",
    "-of",
    "csv=p=0",
  ];
  const run = await runLocal(tools.ffprobe, [...count, ...args], { signal: tools.signal });
  return run.code === 0 && run.stdout.trim() === "1";
}

/** ffprobe's view of a file on this machine. */
export async function probeFile(tools: HostTools, path: string): Promise<Result<MediaInfo, string>> {
  return runProbe(tools, ["-i", `file:${path}`]);
}

/** The same of a film that was joined of what workers have sent: it is read by no demuxer that opens other files. */
export async function probeWritten(tools: HostTools, path: string): Promise<Result<MediaInfo, string>> {
  return runProbe(tools, filmInput(path));
}

/** The same of a short file in which a stream may begin behind all that others have (-analyzeduration, -probesize). */
export async function probeHead(tools: HostTools, path: string): Promise<Result<MediaInfo, string>> {
  return runProbe(tools, ["-analyzeduration", "1G", "-probesize", "1G", "-i", `file:${path}`]);
}

async function runProbe(
  tools: HostTools,
  args: readonly string[],
  stdin?: Readable,
): Promise<Result<MediaInfo, string>> {
  const run = await runLocal(tools.ffprobe, ["-v", "error", "-show_streams", "-show_format", "-of", "json", ...args], {
    signal: tools.signal,
    ...(stdin ? { stdin } : {}),
  });
  if (run.startError !== undefined) return fail(`${tools.ffprobe}: ${run.startError}`);
  if (run.code !== 0) return fail(`ffprobe refuses it (${faultIn(run.stderrTail)})`);
  const media = readProbe(run.stdout);
  return media.ok ? media : fail(media.failure.what);
}
