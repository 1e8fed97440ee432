import { quote } from "../lib/shell.js";
import type { Link } from "./link.js";
import { KILL_AFTER_SECONDS } from "./wrapper.js";

/**
 * Waits on the worker for the end of the connection, then removes "$1": whatever happens to the host, no chunk of a film
 * is left lying there. A program that still is being ended may write once more, hence the second try.
 * One line, for csh as login shell.
 */
export const JANITOR = [
  "trap '' HUP TERM",
  "cd /",
  "exec >/dev/null 2>&1",
  "while read -r l; do :; done",
  `rm -rf -- "$1" || { sleep ${KILL_AFTER_SECONDS + 1}; rm -rf -- "$1"; }`,
].join("; ");

/** Starts the janitor for `folder`; it ends with the connection. Without one (no room for a channel) only the safety net is missing. */
export function startJanitor(link: Link, folder: string): void {
  try {
    link.client.exec(`exec sh -c ${quote(JANITOR)} sh ${quote(folder)}`, (error, channel) => {
      if (error) return;
      channel.on("error", () => undefined);
      channel.resume();
      channel.stderr.resume();
    });
  } catch {
    // Not connected any more: everything else will say so.
  }
}
