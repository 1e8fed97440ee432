import type { FilmShape, JobEvent, RateCounts, Route } from "../job/events.js";
import { unreachable } from "../lib/result.js";
import { ChunkMap } from "./chunk-map.js";
import { withKept } from "./kept.js";
import { sourceFrames, type Sample, takeSample } from "./measure.js";
import {
  type Activity,
  type Busy,
  type SlotState,
  slotOf,
  withActivity,
  withoutChunk,
  withoutUpload,
} from "./slots.js";

export interface WorkerState {
  readonly name: string;
  readonly slots: number;
  readonly detail: string;
  readonly busy: Busy;
  /** Chunks and output frames that count: a chunk done by two workers counts for the first. */
  readonly chunks: number;
  readonly frames: number;
  /** Encoding time of all chunks, slots added up, work done twice included. */
  readonly seconds: number;
  /** Chunks that it took out of the source itself. */
  readonly shared: number;
  /** Frames that it looked at for scene changes. */
  readonly compared: number;
  /** Why the worker was given up, while it is. */
  readonly dropped: string | undefined;
}

export interface ChunkState {
  /** Source frames; undefined until the chunk was announced. */
  readonly size?: number;
  readonly counts?: RateCounts;
  /** Who did it; `frames` are output frames. */
  readonly done?: { readonly worker: string; readonly frames: number; readonly bytes: number };
}

/** `whole`: the command runs unsplit, and ffmpeg itself reports. */
export type Phase = "starting" | "running" | "verifying" | "whole" | "done" | "failed";

/** All that the views know of a job. Times are milliseconds of the clock given to the reducer. */
export interface JobState {
  readonly phase: Phase;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly route?: Route;
  readonly reason: string;
  /** The films' places and rate, once it is known to be split. */
  readonly film?: FilmShape;
  /** True when ffmpeg would report. */
  readonly opened: boolean;
  /** The quantizers of the frames that were encoded last, film by film; empty while none has said. */
  readonly q: readonly number[];
  /** How far the output reaches, in seconds, as ffmpeg said it at the end. */
  readonly reached?: number;
  /** How large the first output is at the end, where ffmpeg tells it. */
  readonly size?: number;
  /** Source frames seen by the split; `total` once the source was read to its end, and with it all chunks are known. */
  readonly seen: number;
  readonly total?: number;
  /** Frames repeated and left out in all films, once all is known. */
  readonly counts?: RateCounts;
  readonly workers: ReadonlyMap<string, WorkerState>;
  readonly chunks: ChunkMap;
  /** Sums over the chunks that are done: how many, their source and output frames, their bytes. */
  readonly done: { readonly chunks: number; readonly source: number; readonly output: number; readonly bytes: number };
  /** How many of them an earlier run had done. */
  readonly kept: number;
  readonly retries: number;
  /** Chunks that were started a second time because their first worker was late. */
  readonly doubled: number;
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  /** The head of the film that is in the output, or all of it at the end. */
  readonly joined: { readonly frames: number; readonly seconds: number; readonly bytes: number };
  readonly samples: readonly Sample[];
}

/** The state before the first event. */
export function initialState(now: number): JobState {
  return {
    phase: "starting",
    startedAt: now,
    reason: "",
    opened: false,
    q: [],
    seen: 0,
    workers: new Map(),
    chunks: ChunkMap.EMPTY,
    done: { chunks: 0, source: 0, output: 0, bytes: 0 },
    kept: 0,
    retries: 0,
    doubled: 0,
    dropped: [],
    joined: { frames: 0, seconds: 0, bytes: 0 },
    samples: [],
  };
}

function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

/** The worker by that name; one that never came up (dropped at the first try) is made on the spot. */
function workerOf(state: JobState, name: string): WorkerState {
  const nothing = { slots: 0, detail: "", chunks: 0, frames: 0, seconds: 0, shared: 0, compared: 0 };
  return state.workers.get(name) ?? { name, ...nothing, busy: new Map(), dropped: undefined };
}

