import type { Result } from "../lib/result.js";
import type { ProcessEnd, RunOptions, Session, TransportFailure } from "./transport.js";

/** A small program for a worker, as each kind of shell there has it. It is given arguments: `$1` … in sh, `$argv[0]` … in PowerShell. */
export interface WorkerScript {
  /** Nothing but POSIX: dash and busybox run it, too. */
  readonly sh: string;
  /** Of Windows PowerShell 5.1, the one that every Windows has; what its statements put out are lines. */
  readonly powershell: string;
}

/** Makes the words of a program that does what a script says. */
export type ScriptWords = (script: WorkerScript, args: readonly string[]) => readonly string[];

/** How POSIX systems are asked. */
export const shWords: ScriptWords = (script, args) => ["sh", "-c", script.sh, "sh", ...args];

/** Runs a script as the shell of that worker has it; else as `run`. */
export function runScript(
  session: Session,
  script: WorkerScript,
  args: readonly string[],
  options: RunOptions,
): Promise<Result<ProcessEnd, TransportFailure>> {
  return session.run((session.scriptWords ?? shWords)(script, args), options);
}
