/**
 * What a filter looks at to make one output frame. A chunk of a film can be
 * filtered by itself when that is known and bounded.
 */
import type { Expression } from "../../ffmpeg/expression.js";
import type { Rational } from "../../lib/rational.js";

/** A filter as used, its arguments after both levels of unescaping. */
export interface FilterOptionsInput {
  readonly name: string;
  /** Arguments without a name, in order; they come before all named ones. */
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string>;
}

/**
 * What the caller can vouch for that this table cannot see.
 *
 * - `same-filter-threads`: every machine runs with the same `-filter_threads`
 *   (and `-filter_complex_threads`) as the plain command. Unasked, ffmpeg takes
 *   min(16, processors + 1), or 1 on one processor (libavutil/slicethread.c).
 * - `same-fonts`: fontconfig gives the same fonts on every machine.
 * - `subtitles-apart`: no two events of the subtitle file are on screen at once.
 * - `steady-textfile`: the text file holds no `%{...}` that counts or tells the time of day.
 */
export type Condition = "same-filter-threads" | "same-fonts" | "subtitles-apart" | "steady-textfile";

/** One frame in, one frame out, of the same pts, made of that frame and its time alone: trim before it. */
export interface FrameTrait {
  readonly kind: "frame";
  /** Those of the options given that name files the filter reads. */
  readonly files: readonly string[];
}

/**
 * A frame of pts p is made of the input frame of pts p and of `before` and
 * `after` frames next to it: widen the input, trim by pts after it.
 */
export interface WindowTrait {
  readonly kind: "window";
  readonly before: number;
  readonly after: number;
  /**
   * `double`: a frame for every field, the second halfway to the next frame, in half the time base;
   * `mixed`: two frames for interlaced ones, one for the others.
   */
  readonly rate: "same" | "double" | "mixed";
  /**
   * Frames for which nothing comes out, at the film's own start and end. A chunk's
   * widened input loses its extra frames by the same rule, so nothing need be done;
   * but the film comes out shorter, and one shorter than the window may come out empty.
   */
  readonly edge: { readonly dropsFirst: number; readonly dropsLast: number };
  readonly files: readonly string[];
}

/**
 * Frames come out at whole multiples of 1/`rate` on the clock the filter sees,
 * whatever frame the input begins with: widen the input, trim by output time
 * (window start <= time < window end) after it.
 */
export interface GridTrait {
  readonly kind: "grid";
  readonly rate: Rational;
  /** Input frames needed before the first one of the window. */
  readonly before: number;
  /** After the window's end: all frames of this many periods of `rate`, and then ... */
  readonly afterPeriods: number;
  /** ... this many more frames. */
  readonly after: number;
  /**
   * `fps` only: its start_time in seconds. From there to the first frame the first
   * frame is repeated: exact in a chunk too, once trimmed, but long work in a late
   * one; where it is 0 a chunk that is not the first can go without it.
   */
  readonly startTime: number | undefined;
  readonly files: readonly string[];
}

/** One frame in, the same one out at another time: trim before it, and by the new times behind it. */
export interface MoveTrait {
  readonly kind: "move";
  /** The new time in ticks, from `PTS`, `STARTPTS` (that of the film's first frame) and `TB`; cut to a whole number. */
  readonly times: Expression;
  readonly files: readonly string[];
}

/** Not to be split. */
export interface WholeTrait {
  readonly kind: "whole";
  /** Completes "FILTER ...": for the user. */
  readonly reason: string;
  /** Granted all of these, the filter is of another kind. Empty: never. */
  readonly unless: readonly Condition[];
}

export type FilterTrait = FrameTrait | MoveTrait | WindowTrait | GridTrait | WholeTrait;
