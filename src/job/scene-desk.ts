import type { LaneFailure } from "../schedule/lane.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FrameDifference } from "../plan/scenes.js";
import type { ReadyRun, SceneAnalyst } from "../split/scene-runs.js";
import type { EventStream } from "./events.js";

/** A task of the dispatcher: a run of segments that is to be looked at for scene changes. It comes before all chunks. */
export interface SceneTask {
  readonly index: number;
  /** In the unit of chunks. */
  readonly work: number;
  /** The job does not fail with it. */
  readonly optional: true;
  readonly scenes: ReadyRun;
  /** Whether somebody still waits for it. */
  isWanted(): boolean;
}

/** What comes of it. */
export interface SceneAnswer {
  readonly frames: readonly FrameDifference[];
}

/** Below the number of any chunk. */
const FIRST = -(2 ** 40);

/** What it takes to compare a frame, of what it takes to encode one: about. */
const COST = 0.05;

type Settle = (found: Result<readonly FrameDifference[], Problem>) => void;

/**
 * Has the job's workers look for scene changes. Where none of them can, that is told once, and no more is asked: the job
 * goes on without.
 */
export class SceneDesk implements SceneAnalyst {
  readonly #waiting = new Map<number, Settle>();
  #next = FIRST;
  #given: Problem | undefined;

  /** `hand`: gives a task to the workers, who answer by `done` or `givenUp`. */
  constructor(
    private readonly hand: (task: SceneTask) => void,
    private readonly events: EventStream,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.#giveUp({ what: "stopped" }), { once: true });
  }

  /** See `SceneAnalyst`. */
  analyse(scenes: ReadyRun): Promise<Result<readonly FrameDifference[], Problem>> {
    const given = this.signal.aborted ? { what: "stopped" } : this.#given;
    if (given) return Promise.resolve(fail(given));
    const index = this.#next++;
    const isWanted = (): boolean => this.#waiting.has(index);
    const task: SceneTask = { index, work: scenes.run.packets * COST, optional: true, scenes, isWanted };
    return new Promise((resolve) => {
      this.#waiting.set(task.index, resolve);
      this.hand(task);
    });
  }

  /** A worker has compared the frames. */
  done({ index }: SceneTask, { frames }: SceneAnswer, worker: string): void {
    this.events.emit({ type: "scenes-compared", worker, frames: frames.length });
    this.#waiting.get(index)?.(ok(frames));
    this.#waiting.delete(index);
  }

  /** Nobody could. */
  givenUp(failure: LaneFailure): void {
    if (this.#given || this.signal.aborted) return;
    const why = failure.detail === undefined ? failure.what : `${failure.what}: ${failure.detail}`;
    this.notice(`chunks begin at keyframes from here on: scene changes cannot be looked for (${why})`);
    this.#giveUp(failure);
  }

  /** Tells why scene changes do not count. */
  notice(text: string): void {
    this.events.emit({ type: "notice", level: "warning", text });
  }

  #giveUp(problem: Problem): void {
    this.#given = problem;
    for (const settle of this.#waiting.values()) settle(fail(problem));
    this.#waiting.clear();
  }
}
