import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Lab, type LabOptions, startLab } from "./lab.mjs";
import { until } from "./sessions.js";

/** Nothing may be left of a job on any worker, nor running on this machine. */
export async function expectNothingLeft(lab: Lab): Promise<void> {
  for (const { workPath } of lab.workers) expect(existsSync(workPath) ? readdirSync(workPath) : []).toEqual([]);
  // The servers' own helpers end a moment after the connection.
  await until(() => lab.programs().length === 0, 20).catch(() => undefined);
  expect(lab.programs()).toEqual([]);
  expect(commandsWith(lab.folder)).toEqual([]);
}

/** Commands that run now with a text in their arguments, sshd's aside. */
export function commandsWith(text: string): string[] {
  if (!existsSync("/proc/self")) return [];
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((command) => command.includes(text) && !/^\S*sshd/.test(command));
}

/** Starts a lab, uses it, and takes it away again. */
export async function withLab(options: LabOptions, use: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await startLab(options);
  try {
    await use(lab);
  } finally {
    await lab.close();
  }
}
