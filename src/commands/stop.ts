import { constants } from "node:os";
import type { Stop } from "../job/events.js";

/** The user's wishes to end a job. */
export interface Stopper {
  readonly signal: AbortSignal;
  /** What has aborted it. Not its reason: programs that are ended by a signal want an error for that. */
  readonly by: () => Stop;
  /** The key `q`. */
  readonly quit: () => void;
  off(): void;
}

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** First signal, or `q`: stop in order. Second: out at once. */
export function stopOnSignals(): Stopper {
  const controller = new AbortController();
  let by: Stop = {};
  const stop = (reason: Stop): void => {
    if (controller.signal.aborted) process.exit(255);
    by = reason;
    controller.abort();
  };
  const onSignal = (name: NodeJS.Signals): void => stop({ signal: constants.signals[name] });
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    by: () => by,
    quit: () => {
      // Whoever holds the key down means it once.
      if (!controller.signal.aborted) stop({});
    },
    off: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
