import type { Progress } from "../ffmpeg/progress.js";
import type { RateCounts } from "../job/events.js";
import { elapsed, flight, outputFrames } from "./measure.js";
import type { JobState } from "./state.js";
import type { JobStore } from "./store.js";

/** Milliseconds between two reports when not told otherwise (fftools/ffmpeg_opt.c stats_period). */
export const STATS_PERIOD = 500;

/**
 * The job as one ffmpeg would report it. Frames and bytes are all that were encoded anywhere; the time is what they come
 * to as film. At the end they are the output's own.
 */
export function statOf(state: JobState, now: number): Progress {
  const last = state.phase === "done";
  const frame = outputFrames(state);
  const { joined, film } = state;
  const rate = joined.frames > 0 && joined.seconds > 0 ? joined.frames / joined.seconds : film?.framesPerSecond;
  const reach = rate === undefined ? 0 : frame / rate;
  const time = Math.round((last ? (state.reached ?? joined.seconds) : reach) * 1e6);
  const going = film?.sized === false ? undefined : state.done.bytes + flight(state).bytes;
  const size = last ? state.size : going;
  const [q = -1, ...others] = state.q;
  const moreQ = (film?.places ?? []).slice(1).map((_, i) => others[i] ?? -1);
  const seconds = elapsed(state, now);
  return {
    frame,
    // ffmpeg too shows no average in the first second.
    fps: seconds > 1 ? frame / seconds : 0,
    q,
    ...(moreQ.length > 0 ? { moreQ } : {}),
    ...(size === undefined ? {} : { size }),
    time,
    ...(time > 0 && size !== undefined ? { bitrate: (size * 8) / (time / 1000) } : {}),
    ...rateCounts(state),
    ...(seconds > 0 ? { speed: time / 1e6 / seconds } : {}),
    last,
  };
}

/** Of the film's chunks that are done, and at the end of the whole film. */
function rateCounts(state: JobState): RateCounts {
  if (state.phase === "done" && state.counts) return state.counts;
  let [dup, drop] = [0, 0];
  for (const { done, counts } of state.chunks.values()) {
    if (!done || !counts) continue;
    dup += counts.dup;
    drop += counts.drop;
  }
  return { dup, drop };
}

/** Reports that go forward only, also when a chunk is lost and done again: programs that read them expect it. */
export class Stats {
  readonly #store: JobStore;
  #frame = 0;
  #time = 0;
  #size = 0;

  constructor(store: JobStore) {
    this.#store = store;
  }

  /** The job now. */
  read(): Progress {
    const stat = statOf(this.#store.state, this.#store.now());
    if (stat.last) return stat;
    this.#frame = Math.max(this.#frame, stat.frame ?? 0);
    this.#time = Math.max(this.#time, stat.time ?? 0);
    const { size } = stat;
    if (size === undefined) return { ...stat, frame: this.#frame, time: this.#time };
    this.#size = Math.max(this.#size, size);
    return { ...stat, frame: this.#frame, time: this.#time, size: this.#size };
  }

  /** True while the job itself has something to report: before and after that ffmpeg does, or nobody. */
  get running(): boolean {
    const { phase, opened } = this.#store.state;
    return opened && (phase === "running" || phase === "verifying");
  }
}
