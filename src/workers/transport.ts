import type { Readable, Writable } from "node:stream";
import type { Problem, Result } from "../lib/result.js";
import type { ScriptWords } from "./script.js";
import type { HandedSignal } from "./wrapper.js";

/** Why an operation on a worker failed; `connection` means the worker itself is lost, the others only this operation. */
export type TransportFailure =
  /** `lasting`: another attempt would fail as well, until somebody mends something. */
  | ({ readonly kind: "connection"; readonly lasting?: boolean } & Problem)
  | ({ readonly kind: "transfer" } & Problem)
  | ({ readonly kind: "cancelled" } & Problem);

/** How a process on a worker ended. */
export interface ProcessEnd {
  /** Exit status, or undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** The last stderr lines (at most 40), ffmpeg's own words untouched. */
  readonly stderrTail: readonly string[];
  /** Stdout, at most 4 MiB. */
  readonly stdout: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Called for every whole line (without its newline) of stderr, as it comes. */
  readonly onStderrLine?: (line: string) => void;
  /** Called for every whole line of stdout, as it comes; `ProcessEnd.stdout` is empty then. */
  readonly onStdoutLine?: (line: string) => void;
}

/** How a program is run that speaks with the user as if it ran here. */
export interface LiveOptions {
  readonly signal?: AbortSignal;
  /** What the program reads as its standard input; nothing without it. */
  readonly stdin?: Readable;
  /** Where its standard output and error go, byte for byte, as they come; they are not ended. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Called when it runs, with the way to send it a signal. */
  readonly onStarted?: (send: (signal: HandedSignal) => void) => void;
}

/** Sessions that can run a program live: those over SSH. */
export interface LiveSession extends Session {
  /** Runs a program as `run` does, its three standard streams connected. `stderrTail` and `stdout` of the end are empty. */
  runLive(argv: readonly string[], options: LiveOptions): Promise<Result<ProcessEnd, TransportFailure>>;
  /** Makes a folder of the session's folder, and those above it; one that is there is fine. */
  makeFolder(name: string): Promise<Result<void, TransportFailure>>;
  /** The files below a folder of the session's folder, by their names from there on; empty where there is none. */
  list(name: string): Promise<Result<readonly string[], TransportFailure>>;
}

/**
 * One open session on a worker: a place to put files and to run programs.
 * Knows files and processes; knows nothing of chunks or ffmpeg.
 */
export interface Session {
  /** The private folder of this job on the worker (mode 0700, unguessable name), absolute; made by `openSession`. */
  readonly folder: string;
  /** How scripts are put to its shell (`runScript`); a POSIX shell without it. */
  readonly scriptWords?: ScriptWords;
  /** Copies a host file to `name` in the folder (with `/` in a folder of it, which must be there): written as `.part`, size checked, renamed. Returns the path on the worker. */
  put(hostPath: string, name: string, signal?: AbortSignal): Promise<Result<string, TransportFailure>>;
  /** Copies `name` from the folder to a host file: written as `.part`, size checked, renamed. Returns bytes. */
  get(name: string, hostPath: string, signal?: AbortSignal): Promise<Result<number, TransportFailure>>;
  /** Removes a file of the folder; a missing file is no failure. */
  remove(name: string): Promise<Result<void, TransportFailure>>;
  /**
   * Runs a program with exactly these arguments (no shell ever interprets them), working in the folder, stdin empty.
   * When the connection ends or `signal` aborts, the program is ended on the worker too (TERM, then KILL).
   */
  run(argv: readonly string[], options?: RunOptions): Promise<Result<ProcessEnd, TransportFailure>>;
  /** Removes the folder and ends the connection. Never fails; safe to call twice. */
  close(): Promise<void>;
}

/** A way to reach a worker. Each `openSession` is a connection of its own. */
export interface Transport {
  readonly name: string;
  /** True when the worker sees the host's files under the same paths (this machine itself): nothing needs to be copied. */
  readonly sharesHostFiles: boolean;
  openSession(signal?: AbortSignal): Promise<Result<Session, TransportFailure>>;
}
