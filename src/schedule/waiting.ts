import { lowerBound } from "../lib/search.js";
import { LeastFirst } from "../lib/least-first.js";
import type { Task } from "./lane.js";

/**
 * Tasks that wait, to be taken by their place or by their size. Each operation takes a time that grows with the logarithm
 * of their number, and with the number of sizes that differ.
 */
export class Waiting<H extends { readonly task: Task }> {
  readonly #byPlace = new LeastFirst<H>((a, b) => a.task.index - b.task.index);
  /** Ascending. */
  readonly #sizes: number[] = [];
  readonly #bySize = new Map<number, LeastFirst<H>>();
  /** The heaps keep what was taken out of another of them until they come upon it. */
  readonly #there = new Set<H>();
  #work = 0;

  /** How many there are. */
  get count(): number {
    return this.#there.size;
  }

  /** Their work, added up. */
  get work(): number {
    return this.#work;
  }

  add(held: H): void {
    const { work } = held.task;
    this.#there.add(held);
    this.#work += work;
    this.#byPlace.push(held);
    let heap = this.#bySize.get(work);
    if (!heap) {
      heap = new LeastFirst<H>((a, b) => a.task.index - b.task.index);
      this.#bySize.set(work, heap);
      this.#sizes.splice(
        lowerBound(this.#sizes, work, (size) => size),
        0,
        work,
      );
    }
    heap.push(held);
  }

  /** Takes one out. */
  remove(held: H): void {
    if (this.#there.delete(held)) this.#work -= held.task.work;
  }

  clear(): void {
    this.#there.clear();
    this.#work = 0;
  }

  /** The one with the lowest place. */
  lowest(): H | undefined {
    return this.#top(this.#byPlace);
  }

  /** The smallest, of several the one with the lowest place. */
  smallest(): H | undefined {
    for (let at = 0; at < this.#sizes.length; ) {
      const found = this.#ofSize(at);
      if (found) return found;
    }
    return undefined;
  }

  /** The largest with at most so much work, of several the one with the lowest place. */
  largest(most: number): H | undefined {
    for (let at = lowerBound(this.#sizes, most, (size) => size); at >= 0; at--) {
      if ((this.#sizes[at] ?? Number.POSITIVE_INFINITY) > most) continue;
      const found = this.#ofSize(at);
      if (found) return found;
    }
    return undefined;
  }

  /** The first of a size; where there is none any more, the size goes. */
  #ofSize(at: number): H | undefined {
    const size = this.#sizes[at] ?? 0;
    const heap = this.#bySize.get(size);
    const found = heap && this.#top(heap);
    if (found) return found;
    this.#bySize.delete(size);
    this.#sizes.splice(at, 1);
    return undefined;
  }

  #top(heap: LeastFirst<H>): H | undefined {
    for (let top = heap.top; top; top = heap.top) {
      if (this.#there.has(top)) return top;
      heap.pop();
    }
    return undefined;
  }
}
