import type { Config } from "../config/types.js";
import type { Result } from "../lib/result.js";
import { type Dropped, type Met, meetWorker } from "./fleet.js";

/** Connections to the workers, made while the command is still being looked at: what both take goes on at the same time. */
export class EarlyWorkers {
  readonly #stop = new AbortController();
  readonly #meetings = new Map<string, Promise<Result<Met, Dropped>>>();

  constructor({ workers, worker_timeout }: Config) {
    for (const worker of workers) {
      this.#meetings.set(worker.name, meetWorker(worker, worker_timeout, this.#stop.signal));
    }
  }

  /** The first meeting with a worker, once; from then on it is the caller's, and ends with `stop` where it still goes on. */
  take(name: string, stop: AbortSignal): Promise<Result<Met, Dropped>> | undefined {
    const meeting = this.#meetings.get(name);
    this.#meetings.delete(name);
    if (!meeting) return undefined;
    const end = (): void => this.#stop.abort();
    if (stop.aborted) end();
    else stop.addEventListener("abort", end, { once: true });
    void meeting.finally(() => stop.removeEventListener("abort", end));
    return meeting;
  }

  /** Ends those that nobody took. Safe to call twice. */
  async close(): Promise<void> {
    const left = [...this.#meetings.values()];
    this.#meetings.clear();
    if (left.length > 0) this.#stop.abort();
    await Promise.all(
      left.map(async (meeting) => {
        const met = await meeting;
        if (met.ok) await met.value.session.close();
      }),
    );
  }
}
