/** The user's wish that the work waits. Whoever works is told of each change. */
export class Hold {
  readonly #listeners = new Set<(held: boolean) => void>();
  #held = false;

  /** True while the work is to wait. */
  get held(): boolean {
    return this.#held;
  }

  /** `held` is called at each change from now on. */
  subscribe(listener: (held: boolean) => void): void {
    this.#listeners.add(listener);
  }

  /** Has the work wait, or go on. */
  set(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    for (const listener of this.#listeners) listener(held);
  }
}
