import { parseDuration } from "../ffmpeg/duration.js";
import { type Expression, parseExpression } from "../ffmpeg/expression.js";
import { MICROSECOND, type Rational, rescale, toNumber } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";

/** Tells, frame by frame in the output's order, which ones `-force_key_frames` makes keyframes. */
export interface ForcedKeyframes {
  /** `tick`: the frame's time in ticks of the encoder; `sourceKey`: it shows a keyframe of the source for the first time. */
  next(tick: number, sourceKey: boolean): boolean;
}

/** fftools/ffmpeg.c forced_keyframes_const_names. */
const VARIABLES = new Set(["n", "n_forced", "prev_forced_n", "prev_forced_t", "t"]);

/**
 * Follows one value of `-force_key_frames`: a list of times, `expr:…` or `source` (fftools/ffmpeg.c do_video_out and
 * parse_forced_key_frames in 5.1, fftools/ffmpeg_enc.c forced_kf_apply in 7.1). Fails with the reason where it cannot be
 * followed: chapters, and expressions that depend on more than frame and time.
 */
export function forcedKeyframes(value: string, encoderTimeBase: Rational): Result<ForcedKeyframes, string> {
  if (value.startsWith("expr:")) {
    const expression = parseExpression(value.slice("expr:".length), VARIABLES);
    return expression.ok ? ok(new ByExpression(expression.value, toNumber(encoderTimeBase))) : expression;
  }
  if (value === "source" || value === "source_no_drop") {
    return value === "source" ? ok({ next: (_, sourceKey) => sourceKey }) : fail(`-force_key_frames ${value}`);
  }
  const ticks: number[] = [];
  for (const text of value.split(",")) {
    const time = parseDuration(text);
    if (time === undefined) return fail(`-force_key_frames ${text} is not followed`);
    ticks.push(Number(rescale(time, MICROSECOND, encoderTimeBase)));
  }
  ticks.sort((a, b) => a - b);
  return ok(new ByTimes(ticks));
}

class ByTimes implements ForcedKeyframes {
  #index = 0;

  constructor(private readonly ticks: readonly number[]) {}

  next(tick: number): boolean {
    const due = this.ticks[this.#index];
    if (due === undefined || tick < due) return false;
    // One time a frame: several times that have passed make the frames after it keyframes too.
    this.#index++;
    return true;
  }
}

class ByExpression implements ForcedKeyframes {
  #n = 0;
  #forced = 0;
  #previous = { n: Number.NaN, t: Number.NaN };
  #reference: number | undefined;

  constructor(
    private readonly expression: Expression,
    private readonly secondsPerTick: number,
  ) {}

  next(tick: number): boolean {
    this.#reference ??= tick;
    const n = this.#n++;
    const t = (tick - this.#reference) * this.secondsPerTick;
    const { n: previousN, t: previousT } = this.#previous;
    const result = this.expression({
      n,
      t,
      n_forced: this.#forced,
      prev_forced_n: previousN,
      prev_forced_t: previousT,
    });
    // In C every value but 0 is true, NaN too.
    if (result === 0) return false;
    this.#forced++;
    this.#previous = { n, t };
    return true;
  }
}
