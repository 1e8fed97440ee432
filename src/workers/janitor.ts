import type { Launch } from "./dialect.js";
import { BEAT_SECONDS, startBeat, watchdog } from "./heartbeat.js";
import type { Link } from "./link.js";
import { KILL_AFTER_SECONDS } from "./wrapper.js";

/**
 * Waits on the worker for the end of the connection, or of its beats (`heartbeat.ts`), then removes "$1": whatever happens
 * to the host, no chunk of a film is left lying there. A program that still is being ended may write once more, hence the
 * second try. One line, for csh as login shell. `seconds`: between two beats.
 */
export function janitor(seconds = BEAT_SECONDS): string {
  return [
    "trap '' HUP TERM",
    "cd /",
    "exec 3<&0 </dev/null >/dev/null 2>&1",
    watchdog("exit 0", seconds),
    `{ while read -r l; do kill -USR1 "$d"; done; kill -USR2 "$d"; } <&3 & r=$!`,
    "exec 3<&-",
    'wait "$d"',
    // It ignores TERM, as all here do.
    'kill -KILL "$r"',
    `rm -rf -- "$1" || { sleep ${KILL_AFTER_SECONDS + 1}; rm -rf -- "$1"; }`,
  ].join("; ");
}

/** Starts a janitor; it ends with the connection. Without one (no room for a channel) only the safety net is missing. */
export function startJanitor(link: Link, { command, words }: Launch): void {
  try {
    link.client.exec(command, (error, channel) => {
      if (error) return;
      channel.on("error", () => undefined);
      channel.resume();
      channel.stderr.resume();
      if (words !== undefined) channel.write(words);
      startBeat(channel);
    });
  } catch {
    // Not connected any more: everything else will say so.
  }
}
