import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { fstatSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { withRawWords } from "../lib/raw-words.js";
import { watchProcess } from "../lib/warden.js";

/** Signals that ffmpeg is to get, since it knows how to end on them. */
const HANDED_ON: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** How long a first signal is held back: a terminal sends it to ffmpeg itself as well, which has ended by then. */
const HELD_BACK_MS = 250;

/**
 * Runs plain ffmpeg (or ffprobe) with these very arguments and our own stdin, stdout, stderr and further descriptors
 * that it names; gives the exit status to end with. Words that are not valid UTF-8 reach it
 * as they were given. Uses nothing but Node's own modules, so that a program that only asks
 * ffmpeg's version does not wait for ours.
 */
export function runWhole(ffmpeg: string, argv: readonly string[], { stdin, said }: WholeOptions = {}): Promise<number> {
  return new Promise((resolve) => {
    const started = withRawWords(ffmpeg, argv);
    const child = spawn(started.bin, started.argv, {
      stdio: stdioFor(argv, stdin ? "pipe" : "inherit", said ? "pipe" : "inherit"),
    });
    const unwatch = watchProcess(child.pid);
    if (said && child.stderr) tellTheRest(child.stderr, said);
    if (stdin && child.stdin) {
      child.stdin.on("error", () => stdin.destroy());
      stdin.once("error", (error) => {
        process.stderr.write(`distffmpeg: ${error.message}\n`);
        // What it has read would look like all there is.
        cut = child.kill("SIGKILL");
      });
      stdin.pipe(child.stdin);
    }
    let cut = false;
    const signals = handOnSignals(child);
    child.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(`distffmpeg: ${ffmpeg} cannot be started (${error.code ?? error.message})\n`);
      process.stderr.write("  Try: install ffmpeg, or set ffmpeg_bin in the configuration\n");
      signals.off();
      resolve(127);
    });
    child.once("exit", unwatch);
    child.once("close", (code, signal) => {
      signals.off();
      if (cut) {
        resolve(1);
        return;
      }
      if (signal !== null) dieOf(signal);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

export interface WholeOptions {
  /** In place of our own standard input, where that was read already. */
  readonly stdin?: Readable;
  /** Lines that ffmpeg would write to standard error, and that have been written there already: not once more. */
  readonly said?: readonly string[];
}

/** Hands ffmpeg's words on but for those that have been said, which come in the same order. */
function tellTheRest(stderr: Readable, said: readonly string[]): void {
  const due = said.map((line) => line.replace(/@ 0x[0-9a-f]+/g, "@"));
  let kept = "";
  stderr.setEncoding("latin1");
  stderr.on("data", (text: string) => {
    kept += text;
    for (let end = kept.indexOf("\n"); end !== -1; end = kept.indexOf("\n")) {
      const line = kept.slice(0, end);
      const at = due.indexOf(steady(line));
      if (at === -1) write(`${line}\n`);
      else due.splice(0, at + 1);
      kept = kept.slice(end + 1);
    }
    // A stat line ends without a newline, and a question waits for its answer.
    if (/\r$|\? \[y\/N\] $/.test(kept) || due.length === 0) {
      write(kept);
      kept = "";
    }
  });
  stderr.on("end", () => write(kept));
}

const write = (text: string): void => void process.stderr.write(text, "latin1");

/** A line of the log without the addresses in it, which are new every time. */
function steady(line: string): string {
  return Buffer.from(line, "latin1")
    .toString("utf8")
    .replace(/@ 0x[0-9a-f]+/g, "@");
}

/** What is done to this process is done to ffmpeg: at once, but for the first signal, which may have reached it already. */
function handOnSignals(child: ChildProcess): { off(): void } {
  let seen = 0;
  const handOn = (signal: NodeJS.Signals): void => {
    seen++;
    if (seen > 1) child.kill(signal);
    else setTimeout(() => void child.kill(signal), HELD_BACK_MS).unref();
  };
  for (const signal of HANDED_ON) process.on(signal, handOn);
  return {
    off: () => {
      for (const signal of HANDED_ON) process.off(signal, handOn);
    },
  };
}

/** Whoever waits for ffmpeg is to see what became of it. */
function dieOf(signal: NodeJS.Signals): void {
  try {
    process.kill(process.pid, signal);
  } catch {
    // Then by its number.
  }
}

/** Words that name a descriptor beyond the three that every program has, as a shell's `<(…)` makes them. */
const DESCRIPTOR = /(?:pipe:|fd:|\/dev\/fd\/|\/proc\/self\/fd\/)(\d{1,3})/g;

/** ffmpeg's descriptors: the first three are ours, and so are those that its arguments name. */
function stdioFor(argv: readonly string[], stdin: "pipe" | "inherit", stderr: "pipe" | "inherit"): StdioOptions {
  const stdio: ("pipe" | "inherit" | "ignore" | number)[] = [stdin, "inherit", stderr];
  for (const word of argv) {
    for (const [, digits] of word.matchAll(DESCRIPTOR)) {
      const fd = Number(digits);
      if (fd < 3 || !isOpen(fd)) continue;
      while (stdio.length < fd) stdio.push("ignore");
      stdio[fd] = fd;
    }
  }
  return stdio;
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
