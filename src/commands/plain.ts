import { mayNamePrograms } from "../config/places.js";
import type { Command } from "../ffmpeg/command.js";
import { realProgram } from "../ffmpeg/real.js";
import { runWhole } from "../job/whole.js";
import type { Problem } from "../lib/result.js";

/** The shell's status for a program that cannot be started. */
const NOT_STARTED = 127;

/**
 * ffmpeg itself, without loading more than it takes to start it; gives its status. Undefined when the configuration may
 * name another ffmpeg, and has to be read first.
 */
export async function plainProgram(name: "ffmpeg" | "ffprobe", argv: readonly string[]): Promise<number | undefined> {
  return mayNamePrograms(process.env, process.cwd()) ? undefined : startReal(name, argv);
}

/** Runs the real program behind `bin` (see `realProgram`) with these arguments; gives its status. */
export async function startReal(bin: string, argv: readonly string[]): Promise<number> {
  const real = realProgram(bin, process.env);
  return real.ok ? runWhole(real.value, argv) : noProgram(real.failure);
}

/** Says that there is no real program to start, before any view is there to say it; gives the status. */
export function noProgram({ what, fix }: Problem): number {
  process.stderr.write(`distffmpeg: ${what}\n${fix === undefined ? "" : `Try: ${fix}\n`}`);
  return NOT_STARTED;
}

/** True when there is no film in it at all: nothing is read, or only what filters draw (how programs try an ffmpeg out). */
export function readsNoFilm(command: Command): boolean {
  return command.inputs.every(({ options }) => options.findLast((use) => use.name === "f")?.value === "lavfi");
}
