/** The words in which the tables of filters are written. */
import type { Condition, FilterTrait, FrameTrait, WholeTrait, WindowTrait } from "./types.js";

/** A use's options by their first names, as the filter's `options` list them. */
export type Options = ReadonlyMap<string, string>;

/** What an entry says of one use; conditions are settled by the caller. */
export type Verdict = FilterTrait | Conditional;

/** `then`, if all of `conditions` hold; else whole. */
export interface Conditional {
  readonly kind: "conditional";
  readonly conditions: readonly Condition[];
  readonly reason: string;
  readonly then: FrameTrait | WindowTrait;
}

export interface Definition {
  /**
   * Options in the order of `ffmpeg -h filter=NAME`, separated by spaces, aliases
   * joined by "/": what arguments without a name stand for. Left out where no option
   * changes the kind.
   */
  readonly options?: string;
  /** Options not listed change nothing (scale hands them to swscale); else they make it whole. */
  readonly open?: boolean;
  /** Options that hold expressions: "*" for all. */
  readonly expressions?: string;
  /** Options that name files to read. */
  readonly files?: string;
  /** `enable` is among the options that `judge` looks at; else it makes what is no `frame` whole. */
  readonly switched?: boolean;
  /** The kind for these options, given that no expression counts. */
  readonly judge: (options: Options) => Verdict;
}

export type Table = ReadonlyMap<string, Definition>;

export const FRAME: FrameTrait = { kind: "frame", files: [] };

/** Never to be split; `reason` completes "FILTER ...". */
export function whole(reason: string): WholeTrait {
  return { kind: "whole", reason, unless: [] };
}

/** `then` if the caller vouches for all of `conditions`, whole for `reason` otherwise. */
export function provided(conditions: readonly Condition[], reason: string, then: FrameTrait | WindowTrait): Verdict {
  return conditions.length === 0 ? then : { kind: "conditional", conditions, reason, then };
}

/** A window of so many frames, as many out as in unless `more` says otherwise. */
export function windowOf(before: number, after: number, more: Partial<WindowTrait> = {}): WindowTrait {
  return { kind: "window", before, after, rate: "same", edge: { dropsFirst: 0, dropsLast: 0 }, files: [], ...more };
}

/** Frame, whatever the options; those named are scanned or sent along. */
export function frame(more: Omit<Definition, "judge"> = {}): Definition {
  return { ...more, judge: () => FRAME };
}

/** The words of a text, whatever space is between them. */
export function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** A whole number as an option takes it; undefined for what is not plainly one (`2*3`, `max`, ...). */
export function integer(text: string | undefined, fallback: number): number | undefined {
  if (text === undefined) return fallback;
  return /^\d{1,6}$/.test(text.trim()) ? Number(text) : undefined;
}

/** Is the option one of these texts (or not given, where that is fine too)? */
export function isOneOf(text: string | undefined, ...choices: readonly (string | undefined)[]): boolean {
  return choices.includes(text);
}
