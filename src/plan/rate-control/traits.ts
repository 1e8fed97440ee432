import type { OptionUse } from "../../ffmpeg/command.js";
import { table } from "../../lib/table.js";

/** How an encoder is told about bits, and what it makes of that. */
export interface RateTrait {
  /** True when chunks may be told bitrates of their own. */
  readonly bitrates: boolean;
  /** The option through which it takes `key=value:key=value`. */
  readonly params?: "x264-params" | "x265-params";
  /** Options that mean a constant quality. */
  readonly quality: readonly string[];
  /** True when a bitrate beside a quality is left aside. */
  readonly qualityAlone?: boolean;
  /** True when a bitrate beside a quality is one that is not to be gone beyond. */
  readonly boundedQuality?: boolean;
  /** The first pass' log: what is in it, how it is asked for, and the end of the name of its second file. */
  readonly passes?: {
    readonly log: "frames" | "scores";
    readonly asked: "options" | "params";
    readonly tree?: ".mbtree" | ".cutree";
  };
  /**
   * What it does about `-maxrate` and `-bufsize`. Kept frame by frame: how full the buffer is at first, and what one of
   * the two alone means. "loose": not promised for any frame, so that chunks keep it as well as the whole.
   */
  readonly buffer: { readonly start: number; readonly lone: "ignored" | "completed" } | "loose" | "unknown";
  /** True when `-minrate` makes it pad the film, or write the buffer's state into it. */
  readonly leastRateCounts?: boolean;
  /** Whether the headers beside the stream depend on the bitrate: as a level that can be told, or beyond help. */
  readonly rateInHeaders?: "level" | "unbuffered" | "always";
}

const KEPT = { start: 0.9, lone: "ignored" } as const;
/** libavcodec/ratecontrol.c and mpegvideo_enc.c: three quarters. */
const LIBAVCODEC = { start: 0.75, lone: "completed" } as const;

const TRAITS: Readonly<Record<string, RateTrait>> = table({
  libx264: {
    ...{ bitrates: true, params: "x264-params", quality: ["crf", "qp"], qualityAlone: true, buffer: KEPT },
    ...{ rateInHeaders: "level", passes: { log: "frames", asked: "options", tree: ".mbtree" } },
  },
  // Its passes: ffmpeg tells only libx264 itself where the log is (fftools/ffmpeg_opt.c).
  libx264rgb: {
    ...{ bitrates: true, params: "x264-params", quality: ["crf", "qp"], qualityAlone: true, buffer: KEPT },
    rateInHeaders: "level",
  },
  libx265: {
    ...{ bitrates: true, params: "x265-params", quality: ["crf", "qp"], qualityAlone: true, buffer: KEPT },
    ...{ rateInHeaders: "level", passes: { log: "frames", asked: "params", tree: ".cutree" } },
  },
  "libvpx-vp9": {
    ...{ bitrates: true, quality: ["crf"], boundedQuality: true, buffer: "loose" },
    passes: { log: "scores", asked: "options" },
  },
  libvpx: {
    ...{ bitrates: true, quality: ["crf"], boundedQuality: true, buffer: "loose" },
    passes: { log: "scores", asked: "options" },
  },
  "libaom-av1": {
    ...{ bitrates: true, quality: ["crf"], boundedQuality: true, buffer: "loose" },
    passes: { log: "scores", asked: "options" },
  },
  libsvtav1: { bitrates: true, quality: ["crf", "qp"], buffer: "loose" },
  mpeg4: { bitrates: true, quality: ["q"], buffer: LIBAVCODEC, leastRateCounts: true },
  mpeg2video: {
    ...{ bitrates: true, quality: ["q"], buffer: LIBAVCODEC, leastRateCounts: true },
    rateInHeaders: "unbuffered",
  },
  mpeg1video: { bitrates: false, quality: ["q"], buffer: "unknown", rateInHeaders: "always" },
});

const UNKNOWN: RateTrait = { bitrates: false, quality: ["crf", "qp", "q"], buffer: "unknown" };

/** What is known of an encoder's rate control; of an unknown one, that chunks cannot keep any demand. */
export function rateTrait(encoder: string): RateTrait {
  return TRAITS[encoder] ?? UNKNOWN;
}

/** Whether an option is a parameter string of the encoder's; x264 has two. */
export function isParams(use: OptionUse, trait: RateTrait): boolean {
  return use.name === trait.params || (trait.params === "x264-params" && use.name === "x264opts");
}
