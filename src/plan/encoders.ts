import type { OptionUse } from "../ffmpeg/command.js";
import { makeOption } from "../ffmpeg/options.js";
import { fail, ok, type Result } from "../lib/result.js";

/** How an encoder's chunks are made joinable, and what it needs to be told for that. */
export interface EncoderTrait {
  /** The option through which it takes `key=value:key=value`, if it has one. */
  readonly params?: string;
  /** What is added to `params` so that all chunks carry the same headers. */
  readonly joinable?: string;
  /**
   * How it decides on quality when told nothing: "quality" by a constant quality (each chunk comes out as it would
   * have in the whole), "bitrate" by a bitrate (each chunk would be given its own share, and the film not the same).
   */
  readonly byDefault: "quality" | "bitrate";
  /** Options that mean constant quality, whatever bitrate is given beside them (a cap, then). */
  readonly quality: readonly string[];
  /** Frame rates it can write; others are moved to the nearest by ffmpeg. Undefined: all. */
  readonly frameRates?: readonly string[];
  /** The largest term of its time base (MPEG-4: 16 bits; fftools/ffmpeg.c reduces the rate to fit). */
  readonly largestTerm?: number;
}

const LOSSLESS: EncoderTrait = { byDefault: "quality", quality: [] };
const SCALE_ONLY: EncoderTrait = { byDefault: "bitrate", quality: ["q"] };
/** libavcodec/mpeg12data.c ff_mpeg12_frame_rate_tab. */
const MPEG12_RATES = ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"];

/**
 * Encoders whose chunks can be joined. In all of them every chunk begins with a keyframe that refers to nothing
 * before it, and the headers kept beside the stream depend on the options alone, not on the pictures. What differs
 * from one encode of the whole: a keyframe at every seam, and the rate control's memory, which starts anew there.
 */
const TRAITS: Readonly<Record<string, EncoderTrait>> = {
  // x264's `stitchable` keeps the picture parameter sets free of what rate control guessed (x264 --fullhelp).
  libx264: { params: "x264-params", joinable: "stitchable=1", byDefault: "quality", quality: ["crf", "qp"] },
  libx264rgb: { params: "x264-params", joinable: "stitchable=1", byDefault: "quality", quality: ["crf", "qp"] },
  // The message with x265's settings stands in the headers, and names the processor and its threads.
  libx265: { params: "x265-params", joinable: "info=0", byDefault: "quality", quality: ["crf", "qp"] },
  libsvtav1: { params: "svtav1-params", byDefault: "quality", quality: ["crf", "qp"] },
  libaom_av1: { params: "aom-params", byDefault: "quality", quality: ["crf"] },
  librav1e: { params: "rav1e-params", byDefault: "quality", quality: ["qp"] },
  libvpx_vp9: { byDefault: "bitrate", quality: ["crf"] },
  libvpx: { byDefault: "bitrate", quality: ["crf"] },
  mpeg4: { ...SCALE_ONLY, largestTerm: 65535 },
  libxvid: { ...SCALE_ONLY, largestTerm: 65535 },
  mpeg2video: { ...SCALE_ONLY, frameRates: MPEG12_RATES },
  mpeg1video: { ...SCALE_ONLY, frameRates: MPEG12_RATES },
  mjpeg: SCALE_ONLY,
  prores: { byDefault: "quality", quality: ["q"] },
  prores_aw: { byDefault: "quality", quality: ["q"] },
  prores_ks: { byDefault: "quality", quality: ["q"] },
  dnxhd: { byDefault: "quality", quality: ["q", "b"] },
  ffv1: LOSSLESS,
  ffvhuff: LOSSLESS,
  huffyuv: LOSSLESS,
  utvideo: LOSSLESS,
  magicyuv: LOSSLESS,
  png: LOSSLESS,
  rawvideo: LOSSLESS,
  v210: LOSSLESS,
  v308: LOSSLESS,
  v408: LOSSLESS,
  v410: LOSSLESS,
  r210: LOSSLESS,
  jpeg2000: { byDefault: "quality", quality: ["q"] },
  cfhd: { byDefault: "quality", quality: ["quality"] },
};

