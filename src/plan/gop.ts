import type { OptionUse } from "../ffmpeg/command.js";
import type { Rational } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import { encoderTrait } from "./encoders/index.js";
import type { Generation } from "./frame-clock.js";
import { type ForcedKeyframes, forcedKeyframes } from "./keyframes.js";
import { table } from "../lib/table.js";

/** What is certain of where plain ffmpeg has its keyframes. */
export interface KeyPlan {
  /** Frames from one keyframe to the next, where the encoder goes by their number alone. */
  readonly every: number | undefined;
  /** The value of `-force_key_frames`, where the encoder heeds it. */
  readonly forced: string | undefined;
  /** Whether the encoder counts anew from a forced keyframe; else those on its own grid stay where they are. */
  readonly restarts: boolean;
}

/** What an encoder makes of its options. */
interface Gop {
  /** As `KeyPlan.every`; undefined where it looks for cuts in the pictures, too. */
  readonly every: number | undefined;
  readonly forced: "restarts" | "beside" | "ignored" | "odd";
  /** It goes by the number of frames, but in a way that is not followed. */
  readonly odd?: boolean;
}

type Given = (name: string) => string | undefined;

/** Options that ask for keyframes at certain places. */
const ASKING = new Set(["g", "keyint_min", "sc_threshold", "force_key_frames"]);

/** From this value on, encoders of libavcodec's mpegvideo_enc.c look for no cuts. */
const NO_CUTS = 1e9;

/** Measured with ffmpeg 5.1 and 7.1; a test repeats it for each encoder that is installed. */
const GOPS: Readonly<Record<string, (given: Given, generation: Generation) => Gop>> = table({
  libx264: x264,
  libx264rgb: x264,
  libx265: x265,
  mpeg1video: mpeg,
  mpeg2video: mpeg,
  mpeg4: mpeg,
  h261: mpeg,
  h263: mpeg,
  h263p: mpeg,
  flv: mpeg,
  msmpeg4v2: mpeg,
  msmpeg4: mpeg,
  wmv1: mpeg,
  wmv2: mpeg,
  libxvid: () => ({ every: undefined, forced: "restarts" }),
  // libvpx's kf_mode and kf_max_dist; told both distances, ffmpeg turns off what would begin a new count.
  "libvpx-vp9": (given) => ({ every: count(given("g"), 128), forced: evenly(given) ? "beside" : "restarts" }),
  libvpx: (given) =>
    evenly(given) ? { every: count(given("g"), 128), forced: "beside" } : { every: undefined, forced: "restarts" },
  "libaom-av1": (given) => ({ every: evenly(given) ? count(given("g"), 0) : undefined, forced: "odd" }),
  // Up to 6.0 SVT-AV1 is not told of forced keyframes.
  libsvtav1: (given, generation) => ({
    every: svtScenes(given) ? undefined : count(given("g"), 0),
    forced: generation === "by-rate" ? "ignored" : "restarts",
  }),
  librav1e: () => ({ every: undefined, forced: "ignored" }),
  ffv1: (given) => ({ every: count(given("g"), 12), forced: "ignored" }),
});

/** What the keyframes are planned for. */
export interface KeyWishes {
  readonly generation: Generation;
  /** The encoder's. */
  readonly timeBase: Rational;
  /** Whether they matter though the user has not asked for any: segments begin with them. */
  readonly wanted: boolean;
}

/**
 * Where plain ffmpeg's keyframes are certain to be, for an encoder with these options of the film; undefined where
 * nobody asked for keyframes, or all frames are. Fails with the reason where chunks could not have them there.
 */
export function planKeyframes(
  encoder: string,
  options: readonly OptionUse[],
  { generation, timeBase, wanted }: KeyWishes,
): Result<KeyPlan | undefined, string> {
  const given: Given = (name) => options.findLast((use) => use.name === name)?.value;
  const force = given("force_key_frames");
  const asked =
    wanted || options.some((use) => ASKING.has(use.name)) || inParams(given, "keyint|keyint-max|scenecut|no-scenecut");
  const gop = GOPS[encoder]?.(given, generation);
  const trait = encoderTrait(encoder);
  if (force !== undefined && !gop && !(trait.ok && trait.value.like === "bytes")) {
    return fail(`where ${encoder} has keyframes when they are forced is not known`);
  }
  if (!asked || !gop) return ok(undefined);
  const forced = gop.forced === "ignored" ? undefined : force;
  if (gop.odd || (forced !== undefined && gop.forced === "odd")) {
    return fail(`where ${encoder} has keyframes with these options is not followed`);
  }
  if (forced !== undefined) {
    const known = forcedKeyframes(forced, timeBase);
    if (!known.ok) return known;
  }
  if (gop.every === undefined && (forced === undefined || gop.forced !== "restarts")) return ok(undefined);
  return ok({ every: gop.every, forced, restarts: gop.forced === "restarts" });
}

