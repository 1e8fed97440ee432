import { stat } from "node:fs/promises";
import { framesOf } from "../../plan/chunk.js";
import type { Pace } from "../../split/pace.js";
import type { EncodedChunk } from "../chunk-run.js";
import { type ChunkTask, isWanted } from "../chunk-task.js";
import { Crew, type CrewOptions } from "../crew.js";
import type { SceneDesk } from "../scene-desk.js";
import type { Keeper } from "./keeper.js";

export interface KeptCrewOptions extends CrewOptions {
  /** Undefined where nothing is kept. */
  readonly keeper: Keeper | undefined;
  readonly pace: Pace;
}

/**
 * A crew that need not do what an earlier run has done: tasks that are kept are done at once, and what is done is kept.
 * Of a task with several renditions only those are handed out that are missing.
 */
export class KeptCrew {
  readonly #o: KeptCrewOptions;
  readonly #crew: Crew;
  /** Renditions that were kept of chunks whose others are being made. */
  readonly #partly = new Map<number, EncodedChunk>();
  /** Bytes of the files that were made last, by chunk. */
  readonly #bytes = new Map<number, number[]>();
  #out = 0;

  constructor(options: KeptCrewOptions) {
    this.#o = options;
    this.#crew = new Crew({ ...options, onDone: (task, result) => void this.#made(task, result) });
    if (options.keeper) options.pace.add(options.keeper.bytes);
  }

  /** True while tasks are out of which something will come. */
  get busy(): boolean {
    return this.#out > 0;
  }

  /** See `Crew.scenes`. */
  get scenes(): SceneDesk {
    return this.#crew.scenes;
  }

  /** See `Crew.open`. */
  open(): Promise<void> {
    return this.#crew.open();
  }

  /** See `Crew.hold`. */
  hold(held: boolean): void {
    this.#crew.hold(held);
  }

  /** See `Crew.close`. */
  close(): Promise<void> {
    return this.#crew.close();
  }

  /** Has a task done, or takes what is kept of it. */
  add(task: ChunkTask): void {
    this.#out++;
    if (this.#o.keeper) void this.#take(this.#o.keeper, task);
    else this.#crew.add(task);
  }

  /** A chunk of a film has been taken in by its output: its file is gone, but for what is kept. `frames`: of the first film alone. */
  joined(bytes: number, frames: number): void {
    if (!this.#o.keeper) this.#o.pace.free(bytes);
    this.#o.pace.joined(frames);
  }

  async #take(keeper: Keeper, task: ChunkTask): Promise<void> {
    const { job, signal } = this.#o;
    const kept = (await keeper.take(task)).map((chunk, i) =>
      chunk && this.#fits(i, chunk.header) ? chunk : undefined,
    );
    if (signal.aborted) return;
    const wanted = task.ready.chunk.parts.flatMap((part, i) => (part && isWanted(task, i) ? [i] : []));
    const missing = wanted.filter((i) => !kept[i]);
    if (missing.length === wanted.length) {
      this.#crew.add(task);
    } else if (missing.length > 0) {
      this.#partly.set(task.index, kept);
      this.#crew.add({ ...task, told: new Map(missing.map((i) => [i, task.told?.get(i) ?? {}])) });
    } else {
      const bytes = kept[0]?.sizes.reduce((sum, size) => sum + size, 0) ?? 0;
      job.events.emit({ type: "chunk-kept", chunk: task.index, frames: framesOf(task.ready.chunk), bytes });
      this.#finish(task, kept);
    }
  }

  /** Chunks with other headers than the rest cannot be joined with them (ChunkLane). */
  #fits(rendition: number, header: string): boolean {
    const { headers } = this.#o.job;
    if (!headers.has(rendition)) headers.set(rendition, header);
    return headers.get(rendition) === header;
  }

  async #made(task: ChunkTask, result: EncodedChunk): Promise<void> {
    const { keeper, pace } = this.#o;
    if (pace.limited) await this.#weigh(task.index, result);
    await keeper?.keep(task, result);
    const kept = this.#partly.get(task.index);
    this.#partly.delete(task.index);
    this.#finish(task, kept ? result.map((made, i) => made ?? kept[i]) : result);
  }

  async #weigh(index: number, result: EncodedChunk): Promise<void> {
    const { keeper, pace } = this.#o;
    const before = this.#bytes.get(index) ?? [];
    const now = await Promise.all(
      result.map(async (made, i) => {
        if (!made) return before[i] ?? 0;
        const { size } = await stat(made.path).catch(() => ({ size: 0 }));
        // What is made once more takes the place of what was there, unless that is kept.
        pace.add(size - (keeper ? 0 : (before[i] ?? 0)));
        return size;
      }),
    );
    this.#bytes.set(index, now);
  }

  #finish(task: ChunkTask, result: EncodedChunk): void {
    this.#out--;
    this.#o.onDone(task, result);
  }
}
