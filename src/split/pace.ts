import type { LocalProcess } from "../ffmpeg/run.js";

export interface PaceOptions {
  /** Bytes; undefined where there is no limit. */
  readonly limit: number | undefined;
  /** True while somebody works on what there is, so that room will come of it. */
  readonly busy: () => boolean;
  /** Makes room of what is only kept for a later run; gives the bytes that it has freed. */
  readonly evict: (bytes: number) => number;
}

/** Part of the limit that stays free for what is on its way while a process comes to a stop, and its most in bytes. */
const RESERVE = 0.25;
const LARGEST_RESERVE = 64 * 1024 * 1024;

/**
 * Source frames in chunks that no output has taken in yet. Of each this program keeps its times, some hundred bytes: so
 * its memory does not grow with the film.
 */
const MOST_FRAMES = 100_000;

/** How long a join that has just taken something is waited for to take more, milliseconds. */
const LATELY = 2_000;
const LOOK_AGAIN = 100;

/**
 * Keeps what a job has on this machine's disk below a limit, and what it has in memory: the split waits while others work it off. Where nobody
 * does, it goes on whatever the limit says: a chunk that is larger than all there may be has to be made nevertheless, and
 * who waits for the whole source would wait for ever.
 */
export class Pace {
  readonly #o: PaceOptions;
  #used = 0;
  #frames = 0;
  #freedAt = Number.NEGATIVE_INFINITY;
  #process: Pick<LocalProcess, "pause" | "resume"> | undefined;
  #working: () => boolean = () => false;
  #held = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PaceOptions) {
    this.#o = options;
  }

  /** True where sizes have to be told. */
  get limited(): boolean {
    return this.#o.limit !== undefined;
  }

  /** So many bytes have been written. */
  add(bytes: number): void {
    this.#used += bytes;
    this.#look();
  }

  /** So many of them are gone. */
  free(bytes: number): void {
    this.#used -= bytes;
    if (bytes > 0) this.#freedAt = performance.now();
    this.#look();
  }

  /** A chunk with so many frames was cut. */
  cut(frames: number): void {
    this.#frames += frames;
    this.#look();
  }

  /** An output has taken in so many of them. */
  joined(frames: number): void {
    this.#frames -= frames;
    if (frames > 0) this.#freedAt = performance.now();
    this.#look();
  }

  /**
   * Has a process wait as need be, until the returned function is called. `working`: true while something is made of what
   * it has written without its going on.
   */
  attach(process: Pick<LocalProcess, "pause" | "resume">, working: () => boolean = () => false): () => void {
    this.#process = process;
    this.#working = working;
    return () => {
      this.#let();
      this.#process = undefined;
      this.#working = () => false;
    };
  }

  #look(): void {
    const { busy } = this.#o;
    const full = this.#isFull() || this.#frames > MOST_FRAMES;
    if (full && (busy() || this.#working() || performance.now() - this.#freedAt < LATELY)) this.#hold();
    else this.#let();
  }

  /** Whether there is too much on the disk, and none of it can be given up. */
  #isFull(): boolean {
    const { limit, evict } = this.#o;
    if (limit === undefined) return false;
    const most = limit - Math.min(limit * RESERVE, LARGEST_RESERVE);
    if (this.#used > most) this.#used -= evict(this.#used - most);
    return this.#used > most;
  }

  #hold(): void {
    if (!this.#process || this.#held) return;
    this.#held = true;
    this.#process.pause();
    this.#timer = setInterval(() => this.#look(), LOOK_AGAIN);
    this.#timer.unref();
  }

  #let(): void {
    if (!this.#held) return;
    this.#held = false;
    clearInterval(this.#timer);
    this.#process?.resume();
  }
}