const took = (worker: WorkerState): WorkerState => ({ ...worker, shared: worker.shared + 1 });

function putWorker(state: JobState, worker: WorkerState): JobState {
  return { ...state, workers: put(state.workers, worker.name, worker) };
}

function putBusy(state: JobState, name: string, change: (busy: Busy) => Busy): JobState {
  const worker = workerOf(state, name);
  return putWorker(state, { ...worker, busy: change(worker.busy) });
}

function startActivity(
  state: JobState,
  event: Extract<JobEvent, { type: "chunk-upload" | "chunk-encode" | "chunk-download" }>,
  activity: Activity,
): JobState {
  const next = putBusy(state, event.worker, (busy) => withActivity(busy, event, activity));
  // A verdict of "bad" may come after "verifying"; then the job is at work again.
  return next.phase === "starting" || next.phase === "verifying" ? { ...next, phase: "running" } : next;
}

function progress(state: JobState, event: Extract<JobEvent, { type: "chunk-progress" }>): JobState {
  const { chunk, frames, fps, bytes = 0, q = state.q } = event;
  const before = workerOf(state, event.worker).busy.get(event.slot);
  // A last report may come after the chunk was done, failed or taken away: it must not make the slot busy again.
  if (before?.chunk !== chunk || before.activity !== "encode") return state;
  const now: SlotState = { activity: "encode", chunk, frames, fps, bytes };
  return putBusy({ ...state, q }, event.worker, (busy) => put(busy, event.slot, now));
}

function chunkDone(state: JobState, event: Extract<JobEvent, { type: "chunk-done" }>): JobState {
  const idle = putBusy(state, event.worker, (busy) => withoutChunk(busy, event.chunk));
  const worker = workerOf(idle, event.worker);
  const seconds = worker.seconds + event.seconds;
  const chunk = idle.chunks.get(event.chunk) ?? {};
  // Two workers may race for the last chunks: only the first result is a chunk of the film, but both worked.
  if (chunk.done !== undefined) return putWorker(idle, { ...worker, seconds });
  const { frames, bytes } = event;
  const next = putWorker(idle, { ...worker, seconds, chunks: worker.chunks + 1, frames: worker.frames + frames });
  return {
    ...next,
    chunks: next.chunks.set(event.chunk, { ...chunk, done: { worker: event.worker, frames, bytes } }),
    done: addDone(next.done, 1, chunk.size ?? frames, frames, bytes),
  };
}

function addDone(
  done: JobState["done"],
  chunks: number,
  source: number,
  output: number,
  bytes: number,
): JobState["done"] {
  return {
    chunks: done.chunks + chunks,
    source: done.source + source,
    output: done.output + output,
    bytes: done.bytes + bytes,
  };
}

function chunkFailed(state: JobState, event: Extract<JobEvent, { type: "chunk-failed" }>): JobState {
  const wasBusy = slotOf(workerOf(state, event.worker).busy, event.chunk) !== undefined;
  let next = wasBusy ? putBusy(state, event.worker, (busy) => withoutChunk(busy, event.chunk)) : state;
  if (event.retry) next = { ...next, retries: next.retries + 1 };
  const chunk = next.chunks.get(event.chunk);
  // A chunk that fails after it was done was found bad by a later check: what it added is taken back.
  if (chunk?.done === undefined || chunk.done.worker !== event.worker || wasBusy) return next;
  const { frames, bytes } = chunk.done;
  const { size, counts } = chunk;
  const undone: ChunkState = { ...(size === undefined ? {} : { size }), ...(counts ? { counts } : {}) };
  const worker = workerOf(next, event.worker);
  next = putWorker(next, { ...worker, chunks: worker.chunks - 1, frames: worker.frames - frames });
  return {
    ...next,
    chunks: next.chunks.set(event.chunk, undone),
    done: addDone(next.done, -1, -(chunk.size ?? frames), -frames, -bytes),
  };
}

