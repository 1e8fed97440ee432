import { type Command, fileOptions, globalOptions, type InputFile, type OptionUse } from "../ffmpeg/command.js";
import { findOption } from "../ffmpeg/options.js";
import { fail, ok, type Result } from "../lib/result.js";
import { readGraphs, readSimple } from "./command-graphs.js";
import { type Condition, optionsInput, pairTrait } from "./filters/index.js";
import { type FilterFacts, planFilters } from "./graph.js";
import { firstPassReason, passAsked } from "./rate-control/first-pass.js";
import { localPath } from "./local-path.js";
import { NO_OUTPUT } from "./reasons.js";
import { streamingKind, streamingReason } from "./streaming.js";
import { isTee, teeReason } from "./tee.js";

/**
 * First look at a command of one output, by its words alone: may it be split at all?
 * The reason is a sentence for the user: "not split: …".
 */
export function mayBeSplit(command: Command): Result<void, string> {
  for (const check of [checkShape, checkGlobals, checkGraphs, checkInputs, checkOutput]) {
    const reason = check(command);
    if (reason !== undefined) return fail(reason);
  }
  return ok(undefined);
}

function checkShape(command: Command): string | undefined {
  const uses = [...globalOptions(command), ...command.trailing];
  const information = uses.find((use) => findOption(use.name)?.information);
  if (information) return `${information.flag} only prints`;
  if (command.inputs.length === 0) return "there is no input";
  if (command.outputs.length === 0) return NO_OUTPUT;
  if (command.trailing.some((use) => use.scope === "file")) return "options stand behind the output";
  return undefined;
}

/** Global options that change nothing about which frames come out, or are carried to every stage. */
const GLOBALS = new Set([
  "y",
  "n",
  "stdin",
  "loglevel",
  "hide_banner",
  "stats",
  "stats_period",
  "progress",
  "report",
  "filter_threads",
  "filter_complex",
  "filter_complex_threads",
  "vsync",
  "copyts",
  "start_at_zero",
]);

function checkGlobals(command: Command): string | undefined {
  const other = globalOptions(command).find((use) => !GLOBALS.has(use.name));
  return other && `${other.flag} is not split`;
}

/** Options before the film's `-i` that every stage that reads the source is given, and that no chunk needs to know. */
const INPUT_OPTIONS = new Set([
  ..."f ss sseof t to accurate_seek seek_timestamp stream_loop thread_queue_size probesize analyzeduration fflags find_stream_info itsoffset".split(
    " ",
  ),
  ..."framerate pixel_format video_size ignore_editlist".split(" "),
  // Sequences of pictures (libavformat/img2dec.c) and lists of films (concatdec.c).
  ..."pattern_type start_number start_number_range safe segment_time_metadata auto_convert".split(" "),
]);

/** Demuxers that read something else than one film, or read it in real time (libavdevice). */
const OTHER_DEMUXERS = new Set(
  `lavfi x11grab kmsgrab fbdev v4l2 video4linux2 alsa pulse jack oss sndio dshow gdigrab
  avfoundation decklink openal iec61883 libdc1394 bktr xcbgrab android_camera hls dash rtsp sdp tee`.split(/\s+/),
);

/** Whether a demuxer is none of files: it reads a device, the network, or what filters draw. */
export const isDeviceFormat = (format: string): boolean => OTHER_DEMUXERS.has(format);

/** ffmpeg's own options before the `-i` of what goes along with the film: FINAL alone reads it. */
const BESIDE_OPTIONS = new Set([
  ...INPUT_OPTIONS,
  ..."c ar ac sample_fmt channel_layout guess_layout_max itsscale isync".split(" "),
  ..."fix_sub_duration canvas_size discard".split(" "),
]);

