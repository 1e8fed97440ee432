import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process, told apart from every other one that has had, or will have, its number. */
export interface Owner {
  /** Where its number means something: the machine, and the container on it. */
  readonly host: string;
  readonly pid: number;
  /** When it began, as the system tells it; and which run of the system that was. */
  readonly start: string;
}

/** What of a program can be read, or "" where this system has no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function hostOf(): string {
  let space = "";
  try {
    space = readlinkSync("/proc/self/ns/pid");
  } catch {
    // Another system than Linux.
  }
  const words = [hostname(), textOf("/etc/machine-id"), space].join("\n");
  return createHash("sha256").update(words).digest("hex").slice(0, 16);
}

/** When a process began; undefined when there is none (a zombie is none: it does nothing any more). */
function startOf(pid: number): string | undefined {
  // proc(5): behind the name in brackets come state, ppid … and, as the 22nd field, the start in ticks since the boot.
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat !== "") {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${textOf("/proc/sys/kernel/random/boot_id").slice(0, 8)}:${fields[19]}`;
  }
  if (textOf("/proc/self/stat") !== "") return undefined;
  const asked = spawnSync("ps", ["-o", "lstart=", "-p", `${pid}`], { encoding: "utf8", env: { LC_ALL: "C" } });
  if (asked.error) return undefined;
  const start = asked.stdout.trim().replaceAll(/\s+/g, "-");
  return start === "" ? undefined : start;
}

let own: Owner | undefined;

/** This process. */
export function thisProcess(): Owner {
  own ??= { host: hostOf(), pid: process.pid, start: startOf(process.pid) ?? "unknown" };
  return own;
}

/** Whether a process still runs; undefined where it cannot be seen from here: on another machine, in another container. */
export function isAlive({ host, pid, start }: Owner): boolean | undefined {
  if (host !== thisProcess().host) return undefined;
  return startOf(pid) === start;
}

/** An owner as one word without blanks, for files and arguments. */
export function printOwner({ host, pid, start }: Owner): string {
  return `${host}/${pid}/${start}`;
}

/** Reads such a word; undefined for another one. */
export function parseOwner(word: string): Owner | undefined {
  const [, host, pid, start] = /^([0-9a-f]{16})\/(\d+)\/(\S+)$/.exec(word.trim()) ?? [];
  return host === undefined || pid === undefined || start === undefined ? undefined : { host, pid: Number(pid), start };
}

/** An owner as 32 hexadecimal digits, for names. */
export function ownerTag({ host, pid, start }: Owner): string {
  return `${host}${pid.toString(16).padStart(8, "0")}${shortHash(start)}`;
}

/** Whether the owner that such digits stand for still runs; undefined where it cannot be seen from here. */
export function isTaggedAlive(tag: string): boolean | undefined {
  const [, host, pid, start] = /^([0-9a-f]{16})([0-9a-f]{8})([0-9a-f]{8})$/.exec(tag) ?? [];
  if (host !== thisProcess().host || pid === undefined) return undefined;
  const running = startOf(Number.parseInt(pid, 16));
  return running !== undefined && shortHash(running) === start;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
