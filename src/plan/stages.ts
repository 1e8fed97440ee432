import {
  type Command,
  type InputFile,
  type OptionUse,
  type OutputFile,
  fileOptions,
  globalOptions,
  lastOption,
} from "../ffmpeg/command.js";
import { makeOption } from "../ffmpeg/options.js";
import type { FilmPlan } from "./film.js";
import { withoutPass } from "./rate-control/first-pass.js";
import { type InputStream, sameStream } from "./routing.js";

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
export function processingGlobals(command: Command): string[] {
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

/** Global options that make the output what it is, or that ffmpeg has a word for, and that the stages are given in other ways. */
const REHEARSED = new Set(["vsync", "filter_complex", "filter_complex_threads", "stats_period"]);

/** Names of muxers and extensions of libavformat/movenc.c. */
const MOV_FAMILY = /^(mp4|m4v|mov|ipod|m4a|m4b|3gp|3g2|psp|f4v|ismv|isma)$/i;

/** How an output's head is made: up to the first frame of the streams that `stream` names, into `path`. */
export interface HeadOf {
  readonly stream: string;
  readonly path: string;
}

/**
 * The command for its head alone, as plain ffmpeg runs it, into scratch files (`heads`: output by output): what ffmpeg
 * says and writes here is what the plan is made from, and what the joined film is held against.
 */
export function rehearsalArgs(command: Command, heads: readonly HeadOf[]): string[] {
  return [
    ...["-v", "verbose", "-nostats"],
    ...beforeOutputs(command),
    ...command.outputs.flatMap((output, i) => {
      const { stream = "v", path = "" } = heads[i] ?? {};
      return [
        ...words(withoutPass(fileOptions(output))),
        ...words([makeOption(`-frames:${stream}`, "1")]),
        ...words(headOptions({ ...output, url: path })),
        path,
      ];
    }),
  ];
}

/** What a file's head needs beside the user's options to show all that is in it. */
export function headOptions(file: OutputFile): OptionUse[] {
  const muxer = lastOption(fileOptions(file), "f")?.value ?? file.url.split(".").at(-1) ?? "";
  // An MP4 leaves out the streams that no packet came for, and the head is too short for some; a fragmented one does not.
  return MOV_FAMILY.test(muxer) ? [makeOption("-movflags", "empty_moov")] : [];
}

/** The command as plain ffmpeg runs it on this machine beside the chunks. */
export function plainArgs(command: Command): string[] {
  const outputs = command.outputs.flatMap((output) => [...words(fileOptions(output)), output.url]);
  return ["-v", "error", ...beforeOutputs(command), ...outputs];
}

function beforeOutputs(command: Command): string[] {
  return [
    ...["-nostdin", "-y", ...processingGlobals(command)],
    ...words(globalOptions(command).filter((use) => REHEARSED.has(use.name))),
    ...command.inputs.flatMap(inputWords),
  ];
}
