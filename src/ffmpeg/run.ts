import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import { LineSplitter, Tail } from "../lib/lines.js";
import { watchProcess } from "../lib/warden.js";
import { LEVELS, type LogLine, LogReader } from "./loglevel.js";

/** How a local ffmpeg or ffprobe ended. */
export interface LocalEnd {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** The system's word when the program could not be started at all (ENOENT, EACCES). */
  readonly startError: string | undefined;
  /** The last stderr lines, ffmpeg's own words untouched. */
  readonly stderrTail: readonly string[];
}

export interface LocalRunOptions {
  readonly cwd?: string;
  /** What the program reads on its standard input; nothing by default. */
  readonly stdin?: Readable;
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** In place of `onStderrLine`, for an ffmpeg that tells levels: warnings and worse alone make the tail then. */
  readonly onLogLine?: (line: LogLine) => void;
  /** Called for every line the program writes to descriptor 3 (`pipe:3`). */
  readonly onExtraLine?: (line: string) => void;
  /** Gives so many descriptors of the program, from 3 on, to write to, instead of reading from 3. */
  readonly feedExtra?: number;
  /** Lets the program's standard output go straight to ours, byte for byte. */
  readonly inheritStdout?: boolean;
  /** Keeps a terminal's Ctrl-C from the program: when it ends is for the caller to say. */
  readonly ownSession?: boolean;
  readonly signal?: AbortSignal;
}

/** A running local process. */
export interface LocalProcess {
  /** Settles when the process has ended and all its output has been read; never rejects. */
  readonly end: Promise<LocalEnd>;
  /** Descriptors of the process from 3 on, as many as were asked for with `feedExtra`. */
  readonly extra: readonly Writable[];
  /** Asks ffmpeg to finish what it has begun and write its trailer (SIGINT). */
  interrupt(): void;
  /** SIGSTOP and SIGCONT: makes the process wait, and go on. */
  pause(): void;
  resume(): void;
}

const KILL_AFTER_MS = 5000;

function watch(stream: Readable | null | undefined, onLine: (line: string) => void): Promise<void> {
  if (!stream) return Promise.resolve();
  const lines = new LineSplitter(onLine);
  stream.on("data", (chunk: Uint8Array) => lines.push(chunk));
  return new Promise((resolve) => {
    stream.once("close", () => {
      lines.end();
      resolve();
    });
    // An error of our end of the pipe says no more than the process's end does, which is reported.
    stream.on("error", () => undefined);
  });
}

/**
 * Starts a program of ffmpeg's family on this machine. No shell is involved.
 * On `signal`: TERM, and KILL five seconds later.
 */
export function startLocal(bin: string, args: readonly string[], options: LocalRunOptions = {}): LocalProcess {
  const tail = new Tail();
  const extras = options.feedExtra ?? (options.onExtraLine ? 1 : 0);
  const child = execa(bin, [...args], {
    stdio: [
      options.stdin ? "pipe" : "ignore",
      options.inheritStdout ? "inherit" : options.onStdoutLine ? "pipe" : "ignore",
      "pipe",
      ...Array.from({ length: extras }, () => "pipe" as const),
    ],
    buffer: false,
    reject: false,
    stripFinalNewline: false,
    encoding: "buffer",
    forceKillAfterDelay: KILL_AFTER_MS,
    detached: options.ownSession === true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  const unwatch = watchProcess(child.pid);
  void child.then(unwatch);
  if (options.stdin && child.stdin) feed(options.stdin, child.stdin);
  const extra = child.stdio.slice(3) as (Readable & Writable)[];
  const readers = [
    watch(child.stderr, stderrReader(tail, options)),
    watch(child.stdout, (line) => options.onStdoutLine?.(line)),
    options.onExtraLine ? watch(extra[0], options.onExtraLine) : Promise.resolve(),
  ];
  return {
    end: finish(child, child.pid !== undefined, readers, tail),
    extra: options.feedExtra ? extra : [],
    interrupt: () => void child.kill("SIGINT"),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
  };
}

function stderrReader(tail: Tail, { onStderrLine, onLogLine }: LocalRunOptions): (line: string) => void {
  const log = new LogReader();
  return (line) => {
    const read = onLogLine && log.read(line);
    if (!read || read.level <= LEVELS.warning) tail.push(read?.text ?? line);
    onStderrLine?.(line);
    if (read) onLogLine(read);
  };
}

/** Pipes without making a closed reader an error of ours: a program may stop reading whenever it has enough. */
function feed(from: Readable, to: Writable): void {
  to.on("error", () => from.destroy());
  from.on("error", () => to.destroy());
  from.pipe(to);
}

interface Ending {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
}

async function finish(
  child: Promise<Ending>,
  started: boolean,
  readers: readonly Promise<void>[],
  tail: Tail,
): Promise<LocalEnd> {
  const result = await child;
  const startError = started ? undefined : (result.code ?? "could not be started");
  // A program that could not be started has no streams that would ever close.
  if (started) await Promise.all(readers);
  return {
    code: result.exitCode,
    signal: result.signal,
    startError,
    stderrTail: tail.items,
  };
}

/** Runs to the end and gives the whole standard output (at most `limit` characters of it). */
export async function runLocal(
  bin: string,
  args: readonly string[],
  options: Omit<LocalRunOptions, "onStdoutLine"> & { readonly limit?: number } = {},
): Promise<LocalEnd & { readonly stdout: string }> {
  const limit = options.limit ?? 64 * 1024 * 1024;
  const parts: string[] = [];
  let length = 0;
  const process = startLocal(bin, args, {
    ...options,
    onStdoutLine: (line) => {
      if (length > limit) return;
      length += line.length + 1;
      parts.push(line);
    },
  });
  const end = await process.end;
  return { ...end, stdout: parts.join("\n") };
}
