import type { Client } from "ssh2";
import { Patience } from "../lib/patience.js";
import { fail, type Result } from "../lib/result.js";
import { cancelled, connectionFailure, messageOf } from "./failures.js";
import type { TransportFailure } from "./transport.js";

/** How long the other side may take to answer our goodbye, milliseconds. */
const GOODBYE = 2000;

/**
 * An SSH connection that is up, and the one place that knows whether it still is.
 * ssh2 tells of a loss by up to three events and leaves some of what is pending without an answer;
 * here the first event decides, once, and everything pending fails with it.
 */
export class Link {
  readonly client: Client;
  readonly worker: string;
  readonly #watchers = new Set<(failure: TransportFailure) => void>();
  /** How long an answer or a transfer may not move, milliseconds, before the worker counts as lost. */
  readonly stall: number;
  #lost: TransportFailure | undefined;
  #lastError: string | undefined;

  /** `client` must have reached "ready", in the same turn of the event loop. `stall`: milliseconds. */
  constructor(client: Client, worker: string, stall: number) {
    this.client = client;
    this.worker = worker;
    this.stall = stall;
    // Each transfer listens to the connection too; many are no leak.
    client.setMaxListeners(0);
    client.on("error", (error) => {
      this.#lastError = messageOf(error);
      this.#lose();
    });
    client.on("end", () => this.#lose());
    client.on("close", () => this.#lose());
  }

  /** The failure that everything on this link meets from now on, or undefined while it is up. */
  get lost(): TransportFailure | undefined {
    return this.#lost;
  }

  /** Calls back once when the link is lost, at once when it already is; the returned function takes the watcher off. */
  onLost(watcher: (failure: TransportFailure) => void): () => void {
    if (this.#lost) {
      watcher(this.#lost);
      return () => undefined;
    }
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The first of: the work's own result, loss of the link, the signal. The work itself is not stopped by this. */
  race<T>(work: Promise<Result<T, TransportFailure>>, signal?: AbortSignal): Promise<Result<T, TransportFailure>> {
    return new Promise((resolve, reject) => {
      let unwatch: () => void = () => undefined;
      const stop = (): void => settle(cancelled(this.worker));
      const settle = (result: Result<T, TransportFailure>): void => {
        unwatch();
        signal?.removeEventListener("abort", stop);
        resolve(result);
      };
      if (signal?.aborted) {
        stop();
        // Nobody waits for it any more, but a rejection must not end the program.
        work.catch(() => undefined);
        return;
      }
      signal?.addEventListener("abort", stop, { once: true });
      unwatch = this.onLost((failure) => settle(fail(failure)));
      // What is pending when the connection breaks is often told by the channel before the connection itself tells.
      work.then((result) => (this.#lost ? settle(fail(this.#lost)) : settle(result)), reject);
    });
  }

  /** Says goodbye and waits until the connection is gone. Safe to call twice. */
  async end(): Promise<void> {
    if (this.#lost) {
      this.client.destroy();
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.client.destroy();
        resolve();
      }, GOODBYE);
      this.client.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.client.end();
    });
  }

  /** Ends a connection that is of no use any more: all that is pending fails, for this reason. */
  giveUp(reason: string): void {
    this.#lose(connectionFailure(`${this.worker}: ${reason}`));
  }

  /** Gives up when what is awaited here has not come, or moved on, for too long. `what`: what was to be done. */
  awaits(what: string): Patience {
    return new Patience(this.stall, () => this.giveUp(`${what}: nothing has moved for ${this.stall / 1000} s`));
  }

  #lose(reason?: TransportFailure): void {
    if (this.#lost) return;
    const lost =
      reason ??
      connectionFailure(
        `${this.worker}: the connection was lost`,
        this.#lastError === undefined ? {} : { detail: this.#lastError },
      );
    this.#lost = lost;
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher(lost);
    // After an error the socket may linger; nothing is to be had from it any more.
    this.client.destroy();
  }
}
