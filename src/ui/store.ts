import type { JobEvent } from "../job/events.js";
import { initialState, type JobState, reduce } from "./state.js";

/** A monotonic clock in milliseconds. */
export type Clock = () => number;

/** Keeps the newest state for all views of a job. The job's time starts when the store is made. */
export class JobStore {
  readonly now: Clock;
  #state: JobState;

  constructor(now: Clock = () => performance.now()) {
    this.now = now;
    this.#state = initialState(now());
  }

  get state(): JobState {
    return this.#state;
  }

  /** Takes an event in; to be subscribed before the views that look at the state. */
  readonly listen = (event: JobEvent): void => {
    this.#state = reduce(this.#state, event, this.now());
  };
}
