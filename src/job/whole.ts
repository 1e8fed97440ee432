import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";

/** Signals that are handed on to ffmpeg, which knows how to end on them. */
const HANDED_ON: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGQUIT"];

/**
 * Runs plain ffmpeg with these very arguments and our own stdin, stdout and stderr; gives the exit status to end with.
 * Ctrl-C reaches ffmpeg from the terminal itself, so it is only waited for. Uses nothing but Node's own modules, so that
 * a program that only asks ffmpeg's version does not wait for ours. `stdin` replaces our own where that was read already.
 */
export function runWhole(ffmpeg: string, argv: readonly string[], stdin?: Readable): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(ffmpeg, argv, { stdio: [stdin ? "pipe" : "inherit", "inherit", "inherit"] });
    if (stdin && child.stdin) {
      child.stdin.on("error", () => stdin.destroy());
      stdin.pipe(child.stdin);
    }
    const handOn = (signal: NodeJS.Signals): void => void child.kill(signal);
    const wait = (): void => undefined;
    for (const signal of HANDED_ON) process.on(signal, handOn);
    process.on("SIGINT", wait);
    const done = (status: number): void => {
      for (const signal of HANDED_ON) process.off(signal, handOn);
      process.off("SIGINT", wait);
      resolve(status);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(`distffmpeg: ${ffmpeg} cannot be started (${error.code ?? error.message})\n`);
      process.stderr.write("  Try: install ffmpeg, or set ffmpeg_bin in the configuration\n");
      done(127);
    });
    child.once("close", (code, signal) => done(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
