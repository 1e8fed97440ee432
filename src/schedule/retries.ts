import { lowerBound } from "../lib/search.js";
import type { Task } from "./lane.js";

interface Failed {
  readonly task: Task;
  readonly failedOn: ReadonlySet<string>;
}

/** Tasks that failed and wait to be tried again: few, and not every lane may have each. */
export class Retries<H extends Failed> {
  /** Lowest first. */
  readonly #all: H[] = [];

  get count(): number {
    return this.#all.length;
  }

  add(held: H): void {
    this.#all.splice(
      lowerBound(this.#all, held.task.index, ({ task }) => task.index),
      0,
      held,
    );
  }

  clear(): void {
    this.#all.length = 0;
  }

  /** Takes the lowest that a lane may have: one that failed there waits for another lane, while there is one that is fresh to it. */
  take(lane: string, lanes: ReadonlyMap<string, unknown>): H | undefined {
    const at = this.#all.findIndex(({ failedOn }) => !failedOn.has(lane) || !hasFresh(failedOn, lanes));
    return at === -1 ? undefined : this.#all.splice(at, 1)[0];
  }
}

function hasFresh(failedOn: ReadonlySet<string>, lanes: ReadonlyMap<string, unknown>): boolean {
  let failed = 0;
  for (const name of failedOn) if (lanes.has(name)) failed++;
  return failed < lanes.size;
}