function checkInputs(command: Command): string | undefined {
  const reasons = command.inputs.map(whyNoFilm);
  if (reasons.every((reason) => reason !== undefined)) return reasons[0];
  if (command.inputs.filter((input) => localPath(input.url) === "-").length > 1) return "standard input is read twice";
  // Which of them the film is in, ffmpeg will say.
  for (const [i, input] of command.inputs.entries()) {
    const reason = reasons[i] === undefined ? undefined : whyNotBeside(input);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why an input cannot go along with the film. */
function whyNotBeside(input: InputFile): string | undefined {
  const options = fileOptions(input);
  const odd = options.find(
    (use) => use.flag.startsWith("-/") || (findOption(use.name) !== undefined && !BESIDE_OPTIONS.has(use.name)),
  );
  if (odd) return `${odd.flag} before -i is not split`;
  const format = options.findLast((use) => use.name === "f")?.value;
  if (format === "lavfi") return undefined;
  if (format !== undefined && OTHER_DEMUXERS.has(format)) return `-f ${format} is no file`;
  return localPath(input.url) === undefined ? `${input.url} is no local file` : undefined;
}

/** Why the film cannot be in this input, as far as its words tell. */
export function whyNoFilm(input: InputFile): string | undefined {
  const options = fileOptions(input);
  const unknown = options.find((use) => !INPUT_OPTIONS.has(use.name) || use.flag.startsWith("-/"));
  if (unknown) return `${unknown.flag} before -i is not split`;
  const format = options.findLast((use) => use.name === "f")?.value;
  if (format !== undefined && OTHER_DEMUXERS.has(format)) return `-f ${format} is no film file`;
  const url = localPath(input.url);
  if (url === undefined) return `${input.url} is no local file`;
  if (url === "-" && options.some((use) => use.name === "stream_loop")) return "standard input is read again and again";
  return undefined;
}

/** ffmpeg's own options of an output that concern how one video stream is encoded: the workers are given them. */
export const FILM_OPTIONS = new Set(
  "c q filter pix_fmt s aspect intra_matrix inter_matrix chroma_intra_matrix bits_per_raw_sample b profile pass passlogfile".split(
    " ",
  ),
);

/** Options of all muxers that move times: FINAL alone may do it (libavformat/options_table.h). */
export const FINAL_ALONE: ReadonlySet<string> = new Set(["output_ts_offset", "avoid_negative_ts"]);

/** ffmpeg's own options of an output that the plan itself carries out. */
export const PLANNED_OPTIONS = new Set(
  "map ss t to frames fps_mode r enc_time_base disposition force_key_frames".split(" "),
);

/** ffmpeg's own options of an output that FINAL is given as they stand. */
const FINAL_OPTIONS = new Set(
  `f an sn dn ar ac vol sample_fmt channel_layout metadata map_metadata map_chapters tag bsf muxdelay muxpreload
  shortest shortest_buf_duration max_muxing_queue_size muxing_queue_data_threshold streamid attach program timestamp canvas_size
  guess_layout_max bitexact`.split(/\s+/),
);

/** Why an output without video is not split. */
export const NO_VIDEO = "no video is wanted";

function checkOutput(command: Command): string | undefined {
  const [output] = command.outputs;
  if (!output) return undefined;
  for (const use of fileOptions(output)) {
    if (use.flag.startsWith("-/")) return `${use.flag} is not split`;
    if (use.name === "vn") return NO_VIDEO;
    // `-filter:0` may mean the film.
    if (use.name === "filter" && /^[asdt](:|$)/.test(use.spec ?? "")) continue;
    if (findOption(use.name) === undefined) continue;
    if (!FILM_OPTIONS.has(use.name) && !PLANNED_OPTIONS.has(use.name) && !FINAL_OPTIONS.has(use.name)) {
      return `${use.flag} is not split`;
    }
    if (use.name === "filter") {
      const reason = checkFilters(use);
      if (reason !== undefined) return reason;
    }
  }
  const pass = firstPassReason(command);
  if (pass !== undefined) return pass;
  if (passAsked(output) === "1") return undefined;
  if (isTee(output)) return teeReason(output);
  const path = localPath(output.url);
  if (path === "-" || path === undefined) return "the output is no local file";
  const kind = streamingKind(output);
  if (kind !== undefined) return streamingReason(output, kind);
  return /%\d*d/.test(path) ? "the output is a sequence of files" : undefined;
}

/** What the command's words cannot tell is taken for granted at first. */
const FACTS: FilterFacts = {
  granted: () => new Set<Condition>(["same-fonts", "subtitles-apart", "steady-textfile"]),
  endless: ({ use }) => pairTrait(optionsInput(use.name, use.options), false).kind === "whole",
};

function checkFilters(use: OptionUse): string | undefined {
  const graph = readSimple(use.value ?? "");
  const plan = graph.ok ? planFilters(graph.value.line, FACTS) : graph;
  return plan.ok ? undefined : plan.failure;
}

function checkGraphs(command: Command): string | undefined {
  const odd = globalOptions(command).find((use) => use.name === "filter_complex" && use.flag.startsWith("-/"));
  if (odd) return `${odd.flag} is not split`;
  const graphs = readGraphs(command);
  if (!graphs.ok) return graphs.failure;
  for (const { graph } of graphs.value.films) {
    const plan = planFilters(graph.line, FACTS);
    if (!plan.ok) return plan.failure;
  }
  return undefined;
}