/** The trait of an encoder, or why its chunks cannot be joined. */
export function encoderTrait(encoder: string): Result<EncoderTrait, string> {
  const trait = TRAITS[encoder.replaceAll("-", "_")];
  if (trait) return ok(trait);
  return fail(`chunks of encoder ${encoder} are not known to join`);
}

/**
 * Keys of x264/x265/SVT/aom/rav1e parameter strings that name files, frame numbers or passes, or set a bitrate: they
 * mean the whole film.
 */
const WHOLE_FILM_KEYS =
  /(?:^|:)(?:pass|stats|qpfile|zones|zonefile|frames|total-frames|analysis-(?:save|load)|analysis-reuse-file|csv|recon|seek|lambda-file|dolby-vision-rpu|dhdr10-info|chunk-start|chunk-end|bitrate|target-bitrate|tbr|mbr|vbv-maxrate|vbv-bufsize|nal-hrd|strict-cbr)(?:=|:|$)/;

/** Options of encoders that mean the whole film, or name files. */
const WHOLE_FILM_OPTIONS = new Set(["pass", "passlogfile", "stats", "rc_override", "qpfile"]);

/**
 * The options with which one encoder makes joinable chunks, from those the user gave for the film's stream.
 * Fails with the reason when those options concern the film as a whole. `more`: settings for the encoder's parameter
 * string, for encoders that have one.
 */
export function chunkEncoderOptions(
  encoder: string,
  given: readonly OptionUse[],
  more: readonly string[] = [],
): Result<OptionUse[], string> {
  const found = encoderTrait(encoder);
  if (!found.ok) return found;
  const trait = found.value;
  for (const use of given) {
    if (WHOLE_FILM_OPTIONS.has(use.name)) return fail(`${use.flag} concerns the film as a whole`);
    if (use.name === "flags" && /pass/.test(use.value ?? "")) return fail("-flags pass… concerns the film as a whole");
    // x264 and x265 take `_` for `-` in their keys.
    if (/(?:params|opts)$/.test(use.name) && WHOLE_FILM_KEYS.test((use.value ?? "").replaceAll("_", "-"))) {
      return fail(`${use.flag} ${use.value} concerns the film as a whole`);
    }
  }
  const bitrate = bitrateReason(encoder, trait, given);
  if (bitrate !== undefined) return fail(bitrate);
  if (trait.joinable === undefined || trait.params === undefined) return ok([...given]);
  const { params, joinable } = trait;
  const own = given.findLast((use) => use.name === params);
  const value = [...(own?.value ? [own.value] : []), joinable, ...more].join(":");
  return ok([...given.filter((use) => use.name !== params), makeOption(`-${params}`, value)]);
}

function bitrateReason(encoder: string, trait: EncoderTrait, given: readonly OptionUse[]): string | undefined {
  const last = (name: string): string | undefined => given.findLast((use) => use.name === name)?.value;
  const bitrate = last("b");
  // Constant quality under a cap (VBV, or libvpx's constrained quality) keeps its books over the whole film too.
  for (const cap of ["maxrate", "bufsize", "minrate"]) {
    if (isPositive(last(cap))) return `-${cap} is kept over the film as a whole`;
  }
  // Lossless, or (DNxHD) the bitrate names a profile of constant frame size.
  if (trait === LOSSLESS || trait.quality.includes("b")) return undefined;
  const target = isPositive(bitrate);
  if (trait.quality.some((name) => last(name) !== undefined)) {
    // x264 and x265 leave the bitrate aside when told a quality; others take it as a cap.
    const ignored = trait.params === "x264-params" || trait.params === "x265-params";
    return target && !ignored ? `-b:v ${bitrate} is kept over the film as a whole` : undefined;
  }
  if (target) return `-b:v ${bitrate} is a target for the film as a whole`;
  if (trait.byDefault === "quality") return undefined;
  return `${encoder} aims at a bitrate for the film as a whole unless told a quality`;
}

function isZero(value: string | undefined): boolean {
  return value !== undefined && /^0+(\.0*)?[kMG]?$/.test(value);
}

function isPositive(value: string | undefined): boolean {
  return value !== undefined && !isZero(value);
}
