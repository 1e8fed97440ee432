import { setMaxListeners } from "node:events";
import type { Config, WorkerConfig } from "../config/types.js";
import { aborted } from "../lib/aborted.js";
import { Patience } from "../lib/patience.js";
import type { Problem } from "../lib/result.js";
import { Dispatcher } from "../schedule/dispatcher.js";
import type { LaneFailure } from "../schedule/lane.js";
import { ChunkLane, type LaneResult, type LaneTask } from "./chunk-lane.js";
import type { EncodedChunk } from "./chunk-run.js";
import { workloadOf } from "../plan/slots.js";
import type { ChunkTask } from "./chunk-task.js";
import type { LaneJob, LaneSetup } from "./lane-files.js";
import { type Dropped, openLocalLane, openWorkerLane, type Wanted } from "./fleet.js";
import { Member } from "./member.js";
import { SceneDesk } from "./scene-desk.js";
import { localWorker } from "./slot-places.js";

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
  readonly #members = new Map<string, Member>();
  readonly #lanes = new Map<string, ChunkLane>();
  /** The ends of lanes that are gone. */
  readonly #closing: Promise<void>[] = [];
  readonly #dispatcher: Dispatcher<LaneTask, LaneResult>;
  /** Has them look for scene changes. */
  readonly scenes: SceneDesk;
  /** Chunks that have failed, and the worker on which they did first. */
  readonly #failed = new Map<number, string>();
  #opened = false;
  /** Whether any worker has been up. */
  #manned = false;
  #deserted = false;
  #wake: () => void = () => undefined;

  constructor(options: CrewOptions) {
    this.#o = options;
    // Every worker and all it does listen to it; many are no leak.
    setMaxListeners(0, options.signal);
    const { events } = options.job;
    this.#dispatcher = new Dispatcher<LaneTask, LaneResult>(
      {
        onDone: (task, result, lane) => {
          if ("scenes" in task || "frames" in result) {
            if ("scenes" in task && "frames" in result) this.scenes.done(task, result, lane);
            return;
          }
          this.#members.get(lane)?.done();
          options.onDone(task, result);
        },
        onFailed: (task, worker, slot, attempt, failure, retry) => {
          if ("scenes" in task) return;
          const reason = failure.detail ? `${failure.what}: ${failure.detail}` : failure.what;
          const place = { chunk: task.index, worker, slot: Math.max(0, slot) };
          events.emit({ type: "chunk-failed", ...place, attempt, reason, retry });
          if (failure.kind === "failed" || failure.kind === "refused") this.#blame(task.index, worker, failure.what);
        },
        onLost: (worker, failure) => {
          const lane = this.#lanes.get(worker);
          this.#lanes.delete(worker);
          if (lane) this.#closing.push(lane.close());
          this.#members.get(worker)?.lost(failure.what);
        },
        onGivenUp: (task, lane, failure) => {
          if ("scenes" in task) {
            this.scenes.givenUp(failure);
            return;
          }
          const what = `chunk ${task.index} failed on ${lane}, and on every try before: ${failure.what}`;
          options.onGivenUp(failure.kind === "unfit" ? failure : { ...failure, what });
        },
        onDoubled: (task, worker, holder) => {
          if (!("scenes" in task)) events.emit({ type: "chunk-doubled", chunk: task.index, worker, holder });
        },
        onCancelled: (task, worker, slot) => {
          if ("scenes" in task) return;
          events.emit({ type: "chunk-cancelled", chunk: task.index, worker, slot: Math.max(0, slot) });
        },
        onStranded: () => void this.#stranded(),
      },
      options.config.job_max_retries,
      options.signal,
    );
    this.scenes = new SceneDesk((task) => this.#dispatcher.add(task), events, options.signal);
  }

  /** Connects to everybody; settles when each has answered or was dropped. Work is taken on before. */
  async open(): Promise<void> {
    const { config, job } = this.#o;
    const local = localWorker(config);
    if (local) await this.#openLocal(local);
    const encoders = [...new Set(job.plans.map((plan) => plan.film.encoder))];
    const wanted = { encoders, work: workloadOf(job.plans), resultsIn: job.resultsIn, stall: config.worker_timeout };
    for (const worker of config.workers) this.#members.set(worker.name, this.#member(worker, wanted));
    await Promise.all([...this.#members.values()].map(({ answered }) => answered));
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

  /** Ends all work and all connections, behind the job's signal. */
  async close(): Promise<void> {
    this.#dispatcher.stop();
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
    await Promise.all([...this.#closing, ...[...this.#members.values()].map(({ ended }) => ended)]);
  }

  #member(worker: WorkerConfig, wanted: Wanted): Member {
    const { job, signal } = this.#o;
    const { name } = worker;
    return new Member({
      connect: (stop) => openWorkerLane(worker, wanted, stop),
      signal,
      onUp: (setup, missed) => {
        if (missed !== "lost") for (const text of setup.unshared) this.#notice(text);
        job.events.emit({ type: "worker-up", worker: name, slots: setup.places.length, detail: setup.detail });
        const text = `worker ${name} ${missed === "lost" ? "is back" : "can be reached now"}`;
        if (missed !== undefined) job.events.emit({ type: "notice", level: "info", text });
        this.#manned = true;
        this.#add(setup);
      },
      onAway: (reason) => this.#dropped(name, reason),
      onOut: (reason) => {
        this.#dispatcher.removeLane(name);
        this.#dropped(name, reason);
        this.#wake();
      },
    });
  }

  /** What fails on several workers is the chunk's fault, and no worker's. */
  #blame(chunk: number, worker: string, what: string): void {
    const first = this.#failed.get(chunk) ?? worker;
    this.#failed.set(chunk, first);
    if (first === worker) this.#members.get(worker)?.failed(what);
  }

  #add(setup: LaneSetup): void {
    const lane = new ChunkLane(setup, this.#o.job);
    this.#lanes.set(setup.name, lane);
    this.#dispatcher.addLane(lane);
    this.#wake();
  }

  async #openLocal(worker: NonNullable<ReturnType<typeof localWorker>>): Promise<boolean> {
    const { config, job } = this.#o;
    const local = await openLocalLane(config, worker, workloadOf(job.plans), job.tools.folder);
    if (!local.ok) {
      this.#dropped("local", local.failure);
      return false;
    }
    job.events.emit({ type: "worker-up", worker: "local", slots: local.value.places.length, detail: "this machine" });
    this.#add(local.value);
    return true;
  }

  #dropped(worker: string, { reason, fix }: Dropped): void {
    const words = reason.replace(`${worker}: `, "");
    this.#o.job.events.emit({ type: "worker-dropped", worker, reason: words, ...(fix === undefined ? {} : { fix }) });
  }

  #notice(text: string): void {
    this.#o.job.events.emit({ type: "notice", level: "warning", text });
  }

  /**
   * Chunks are left and nobody is: waits for a worker to come back, where one was there before, as long as a worker may be
   * silent; then this machine stands in where the user allows it. Workers that come later are used all the same.
   */
  async #stranded(): Promise<void> {
    const { config, signal } = this.#o;
    if (!this.#opened || this.#deserted || signal.aborted) return;
    this.#deserted = true;
    if (this.#manned && this.#hope) {
      this.#notice(`no worker is left: waiting up to ${config.worker_timeout} s for one to come back`);
      await this.#somebody();
      if (this.#o.signal.aborted) return;
      if (this.#dispatcher.lanes.length > 0) {
        this.#deserted = false;
        return;
      }
    }
    await this.#standIn();
  }

  get #hope(): boolean {
    return [...this.#members.values()].some(({ mayWork }) => mayWork);
  }

  /** Settles when a worker has come, when none will, when time is up, and at the job's end. */
  async #somebody(): Promise<void> {
    const { config, signal } = this.#o;
    const over = new AbortController();
    const patience = new Patience(config.worker_timeout * 1000, () => over.abort());
    this.#wake = () => {
      if (this.#dispatcher.lanes.length > 0 || !this.#hope) over.abort();
    };
    await aborted(AbortSignal.any([over.signal, signal]));
    patience.end();
  }

  async #standIn(): Promise<void> {
    const { config } = this.#o;
    const fix = "mend what the workers' lines above say, or set fallback to local";
    const nobody: Problem = { what: "no worker is left", fix };
    if (config.fallback === "fail" || localWorker(config)) {
      this.#o.onNobodyLeft(nobody);
      return;
    }
    this.#notice("no worker is left: this machine encodes the chunks");
    const local = localWorker({ ...config, workers: [], local_slots: "auto" });
    if (!local || !(await this.#openLocal(local))) this.#o.onNobodyLeft(nobody);
  }
}
