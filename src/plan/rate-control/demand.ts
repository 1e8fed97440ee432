import type { OptionUse } from "../../ffmpeg/command.js";
import { parsePairs, parseQuantity } from "../../ffmpeg/quantity.js";
import { fail, ok, type Result } from "../../lib/result.js";
import type { Cap } from "./buffer.js";
import { isParams, type RateTrait, rateTrait } from "./traits.js";

/** Which pass of two, and where its log is: the user's path, without what the encoder adds for further files. */
export interface PassDemand {
  readonly number: 1 | 2;
  readonly log: string;
}

/** What a command asks of the film's size, over and above a quality. Everything undefined: nothing. */
export interface RateDemand {
  /** Bits a second over the whole film. */
  readonly bitrate: number | undefined;
  /** True when a quality was asked for too: the bitrate is not to be gone beyond, but may be stayed below. */
  readonly atMost: boolean;
  /** The decoder's buffer, where the encoder keeps to it frame by frame. */
  readonly buffer: (Cap & { readonly startShare: number }) | undefined;
  readonly pass: PassDemand | undefined;
}

/** The settings by option name or parameter key, whichever way they were given; the last one counts. */
class Settings {
  readonly #options = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  constructor(uses: readonly OptionUse[], trait: RateTrait) {
    for (const use of uses) {
      if (use.value === undefined) continue;
      this.#options.set(use.name, use.value);
      if (isParams(use, trait)) for (const { key, value } of parsePairs(use.value)) this.#keys.set(key, value);
    }
  }

  option(name: string): string | undefined {
    return this.#options.get(name);
  }

  key(name: string): string | undefined {
    return this.#keys.get(name);
  }

  /** Bits (a second), from an option in bits or a key in kilobits. Undefined: not given, or 0. Fails on expressions. */
  bits(option: string, key: string): Result<number | undefined, string> {
    const [asOption, asKey] = [this.option(option), this.key(key)];
    const value = asKey !== undefined ? parseQuantity(asKey) : asOption !== undefined ? parseQuantity(asOption) : 0;
    if (value === undefined) return fail(`-${option} ${asKey ?? asOption} is not understood`);
    return ok(value > 0 ? value * (asKey !== undefined ? 1000 : 1) : undefined);
  }
}

/** Keys of parameter strings that are kept over the film in ways that chunks cannot. */
const WHOLE_KEYS = ["bitrate", "nal-hrd", "hrd", "strict-cbr", "filler", "vbv-end", "vbv-live-multi-pass"];

/**
 * Reads what the options for the film's stream ask of its size. Fails with a reason when chunks cannot keep it.
 * `stream` is the film's number among the output's streams: ffmpeg puts it in the log's name.
 */
export function rateDemand(encoder: string, uses: readonly OptionUse[], stream: number): Result<RateDemand, string> {
  const trait = rateTrait(encoder);
  const settings = new Settings(uses, trait);
  const key = WHOLE_KEYS.find((name) => settings.key(name) !== undefined);
  if (key !== undefined) return fail(`${key} is kept over the film as a whole`);
  const pass = passDemand(settings, trait, stream);
  if (!pass.ok) return pass;
  const bitrate = settings.bits("b", "bitrate");
  if (!bitrate.ok) return bitrate;
  // x264 and x265 leave a bitrate aside when told a quality, but for the second pass.
  const quality = trait.quality.some((name) => settings.option(name) !== undefined);
  const aside = quality && trait.qualityAlone && pass.value?.number !== 2;
  const rate = aside ? undefined : bitrate.value;
  if (pass.value?.number === 2 && rate === undefined) return fail("-pass 2 has no bitrate to keep");
  if (rate !== undefined && quality && !trait.boundedQuality && pass.value === undefined) {
    return fail(`-b:v beside a quality is kept over the film as a whole by ${encoder}`);
  }
  const buffer = bufferDemand(encoder, settings, trait);
  if (!buffer.ok) return buffer;
  if (rate !== undefined && trait.rateInHeaders === "always")
    return fail(`${encoder} writes the bitrate into its headers`);
  if (rate !== undefined && trait.rateInHeaders === "unbuffered" && buffer.value === undefined) {
    return fail(`${encoder} writes a buffer made from the bitrate into its headers, unless told -maxrate and -bufsize`);
  }
  if (rate !== undefined && !trait.bitrates)
    return fail(`-b:v ${settings.option("b")} is a target for the film as a whole`);
  return ok({ bitrate: rate, atMost: quality && rate !== undefined, buffer: buffer.value, pass: pass.value });
}

function bufferDemand(encoder: string, settings: Settings, trait: RateTrait): Result<RateDemand["buffer"], string> {
  const [rate, size] = [settings.bits("maxrate", "vbv-maxrate"), settings.bits("bufsize", "vbv-bufsize")];
  if (!rate.ok) return rate;
  if (!size.ok) return size;
  const least = settings.bits("minrate", "");
  if (!least.ok) return least;
  if (rate.value === undefined && size.value === undefined && least.value === undefined) return ok(undefined);
  if (trait.buffer === "unknown") return fail(`-maxrate is kept over the film as a whole`);
  if (trait.buffer === "loose") return ok(undefined);
  if (least.value !== undefined && trait.leastRateCounts) return fail("-minrate fills up the film as a whole");
  // Alone, neither of them does anything in x264 and x265; libavcodec's encoders make up the other one.
  if (rate.value === undefined || size.value === undefined) {
    return trait.buffer.lone === "ignored"
      ? ok(undefined)
      : fail(`${encoder} makes up a buffer from -maxrate or -bufsize alone`);
  }
  return ok({ rate: rate.value, size: size.value, startShare: startShare(settings, trait.buffer.start, size.value) });
}

/** How full the buffer is when the film begins: as told, in bits or as a share, or the encoder's own choice. */
function startShare(settings: Settings, otherwise: number, size: number): number {
  const bits = parseQuantity(settings.option("rc_init_occupancy") ?? "0") ?? 0;
  const given = parseQuantity(settings.key("vbv-init") ?? "0") ?? 0;
  if (given > 0) return Math.min(1, given > 1 ? (given * 1000) / size : given);
  return bits > 0 ? Math.min(1, bits / size) : otherwise;
}

function passDemand(settings: Settings, trait: RateTrait, stream: number): Result<PassDemand | undefined, string> {
  const [option, key] = [settings.option("pass"), settings.key("pass")];
  const value = option ?? key;
  if (value === undefined || value === "0") return ok(undefined);
  if (value !== "1" && value !== "2") return fail(`-pass ${value} concerns the film as a whole`);
  const number = value === "1" ? 1 : 2;
  if (trait.passes === undefined) return fail(`the statistics of -pass ${value} are not followed for this encoder`);
  const byParams = trait.passes.asked === "params";
  if (byParams !== (option === undefined)) return fail(`-pass ${value} concerns the film as a whole`);
  if (byParams) return ok({ number, log: (settings.key("stats") ?? "x265_2pass.log").replace(/\\(.)/g, "$1") });
  if (settings.option("stats") !== undefined || settings.key("stats") !== undefined) {
    return fail("-stats concerns the film as a whole");
  }
  // fftools/ffmpeg_opt.c new_video_stream (5.1), ffmpeg_mux_init.c (7.1).
  return ok({ number, log: `${settings.option("passlogfile") ?? "ffmpeg2pass"}-${stream}.log` });
}
