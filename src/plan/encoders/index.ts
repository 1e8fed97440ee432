import type { OptionUse } from "../../ffmpeg/command.js";
import { makeOption } from "../../ffmpeg/options.js";
import { fail, ok, type Result } from "../../lib/result.js";
import { REFUSED } from "./refused.js";
import { ENCODERS } from "./table.js";
import { type EncoderTrait, lastValue } from "./types.js";

export type { EncoderTrait } from "./types.js";

/** The trait of an encoder, or why its chunks cannot be joined. */
export function encoderTrait(encoder: string): Result<EncoderTrait, string> {
  const trait = Object.hasOwn(ENCODERS, encoder) ? ENCODERS[encoder] : undefined;
  if (trait) return ok(trait);
  const why = REFUSED.find(([names]) => names.test(encoder))?.[1];
  return fail(why === undefined ? `chunks of encoder ${encoder} are not known to join` : `encoder ${encoder} ${why}`);
}

/**
 * Keys of x264/x265/SVT/aom/rav1e parameter strings that name files, frame numbers or passes, or set a bitrate: they
 * mean the whole film.
 */
const WHOLE_FILM_KEYS =
  /(?:^|:)(?:pass|stats|qpfile|zones|zonefile|frames|total-frames|analysis-(?:save|load)|analysis-reuse-file|csv|recon|seek|lambda-file|dolby-vision-rpu|dhdr10-info|chunk-start|chunk-end|bitrate|target-bitrate|tbr|mbr|vbv-maxrate|vbv-bufsize|nal-hrd|strict-cbr)(?:=|:|$)/;

/**
 * Keys that name a file of this machine, and those that ask for a rate control with a bitrate (aomenc's `end-usage`,
 * SVT-AV1's `rc`).
 */
const FILE_KEYS = /(?:^|:)(?:cqmfile|nalu-file|film-grain-table|fgs-table|opencl-clbin|refine-analysis-file)=/;
const RATE_KEYS = /(?:^|:)(?:end-usage=(?:vbr|cbr|cq|0|1|2)|rc=[12])(?::|$)/;

/** Options of encoders that mean the whole film, or name files. */
const WHOLE_FILM_OPTIONS = new Set(["pass", "passlogfile", "stats", "rc_override", "qpfile"]);

/** What is known beside the options. */
export interface EncoderContext {
  /** Settings for the encoder's parameter string, for encoders that have one. */
  readonly more?: readonly string[];
  /** True when the film's size is planned (plan/rate-control), so that a bitrate or a cap is no reason against chunks. */
  readonly rated?: boolean;
  /** The source's pixel format, where no filter can change it. */
  readonly sourceFormat?: string | undefined;
}

/**
 * The options with which one encoder makes joinable chunks, from those the user gave for the film's stream.
 * Fails with the reason when those options concern the film as a whole.
 */
export function chunkEncoderOptions(
  encoder: string,
  given: readonly OptionUse[],
  context: EncoderContext = {},
): Result<OptionUse[], string> {
  const found = encoderTrait(encoder);
  if (!found.ok) return found;
  const trait = found.value;
  for (const use of given) {
    if (WHOLE_FILM_OPTIONS.has(use.name)) return fail(`${use.flag} concerns the film as a whole`);
    if (use.name === "flags" && /pass/.test(use.value ?? "")) return fail("-flags pass… concerns the film as a whole");
    if (!/(?:params|opts)$/.test(use.name)) continue;
    // x264 and x265 take `_` for `-` in their keys.
    const keys = (use.value ?? "").replaceAll("_", "-");
    if (WHOLE_FILM_KEYS.test(keys) || RATE_KEYS.test(keys))
      return fail(`${use.flag} ${use.value} concerns the film as a whole`);
    if (FILE_KEYS.test(keys)) return fail(`${use.flag} ${use.value} names a file that the workers do not have`);
  }
  const refused = trait.refused?.find(([name, value]) => value.test(lastValue(given, name) ?? ""));
  if (refused) return fail(`encoder ${encoder} ${refused[2]}`);
  const bitrate = context.rated ? undefined : bitrateReason(encoder, trait, given);
  if (bitrate !== undefined) return fail(bitrate);
  const tag = trait.tag?.(given);
  const tagged = tag === undefined ? [] : [makeOption("-tag:v", tag)];
  if (trait.joinable === undefined || trait.params === undefined) return ok([...given, ...tagged]);
  const { params, joinable } = trait;
  const own = lastValue(given, params);
  const lossless = params === "x264-params" ? losesNothing(given, context.sourceFormat) : ok(false);
  if (!lossless.ok) return lossless;
  // x264 has no B-frames then, whatever it is told, but ffmpeg says it has, and NUT makes decoding times of that.
  const settings = [joinable, ...(lossless.value ? ["bframes=0"] : []), ...(context.more ?? [])];
  const value = [...(own ? [own] : []), ...settings].join(":");
  return ok([...given.filter((use) => use.name !== params), makeOption(`-${params}`, value)]);
}

