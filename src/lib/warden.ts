import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { Socket } from "node:net";
import { dirname } from "node:path";

/**
 * Reads what is running and what is temporary (`+p PID`, `-p PID`, `+f PATH`); when nobody is left to write
 * that, ends the former and takes the latter away. POSIX, so that it runs wherever a shell is.
 */
const SCRIPT = `trap '' INT TERM HUP QUIT
pids=' '
while IFS= read -r line; do
  word=\${line#???}
  case $line in
    '+p '*) pids="$pids$word " ;;
    '-p '*) case $pids in *" $word "*) pids="\${pids%% $word *} \${pids#* $word }" ;; esac ;;
    '+f '*) set -- "$@" "$word" ;;
  esac
done
for pid in $pids; do kill -KILL "$pid"; done
for again in 1 2; do
  for path do [ ! -e "$path" ] || rm -rf -- "$path"; done
  [ "$pids" = ' ' ] || sleep 0.2
done`;

let warden: ChildProcess | undefined;

function tell(line: string): void {
  if (line.includes("\n")) return;
  warden ??= start();
  warden.stdin?.write(`${line}\n`);
}

function start(): ChildProcess {
  // A session of its own: whoever kills us with our group is not to kill it first. Nobody waits for its end.
  const child = spawn("/bin/sh", ["-c", SCRIPT, "distffmpeg-warden"], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    // Libraries that a media server brings along for its own ffmpeg are none for a shell.
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
    detached: true,
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}

/**
 * Has a process that this one has started end with it, should this one be killed outright (SIGKILL, which nobody can
 * answer). Gives what to call when the process has ended.
 */
export function watchProcess(pid: number | undefined): () => void {
  if (pid === undefined) return () => undefined;
  tell(`+p ${pid}`);
  return () => tell(`-p ${pid}`);
}

let ledger: string | undefined;

/**
 * From now on temporary files and folders are noted in this file too, but those beside it: where the warden is killed as
 * well, or the power fails, `distffmpeg clean` finds there what was left. `path` is absolute.
 */
export function keepLedger(path: string): void {
  ledger = path;
}

/** Has a temporary file or folder taken away in the end, if it is still there. `path` is absolute. */
export function watchPath(path: string): void {
  tell(`+f ${path}`);
  if (ledger === undefined || path.includes("\n") || path.startsWith(`${dirname(ledger)}/`)) return;
  try {
    appendFileSync(ledger, `${path}\n`, { mode: 0o600 });
  } catch {
    // The warden is there all the same.
  }
}
