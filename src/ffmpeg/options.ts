/**
 * ffmpeg's own options.
 *
 * Facts from the tables `options[]` in fftools/ffmpeg_opt.c and
 * CMDUTILS_COMMON_OPTIONS in fftools/opt_common.h, 5.1 to 8.0. Whatever is not
 * in the table is an AVOption of some codec, format or scaler, and those all
 * take a value.
 */
import type { OptionUse } from "./command.js";

/** The kind of stream an option is about, if it is about one kind only. */
export type OptionMedia = "video" | "audio" | "subtitle" | "any";

/** One row of the table. */
export interface OptionInfo {
  readonly name: string;
  /** Whether the next argument belongs to it. Options for `information` take it only if there is one. */
  readonly takesValue: boolean;
  /** Whether `-noname` exists (OPT_BOOL). */
  readonly negatable: boolean;
  /** Prints something and ends the program, whatever else was typed (OPT_EXIT). */
  readonly information: boolean;
  readonly scope: "global" | "file";
  /** Which files it may stand before; of no meaning for global options. */
  readonly applies: "input" | "output" | "both";
  /** Whether `:spec` after the name picks streams. What follows `-metadata:` is no such specifier. */
  readonly specifiers: boolean;
  readonly media: OptionMedia;
  /** The option that this one is another name of. A `spec` here replaces what was typed, as ffmpeg does. */
  readonly alias?: { readonly name: string; readonly spec?: string };
  /** The specifier ffmpeg assumes, with a warning, when none was typed (`-b 1M` is `-b:v 1M`). */
  readonly bareSpec?: string;
  /** The major version from which it takes no value any more. */
  readonly flagSince?: number;
}

type Traits = Partial<Omit<OptionInfo, "name">>;

const DEFAULTS: Omit<OptionInfo, "name"> = {
  takesValue: true,
  negatable: false,
  information: false,
  scope: "file",
  applies: "both",
  specifiers: false,
  media: "any",
};

const FLAG: Traits = { takesValue: false, negatable: true };
/** A function without argument: no value, but no `-no` form either. */
const SWITCH: Traits = { takesValue: false };
const INFORMATION: Traits = { information: true, scope: "global" };
const GLOBAL: Traits = { scope: "global" };
const INPUT: Traits = { applies: "input" };
const OUTPUT: Traits = { applies: "output" };
const STREAMS: Traits = { specifiers: true };
const VIDEO: Traits = { media: "video" };
const AUDIO: Traits = { media: "audio" };
const SUBTITLE: Traits = { media: "subtitle" };

function rows(names: string, ...traits: readonly Traits[]): OptionInfo[] {
  return names
    .split(/\s+/)
    .map((name) => traits.reduce<OptionInfo>((row, more) => ({ ...row, ...more }), { name, ...DEFAULTS }));
}

function alias(name: string, target: string, spec: string, ...traits: readonly Traits[]): OptionInfo[] {
  return rows(name, ...traits, { alias: { name: target, spec } });
}