/**
 * Whether x264 is asked to lose nothing: by a quantizer of 0, or with 8 bits by a rate factor of 0 (x264
 * encoder/encoder.c validate_parameters). Fails where nobody knows how many bits there are.
 */
function losesNothing(given: readonly OptionUse[], sourceFormat: string | undefined): Result<boolean, string> {
  const keys = `${lastValue(given, "x264opts") ?? ""}:${lastValue(given, "x264-params") ?? ""}`;
  const setting = (name: RegExp): string | undefined => name.exec(keys)?.[1];
  const qp = setting(/(?:^|:)qp(?:_constant)?=([^:]*)/) ?? lastValue(given, "qp");
  if (qp !== undefined && Number(qp) >= 0) return ok(Number(qp) === 0);
  const crf = setting(/(?:^|:)crf=([^:]*)/) ?? lastValue(given, "crf");
  if (crf === undefined || Number(crf) !== 0) return ok(false);
  const format = lastValue(given, "pix_fmt") ?? sourceFormat;
  if (format === undefined)
    return fail("-crf 0 is lossless or not, as filters leave it 8 bits or more (-qp 0 always is)");
  return ok(!/(9|1[0-6])(le|be)$/.test(format));
}

function bitrateReason(encoder: string, trait: EncoderTrait, given: readonly OptionUse[]): string | undefined {
  const last = (name: string): string | undefined => lastValue(given, name);
  const bitrate = last("b");
  // Constant quality under a cap (VBV, or libvpx's constrained quality) keeps its books over the whole film too.
  for (const cap of ["maxrate", "bufsize", "minrate"]) {
    if (isPositive(last(cap))) return `-${cap} is kept over the film as a whole`;
  }
  // Lossless, or (DNxHD) the bitrate names a profile of constant frame size.
  if (trait.bitrateIsNone && (trait.quality.length === 0 || trait.quality.includes("b"))) return undefined;
  const target = isPositive(bitrate);
  if (trait.quality.some((name) => last(name) !== undefined)) {
    // x264 and x265 leave the bitrate aside when told a quality; others take it as a cap.
    return target && !trait.bitrateIsNone ? `-b:v ${bitrate} is kept over the film as a whole` : undefined;
  }
  if (trait.pinned && last("qmin") !== undefined && last("qmin") === last("qmax")) return undefined;
  if (target) return `-b:v ${bitrate} is a target for the film as a whole`;
  if (trait.byDefault === "quality") return undefined;
  // Constant quality is none under a bitrate of the encoder's own.
  if (trait.pinned) return `${encoder} keeps to a bitrate over the film as a whole, with -crf too`;
  return `${encoder} aims at a bitrate for the film as a whole unless told a quality`;
}

function isZero(value: string | undefined): boolean {
  return value !== undefined && /^0+(\.0*)?[kMG]?$/.test(value);
}

function isPositive(value: string | undefined): boolean {
  return value !== undefined && !isZero(value);
}
