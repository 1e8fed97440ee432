import { quote, quoteAll } from "../lib/shell.js";
import { BEAT, BEAT_SECONDS, watchdog } from "./heartbeat.js";

/** Seconds that a program may take to end after TERM; then it is killed. */
export const KILL_AFTER_SECONDS = 5;

/** The wrapper's own status when it has ended the program because nothing was heard of the host any more. */
export const UNHEARD = 125;

/**
 * Runs "$@" in the folder "$1" for as long as stdin stays open and brings beats (`heartbeat.ts`). A program started over SSH
 * without a terminal outlives its connection: no signal reaches it, however the connection ends. Its stdin does close in
 * every case in which the worker knows of it (measured: session ended, socket cut, sshd killed), so a watcher reads stdin
 * and ends the program at its end; where the worker does not, the watchdog ends it.
 *
 * - `setsid` where there is one: the program leads its own process group, so that the children of a wrapper script end with it.
 *   Where there is none (macOS) the program alone is ended. Not `set -m`: dash and busybox want a terminal for it.
 * - `read` and not `cat`: a built-in needs no process of its own, which would be left behind.
 * - the watchers and the waiting shell keep neither stdout nor stderr open: sshd closes a channel only when nobody has them,
 *   and bash would add lines of its own ("Terminated") to the program's words.
 * - `kill -TERM -PID` and not `kill -TERM -- -PID`, which neither dash nor busybox understands.
 * - a line on stdin that names one of the signals that ffmpeg ends on in good order is handed on as that signal: sshd itself
 *   could only signal the shell.
 * - "$2" is what the program reads as its own stdin. Where it is a pipe with a name (`FEEDER`), the shell opens it once more at the
 *   end: a feeder that still waits for a reader then goes on, and ends. Then the pipe is removed, by which the feeder knows.
 * - whoever ends the program ends the other watcher first: the group's number may be another's a while later.
 * - one line and no newline in it: csh as login shell takes none inside quotes.
 *
 * `seconds`: between two beats.
 */
export function wrapper(seconds = BEAT_SECONDS): string {
  return [
    'cd "$1" || exit 126',
    "f=$2",
    "shift 2",
    "exec 3<&0 </dev/null",
    'if command -v setsid >/dev/null 2>&1; then g=-; { exec setsid "$@" <"$f" 3<&-; } & else g=; { exec "$@" <"$f" 3<&-; } & fi',
    "p=$!",
    "exec >/dev/null 2>&1",
    // The group, or the program alone: there is no group without setsid, nor in the moment before setsid has made it.
    'end() { kill "-$1" "$g$p" || kill "-$1" "$p"; }',
    `stop() { end TERM; i=0; while [ $i -lt ${KILL_AFTER_SECONDS} ] && end 0; do sleep 1; i=$((i+1)); done; end KILL; }`,
    watchdog(`stop; exit ${UNHEARD}`, seconds),
    `{ while read -r l; do case "$l" in ${BEAT}) kill -USR1 "$d";; INT|TERM|QUIT|HUP) end "$l";; esac; done; ` +
      'kill -USR2 "$d"; stop; } <&3 & w=$!',
    "exec 3<&-",
    'wait "$p"',
    "s=$?",
    `kill -USR2 "$d"; wait "$d"; [ $? -eq ${UNHEARD} ] && s=${UNHEARD}`,
    // Children that a wrapper script left behind are the watcher's: stdin ends as soon as this shell does.
    'kill -0 "-$p" || kill "$w"',
    'if [ -p "$f" ]; then : <>"$f"; rm -f "$f"; fi',
    'exit "$s"',
  ].join("; ");
}

/** Signals that can be handed on to a running program (the case in `WRAPPER`). */
export type HandedSignal = "INT" | "TERM" | "QUIT" | "HUP";

/**
 * Writes its stdin into the pipe "$2" of the folder "$1"; it ends with its stdin, with the pipe's reader, or when the
 * wrapper has removed the pipe: a network that fell silent ends none of its stdin.
 */
export const FEEDER =
  [
    'cd "$1" || exit 126',
    '{ while kill -0 $$; do [ -p "$2" ] || { kill $$; break; }; sleep 5; done; } </dev/null >/dev/null 2>&1 &',
  ].join("; ") + ' exec cat >"$2"';

/**
 * The command to hand to the login shell of a worker: runs exactly `argv` in `folder` (absolute), tied to stdin.
 * `stdin`: what the program itself reads, a file or a pipe in the folder.
 */
export function wrappedCommand(folder: string, argv: readonly string[], stdin = "/dev/null"): string {
  return `exec sh -c ${quote(wrapper())} sh ${quote(folder)} ${quote(stdin)} ${quoteAll(argv)}`;
}

/** The command that feeds a pipe in `folder` from the channel's stdin. */
export function feederCommand(folder: string, pipe: string): string {
  return `exec sh -c ${quote(FEEDER)} sh ${quote(folder)} ${quote(pipe)}`;
}

/** Signals whose numbers are the same on every system (POSIX, kill -NUMBER), and those that are on Linux, macOS and BSD alike. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
};

/**
 * What the shell's status says of the program: a shell tells "ended by signal N" as 128 + N.
 * A program that itself exits with such a status looks the same; ffmpeg never does (it exits with 0, 1, 69, 123, 234 or 255).
 */
export function endOfStatus(status: number): {
  readonly code: number | undefined;
  readonly signal: string | undefined;
} {
  const signal =
    status > 128 ? (SIGNALS[status - 128] ?? (status === 135 || status === 138 ? "SIGBUS" : undefined)) : undefined;
  return signal === undefined ? { code: status, signal } : { code: undefined, signal };
}
