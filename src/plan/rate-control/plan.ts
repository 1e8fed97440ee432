import type { OptionUse } from "../../ffmpeg/command.js";
import { makeOption } from "../../ffmpeg/options.js";
import { parsePairs, parseQuantity, withoutPairs } from "../../ffmpeg/quantity.js";
import { ok, type Result } from "../../lib/result.js";
import type { EncoderTrait } from "../encoders/index.js";
import { type RateDemand, rateDemand } from "./demand.js";
import { isParams, type RateTrait, rateTrait } from "./traits.js";

/** What the film's size is to be, and how its chunks are told their part in it. */
export interface RatePlan extends RateDemand {
  readonly encoder: string;
  /** Options that all chunks are given as the user gave them, and pairs of the encoder's parameter string. */
  readonly common: readonly OptionUse[];
  readonly commonPairs: readonly string[];
  /** How the second pass weighs: libvpx's and libaom's shares (`-qcomp`, `-minrate`, `-maxrate`), x264's blur. */
  readonly weighing: {
    readonly bias: number;
    readonly least: number;
    readonly most: number;
    readonly blur: number;
  };
}

/** A rate plan, undefined where there is nothing to keep, and the film's options without what it concerns. */
export interface PlannedRate {
  readonly rate: RatePlan | undefined;
  readonly rest: readonly OptionUse[];
}

const BITS = new Set(["b", "maxrate", "bufsize", "minrate", "rc_init_occupancy"]);
const PASS = new Set(["pass", "passlogfile"]);
const COMMON_KEYS = new Set(["vbv-maxrate", "vbv-bufsize"]);
const TOLD_KEYS = new Set(["pass", "stats", "vbv-init"]);

/**
 * Plans the rate control of the film from its options. Fails with
 * the reason where chunks cannot keep what is asked.
 */
export function planRate(
  { encoder, outputStream: stream }: { readonly encoder: string; readonly outputStream: number },
  known: EncoderTrait,
  uses: readonly OptionUse[],
): Result<PlannedRate, string> {
  const trait = rateTrait(encoder);
  const nothing = { rate: undefined, rest: uses };
  // The bitrate names a profile (DNxHD), or counts for nothing.
  if (known.bitrateIsNone && (known.quality.length === 0 || known.quality.includes("b"))) return ok(nothing);
  const last = (name: string): string | undefined => uses.findLast((use) => use.name === name)?.value;
  if (known.pinned && last("qmin") !== undefined && last("qmin") === last("qmax")) return ok(nothing);
  if (!uses.some((use) => concernsRate(use, trait))) return ok(nothing);
  const demand = rateDemand(encoder, uses, stream);
  if (!demand.ok) return demand;
  const { bitrate, buffer, pass } = demand.value;
  const strings = (use: OptionUse): boolean => isParams(use, trait);
  const pairs = uses.filter(strings).flatMap((use) => parsePairs(use.value ?? ""));
  const rest = uses.flatMap((use): OptionUse[] => {
    if (BITS.has(use.name) || PASS.has(use.name)) return [];
    return strings(use) ? withoutKeys(use) : [use];
  });
  if (bitrate === undefined && buffer === undefined && pass === undefined && trait.buffer !== "loose") {
    return ok({ rate: undefined, rest });
  }
  const target = bitrate ?? 0;
  const share = (name: string, otherwise: number): number =>
    target > 0 && last(name) !== undefined ? (parseQuantity(last(name) ?? "") ?? 0) / target || otherwise : otherwise;
  return ok({
    rest,
    rate: {
      ...demand.value,
      encoder,
      common: uses.filter((use) => BITS.has(use.name) && use.name !== "b" && use.name !== "rc_init_occupancy"),
      commonPairs: pairs.filter(({ key }) => COMMON_KEYS.has(key)).map(({ key, value }) => `${key}=${value}`),
      weighing: {
        bias: Number(last("qcomp") ?? 0.5),
        // libvpx's two-pass sections: at most 20 times the average unless told (vp9_cx_iface.c, libvpxenc.c).
        ...{ least: share("minrate", 0), most: share("maxrate", 20), blur: Number(last("cplxblur") ?? 20) },
      },
    },
  });
}

function concernsRate(use: OptionUse, trait: RateTrait): boolean {
  if (PASS.has(use.name)) return use.name === "pass" && use.value !== "0";
  if (BITS.has(use.name)) return parseQuantity(use.value ?? "0") !== 0;
  if (!isParams(use, trait)) return false;
  return parsePairs(use.value ?? "").some(({ key }) => COMMON_KEYS.has(key) || TOLD_KEYS.has(key));
}

/** The parameter string without the keys that are told anew; nothing when none are left. */
function withoutKeys(use: OptionUse): OptionUse[] {
  const left = withoutPairs(use.value ?? "", (key) => COMMON_KEYS.has(key) || TOLD_KEYS.has(key));
  return left === "" ? [] : [{ ...use, value: left }];
}