const TABLE: readonly OptionInfo[] = [
  ...rows(
    `L h version buildconf formats muxers demuxers devices codecs decoders encoders bsfs protocols
    filters pix_fmts layouts sample_fmts dispositions colors sources sinks hwaccels`,
    INFORMATION,
  ),
  ...rows("? help -help", INFORMATION, { alias: { name: "h" } }),

  ...rows(
    `y n ignore_unknown copy_unknown recast_media benchmark benchmark_all stdin dump hex copyts
    start_at_zero xerror auto_conversion_filters stats debug_ts hide_banner print_graphs`,
    GLOBAL,
    FLAG,
  ),
  ...rows("report", GLOBAL, SWITCH),
  ...rows(
    `loglevel max_alloc cpuflags cpucount filter_threads filter_complex_threads
    filter_buffered_frames max_error_rate progress timelimit copytb dts_delta_threshold
    dts_error_threshold abort_on filter_complex filter_complex_script stats_period sdp_file
    vaapi_device qsv_device init_hw_device filter_hw_device print_graphs_file print_graphs_format`,
    GLOBAL,
  ),
  ...rows("v", GLOBAL, { alias: { name: "loglevel" } }),
  ...rows("lavfi", GLOBAL, { alias: { name: "filter_complex" } }),
  ...rows("psnr qphist", GLOBAL, FLAG, VIDEO),
  ...rows("vstats", GLOBAL, SWITCH, VIDEO),
  ...rows("vsync frame_drop_threshold vstats_file vstats_version", GLOBAL, VIDEO),
  ...rows("async adrift_threshold vol", GLOBAL, AUDIO),

  // Files in general. `dec` opens a loopback decoder (7.1); an old binary refuses it.
  ...rows("f t to ss thread_queue_size dec"),
  ...rows("c tag bsf", STREAMS),
  ...rows("codec", STREAMS, { alias: { name: "c" } }),
  ...rows("bitexact", FLAG),
  ...rows("sseof seek_timestamp isync itsoffset stream_loop", INPUT),
  ...rows("readrate readrate_initial_burst readrate_catchup dump_attachment", INPUT),
  ...rows("accurate_seek re find_stream_info", INPUT, FLAG),
  ...rows("itsscale discard reinit_filter drop_changed", INPUT, STREAMS),
  // The help lists streamid and timecode among the video options, but the first numbers streams of
  // any kind and the second also writes a tag of the file.
  ...rows(
    `map map_metadata map_chapters metadata program stream_group fs timestamp target attach
    shortest_buf_duration muxdelay muxpreload fpre streamid timecode`,
    OUTPUT,
  ),
  ...rows("shortest", OUTPUT, FLAG),
  ...rows("copyinkf", OUTPUT, FLAG, STREAMS),
  ...rows(
    `pre frames q filter filter_script copypriorss disposition bits_per_raw_sample time_base
    enc_time_base max_muxing_queue_size muxing_queue_data_threshold stats_enc_pre stats_enc_post
    stats_mux_pre stats_enc_pre_fmt stats_enc_post_fmt stats_mux_pre_fmt`,
    OUTPUT,
    STREAMS,
  ),
  // opt_bitrate(), opt_profile() and opt_qscale() call the bare form ambiguous and mean video by it.
  ...rows("b profile", OUTPUT, STREAMS, { bareSpec: "v" }),
  ...rows("qscale", OUTPUT, STREAMS, { alias: { name: "q" }, bareSpec: "v" }),

  ...rows("vn", FLAG, VIDEO),
  ...rows("r s pix_fmt top", STREAMS, VIDEO),
  ...rows("hwaccel hwaccel_device hwaccel_output_format", INPUT, STREAMS, VIDEO),
  ...rows("display_rotation apply_cropping", INPUT, STREAMS, VIDEO),
  ...rows("display_hflip display_vflip", INPUT, STREAMS, VIDEO, FLAG),
  ...rows(
    `fpsmax aspect rc_override pass passlogfile intra_matrix inter_matrix chroma_intra_matrix
    fps_mode force_key_frames`,
    OUTPUT,
    STREAMS,
    VIDEO,
  ),
  ...rows("force_fps fix_sub_duration_heartbeat", OUTPUT, STREAMS, VIDEO, FLAG),
  // Declared with both OPT_BOOL and HAS_ARG until 6.1: `-autorotate 0` and `-noautorotate`.
  ...rows("autorotate", INPUT, STREAMS, VIDEO, { negatable: true, flagSince: 7 }),
  ...rows("autoscale", OUTPUT, STREAMS, VIDEO, { negatable: true, flagSince: 7 }),
  ...alias("vcodec", "c", "v", VIDEO),
  ...alias("vtag", "tag", "v", VIDEO),
  ...alias("vf", "filter", "v", OUTPUT, VIDEO),
  ...alias("vframes", "frames", "v", OUTPUT, VIDEO),
  ...alias("vbsf", "bsf", "v", OUTPUT, VIDEO),
  ...alias("vpre", "pre", "v", OUTPUT, VIDEO),
  // Not in ffmpeg's table: opt_default() takes a generic codec option with a letter v, a or s before
  // it for that kind of stream, and this is the one that people still type.
  ...alias("vb", "b", "v", OUTPUT, VIDEO),

  ...rows("an", FLAG, AUDIO),
  ...rows("ar ac sample_fmt channel_layout", STREAMS, AUDIO),
  ...rows("ch_layout", STREAMS, AUDIO, { alias: { name: "channel_layout" } }),
  ...rows("guess_layout_max", INPUT, STREAMS, AUDIO),
  ...rows("apad", OUTPUT, STREAMS, AUDIO),
  ...rows("map_channel", OUTPUT, AUDIO),
  ...alias("acodec", "c", "a", AUDIO),
  ...alias("atag", "tag", "a", OUTPUT, AUDIO),
  ...alias("af", "filter", "a", OUTPUT, AUDIO),
  ...alias("aframes", "frames", "a", OUTPUT, AUDIO),
  ...alias("aq", "q", "a", OUTPUT, AUDIO),
  ...alias("ab", "b", "a", OUTPUT, AUDIO),
  ...alias("absf", "bsf", "a", OUTPUT, AUDIO),
  ...alias("apre", "pre", "a", OUTPUT, AUDIO),

  ...rows("sn", FLAG, SUBTITLE),
  ...rows("fix_sub_duration", INPUT, STREAMS, SUBTITLE, FLAG),
  ...rows("canvas_size", INPUT, STREAMS, SUBTITLE),
  ...alias("scodec", "c", "s", SUBTITLE),
  ...alias("stag", "tag", "s", OUTPUT, SUBTITLE),
  ...alias("spre", "pre", "s", OUTPUT, SUBTITLE),

  ...rows("dn", FLAG),
  ...alias("dcodec", "c", "d"),
  ...alias("dframes", "frames", "d", OUTPUT),
];

