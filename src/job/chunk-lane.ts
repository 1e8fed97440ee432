import type { Lane } from "../schedule/lane.js";
import { ChunkRun, type EncodedChunk } from "./chunk-run.js";
import type { ChunkTask } from "./chunk-task.js";
import { type LaneJob, LaneFiles, type LaneSetup } from "./lane-files.js";
import { Pulse } from "./stall.js";

/** A worker at work on chunks. */
export class ChunkLane implements Lane<ChunkTask, EncodedChunk> {
  readonly name: string;
  readonly slots: number;
  readonly ahead: number;
  readonly #setup: LaneSetup;
  readonly #job: LaneJob;
  readonly #files: LaneFiles;
  readonly #pulse = new Pulse();
  /** Chunks of which there are files on the worker. */
  readonly #there = new Set<number>();
  #again = 0;

  constructor(setup: LaneSetup, job: LaneJob) {
    this.name = setup.name;
    this.slots = setup.places.length;
    // Where nothing is copied there is nothing to do ahead.
    this.ahead = setup.sharesHostFiles ? 0 : 1;
    this.#setup = setup;
    this.#job = job;
    this.#files = new LaneFiles(setup, job);
  }

  begin(task: ChunkTask): ChunkRun {
    const { index } = task;
    // A chunk may be ordered anew while what was cancelled of it is still being taken away.
    const prefix = this.#there.has(index) ? `${++this.#again}-` : "";
    this.#there.add(index);
    const onGone = (): void => {
      if (prefix === "") this.#there.delete(index);
    };
    const shared = { setup: this.#setup, job: this.#job, files: this.#files, pulse: this.#pulse };
    return new ChunkRun(task, { ...shared, prefix, onGone });
  }

  /** Ends all sessions; their folders on the worker are removed. */
  async close(): Promise<void> {
    await Promise.all(this.#setup.sessions.map((session) => session.close()));
    await this.#files.close();
  }
}
