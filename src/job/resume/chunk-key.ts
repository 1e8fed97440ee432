import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { FilmPlan } from "../../plan/film.js";
import { isFirstPass } from "../../plan/rate-control/plan.js";
import { remoteArgs } from "../../plan/remote.js";
import type { ChunkTask } from "../chunk-task.js";

/** SHA-256 of a file, in hex. Throws what the file system has to say. */
export async function hashFile(path: string): Promise<string> {
  const hash: Hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/**
 * Names the bytes of encoded chunks by all that determines them: the worker's command line for that rendition, with what
 * it is told of its size, the source's packets, and the files that are sent along. So whether a chunk may be taken up
 * again never hangs on a later run coming to the same decisions: where it decides otherwise, it asks for another key.
 */
export class ChunkKeys {
  readonly #plans: readonly FilmPlan[];
  readonly #files = new Map<string, Promise<string>>();

  constructor(plans: readonly FilmPlan[]) {
    this.#plans = plans;
  }

  /** The key of what a task makes for each rendition; undefined where it makes none. The task's files are still there. */
  async of(task: ChunkTask): Promise<readonly (string | undefined)[]> {
    const { chunk, path } = task.ready;
    const source = await hashFile(path);
    const logs = await Promise.all((task.logs ?? []).map((log) => hashFile(log.path)));
    return Promise.all(
      this.#plans.map(async (plan, i) => {
        if (!chunk.parts[i] || !(task.told?.has(i) ?? true)) return undefined;
        const sides = await Promise.all(plan.sides.map((side) => this.#side(side.path)));
        return createHash("sha256")
          .update(JSON.stringify([this.#args(task, i), source, sides, logs]))
          .digest("hex");
      }),
    );
  }

  /** The command line for one rendition alone, with names in place of the paths, which are others each time. */
  #args(task: ChunkTask, rendition: number): string[] {
    const { chunk, x264Build } = task.ready;
    const renditions = this.#plans.map((plan, i) => {
      if (i !== rendition) return undefined;
      const log = isFirstPass(plan.rate) || (task.logs ?? []).length > 0 ? "LOG" : undefined;
      const sides = plan.sides.map((_, side) => `SIDE${side}`);
      return { output: "OUTPUT", sides, told: { ...task.told?.get(i), log } };
    });
    return remoteArgs(this.#plans, chunk, { x264Build, input: "INPUT", renditions });
  }

  #side(path: string): Promise<string> {
    const known = this.#files.get(path) ?? hashFile(path);
    this.#files.set(path, known);
    return known;
  }
}
