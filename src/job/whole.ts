import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { fstatSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";

/** Signals that ffmpeg is to get, since it knows how to end on them. */
const HANDED_ON: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** How long a first signal is held back: a terminal sends it to ffmpeg itself as well, which has ended by then. */
const HELD_BACK_MS = 250;

/**
 * Runs plain ffmpeg (or ffprobe) with these very arguments and our own stdin, stdout, stderr and further descriptors
 * that it names; gives the exit status to end with. Uses nothing but Node's own modules, so that a program that only asks
 * ffmpeg's version does not wait for ours. `stdin` replaces our own where that was read already.
 */
export function runWhole(ffmpeg: string, argv: readonly string[], stdin?: Readable): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(ffmpeg, argv, { stdio: stdioFor(argv, stdin ? "pipe" : "inherit") });
    if (stdin && child.stdin) {
      child.stdin.on("error", () => stdin.destroy());
      stdin.pipe(child.stdin);
    }
    const signals = handOnSignals(child);
    child.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(`distffmpeg: ${ffmpeg} cannot be started (${error.code ?? error.message})\n`);
      process.stderr.write("  Try: install ffmpeg, or set ffmpeg_bin in the configuration\n");
      signals.off();
      resolve(127);
    });
    child.once("close", (code, signal) => {
      signals.off();
      if (signal !== null) dieOf(signal);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
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
function stdioFor(argv: readonly string[], stdin: "pipe" | "inherit"): StdioOptions {
  const stdio: ("pipe" | "inherit" | "ignore" | number)[] = [stdin, "inherit", "inherit"];
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
