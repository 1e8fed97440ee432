import type { Problem, Result } from "../lib/result.js";

/**
 * Why a task did not come off: `lost` means the lane is gone with all it held, `failed` only this task here, `refused`
 * that something came back which is not what it should be, `unfit` that it cannot come off on any lane.
 */
export type LaneFailure = { readonly kind: "lost" | "failed" | "refused" | "unfit" | "cancelled" } & Problem;

/**
 * What is handed out: `index` is its place in the order, `work` how much it is, in any unit that is the same for all.
 * `optional`: all goes on where it fails for good; it is of another kind than the others, whose pace it says nothing of.
 */
export interface Task {
  readonly index: number;
  readonly work: number;
  readonly optional?: boolean;
}

/** A worker as the dispatcher sees it. */
export interface Lane<T extends Task, R> {
  readonly name: string;
  /** How many tasks may be executed at once. */
  readonly slots: number;
  /** How many may be prepared beyond those. */
  readonly ahead: number;
  /** A task is given to it: nothing happens yet. */
  begin(task: T): LaneRun<R>;
}

/**
 * One task on one lane, in three stages that overlap with those of other tasks: one at a time is prepared (uploaded), as
 * many as there are slots are executed, and what was executed is collected (downloaded and looked at) without a slot.
 * Each stage ends soon after its signal is aborted.
 */
export interface LaneRun<R> {
  prepare(signal: AbortSignal): Promise<Result<void, LaneFailure>>;
  /** `onProgress`: so much of the task's work is done. */
  execute(slot: number, signal: AbortSignal, onProgress: (work: number) => void): Promise<Result<void, LaneFailure>>;
  collect(signal: AbortSignal): Promise<Result<R, LaneFailure>>;
  /** It has ended, in whatever stage. What is left of it goes; its result as well, unless it is `wanted`. */
  end(wanted: boolean): void;
}

/** What is told of tasks and lanes. */
export interface DispatchEvents<T, R> {
  onDone(task: T, result: R, lane: string): void;
  /** `retry`: it is handed out once more because of that. */
  onFailed(task: T, lane: string, slot: number, attempt: number, failure: LaneFailure, retry: boolean): void;
  onLost(lane: string, failure: LaneFailure): void;
  /** A task has failed for good: nothing more is handed out, unless it was optional. */
  onGivenUp(task: T, lane: string, failure: LaneFailure): void;
  /** Tasks are left and no lane is. */
  onStranded(): void;
  /** A task is started a second time, because `holder` would be later with it. */
  onDoubled(task: T, lane: string, holder: string): void;
  /** A task was done by another lane first; `slot` is below 0 where it had none here. */
  onCancelled(task: T, lane: string, slot: number): void;
}

/** The time, and how to be called later; given from outside, so that the same code runs in simulation. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls once, in so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, call: () => void): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
