import { basename, dirname, join, resolve } from "node:path";
import { fileOptions, lastOption, type OutputFile } from "../ffmpeg/command.js";
import { parseDuration } from "../ffmpeg/duration.js";
import type { KeyPlan } from "./gop.js";
import { localPath } from "./local-path.js";
import { table } from "../lib/table.js";

/**
 * Outputs of many files (HLS, DASH and the segment muxers). FINAL writes them into a folder of its own, in which every path
 * stands as it does on this machine; what their playlists say of each other is relative, and stays true.
 */
export type StreamingKind = "hls" | "dash" | "segment";

/** Muxers by the names that `-f` and ffmpeg's log give them (libavformat/hlsenc.c, dashenc.c, segment.c). */
const KINDS: Readonly<Record<string, StreamingKind>> = table({
  hls: "hls",
  dash: "dash",
  segment: "segment",
  stream_segment: "segment",
  ssegment: "segment",
  "stream_segment,ssegment": "segment",
});

/** Options that name further files of the output. */
export const PATHS: ReadonlySet<string> = new Set([
  "hls_segment_filename",
  "hls_subtitle_path",
  "segment_list",
  "segment_header_filename",
]);

/** What kind of many files an output is; undefined for one file. */
export function streamingKind(output: OutputFile): StreamingKind | undefined {
  const format = lastOption(fileOptions(output), "f")?.value;
  if (format !== undefined) return KINDS[format];
  if (/\.mpd$/i.test(output.url)) return "dash";
  return /\.m3u8?$/i.test(output.url) ? "hls" : undefined;
}

/** Whether an output writes more than the one file that it names. */
export function writesManyFiles(output: OutputFile): boolean {
  return streamingKind(output) !== undefined || /%\d*d/.test(output.url);
}

/** Where a path of this machine stands in such a folder. */
export const placeIn = (folder: string, path: string): string => join(folder, resolve(path));

/** The output with its files in the folder; for outputs without reason not to be split (`streamingReason`). */
export function moveInto(output: OutputFile, folder: string): OutputFile {
  const move = (url: string): string => placeIn(folder, localPath(url) ?? url);
  const options = output.options.map((use) =>
    PATHS.has(use.name) && use.value !== undefined ? { ...use, value: move(use.value) } : use,
  );
  return { url: move(output.url), options };
}

/** The folders in which the output's files are made: absolute paths. ffmpeg expects them to be there, but those it names by `%v`. */
export function outputFolders(output: OutputFile): readonly string[] {
  const paths = fileOptions(output).filter((use) => PATHS.has(use.name));
  return [output.url, ...paths.map((use) => use.value ?? "")].map(folderOf);
}

function folderOf(url: string): string {
  const folder = dirname(resolve(localPath(url) ?? url));
  const named = folder.indexOf("%v");
  return named === -1 ? folder : dirname(folder.slice(0, named + 1));
}

/** Whether segments are removed again while others come. */
export function isShortened(output: OutputFile): boolean {
  const options = fileOptions(output);
  if (streamingKind(output) === "dash") return !/^0*$/.test(lastOption(options, "window_size")?.value ?? "");
  return /delete_segments/.test(lastOption(options, "hls_flags")?.value ?? "");
}

/** Whether an HLS playlist names every segment from the first to the last. */
export function listsAll(output: OutputFile): boolean {
  const options = fileOptions(output);
  const type = lastOption(options, "hls_playlist_type")?.value;
  return lastOption(options, "hls_list_size")?.value === "0" || type === "vod" || type === "event";
}

const NAMES: Readonly<Record<StreamingKind, string>> = { hls: "HLS", dash: "DASH", segment: "segments" };

/** The option that says how long segments are, and what holds without it. */
const LENGTHS: Readonly<Record<StreamingKind, readonly [option: string, otherwise: string]>> = {
  hls: ["hls_time", "2"],
  dash: ["seg_duration", "5"],
  segment: ["segment_time", "2"],
};

