import { MICROSECOND, divide, type Rational, rational, rescale, toNumber } from "../lib/rational.js";

/**
 * Which source frame plain ffmpeg shows at which tick of the output.
 *
 * ffmpeg repeats and drops frames between the filter graph and the encoder. Its rules are a small state machine
 * over the frames' times (fftools/ffmpeg.c do_video_out and adjust_frame_pts_to_encoder_tb in 5.1;
 * fftools/ffmpeg_filter.c video_sync_process in 7.1), and the machine is followed here step by step, with the
 * same doubles in the same order, because the choice at a seam depends on all frames before it.
 *
 * How long a frame is taken to last differs: up to 6.0 it is a frame of the graph's or the output's rate, whichever is
 * shorter, or what the frame itself says where no filter was asked for ("by-rate"); from 6.1 on what the frame itself
 * says, and else a frame of the graph's rate ("by-duration", fftools/ffmpeg_filter.c fg_output_step).
 */
export type Generation = "by-rate" | "by-duration";
export type SyncMode = "passthrough" | "cfr" | "vscfr" | "vfr" | "drop";

export interface FrameClockOptions {
  readonly generation: Generation;
  readonly mode: SyncMode;
  /** Time base of the frames that are pushed. */
  readonly inputTimeBase: Rational;
  /** Time base of the encoder. */
  readonly encoderTimeBase: Rational;
  /** The rate of the filter graph's output; undefined when it has none. */
  readonly frameRate: Rational | undefined;
  /** The encoder's rate: `-r`, or the one ffmpeg took over from the graph. */
  readonly outputRate: Rational;
  /** True when a frame's own duration counts: up to 6.0 where no filter was asked for, later where the filters keep it. */
  readonly usesFrameDuration: boolean;
  /** False for what comes out of a graph of several inputs: 5.1 then asks the graph alone for its rate. */
  readonly ofInput?: boolean;
  /** `-ss` of the output in microseconds: taken off every time. */
  readonly startMicroseconds: bigint;
  /** `-t` of the output in microseconds. */
  readonly limitMicroseconds: bigint | undefined;
  /** `-frames:v`. */
  readonly maxFrames: number | undefined;
}

/** A frame that enters: `pts` in ticks of the input's time base, `duration` likewise (0 when the frame says none). */
export interface ClockFrame {
  readonly pts: number;
  readonly duration: number;
  /** The source frame it is shown for, in ticks of the source. */
  readonly owner: number;
}

/** A frame that comes out: the one with pts `source`, shown at this tick of the encoder's time base. */
export interface Tick {
  readonly tick: number;
  readonly source: number;
  readonly owner: number;
}

