import type { Config } from "../config/types.js";
import type { Problem } from "../lib/result.js";
import { Dispatcher, type LaneFailure } from "../schedule/dispatcher.js";
import { ChunkLane, type EncodedChunk } from "./chunk-lane.js";
import type { ChunkTask } from "./chunk-task.js";
import type { LaneJob, LaneSetup } from "./lane-files.js";
import { localSlots, openFleet, openLocalLane } from "./fleet.js";

export interface CrewOptions {
  readonly config: Config;
  readonly job: LaneJob;
  readonly signal: AbortSignal;
  onDone(task: ChunkTask, result: EncodedChunk): void;
  /** A chunk failed for good; `unfit`: on any worker it would. */
  onGivenUp(failure: Problem & { readonly kind: LaneFailure["kind"] }): void;
  /** No worker is left, and none will come. */
  onNobodyLeft(problem: Problem): void;
}

/** All that encode for one job: this machine and the workers that can be reached, and who stands in when none can. */
export class Crew {
  readonly #o: CrewOptions;
  readonly #lanes: ChunkLane[] = [];
  readonly #dispatcher: Dispatcher<ChunkTask, EncodedChunk>;
  #opened = false;
  #standingIn = false;

  constructor(options: CrewOptions) {
    this.#o = options;
    const { events } = options.job;
    this.#dispatcher = new Dispatcher<ChunkTask, EncodedChunk>(
      {
        onDone: (task, result) => options.onDone(task, result),
        onFailed: (task, worker, slot, attempt, failure, retry) => {
          const reason = failure.detail ? `${failure.what}: ${failure.detail}` : failure.what;
          events.emit({
            type: "chunk-failed",
            chunk: task.index,
            worker,
            slot: Math.max(0, slot),
            attempt,
            reason,
            retry,
          });
        },
        onLost: (worker, failure) => this.#dropped(worker, failure.what, failure.fix),
        onGivenUp: (task, lane, failure) => {
          const what = `chunk ${task.index} failed on ${lane}, and on every try before: ${failure.what}`;
          options.onGivenUp(failure.kind === "unfit" ? failure : { ...failure, what });
        },
        onStranded: () => void this.#stranded(),
      },
      options.config.job_max_retries,
      options.signal,
    );
  }

  /** Connects to everybody; settles when each has answered or was dropped. Work is taken on before. */
  async open(): Promise<void> {
    const { config, job, signal } = this.#o;
    const slots = localSlots(config);
    if (slots > 0) await this.#openLocal(slots);
    const encoders = [...new Set(job.plans.map((plan) => plan.film.encoder))];
    await openFleet(config, { encoders, resultsIn: job.resultsIn }, signal, job.events, (setup) => this.#add(setup));
    this.#opened = true;
    if (this.#dispatcher.lanes.length === 0) await this.#stranded();
  }

  add(task: ChunkTask): void {
    this.#dispatcher.add(task);
  }

  /** Has chunks wait that are not being encoded yet, or go on. */
  hold(held: boolean): void {
    this.#dispatcher.hold(held);
  }

  /** Ends all work and all connections. */
  async close(): Promise<void> {
    this.#dispatcher.stop();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #add(setup: LaneSetup): void {
    const lane = new ChunkLane(setup, this.#o.job);
    this.#lanes.push(lane);
    this.#dispatcher.addLane(lane);
  }

  async #openLocal(slots: number): Promise<boolean> {
    const { config, job } = this.#o;
    const local = await openLocalLane(config, slots, job.tools.folder);
    if (!local.ok) {
      this.#dropped("local", local.failure.reason, local.failure.fix);
      return false;
    }
    job.events.emit({ type: "worker-up", worker: "local", slots, detail: "this machine" });
    this.#add(local.value);
    return true;
  }

  #dropped(worker: string, reason: string, fix: string | undefined): void {
    this.#o.job.events.emit({ type: "worker-dropped", worker, reason, ...(fix === undefined ? {} : { fix }) });
  }

  /** This machine stands in where the user allows it. */
  async #stranded(): Promise<void> {
    const { config, job, signal } = this.#o;
    if (!this.#opened || this.#standingIn || signal.aborted) return;
    this.#standingIn = true;
    const fix = "mend what the workers' lines above say, or set fallback to local";
    const nobody: Problem = { what: "no worker is left", fix };
    if (config.fallback === "fail" || localSlots(config) > 0) {
      this.#o.onNobodyLeft(nobody);
      return;
    }
    job.events.emit({ type: "notice", level: "warning", text: "no worker is left: this machine encodes the chunks" });
    const slots = localSlots({ ...config, workers: [], local_slots: "auto" });
    if (!(await this.#openLocal(slots))) this.#o.onNobodyLeft(nobody);
  }
}
