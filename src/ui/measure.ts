import type { JobState, WorkerState } from "./state.js";

/** How many source frames were encoded at a moment (milliseconds). */
export interface Sample {
  readonly at: number;
  readonly frames: number;
}

/** The speed shown is the mean over this many milliseconds: a few chunks' beginnings and ends are smoothed out. */
export const SPEED_WINDOW = 15_000;

/** Before this many milliseconds of encoding a speed is mostly the encoders' start. */
export const SETTLED_AFTER = 5_000;

/** Samples are kept no closer than this; progress reports come many a second from a large fleet. */
const SAMPLE_SPACING = 500;

/** Adds a sample, counted by `frames` where one is due, and drops those that no window needs any more. */
export function takeSample(samples: readonly Sample[], at: number, frames: () => number): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && at - last.at < SAMPLE_SPACING) return samples;
  const sample = { at, frames: frames() };
  const edge = at - SPEED_WINDOW;
  // The newest sample before the window stays: it is where the window's growth is measured from.
  const firstInside = samples.findIndex((each) => each.at > edge);
  const from = firstInside === -1 ? samples.length - 1 : firstInside - 1;
  return [...samples.slice(Math.max(0, from)), sample];
}

/** Frames and bytes in slots now, each chunk once (two workers may race for it): `output` as the encoders count, `source` converted. */
export function flight(state: JobState): { source: number; output: number; bytes: number } {
  const best = new Map<number, number>();
  const sizes = new Map<number, number>();
  for (const worker of state.workers.values()) {
    for (const slot of worker.busy.values()) {
      if (state.chunks.get(slot.chunk)?.done !== undefined) continue;
      best.set(slot.chunk, Math.max(slot.frames, best.get(slot.chunk) ?? 0));
      sizes.set(slot.chunk, Math.max(slot.bytes, sizes.get(slot.chunk) ?? 0));
    }
  }
  // Filters may make more or fewer frames than come in (fps, bwdif): the chunks done so far show the ratio.
  const ratio = state.done.source > 0 && state.done.output > 0 ? state.done.output / state.done.source : 1;
  let source = 0;
  let output = 0;
  for (const [chunk, frames] of best) {
    output += frames;
    source += Math.min(frames / ratio, state.chunks.get(chunk)?.size ?? Number.POSITIVE_INFINITY);
  }
  return { source, output, bytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

/** Source frames encoded so far, chunks at work included. */
export function sourceFrames(state: JobState): number {
  return state.done.source + Math.floor(flight(state).source);
}

/** Output frames encoded so far, chunks at work included; after the end what the output holds. */
export function outputFrames(state: JobState): number {
  if (state.phase === "done") return state.joined.frames;
  return Math.max(state.joined.frames, state.done.output + flight(state).output);
}

/** Frames per second over the last window, or undefined before anything was measured. A standstill lets it sink. */
export function speed(state: JobState, now: number): number | undefined {
  const edge = now - SPEED_WINDOW;
  const base = state.samples.findLast((sample) => sample.at <= edge) ?? state.samples[0];
  if (base === undefined || now - base.at < 1000) return undefined;
  // Work that was lost with a worker makes the count step back; a negative speed would say nothing.
  return (Math.max(0, sourceFrames(state) - base.frames) * 1000) / (now - base.at);
}

/**
 * Seconds until all frames are encoded, from the measured speed. Undefined while it could only be guessed:
 * the source is still being read, the encoders have just begun, nothing moves, or nothing is left.
 */
export function eta(state: JobState, now: number): number | undefined {
  const fps = speed(state, now);
  const first = state.samples[0];
  if (state.phase !== "running" || state.total === undefined || first === undefined || fps === undefined)
    return undefined;
  if (now - first.at < SETTLED_AFTER || fps <= 0) return undefined;
  const left = state.total - sourceFrames(state);
  return left > 0 ? left / fps : undefined;
}

/** Done share of the film, 0 to 1; undefined while its length is not known. */
export function share(state: JobState): number | undefined {
  if (state.phase === "done" || state.phase === "verifying") return 1;
  if (state.total === undefined || state.total <= 0) return undefined;
  return Math.min(1, sourceFrames(state) / state.total);
}

/** Frames per second of a worker now: its encoding slots added up. */
export function workerFps(worker: WorkerState): number {
  let fps = 0;
  for (const slot of worker.busy.values()) if (slot.activity === "encode") fps += slot.fps;
  return fps;
}

/** Output frames of a worker, chunks at work included. */
export function workerFrames(worker: WorkerState): number {
  let frames = worker.frames;
  for (const slot of worker.busy.values()) frames += slot.frames;
  return frames;
}

/** Seconds since the start of the job, up to its end. */
export function elapsed(state: JobState, now: number): number {
  return Math.max(0, (state.endedAt ?? now) - state.startedAt) / 1000;
}

/** Bytes that the first film will come to, by what the finished chunks came to; undefined before there are any, or while the length is not known. */
export function expectedSize({ done, total, film }: JobState): number | undefined {
  if (total === undefined || done.source <= 0 || done.bytes <= 0 || film?.sized === false) return undefined;
  return (done.bytes / done.source) * total;
}