const BY_NAME: ReadonlyMap<string, OptionInfo> = new Map(TABLE.map((info) => [info.name, info]));

/** Every row of the table. */
export function allOptions(): readonly OptionInfo[] {
  return TABLE;
}

/** The row of the option `name` (no dash, no specifier); undefined for AVOptions. */
export function findOption(name: string): OptionInfo | undefined {
  return BY_NAME.get(name);
}

/** What a flag turned out to be. */
export interface FlagMeaning {
  readonly info: OptionInfo | undefined;
  readonly name: string;
  readonly spec: string | undefined;
  readonly negated: boolean;
}

/**
 * Looks up a flag as typed, with its leading dash.
 *
 * As find_option() in cmdutils.c: the name ends at the first colon whether or
 * not the option allows specifiers; `-nofoo` is looked at only after `nofoo`
 * itself; `-/foo` (7.0) is `-foo` with the value in a file.
 */
export function interpretFlag(flag: string): FlagMeaning {
  const text = flag.slice(flag.startsWith("-/") ? 2 : 1);
  const { name, spec } = splitSpec(text);
  const info = findOption(name);
  if (info !== undefined) return canonical(info, spec, false);
  const positive = name.startsWith("no") ? findOption(name.slice(2)) : undefined;
  if (positive?.negatable === true) return canonical(positive, spec, true);
  return { info: undefined, name, spec, negated: false };
}

/** An option as `flag` and `value` would be parsed; for commands that are built. */
export function makeOption(flag: string, value?: string): OptionUse {
  const { info, name, spec, negated } = interpretFlag(flag);
  return { flag, name, spec, value, negated, scope: info?.scope ?? "file" };
}

/**
 * Whether the option, on an output, concerns video streams only: its specifier
 * picks video, or ffmpeg knows it as a video option. False for an AVOption
 * without specifier, such as `-preset`: it goes to every encoder that knows it.
 *
 * Some of these act when the film is muxed rather than when it is encoded
 * (`-tag:v`, `-disposition:v`, `-bsf:v`, `-aspect`). `-s` counts as video,
 * though without specifier it also sizes bitmap subtitles that are encoded.
 */
export function concernsOnlyVideo(use: OptionUse): boolean {
  const info = findOption(use.name);
  if (info?.media === "video") return true;
  const picksStreams = info === undefined || (info.media === "any" && info.specifiers);
  return picksStreams && /^[vV](:|$)/.test(use.spec ?? "");
}

function splitSpec(text: string): { name: string; spec: string | undefined } {
  const colon = text.indexOf(":");
  if (colon < 0) return { name: text, spec: undefined };
  return { name: text.slice(0, colon), spec: text.slice(colon + 1) };
}

function canonical(info: OptionInfo, typed: string | undefined, negated: boolean): FlagMeaning {
  return {
    info,
    name: info.alias?.name ?? info.name,
    spec: info.alias?.spec ?? typed ?? info.bareSpec,
    negated,
  };
}
