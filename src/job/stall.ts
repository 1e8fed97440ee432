import { Patience } from "../lib/patience.js";
import { processorTime } from "../workers/processor-time.js";
import type { Session } from "../workers/transport.js";

/** Of the time without progress, what a program must have used at least of a processor to count as at work. */
const AT_WORK = 0.01;

/** Asks for programs on one worker, one after the other: each question needs a channel, and those are few (MaxSessions). */
export class Pulse {
  #before: Promise<unknown> = Promise.resolve();

  /** Seconds of processor time that the program with `word` among its arguments has used; undefined without an answer. */
  read(session: Session, word: string, signal: AbortSignal): Promise<number | undefined> {
    const asked = this.#before.then(() => processorTime(session, word, signal));
    this.#before = asked.catch(() => undefined);
    return asked;
  }
}

/**
 * Watches over a program on a worker. Without progress for `seconds`, it is frozen, or its machine is; but an encoder that
 * looks far ahead, or at a large picture, shows nothing for minutes: who has used a processor meanwhile is at work.
 */
export class StallWatch {
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #seconds: number;
  readonly #read: (signal: AbortSignal) => Promise<number | undefined>;
  #patience: Patience | undefined;
  /** Processor time at half of the time, once that was asked for. */
  #half: { readonly used: number | undefined } | undefined;
  #isOver = false;
  #ended = false;
  /** The progress that was seen last. */
  #last = "";

  /** `stop`: the program's own end. */
  constructor(seconds: number, stop: AbortSignal, read: (signal: AbortSignal) => Promise<number | undefined>) {
    this.#seconds = seconds;
    this.#read = read;
    this.#signal = AbortSignal.any([stop, this.#over.signal]);
    this.#wait();
  }

  /** To run the program with: aborted when it is given up. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Why it was given up, if it was. */
  get verdict(): string | undefined {
    return this.#isOver ? `its ffmpeg is frozen: no progress for ${this.#seconds} s` : undefined;
  }

  /** What is known of the program's progress now; anything new is a sign of life. */
  saw(progress: string): void {
    if (progress === this.#last || this.#ended) return;
    this.#last = progress;
    this.#begin();
  }

  /** The program has ended. */
  end(): void {
    this.#ended = true;
    this.#patience?.end();
  }

  #begin(): void {
    this.#half = undefined;
    this.#wait();
  }

  #wait(): void {
    this.#patience?.end();
    this.#patience = new Patience((this.#seconds * 1000) / 2, () => void this.#look());
  }

  async #look(): Promise<void> {
    const half = this.#half;
    const last = this.#last;
    const used = await this.#read(this.#signal);
    // Progress came, or the end, while the worker was asked.
    if (this.#ended || this.#signal.aborted || last !== this.#last) return;
    if (half === undefined) {
      this.#half = { used };
      this.#wait();
    } else if ((used ?? 0) - (half.used ?? used ?? 0) > (this.#seconds / 2) * AT_WORK) {
      this.#begin();
    } else {
      this.#isOver = true;
      this.#over.abort();
    }
  }
}
