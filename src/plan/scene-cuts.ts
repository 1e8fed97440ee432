import { MAX_CUTS_IN_GOP } from "./chunk.js";
import type { RunScores } from "./scenes.js";
import type { Frame } from "./windows.js";

/** How long chunks may be, and what is best where scores leave a choice, in frames. */
export interface SceneBounds {
  readonly min: number;
  readonly target: number;
  readonly max: number;
}

/** A frame with which a chunk may begin. */
export interface CutFrame {
  readonly score: number;
  /** True for a keyframe of the source: nothing before it has to be decoded. */
  readonly key: boolean;
}

/**
 * How many frames the chunk gets that begins with `frames[0]`, if it may get `from` to `to`: it ends before the frame with
 * the highest score. Of several, keyframes come first, then what is nearest to `target`, then the earliest. Pure.
 */
export function bestLength(frames: readonly CutFrame[], from: number, to: number, target: number): number {
  let best = from;
  for (let length = from + 1; length <= to; length++) {
    if (isBetter(frames, length, best, target)) best = length;
  }
  return best;
}

function isBetter(frames: readonly CutFrame[], length: number, than: number, target: number): boolean {
  const [a, b] = [frames[length], frames[than]];
  if (!a || !b) return false;
  if (a.score !== b.score) return a.score > b.score;
  if (a.key !== b.key) return a.key;
  return Math.abs(length - target) < Math.abs(than - target);
}

/** Says where chunks end by the scores of their frames, which come later than the frames. */
export class SceneCuts {
  readonly #bounds: SceneBounds;
  readonly #scores = new Map<number, number>();
  /** How many frames the GOPs have that are still open, by their segments. */
  readonly #gops = new Map<number, number>();
  #known = Number.NEGATIVE_INFINITY;

  constructor(bounds: SceneBounds) {
    this.#bounds = bounds;
  }

  /** The next window of frames. */
  window(frames: readonly Frame[]): void {
    const [first] = frames;
    if (first) this.#gops.set(first.from, frames.length);
  }

  /** The scores of the next run are known. */
  add({ until, scores }: RunScores): void {
    for (const [pts, score] of scores) this.#scores.set(pts, score);
    this.#known = Math.max(this.#known, until);
  }

  /** No more scores will come: what has none has none. */
  end(): void {
    this.#known = Number.POSITIVE_INFINITY;
  }

  /**
   * How many frames the chunk gets that begins at place `open`; undefined while that is not known, and where it gets all
   * that are left. `ended`: no more frames will come.
   */
  next(shown: readonly Frame[], open: number, ended: boolean): number | undefined {
    const first = shown[open];
    if (!first) return undefined;
    this.#forget(first);
    const { min, target, max } = this.#boundsIn(first.from);
    const end = this.#end(shown, open, max, ended);
    let to = max;
    if (end !== undefined) {
      // What is left may be short enough, and must not get too short.
      if (end.length <= target || end.length < 2 * min) return end.film ? undefined : end.length;
      to = Math.min(max, end.length - min);
    }
    const last = shown[open + to];
    if (!last || last.pts > this.#known) return undefined;
    const frames = shown.slice(open, open + to + 1).map(({ pts, key }) => ({ score: this.#scores.get(pts) ?? 0, key }));
    return bestLength(frames, min, to, target);
  }

  /** Where frames end that may be in one chunk, if that is in sight: the film's end, or that of a part of an edit list. */
  #end(
    shown: readonly Frame[],
    open: number,
    max: number,
    ended: boolean,
  ): { readonly length: number; readonly film: boolean } | undefined {
    const reach = Math.min(shown.length, open + max + 1);
    for (let place = open + 1; place < reach; place++) {
      if (shown[place]?.part !== shown[open]?.part) return { length: place - open, film: false };
    }
    const film = ended && shown.length <= open + max;
    return film ? { length: shown.length - open, film } : undefined;
  }

  /** Every chunk that begins within a GOP decodes it from its start: a long one is cut into fewer, longer ones. */
  #boundsIn(gop: number): SceneBounds {
    const { min, target, max } = this.#bounds;
    const least = Math.max(min, Math.ceil((this.#gops.get(gop) ?? 0) / MAX_CUTS_IN_GOP));
    return { min: least, target: Math.max(target, least), max: Math.max(max, least) };
  }

  #forget({ pts, from }: Frame): void {
    for (const time of this.#scores.keys()) {
      if (time >= pts) break;
      this.#scores.delete(time);
    }
    for (const gop of this.#gops.keys()) if (gop < from) this.#gops.delete(gop);
  }
}
