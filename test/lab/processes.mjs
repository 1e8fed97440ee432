// The processes of a lab, found in /proc; without /proc (macOS) only those it started itself are known.
import { readdirSync, readFileSync } from "node:fs";

/** Parent of each living process. */
function parents() {
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const pid of pids()) {
    try {
      // The name in brackets may hold blanks and brackets itself: the fields count from the last one.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state !== "Z") found.set(pid, Number(parent));
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

function pids() {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0);
  } catch {
    return [];
  }
}

/** `pid` and all that descend from it. @param {number} pid */
export function familyOf(pid) {
  const all = parents();
  const family = new Set([pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [child, parent] of all) {
      if (family.has(parent) && !family.has(child)) {
        family.add(child);
        grown = true;
      }
    }
  }
  return [...family];
}

/** Whether a process runs sshd's own program. @param {number} pid */
export function isSshd(pid) {
  try {
    return /^sshd/.test(readFileSync(`/proc/${pid}/comm`, "utf8"));
  } catch {
    return false;
  }
}

/** Processes that carry `NAME=value` in their environment. @param {string} variable */
export function withVariable(variable) {
  return pids().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable);
    } catch {
      return false;
    }
  });
}

/** The command line of a process, "" when it is gone or a zombie. @param {number} pid */
export function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
  } catch {
    return "";
  }
}

/** Sends a signal; a process that is gone is no failure. @param {number} pid @param {NodeJS.Signals} signal */
export function send(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
