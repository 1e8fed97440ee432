import { aborted, pause } from "../lib/aborted.js";
import type { Result } from "../lib/result.js";
import type { Dropped, WorkerLane } from "./fleet.js";

/**
 * So many failures in a row, without a chunk that came off in between, and a worker does more harm than good: each costs a
 * chunk one of its tries. A lost connection counts as one, or a chunk that brings down whoever encodes it would go round
 * for ever.
 */
const MOST_IN_A_ROW = 3;

/** Milliseconds before a worker is tried again; each time twice as many, until a chunk has come off. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

export interface MemberOptions {
  readonly connect: (signal: AbortSignal) => Promise<Result<WorkerLane, Dropped>>;
  /** The end of the job. */
  readonly signal: AbortSignal;
  /** It can be handed chunks. `missed`: it was told of before as one that cannot. */
  readonly onUp: (setup: WorkerLane, missed: "lost" | "late" | undefined) => void;
  /** It cannot be reached; told once, however often it is tried in vain. */
  readonly onAway: (reason: Dropped) => void;
  /** It takes no part any more. */
  readonly onOut: (reason: Dropped) => void;
}

/** One worker in the course of a job: connected, lost, connected again with growing pauses, or set aside for good. */
export class Member {
  readonly #o: MemberOptions;
  /** Settles with the first answer, good or bad. */
  readonly answered: Promise<void>;
  /** Settles when it is tried no more. */
  readonly ended: Promise<void>;
  #tellAnswered: () => void = () => undefined;
  #leave: () => void = () => undefined;
  #missed: "lost" | "late" | undefined;
  #inARow = 0;
  #worked = false;
  #out = false;

  constructor(options: MemberOptions) {
    this.#o = options;
    this.answered = new Promise((resolve) => {
      this.#tellAnswered = resolve;
    });
    this.ended = this.#run();
  }

  /** Whether it may still be of use in this job. */
  get mayWork(): boolean {
    return !this.#out;
  }

  /** A chunk has come off on it. */
  done(): void {
    this.#inARow = 0;
    this.#worked = true;
  }

  /** A chunk has failed on it. */
  failed(what: string): void {
    if (!this.#out) this.#count(what);
  }

  /** Its connection is gone. */
  lost(what: string): void {
    if (this.#out) return;
    this.#missed = "lost";
    if (this.#count(what)) return;
    this.#o.onAway({ reason: what, lasting: false });
    this.#leave();
  }

  #count(what: string): boolean {
    if (++this.#inARow < MOST_IN_A_ROW) return false;
    this.#goOut({ reason: `set aside for this job after ${MOST_IN_A_ROW} failures in a row: ${what}`, lasting: true });
    this.#leave();
    return true;
  }

  #goOut(reason: Dropped): void {
    this.#out = true;
    this.#o.onOut(reason);
  }

  async #run(): Promise<void> {
    const { connect, signal, onUp, onAway } = this.#o;
    const over = aborted(signal);
    for (let wait = FIRST_PAUSE; !signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      const opened = await connect(signal);
      if (this.#o.signal.aborted) {
        if (opened.ok) await Promise.all(opened.value.sessions.map((session) => session.close()));
        break;
      }
      if (opened.ok) {
        const left = new Promise<void>((resolve) => {
          this.#leave = resolve;
        });
        onUp(opened.value, this.#missed);
        this.#missed = undefined;
        this.#tellAnswered();
        await Promise.race([left, over]);
        if (this.#worked) wait = FIRST_PAUSE;
        this.#worked = false;
      } else if (opened.failure.lasting) {
        this.#goOut(opened.failure);
      } else if (this.#missed === undefined) {
        this.#missed = "late";
        onAway(opened.failure);
      }
      this.#tellAnswered();
      if (this.#out) break;
      await pause(wait, signal);
    }
    this.#tellAnswered();
  }
}
