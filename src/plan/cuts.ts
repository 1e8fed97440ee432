import type { ChunkBounds } from "./chunk.js";

/** Where lengths are planned, how far a chunk may be from its own, as a part of it, to end at a better place. */
const AROUND = 0.25;

/** A GOP that is shorter than this part of the longest ends early: encoders do that where the scene changes. */
const EARLY = 0.9;

/** A keyframe at which the open chunk may end. */
export interface Border {
  /** The keyframe's time. */
  readonly pts: number;
  /** Frames in the open chunk up to there, and in the GOP that begins there. */
  readonly held: number;
  readonly next: number;
  /** The number of the open chunk's first frame. */
  readonly first: number;
}

interface Candidate {
  readonly pts: number;
  /** How many frames longer or shorter than planned the chunk would be. */
  readonly off: number;
  readonly early: boolean;
}

/**
 * Says at which keyframes chunks end. A chunk of a fixed length ends at the first keyframe that is far enough. Where
 * lengths are planned, it ends at the one that comes nearest, but rather at one that comes early after the one before:
 * encoders place keyframes at a regular distance, and earlier where the scene changes, and there a new keyframe costs least.
 */
export class Cuts {
  readonly #bounds: ChunkBounds;
  #candidates: Candidate[] = [];
  /** Frames of the GOP before the border, and of the longest so far. */
  #last = 0;
  #longest = 0;

  constructor(bounds: ChunkBounds) {
    this.#bounds = bounds;
  }

  /** How long a chunk should be that begins with this frame of the film. */
  target(first: number): number {
    const { target } = this.#bounds;
    return typeof target === "number" ? target : target(first);
  }

  /** The next GOP has so many frames. */
  passed(next: number): void {
    this.#last = next;
    this.#longest = Math.max(this.#longest, next);
  }

  /** The next keyframe, or the same after a cut before it: gives the time of the one at which the open chunk ends, this one or one before it. */
  at({ pts, held, next, first }: Border): number | undefined {
    const { min, max, target: wanted } = this.#bounds;
    const early = this.#last < this.#longest * EARLY;
    const tooLong = held >= min && held + next > max;
    const target = this.target(first);
    if (typeof wanted === "number") return held >= target || tooLong ? pts : undefined;
    const [low, high] = [Math.max(min, target * (1 - AROUND)), Math.min(max, target * (1 + AROUND))];
    if (held >= low && held <= high) this.#candidates.push({ pts, off: Math.abs(held - target), early });
    const over = held + next > high;
    if (!over) return undefined;
    const best = this.#best();
    this.#candidates = [];
    return best?.pts ?? (held >= target || tooLong ? pts : undefined);
  }

  /** The open chunk has ended at another place. */
  forget(): void {
    this.#candidates = [];
  }

  #best(): Candidate | undefined {
    const early = this.#candidates.filter((candidate) => candidate.early);
    const among = early.length > 0 ? early : this.#candidates;
    return among.reduce<Candidate | undefined>((best, one) => (best && best.off <= one.off ? best : one), undefined);
  }
}