/** C's llrint in the default rounding mode: halves to even. */
function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function middle(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** Frames repeated and left out. */
export interface ClockCounts {
  readonly dup: number;
  readonly drop: number;
}

/** A clock as the timeline follows it. */
export interface OutputClock {
  /** True when nothing pushed from now on can come out (`-t` or `-frames:v` is reached). */
  readonly finished: boolean;
  /** Why what comes out cannot be foretold, in words for the user; from then on the ticks mean nothing. */
  readonly doubt: string | undefined;
  /**
   * How many frames ffmpeg says so far that it has repeated (`dup=`) and left out (`drop=`). From 6.1 on it goes on
   * counting for a while behind the end that `-t` or `-frames:v` sets.
   */
  readonly counts: ClockCounts;
  /** Takes the next frame in display order; gives what comes out because of it (repeats of the frame before included). */
  push(frame: ClockFrame): readonly Tick[];
  /** The source has ended; gives what ffmpeg repeats of the last frame. */
  end(): readonly Tick[];
}

/** ffmpeg leaves a frame out rather than repeat one more often: `-dts_error_threshold`, 3600 by default, times 30. */
const MOST_REPEATS = 3600 * 30;

/** The state machine: frames in display order go in, ticks of the output come out, as far as they are settled. */
export class FrameClock implements OutputClock {
  #next = 0;
  #count = 0;
  #last: ClockFrame | undefined;
  #lastTick = Number.NEGATIVE_INFINITY;
  #doubt: string | undefined;
  #repeats: [number, number, number] = [0, 0, 0];
  #finished = false;
  #dup = 0;
  #drop = 0;
  #lastDropped = false;
  #firstKept: number | undefined;
  readonly #options: FrameClockOptions;
  readonly #trimStart: bigint;
  readonly #trimDuration: bigint | undefined;

  constructor(options: FrameClockOptions) {
    this.#options = options;
    this.#trimStart = rescale(options.startMicroseconds, MICROSECOND, options.inputTimeBase);
    this.#trimDuration =
      options.limitMicroseconds === undefined
        ? undefined
        : rescale(options.limitMicroseconds, MICROSECOND, options.inputTimeBase);
  }

  get finished(): boolean {
    return this.#finished;
  }

  get doubt(): string | undefined {
    return this.#doubt;
  }

  get counts(): ClockCounts {
    // The last report counts what may still have been repeated (fftools/ffmpeg.c print_report).
    return { dup: this.#dup, drop: this.#drop + (this.#lastDropped ? 1 : 0) };
  }

  push(frame: ClockFrame): readonly Tick[] {
    if (this.#finished || this.#beforeTrim(frame.pts)) return [];
    if (this.#behindTrim(frame.pts)) {
      // The graph has ended with the frame before: nothing else comes, whatever the source still has.
      const last = this.end();
      this.#finished = true;
      return last;
    }
    const { mode } = this.#options;
    let [time, duration] = [this.#time(frame.pts), this.#duration(frame)];
    let drift = time - this.#next;
    const delta = drift + duration;
    if (drift < 0 && delta > 0 && mode !== "passthrough" && mode !== "drop") {
      time = this.#next;
      duration += drift;
      drift = 0;
    }
    let [frames, before] = [1, 0];
    let reach = delta;
    switch (mode) {
      case "vscfr":
      case "cfr":
        if (mode === "vscfr" && this.#count === 0 && drift >= 0.5) {
          reach = duration;
          drift = 0;
          this.#next = roundEven(time);
        }
        if (reach < -1.1) frames = 0;
        else if (reach > 1.1) {
          // lrintf: the sum is rounded to a float first.
          frames = roundEven(Math.fround(reach));
          if (drift > 1.1) before = roundEven(Math.fround(drift - 0.6));
        }
        break;
      case "vfr":
        if (reach <= -0.6) frames = 0;
        else if (reach > 0.6) this.#next = roundEven(time);
        break;
      case "passthrough":
      case "drop":
        this.#next = roundEven(time);
        break;
    }
    return this.#emit(frame, frames, before);
  }

  end(): readonly Tick[] {
    if (this.#finished) return [];
    const repeats = middle(...this.#repeats);
    return this.#emit(undefined, repeats, repeats);
  }

  #emit(current: ClockFrame | undefined, wanted: number, wantedBefore: number): Tick[] {
    const { maxFrames } = this.#options;
    const frames = maxFrames === undefined ? wanted : Math.min(wanted, maxFrames - this.#count);
    const before = Math.min(wantedBefore, frames);
    this.#repeats = [before, this.#repeats[0], this.#repeats[1]];
    this.#tally(frames, before, current === undefined);
    const ticks: Tick[] = [];
    if (frames > MOST_REPEATS) this.#doubt ??= "a frame would be repeated for too long";
    for (let i = 0; i < Math.min(frames, MOST_REPEATS); i++) {
      const source = i < before && this.#last !== undefined ? this.#last : current;
      if (source === undefined || this.#pastLimit()) break;
      // What encoders and muxers make of it is their own.
      if (this.#next <= this.#lastTick) this.#doubt ??= "two frames come out at the same time";
      this.#lastTick = this.#next;
      ticks.push({ tick: this.#next, source: source.pts, owner: source.owner });
      this.#next++;
      this.#count++;
    }
    if (current !== undefined) this.#last = current;
    if (maxFrames !== undefined && this.#count >= maxFrames) this.#finished = true;
    return ticks;
  }

  /** As ffmpeg counts (fftools/ffmpeg.c do_video_out in 5.1, ffmpeg_filter.c video_sync_process in 7.1). */
  #tally(frames: number, before: number, ended: boolean): void {
    const shownAfterAll = before > 0 && this.#lastDropped ? 1 : 0;
    // At the end later versions count it twice.
    const twice = ended && this.#options.generation === "by-duration";
    if (before === 0 && this.#lastDropped) this.#drop += twice ? 2 : 1;
    const due = shownAfterAll + (frames > before ? 1 : 0);
    if (frames > due) this.#dup += frames - due;
    this.#lastDropped = frames === before && !ended;
  }

  /** The trim filter that ffmpeg puts behind the user's for `-ss` and `-t` (libavfilter/trim.c). */
  #beforeTrim(pts: number): boolean {
    return this.#options.startMicroseconds !== 0n && BigInt(pts) < this.#trimStart;
  }

  #behindTrim(pts: number): boolean {
    this.#firstKept ??= pts;
    return this.#trimDuration !== undefined && BigInt(pts - this.#firstKept) >= this.#trimDuration;
  }

  #pastLimit(): boolean {
    const { limitMicroseconds, encoderTimeBase } = this.#options;
    if (limitMicroseconds === undefined) return false;
    const past = BigInt(this.#next) * encoderTimeBase.num * MICROSECOND.den >= limitMicroseconds * encoderTimeBase.den;
    if (past) this.#finished = true;
    return past;
  }

  /** The frame's time in ticks of the encoder with a fraction: ffmpeg's `float_pts`. */
  #time(pts: number): number {
    const { inputTimeBase, encoderTimeBase, startMicroseconds } = this.#options;
    const log2 = encoderTimeBase.den.toString(2).length - 1;
    const extraBits = Math.min(16, Math.max(0, 29 - log2));
    const scale = 2 ** extraBits;
    const fine: Rational = { num: encoderTimeBase.num, den: encoderTimeBase.den * BigInt(scale) };
    const ticks = rescale(BigInt(pts), inputTimeBase, fine) - rescale(startMicroseconds, MICROSECOND, fine);
    const time = Number(ticks) / scale;
    // Later versions leave what falls on a tick where it is (fftools/ffmpeg_filter.c adjust_frame_pts_to_encoder_tb, 7.1).
    if (this.#options.generation === "by-duration" && Number.isInteger(time)) return time;
    return time + (time > 0 ? 1 : -1) / (1 << 17);
  }

  #duration(frame: ClockFrame): number {
    const { generation, inputTimeBase, encoderTimeBase, frameRate, outputRate, usesFrameDuration, ofInput } =
      this.#options;
    const ownTicks = (own: number): number => (own * toNumber(inputTimeBase)) / toNumber(encoderTimeBase);
    if (generation === "by-duration") {
      if (usesFrameDuration && frame.duration > 0) return ownTicks(frame.duration);
      return frameRate ? ownTicks(Number(rescale(1n, divide(rational(1), frameRate), inputTimeBase))) : 0;
    }
    if (usesFrameDuration) {
      const own = roundEven(Math.fround(ownTicks(frame.duration)));
      if (own > 0) return own;
    }
    const inTicks = (rate: Rational): number => 1 / (toNumber(rate) * toNumber(encoderTimeBase));
    const ofGraph = frameRate ? inTicks(frameRate) : 0;
    return ofInput === false ? ofGraph : Math.min(ofGraph, inTicks(outputRate));
  }
}
