import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** A number with the place it was set in: 0 is the strongest place, DEFAULT_RANK none at all. */
export interface Placed {
  readonly value: number;
  readonly rank: number;
  readonly origin: string;
}

export const DEFAULT_RANK = Number.POSITIVE_INFINITY;

export interface Bounds {
  readonly segment_frames: Placed;
  readonly keyint_min: Placed;
  readonly keyint_max: Placed;
}

/**
 * Brings the three lengths (frames) into keyint_min <= segment_frames <= keyint_max. What the user did not set, or set
 * in a weaker place, follows what was set. Bounds that contradict each other in one place are a failure; a segment_frames
 * outside bounds of its own or a weaker place is moved into them, and a note says so (in DistrFFmpeg it was not bound).
 */
export function settleBounds(given: Bounds): Result<Bounds & { readonly notes: Problem[] }, Problem> {
  let { keyint_min: min, keyint_max: max, segment_frames: segment } = given;
  // A segment length asked for moves bounds that nobody asked for, as long as that does not turn them round.
  if (segment.rank !== DEFAULT_RANK) {
    if (min.rank === DEFAULT_RANK && segment.value < min.value)
      min = follow(given.keyint_min, segment.value, "segment_frames");
    if (max.rank === DEFAULT_RANK && segment.value > max.value)
      max = follow(given.keyint_max, segment.value, "segment_frames");
  }
  if (min.value > max.value) {
    if (min.rank === max.rank) {
      const values = `keyint_min is ${min.value} (${min.origin}), more than keyint_max, ${max.value} (${max.origin})`;
      return fail({ what: values, fix: "Make keyint_min the smaller one, or set only one of the two." });
    }
    if (min.rank > max.rank) min = follow(given.keyint_min, max.value, "keyint_max");
    else max = follow(given.keyint_max, min.value, "keyint_min");
  }
  const notes: Problem[] = [];
  const clamped = Math.min(Math.max(segment.value, min.value), max.value);
  if (clamped !== segment.value) {
    const bound = clamped === min.value ? min : max;
    const key = clamped === min.value ? "keyint_min" : "keyint_max";
    if (segment.rank !== DEFAULT_RANK && segment.rank <= bound.rank) {
      notes.push({
        what: `segment_frames is ${segment.value} (${segment.origin}); ${key}, ${clamped}, is used instead`,
      });
    }
    segment = follow(segment, clamped, key);
  }
  return ok({ segment_frames: segment, keyint_min: min, keyint_max: max, notes });
}

function follow(placed: Placed, value: number, key: string): Placed {
  return { ...placed, value, origin: `${placed.origin}, follows ${key}` };
}