/** What is known of a frame that is encoded. */
export interface KeyMark {
  /** Plain ffmpeg has a keyframe here, and its encoder begins to count: a chunk may begin. */
  readonly cut: boolean;
  /** A keyframe here is certain. */
  readonly key: boolean;
  /** The encoder has to be told. */
  readonly forced: boolean;
}

/** Keyframes over the frames that are encoded, in order. */
export interface KeyMarks {
  /** True when chunks may begin nowhere else. */
  readonly complete: boolean;
  /** True when no other frame is a keyframe. */
  readonly exhaustive: boolean;
  /** `tick`: the frame's time in ticks of the encoder; `sourceKey`: it shows a keyframe of the source for the first time. */
  next(tick: number, sourceKey: boolean): KeyMark;
}

/** Follows a plan of keyframes over the frames that are encoded, in order. */
export class KeyGrid implements KeyMarks {
  readonly #plan: KeyPlan;
  readonly #forced: ForcedKeyframes | undefined;
  /** Frames since the encoder began to count. */
  #count = 0;
  #begun = false;

  constructor(plan: KeyPlan, encoderTimeBase: Rational) {
    this.#plan = plan;
    const forced = plan.forced === undefined ? ok(undefined) : forcedKeyframes(plan.forced, encoderTimeBase);
    if (!forced.ok) throw new Error(`planned without being followed: ${forced.failure}`);
    this.#forced = forced.value;
  }

  /** True when all keyframes are certain. */
  get complete(): boolean {
    return this.#plan.every !== undefined;
  }

  /** As `complete`. */
  get exhaustive(): boolean {
    return this.complete;
  }

  /** As `KeyMarks.next`. */
  next(tick: number, sourceKey: boolean): KeyMark {
    const forced = this.#forced?.next(tick, sourceKey) ?? false;
    const due = !this.#begun || this.#count === this.#plan.every;
    this.#begun = true;
    const cut = due || (forced && this.#plan.restarts);
    this.#count = cut ? 1 : this.#count + 1;
    return { cut, key: cut || forced, forced };
  }
}

function count(value: string | undefined, otherwise: number): number | undefined {
  const frames = value === undefined ? otherwise : Number(value);
  if (!Number.isInteger(frames) || frames < 0) return undefined;
  // 0 stands for keyframes alone, but for what is the encoder's own choice by default.
  return value === undefined && otherwise === 0 ? undefined : Math.max(1, frames);
}

const evenly = (given: Given): boolean => given("g") !== undefined && given("g") === given("keyint_min");

/** A value in the parameter strings of x264 and x265, in the order in which they are read (libavcodec/libx264.c). */
function param(given: Given, name: string): string | undefined {
  const strings = [given("x264opts"), given("x264-params"), given("x265-params")].filter((s) => s !== undefined);
  const pairs = strings.flatMap((s) => s.replaceAll("_", "-").split(":"));
  const found = pairs.findLast((pair) => new RegExp(`^(?:${name})(?:=|$)`).test(pair));
  return found === undefined ? undefined : found.slice(found.indexOf("=") + 1);
}

const inParams = (given: Given, name: string): boolean => param(given, name) !== undefined;

/** The preset that looks for no cuts. */
const fastest = (given: Given): boolean => ["ultrafast", "0"].includes(given("preset") ?? "");

function x264(given: Given): Gop {
  const scenecut = param(given, "scenecut") ?? given("sc_threshold") ?? (fastest(given) ? "0" : "40");
  const counts = Number(scenecut) === 0 || inParams(given, "no-scenecut");
  const every = param(given, "keyint|keyint-max") ?? given("g");
  const intraRefresh = (param(given, "intra-refresh") ?? given("intra-refresh") ?? "0") !== "0";
  return { every: counts && !intraRefresh ? count(every, 250) : undefined, forced: "restarts" };
}

/** -sc_threshold is not x265's (libavcodec/libx265.c). */
function x265(given: Given): Gop {
  const scenecut = param(given, "scenecut") ?? (fastest(given) ? "0" : "40");
  const counts = Number(scenecut) === 0 || inParams(given, "no-scenecut");
  const every = param(given, "keyint") ?? given("g");
  return { every: counts ? count(every, 250) : undefined, forced: "restarts" };
}

/**
 * With B-frames a GOP ends where their pattern allows it, and a film's last frame may be a keyframe for want of those
 * behind it (libavcodec/mpegvideo_enc.c select_input_picture).
 */
function mpeg(given: Given): Gop {
  const counts = Number(given("sc_threshold") ?? 0) >= NO_CUTS;
  const plain = Number(given("bf") ?? 0) === 0 && given("mpv_flags") === undefined;
  if (!plain) return { every: undefined, forced: "odd", odd: counts };
  return { every: counts ? count(given("g"), 12) : undefined, forced: "restarts" };
}

function svtScenes(given: Given): boolean {
  return (
    /(?:^|:)(?:scd=1|keyint=|intra-period|lookahead=)/.test(given("svtav1-params") ?? "") ||
    given("sc_detection") === "1"
  );
}
