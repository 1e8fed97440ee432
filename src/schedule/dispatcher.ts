import PQueue from "p-queue";
import type { Problem, Result } from "../lib/result.js";

/**
 * Why a task did not come off: `lost` means the lane is gone with all it held, `failed` only this task here, `refused`
 * that something came back which is not what it should be, `unfit` that it cannot come off on any lane.
 */
export type LaneFailure = { readonly kind: "lost" | "failed" | "refused" | "unfit" | "cancelled" } & Problem;

/** A worker as the dispatcher sees it: so many tasks at once, each prepared (uploaded) and then executed. */
export interface Lane<T, R> {
  readonly name: string;
  readonly slots: number;
  /** How many tasks may be prepared beyond those that run. */
  readonly ahead: number;
  prepare(task: T, signal: AbortSignal): Promise<Result<void, LaneFailure>>;
  execute(task: T, slot: number, signal: AbortSignal): Promise<Result<R, LaneFailure>>;
}

export interface DispatchEvents<T, R> {
  onDone(task: T, result: R, lane: string): void;
  onFailed(task: T, lane: string, slot: number, attempt: number, failure: LaneFailure, retry: boolean): void;
  onLost(lane: string, failure: LaneFailure): void;
  /** A task has failed for good: nothing more is handed out, unless it was an optional one. */
  onGivenUp(task: T, lane: string, failure: LaneFailure): void;
  /** Tasks are left and no lane is. */
  onStranded(): void;
}

interface Held<T> {
  readonly task: T;
  attempts: number;
  /** Lanes it has failed on: it goes elsewhere while there is an elsewhere. */
  readonly failedOn: Set<string>;
}

interface RunningLane<T, R> {
  readonly lane: Lane<T, R>;
  readonly uploads: PQueue;
  readonly runs: PQueue;
  readonly freeSlots: number[];
  held: number;
  lost: boolean;
}

/**
 * Hands tasks to lanes, lowest first: every lane runs as many at once as it has slots, and the next is prepared
 * meanwhile. A task that fails goes to another lane, up to `maxRetries` times; the tasks of a lane that is lost go back
 * without counting. Time and lanes are given from outside, so that the same code runs in simulation.
 */
export class Dispatcher<T extends { readonly index: number; readonly optional?: boolean }, R> {
  readonly #queue: Held<T>[] = [];
  readonly #lanes = new Map<string, RunningLane<T, R>>();
  #paused = false;
  #stopped = false;

  constructor(
    private readonly events: DispatchEvents<T, R>,
    private readonly maxRetries: number,
    private readonly signal: AbortSignal,
  ) {}

  add(task: T): void {
    this.#enqueue({ task, attempts: 0, failedOn: new Set() });
    this.#feed();
  }

  addLane(lane: Lane<T, R>): void {
    this.#lanes.set(lane.name, {
      lane,
      uploads: new PQueue({ concurrency: 1 }),
      runs: new PQueue({ concurrency: lane.slots, autoStart: !this.#paused }),
      freeSlots: Array.from({ length: lane.slots }, (_, i) => i),
      held: 0,
      lost: false,
    });
    this.#feed();
  }

  /** Hands a lane nothing more; what it holds it may finish. */
  removeLane(name: string): void {
    const running = this.#lanes.get(name);
    this.#lanes.delete(name);
    // What waits on it while all wait would wait for ever: nobody tells this lane any more that work goes on.
    running?.runs.start();
  }

  /** Names of the lanes that are working. */
  get lanes(): readonly string[] {
    return [...this.#lanes.keys()];
  }

  /** Tasks that wait for a lane. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Has tasks wait that are not running yet, or go on. */
  hold(held: boolean): void {
    this.#paused = held;
    for (const { runs } of this.#lanes.values()) {
      if (held) runs.pause();
      else runs.start();
    }
    this.#feed();
  }

  /** Hands out nothing more; what runs is ended by the signal. */
  stop(): void {
    this.#stopped = true;
    for (const { runs } of this.#lanes.values()) runs.start();
    this.#queue.length = 0;
  }

  #enqueue(held: Held<T>): void {
    const before = this.#queue.findIndex((other) => other.task.index > held.task.index);
    this.#queue.splice(before === -1 ? this.#queue.length : before, 0, held);
  }

  #feed(): void {
    if (this.#stopped || this.#paused || this.signal.aborted) return;
    for (let handed = true; handed; ) {
      handed = false;
      // The emptiest lane first, so that no lane prepares ahead what another could run at once.
      const lanes = [...this.#lanes.values()].sort((a, b) => load(a) - load(b));
      for (const running of lanes) {
        const held = this.#takeFor(running);
        if (!held) continue;
        running.held++;
        void this.#process(running, held);
        handed = true;
        break;
      }
    }
    if (this.#queue.length > 0 && this.#lanes.size === 0) this.events.onStranded();
  }

  #takeFor(running: RunningLane<T, R>): Held<T> | undefined {
    if (running.lost || running.held >= running.lane.slots + running.lane.ahead) return undefined;
    const index = this.#queue.findIndex((held) => !held.failedOn.has(running.lane.name) || !this.#freshLane(held));
    if (index === -1) return undefined;
    const [held] = this.#queue.splice(index, 1);
    return held;
  }

  /** True when some lane has not failed on this task yet. */
  #freshLane(held: Held<T>): boolean {
    return [...this.#lanes.keys()].some((name) => !held.failedOn.has(name));
  }

  async #process(running: RunningLane<T, R>, held: Held<T>): Promise<void> {
    const { lane } = running;
    let slot = -1;
    const prepared = await running.uploads.add(() => lane.prepare(held.task, this.signal));
    let failure = prepared.ok ? undefined : prepared.failure;
    if (!failure) {
      const done = await running.runs.add(async () => {
        slot = running.freeSlots.shift() ?? 0;
        const result = await lane.execute(held.task, slot, this.signal);
        running.freeSlots.unshift(slot);
        return result;
      });
      if (done.ok) {
        running.held--;
        this.events.onDone(held.task, done.value, lane.name);
        this.#feed();
        return;
      }
      failure = done.failure;
    }
    running.held--;
    this.#failed(running, held, slot, failure);
  }

  #failed(running: RunningLane<T, R>, held: Held<T>, slot: number, failure: LaneFailure): void {
    if (this.#stopped || this.signal.aborted) return;
    const { name } = running.lane;
    // However its last tasks end: it was the lane that failed them.
    if (failure.kind === "lost" || running.lost) {
      if (!running.lost) {
        running.lost = true;
        this.removeLane(name);
        this.events.onLost(name, failure);
      }
      this.events.onFailed(held.task, name, slot, held.attempts, failure, true);
      this.#enqueue(held);
      this.#feed();
      return;
    }
    held.attempts++;
    held.failedOn.add(name);
    const retry = failure.kind !== "unfit" && held.attempts <= this.maxRetries;
    this.events.onFailed(held.task, name, slot, held.attempts, failure, retry);
    if (retry) {
      this.#enqueue(held);
      this.#feed();
      return;
    }
    if (held.task.optional === true) this.#feed();
    else this.stop();
    this.events.onGivenUp(held.task, name, failure);
  }
}

function load<T, R>(running: RunningLane<T, R>): number {
  return running.held / running.lane.slots;
}