/** What one chunk is told about its size. */
export interface ChunkRate {
  /** Bits a second. */
  readonly bitrate?: number | undefined;
  /** How much of the buffer is full when it begins. */
  readonly start?: number | undefined;
  /** The level that plain ffmpeg's encoder has chosen by the bitrate of the whole: x264's and x265's numbers. */
  readonly level?: number | undefined;
  /** The pass' log on the machine that encodes, as `logName` names it. */
  readonly log?: string | undefined;
}

/** libx264 and ffmpeg add this to the name they are given. */
const LOG_SUFFIX = "-0.log";

/** The name of a chunk's log in a folder. */
export const logName = (chunk: number): string => `stats${chunk}${LOG_SUFFIX}`;

/** The end of the name of the second file beside a log, for encoders that write one. */
export function treeSuffix(encoder: string): string | undefined {
  return rateTrait(encoder).passes?.tree;
}

/** The encoder's options with what one chunk is told of its size. */
export function ratedOptions(options: readonly OptionUse[], rate: RatePlan | undefined, told: ChunkRate): OptionUse[] {
  if (!rate) return [...options];
  const { params, passes } = rateTrait(rate.encoder);
  const pairs = [...rate.commonPairs];
  const more: OptionUse[] = [...rate.common];
  if (told.bitrate !== undefined) more.push(makeOption("-b:v", `${wholeRate(told.bitrate, params !== undefined)}`));
  if (told.start !== undefined && rate.buffer) {
    if (params === "x265-params") pairs.push(`vbv-init=${told.start.toFixed(4)}`);
    // 0 would mean that nothing was said.
    else more.push(makeOption("-rc_init_occupancy", `${Math.max(1, Math.floor(told.start * rate.buffer.size))}`));
  }
  if (told.level !== undefined && params !== undefined) {
    pairs.push(`${params === "x265-params" ? "level-idc" : "level"}=${told.level}`);
  }
  if (rate.pass && told.log !== undefined) {
    const { number } = rate.pass;
    if (passes?.asked === "params") pairs.push(`pass=${number}`, `stats=${escaped(told.log)}`);
    else more.push(makeOption("-pass", `${number}`), makeOption("-passlogfile", told.log.slice(0, -LOG_SUFFIX.length)));
  }
  return [...withPairs(options, params, pairs), ...more];
}

/** x264 and x265 count in thousands and cut off what is more; 0 would mean a quality, and too little of a small rate is refused. */
function wholeRate(bitrate: number, thousands: boolean): number {
  if (!thousands) return Math.max(1000, Math.round(bitrate));
  const rounded = bitrate < 20_000 ? Math.ceil(bitrate / 1000) : Math.round(bitrate / 1000);
  return Math.max(1, rounded) * 1000;
}

/** Settings added to a parameter string, or to a new one. */
function withPairs(options: readonly OptionUse[], params: string | undefined, pairs: readonly string[]): OptionUse[] {
  if (params === undefined || pairs.length === 0) return [...options];
  const given = options.findLast((use) => use.name === params)?.value;
  const value = [...(given === undefined ? [] : [given]), ...pairs].join(":");
  return [...options.filter((use) => use.name !== params), makeOption(`-${params}`, value)];
}

/** For libavutil/dict.c av_dict_parse_string: x265's parameter strings. */
function escaped(path: string): string {
  return path.replaceAll(/[\\:=' ]/g, "\\$&");
}

/** True for a first pass: it leaves a log, and no film. */
export function isFirstPass(rate: RatePlan | undefined): boolean {
  return rate?.pass?.number === 1;
}

/** The number that x264 or x265 is told for a level, from that in the stream's headers. */
export function levelNumber(encoder: string, level: number | undefined): number | undefined {
  return level !== undefined && rateTrait(encoder).params === "x265-params" ? Math.round(level / 3) : level;
}

/** Whether the level in the film's headers hangs on its bitrate, so that chunks are told plain ffmpeg's. */
export function toldLevel(rate: RatePlan): boolean {
  return rateTrait(rate.encoder).rateInHeaders === "level" && rate.bitrate !== undefined && !isFirstPass(rate);
}

/**
 * Up to this long a film in one pass at a bitrate is not near it: x264 corrects what it has spent too much within a span
 * that grows with the root of the time (encoder/ratecontrol.c, abr_buffer); 18 % more were seen over 15 s.
 */
const SETTLED_SECONDS = 120;

/** Why a film in one pass at a bitrate would not have plain ffmpeg's size; `lengths`: what is known of how long it is, seconds. */
export function briefReason(rate: RatePlan | undefined, lengths: readonly (number | undefined)[]): string | undefined {
  if (rate?.bitrate === undefined || rate.pass || rate.buffer || rate.atMost) return undefined;
  const known = lengths.filter((length) => length !== undefined);
  const short = known.length > 0 && Math.min(...known) < SETTLED_SECONDS;
  return short
    ? `-b:v in one pass is met by ffmpeg only in films of ${SETTLED_SECONDS / 60} minutes and more`
    : undefined;
}