/** Flags of HLS with which a joined film may go: not those of the clock and of keys that change. */
const HLS_FLAGS =
  /^[+]?((single_file|temp_file|discont_start|round_durations|independent_segments|omit_endlist|program_date_time|iframes_only|split_by_time|append_list|delete_segments)[+]?)*$/;

/** Options that a joined film is not made for, and the values with which they change nothing; undefined: there are none. */
const ODD: Readonly<Record<StreamingKind, Readonly<Record<string, RegExp | undefined>>>> = {
  hls: table<Readonly<Record<string, RegExp | undefined>>>({
    var_stream_map: /^[\w:,\s-]+$/,
    // Its key is written, and named in the playlist, beside the path that is muxed to.
    hls_enc: /^(0|false)$/,
    hls_flags: HLS_FLAGS,
    hls_start_number_source: /^generic$/,
    hls_fmp4_init_filename: /^[^/%]+$/,
    master_pl_name: /^[^/%]+$/,
    strftime: /^(0|false)$/,
    strftime_mkdir: /^(0|false)$/,
    method: undefined,
  }),
  dash: table<Readonly<Record<string, RegExp | undefined>>>({
    remove_at_exit: /^(0|false)$/,
    streaming: /^(0|false)$/,
    ldash: /^(0|false)$/,
    write_prft: undefined,
    utc_timing_url: undefined,
    method: undefined,
    single_file_name: /^[^/]*\$RepresentationID\$[^/]*$/,
    init_seg_name: /^[^/]*\$RepresentationID\$[^/]*$/,
    media_seg_name: /^[^/]*\$RepresentationID\$[^/]*$/,
    hls_master_name: /^[^/]+$/,
    dash_segment_type: /^(auto|mp4|0|1)$/,
    format_options: undefined,
    mpd_profile: /^(dash|\+?dash)$/,
  }),
  segment: table<Readonly<Record<string, RegExp | undefined>>>({
    segment_atclocktime: /^(0|false)$/,
    segment_wrap: /^0$/,
    strftime: /^(0|false)$/,
    break_non_keyframes: /^(0|false)$/,
    individual_header_trailer: /^(1|true)$/,
    reference_stream: /^auto$/,
    segment_list_flags: /^[+]?cache$/,
  }),
};

/** Whether segments are fragments of MP4, which mean nothing without their playlist. */
export function hasFragments(output: OutputFile): boolean {
  if (streamingKind(output) === "dash") return true;
  return lastOption(fileOptions(output), "hls_segment_type")?.value === "fmp4";
}

/** One of several playlists of an output (`-var_stream_map`), and the films in it by their order in the output. */
export interface Variant {
  /** What stands for `%v`. */
  readonly name: string;
  readonly films: readonly number[];
}

/** The variants of an HLS output; undefined where it has one playlist (libavformat/hlsenc.c parse_variant_stream_mapstring). */
export function variantsOf(output: OutputFile): readonly Variant[] | undefined {
  const map = lastOption(fileOptions(output), "var_stream_map")?.value?.trim();
  if (streamingKind(output) !== "hls" || !map) return undefined;
  return map.split(/\s+/).map((text, i) => {
    const parts = text.split(",").map((part) => part.split(":"));
    const name = parts.find(([key]) => key === "name")?.[1] ?? `${i}`;
    return { name, films: parts.flatMap(([key, value]) => (key === "v" ? [Number(value)] : [])) };
  });
}

/** The playlists to which an HLS output adds what it writes (`-hls_flags append_list`); none of other outputs. */
export function addedTo(output: OutputFile): readonly string[] {
  const adds = /append_list/.test(lastOption(fileOptions(output), "hls_flags")?.value ?? "");
  if (streamingKind(output) !== "hls" || !adds) return [];
  return variantsOf(output)?.map(({ name }) => output.url.replaceAll("%v", name)) ?? [output.url];
}

/** The playlist that a film of an HLS output is in, by the film's order in the output. */
export function playlistOf(output: OutputFile, film: number): string {
  const variant = variantsOf(output)?.find(({ films }) => films.includes(film));
  return variant ? output.url.replaceAll("%v", variant.name) : output.url;
}

