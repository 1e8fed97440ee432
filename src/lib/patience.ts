/**
 * Steps in which waiting is counted. A program that was stopped for a while, or a machine that slept, comes back to
 * timers that are all due, before it could read anything of what has arrived meanwhile: that counts as one step.
 */
const STEPS = 8;

/** Waits for a sign; when none has come for `milliseconds`, `onOver` is called, once. */
export class Patience {
  readonly #timer: NodeJS.Timeout;
  #steps = 0;

  constructor(milliseconds: number, onOver: () => void) {
    this.#timer = setInterval(() => {
      if (++this.#steps < STEPS) return;
      this.end();
      onOver();
    }, milliseconds / STEPS);
  }

  /** A sign has come: the waiting begins anew. */
  renew(): void {
    this.#steps = 0;
  }

  /** Waits no more. Safe to call twice. */
  end(): void {
    clearInterval(this.#timer);
  }
}
