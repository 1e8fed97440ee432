import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A program that runs on this machine: its number, and its name with its arguments. */
export interface RunningProgram {
  readonly pid: number;
  readonly command: string;
}

/** The programs of this user, this one aside, that have a text in their arguments. */
export function programsNaming(text: string): RunningProgram[] {
  return runningPrograms().filter(({ pid, command }) => pid !== process.pid && command.includes(text));
}

function runningPrograms(): RunningProgram[] {
  try {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    if (pids.length > 0) return pids.flatMap((pid) => readProgram(Number(pid)) ?? []);
  } catch {
    // Another system than Linux.
  }
  const { stdout, error } = spawnSync("ps", ["-x", "-ww", "-o", "pid=,args="], { encoding: "utf8" });
  if (error) return [];
  return stdout.split("\n").flatMap((line) => {
    const [, pid, command] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined ? [] : [{ pid: Number(pid), command }];
  });
}

/** Undefined for what has ended meanwhile, or is somebody else's. */
function readProgram(pid: number): RunningProgram | undefined {
  try {
    return { pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") };
  } catch {
    return undefined;
  }
}