/** A pattern of no name. */
const NOTHING = /^(?!)/;

/**
 * What the names of a DASH stream's files look like: that of its head, and those of its segments, which are nothing
 * without it (libavformat/dashenc.c ff_dash_fill_tmpl_params, 5.1).
 */
export function dashNames(output: OutputFile, stream: number): { readonly head: RegExp; readonly segment: RegExp } {
  const like = (option: string, otherwise: string): RegExp => {
    const template = lastOption(fileOptions(output), option)?.value ?? otherwise;
    const parts = template.split(/(\$[^$]*\$)/).map((part) => {
      if (part === "$RepresentationID$") return `${stream}`;
      if (part === "$ext$") return "(m4s|mp4|webm)";
      return part.startsWith("$") ? "\\d+" : part.replace(/[^\w]/g, "\\$&");
    });
    return new RegExp(`^${parts.join("")}$`);
  };
  if (
    /^(1|true)$/.test(lastOption(fileOptions(output), "single_file")?.value ?? "") ||
    lastOption(fileOptions(output), "single_file_name")
  ) {
    const stem = basename(output.url).replace(/\.[^.]*$/, "");
    return { head: like("single_file_name", `${stem}-stream$RepresentationID$.$ext$`), segment: NOTHING };
  }
  return {
    head: like("init_seg_name", "init-stream$RepresentationID$.$ext$"),
    segment: like("media_seg_name", "chunk-stream$RepresentationID$-$Number%05d$.$ext$"),
  };
}

/** Why such an output cannot be made of a joined film, as far as its words tell. */
export function streamingReason(output: OutputFile, kind: StreamingKind): string | undefined {
  const options = fileOptions(output);
  for (const use of options) {
    if (use.name in ODD[kind] && !ODD[kind][use.name]?.test(use.value ?? "")) {
      return `${use.flag} ${use.value ?? ""} of ${NAMES[kind]} is not split`.replace("  ", " ");
    }
    if (PATHS.has(use.name) && ["-", undefined].includes(localPath(use.value ?? ""))) {
      return `${use.flag} ${use.value ?? ""} is no local file`;
    }
  }
  return kind === "hls" ? hlsReason(output) : undefined;
}

/** What cannot be proven of HLS, or shows only while it is made. */
function hlsReason(output: OutputFile): string | undefined {
  const options = fileOptions(output);
  const flags = lastOption(options, "hls_flags")?.value ?? "";
  if (/append_list/.test(flags) && /delete_segments/.test(flags))
    return "-hls_flags append_list+delete_segments is not split";
  const encrypted = lastOption(options, "hls_key_info_file") !== undefined;
  if (encrypted && hasFragments(output)) return "-hls_key_info_file with fragments is not split";
  if ((encrypted || variantsOf(output)) && !listsAll(output)) {
    return "its playlist does not name all segments (-hls_list_size 0)";
  }
  return undefined;
}

/**
 * Why segments would not begin where plain ffmpeg begins them: they begin with keyframes, and so all of these have to be
 * certain, or those that are forced to be where segments are due.
 */
export function segmentsReason(output: OutputFile, kind: StreamingKind, keys: KeyPlan | undefined): string | undefined {
  const options = fileOptions(output);
  const byTime = kind === "hls" && /split_by_time/.test(lastOption(options, "hls_flags")?.value ?? "");
  if (keys?.every !== undefined || byTime) return undefined;
  const every = /^expr:gte\(t,(?:0\+)?n_forced\*(\d+(?:\.\d+)?)\)$/.exec(keys?.forced ?? "")?.[1];
  const [option, otherwise] = LENGTHS[kind];
  const due = lastOption(options, option)?.value ?? otherwise;
  const odd = options.some((use) => ["segment_times", "segment_frames", "hls_init_time"].includes(use.name));
  const [period, length] = [parseDuration(every ?? ""), parseDuration(due)];
  if (!odd && period && length && length >= period && length % period === 0n) return undefined;
  return "segments begin with keyframes that the encoder sets by the pictures (a fixed GOP would settle it: -g N -sc_threshold 0)";
}
