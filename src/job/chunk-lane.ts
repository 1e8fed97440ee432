import type { Lane, LaneRun } from "../schedule/lane.js";
import { ChunkRun, type EncodedChunk } from "./chunk-run.js";
import type { ChunkTask } from "./chunk-task.js";
import { type LaneJob, LaneFiles, type LaneSetup } from "./lane-files.js";
import type { SceneAnswer, SceneTask } from "./scene-desk.js";
import { SceneTaskRun } from "./scene-run.js";
import { Pulse } from "./stall.js";

/** What a lane may be asked for. */
export type LaneTask = ChunkTask | SceneTask;
export type LaneResult = EncodedChunk | SceneAnswer;

/** A worker at work on chunks. */
export class ChunkLane implements Lane<LaneTask, LaneResult> {
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
  #looked = 0;

  constructor(setup: LaneSetup, job: LaneJob) {
    this.name = setup.name;
    this.slots = setup.places.length;
    // Where nothing is copied there is nothing to do ahead.
    this.ahead = setup.sharesHostFiles ? 0 : 1;
    this.#setup = setup;
    this.#job = job;
    this.#files = new LaneFiles(setup, job);
  }

  begin(task: LaneTask): LaneRun<LaneResult> {
    if ("scenes" in task) return this.#look(task);
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

  #look(task: SceneTask): SceneTaskRun {
    const name = `scenes${++this.#looked}.nut`;
    return new SceneTaskRun(task, { setup: this.#setup, job: this.#job, pulse: this.#pulse, name });
  }

  /** Ends all sessions; their folders on the worker are removed. */
  async close(): Promise<void> {
    await Promise.all(this.#setup.sessions.map((session) => session.close()));
    await this.#files.close();
  }
}
