import { readFileSync } from "node:fs";
import { mkdir, readFile, rm, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fail, ok, type Result } from "./result.js";
import { isAlive, type Owner, parseOwner, printOwner, thisProcess } from "./owner.js";

/** Who has a lock, and since when. */
export interface Holder {
  readonly owner: Owner;
  readonly since: Date;
}

/** A lock that is ours. */
export interface Lock {
  /** Gives it up. Safe to call twice. */
  release(): Promise<void>;
}

/** How often a lock's file is touched, and after how long without that one of another machine counts as left behind, milliseconds. */
const BEAT = 30_000;
const STALE = 5 * 60_000;

/** How long whoever takes over a lock that was left behind may take for it, milliseconds. */
const TAKEOVER = 5_000;

/** How long a holder that is just ending is waited for, milliseconds. */
const PATIENCE = 2_000;

/**
 * Takes the lock that a file stands for; the file's folder is there. Fails with its holder. Its holder is known by its
 * process and the time when that began, and not only by a heartbeat, as lock libraries have it: a run that was killed
 * must not keep the next one waiting, and one that a laptop's lid has stopped is still at work. Holders on other
 * machines, or in other containers, are judged by the heartbeat, for want of better.
 */
export async function takeLock(path: string): Promise<Result<Lock, Holder>> {
  const began = Date.now();
  for (;;) {
    if (await make(path)) return ok(held(path));
    const holder = await readLock(path);
    if (holder && (await isStale(path, holder))) await breakLock(path);
    else if (holder && Date.now() - began > PATIENCE) return fail(holder);
    else await sleep(50);
  }
}

/** Who has the lock; undefined when nobody has, or nobody who is still there. */
export async function lockHolder(path: string): Promise<Holder | undefined> {
  const holder = await readLock(path);
  return holder && !(await isStale(path, holder)) ? holder : undefined;
}

async function make(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${printOwner(thisProcess())} ${new Date().toISOString()}\n`, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function readLock(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const [word = "", time = ""] = text.trim().split(" ");
  const owner = parseOwner(word);
  const since = new Date(time);
  // Cut off by a power loss, or just being written: nobody's, once it is old.
  if (!owner || Number.isNaN(since.getTime())) return { owner: { host: "", pid: 0, start: "" }, since: new Date(0) };
  return { owner, since };
}

async function isStale(path: string, { owner }: Holder): Promise<boolean> {
  const alive = isAlive(owner);
  if (alive !== undefined) return !alive;
  const found = await stat(path).catch(() => undefined);
  const still = owner.pid === 0 ? TAKEOVER : STALE;
  return found !== undefined && Date.now() - found.mtimeMs > still;
}

/** Takes a lock that was left behind away; of several who would, one does. */
async function breakLock(path: string): Promise<void> {
  const breaking = `${path}.breaking`;
  try {
    await mkdir(breaking);
  } catch {
    const found = await stat(breaking).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > TAKEOVER) await rmdir(breaking).catch(() => undefined);
    return;
  }
  try {
    // Looked at once more: another one may have it by now.
    const holder = await readLock(path);
    if (holder && (await isStale(path, holder))) await rm(path, { force: true });
  } finally {
    await rmdir(breaking).catch(() => undefined);
  }
}

function held(path: string): Lock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, BEAT);
  beat.unref();
  let released = false;
  return {
    release: async () => {
      if (released) return;
      released = true;
      clearInterval(beat);
      if (isOurs(path)) await rm(path, { force: true });
    },
  };
}

function isOurs(path: string): boolean {
  try {
    return readFileSync(path, "utf8").startsWith(`${printOwner(thisProcess())} `);
  } catch {
    return false;
  }
}
