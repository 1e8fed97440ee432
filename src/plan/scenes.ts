import { nutInput } from "../ffmpeg/guarded-input.js";
import { formatRational } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import { type FilmPlan, shiftTicks } from "./film.js";

/**
 * A run of the source's segments that is looked at for scene changes: all frames behind the last one of the run before,
 * up to `until`, which is the keyframe of the segment behind it. So the frames of two runs are compared, too, and what
 * comes out is the same however segments are put together.
 */
export interface SceneRun {
  /** Its place among the runs. */
  readonly index: number;
  /** Segments to decode, from and to inclusive; the last one up to `until` only. */
  readonly firstSegment: number;
  readonly lastSegment: number;
  /** The last frame of interest, in ticks of the source. */
  readonly until: number;
  /** How many packets the segments have: there are no more frames than that. */
  readonly packets: number;
}

/** How much a frame differs from the one shown before it: in per cent of the whole range, the mean over the picture. */
export interface FrameDifference {
  /** Ticks of the source. */
  readonly pts: number;
  readonly difference: number;
}

/**
 * Pictures are compared at this size. A pixel is one of the source's (`neighbor`), so that no rounding of any build shows;
 * measured on films from 480p to 1080p, the order of the frames by their scores is that of the full size.
 */
const SIZE = "160:90";

/**
 * What a worker runs to compare the frames of a run. libavfilter/vf_scdet.c says how much each differs from the one before
 * (`mafd`; 5.1 and 7.1), which needs no other frames; `score`, which looks one further back, is worked out on the host.
 * Without the loop filter decoding takes a fifth less time; the error it leaves is below a hundredth at a keyframe.
 */
export function sceneArgs(plan: FilmPlan, run: SceneRun, input: string, x264Build?: number): string[] {
  const filters = [
    ...[`settb=${formatRational(plan.timeBase)}`, `setpts=PTS-${shiftTicks(plan)}`, `trim=end_pts=${run.until + 1}`],
    ...[`scale=${SIZE}:flags=neighbor+bitexact`, "format=gray", "scdet", "metadata=print:key=lavfi.scd.mafd:file=-"],
  ];
  return [
    ...["-v", "error", "-nostdin", "-nostats", "-filter_threads", "1", "-copyts"],
    ...(x264Build === undefined ? [] : ["-x264_build", `${x264Build}`]),
    ...["-skip_loop_filter:v", "all", ...nutInput(input), "-map", "0:v:0", "-filter:v", filters.join(",")],
    ...["-fps_mode", "passthrough", "-f", "null", "-"],
  ];
}

/** The line before a frame's values (libavfilter/f_metadata.c print_metadata). */
const FRAME = /^frame:\d+ +pts:(-?\d{1,15}) +pts_time:\S+$/;
const VALUE = /^lavfi\.scd\.mafd=(\d{1,3}(?:\.\d{1,6})?)$/;

/**
 * Reads what `sceneArgs` prints, line by line. The worker is not trusted: what does not look as it must, or is more than
 * there can be, makes all of it worth nothing.
 */
export class SceneLines {
  readonly #frames: FrameDifference[] = [];
  readonly #most: number;
  #pts: number | undefined;
  #wrong: string | undefined;

  constructor({ packets }: SceneRun) {
    // A packet gives no more than a frame, one of two fields two.
    this.#most = 2 * packets;
  }

  /** Takes the next line; gives how many frames there were so far. */
  push(line: string): number {
    this.#read(line);
    return this.#frames.length;
  }

  #read(line: string): void {
    if (this.#wrong !== undefined || line === "") return;
    const [, pts] = FRAME.exec(line) ?? [];
    if (pts !== undefined) {
      this.#pts = Number(pts);
      return;
    }
    const [, value] = VALUE.exec(line) ?? [];
    const difference = Number(value);
    if (value === undefined || this.#pts === undefined || difference > 100) {
      this.#wrong = "its answer is none";
      return;
    }
    if (this.#frames.length >= this.#most) {
      this.#wrong = "it tells of more frames than there are";
      return;
    }
    if (this.#pts <= (this.#frames.at(-1)?.pts ?? Number.NEGATIVE_INFINITY)) {
      this.#wrong = "its frames are not in order of time";
      return;
    }
    this.#frames.push({ pts: this.#pts, difference });
    this.#pts = undefined;
  }

  /** All frames, or what is wrong with the answer. */
  end(): Result<readonly FrameDifference[], string> {
    if (this.#wrong !== undefined) return fail(this.#wrong);
    return this.#frames.length > 0 ? ok(this.#frames) : fail("it tells of no frames");
  }
}

/** What is less is motion: no place is better than another for it. */
const LEAST = 0.04;

/** The scores of a run's frames by their times; those that are not there have none. */
export interface RunScores {
  /** All up to this time are known now. */
  readonly until: number;
  readonly scores: ReadonlyMap<number, number>;
}

/**
 * Makes scores of differences, run by run in their order: from 0 to 1, the higher the more a frame begins something new. As
 * libavfilter/vf_scdet.c has it, the difference to the frame before, or how much more that is than the one before it,
 * whichever is less: so that fast motion is no scene change. Rounded to hundredths: of frames that are equal then, another
 * matter decides.
 */
export class SceneScores {
  #until = Number.NEGATIVE_INFINITY;
  #last = 0;

  /** Takes the next run. */
  add({ until }: SceneRun, frames: readonly FrameDifference[]): RunScores {
    const scores = new Map<number, number>();
    for (const { pts, difference } of frames) {
      // Those before are of the run before, which had what they are compared with.
      if (pts <= this.#until || pts > until) continue;
      const least = Math.min(difference, Math.abs(difference - this.#last));
      const score = Math.round(least) / 100;
      if (score >= LEAST) scores.set(pts, score);
      this.#last = difference;
    }
    this.#until = Math.max(this.#until, until);
    return { until, scores };
  }
}