function workerUp(state: JobState, event: Extract<JobEvent, { type: "worker-up" }>): JobState {
  // Up again after a drop: what it did before still counts.
  const { slots, detail } = event;
  return putWorker(state, { ...workerOf(state, event.worker), slots, detail, dropped: undefined });
}

function workerDropped(state: JobState, event: Extract<JobEvent, { type: "worker-dropped" }>): JobState {
  const worker = { ...workerOf(state, event.worker), busy: new Map(), dropped: event.reason };
  return { ...putWorker(state, worker), dropped: [...state.dropped, { name: event.worker, reason: event.reason }] };
}

function allIdle(state: JobState): JobState {
  const workers = new Map([...state.workers].map(([name, worker]) => [name, { ...worker, busy: new Map() }]));
  return { ...state, workers };
}

function apply(state: JobState, event: JobEvent, now: number): JobState {
  switch (event.type) {
    case "route":
      return {
        ...state,
        route: event.route,
        reason: event.reason,
        phase: event.route === "chunks" ? state.phase : "whole",
        ...(event.film ? { film: event.film } : {}),
      };
    case "opened":
      return { ...state, opened: true };
    case "worker-up":
      return workerUp(state, event);
    case "worker-dropped":
      return workerDropped(state, event);
    case "split-progress":
      return {
        ...{ ...state, seen: event.frames },
        ...(event.total === undefined ? {} : { total: event.total }),
        ...(event.counts ? { counts: event.counts } : {}),
      };
    case "chunk-ready": {
      const counts = event.counts ? { counts: event.counts } : {};
      const chunk = { ...state.chunks.get(event.chunk), size: event.frames, ...counts };
      return { ...state, chunks: state.chunks.set(event.chunk, chunk) };
    }
    case "chunk-upload":
      return startActivity(state, event, "upload");
    case "scenes-compared": {
      const worker = workerOf(state, event.worker);
      return putWorker(state, { ...worker, compared: worker.compared + event.frames });
    }
    case "chunk-shared":
      return putWorker(state, took(workerOf(state, event.worker)));
    case "chunk-encode":
      return startActivity(state, event, "encode");
    case "chunk-download":
      return startActivity(state, event, "download");
    case "chunk-progress":
      return progress(state, event);
    case "chunk-kept":
      return withKept(state, event);
    case "chunk-done":
      return chunkDone(state, event);
    case "chunk-failed":
      return chunkFailed(state, event);
    case "chunk-doubled":
      return { ...state, doubled: state.doubled + 1 };
    case "chunk-cancelled":
      return putBusy(state, event.worker, (busy) => withoutChunk(busy, event.chunk));
    case "join-progress":
      return { ...state, joined: { frames: event.frames, seconds: event.seconds, bytes: event.bytes } };
    case "verifying":
      return { ...state, phase: "verifying" };
    case "fell-back":
      return { ...allIdle(state), phase: "whole", route: "local", reason: event.reason };
    case "chunk-uploaded":
      return putBusy(state, event.worker, (busy) => withoutUpload(busy, event.chunk));
    case "resumable":
    case "notice":
    case "command":
    case "progress-text":
    case "words":
      return state;
    case "done": {
      const joined = { frames: event.frames, seconds: event.seconds, bytes: event.bytes };
      const reached = event.reached === undefined ? {} : { reached: event.reached };
      const size = event.size === undefined ? {} : { size: event.size };
      return { ...allIdle(state), phase: "done", joined, endedAt: now, ...reached, ...size };
    }
    case "stopped":
    case "failed":
      return { ...allIdle(state), phase: "failed", endedAt: now };
    default:
      return unreachable(event);
  }
}

/**
 * The state after one more event, which came at `now` (milliseconds, never going back).
 * Pure: equal arguments give equal states, and the old state stays as it was.
 */
export function reduce(state: JobState, event: JobEvent, now: number): JobState {
  const next = apply(state, event, now);
  return next.phase === "running"
    ? { ...next, samples: takeSample(next.samples, now, () => sourceFrames(next)) }
    : next;
}
