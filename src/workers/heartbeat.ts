import type { ClientChannel } from "ssh2";

/** Seconds between two beats. */
export const BEAT_SECONDS = 10;

/**
 * Beats that may stay out: a line that is full for a while, of the film itself perhaps, is no loss. With
 * `KILL_AFTER_SECONDS` on top a program ends within a minute of losing its host.
 */
export const SILENT_BEATS = 5;

/** The line on a channel's stdin that is a beat. */
export const BEAT = ".";

/**
 * Shell words that start, in the background, a watchdog that does `onSilence` when no beat has come for a while; its
 * pid is in `$d`. Where the network falls silent without closing anything, the worker's TCP would not notice for hours,
 * since it has nothing to send.
 *
 * - USR1 is a beat, USR2 the end of the watch. Its status is 0 then.
 * - Waiting goes in steps, each in a `sleep` of its own: a worker that was suspended wakes up to the rest of one step,
 *   not to the end of its patience. (POSIX' `read` knows no time limit.)
 * - `wait`, and not `sleep` in the foreground: a signal ends `wait` at once, and then the trap runs (POSIX, "wait").
 * - KILL for the `sleep`: it may have inherited that TERM is ignored.
 * - `$!` is the `sleep` from the moment on in which there is one; `$b` says that it is gone (or, at first, that it is
 *   another process of the shell around), so that no later process of that number is killed.
 */
export function watchdog(onSilence: string, seconds = BEAT_SECONDS): string {
  const wake = '[ "$b" = "$!" ] || kill -KILL "$!"';
  return [
    `{ n=0; b=$!; trap 'n=0; ${wake}' USR1; trap '${wake}; exit 0' USR2`,
    `while [ $n -lt ${SILENT_BEATS} ]; do n=$((n+1)); sleep ${seconds} & wait "$!"; b=$!; done`,
    `trap '' USR1 USR2; ${onSilence}; } 3<&- & d=$!`,
  ].join("; ");
}

/** Sends beats into a channel until the returned function is called, or the channel ends. */
export function startBeat(channel: ClientChannel): () => void {
  const timer = setInterval(() => {
    if (channel.writable) channel.write(`${BEAT}\n`);
  }, BEAT_SECONDS * 1000);
  const stop = (): void => clearInterval(timer);
  channel.once("close", stop);
  return stop;
}
