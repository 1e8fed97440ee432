import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import type { SharedPath, WorkerConfig } from "../config/types.js";
import { watchPath } from "../lib/warden.js";
import type { Share } from "../plan/offload/index.js";
import { privateFolderName } from "../workers/folder.js";
import type { Session } from "../workers/transport.js";

/** What of a worker's `shared_paths` holds. */
export interface Shares {
  readonly share: Share;
  /** A sentence for each that does not. */
  readonly failures: readonly string[];
}

/** How often the other side's file is looked for, and milliseconds between: network drives take their time. */
const TRIES = 5;
const PAUSE = 200;

/** What is mapped where all of it is as the configuration says; what is not proven may only be hoped for. */
export function shareOf(paths: readonly SharedPath[]): Share {
  return (path) => {
    const real = realPath(path);
    // Under another name it may mean something else to a muxer or a filter.
    if (basename(real) !== basename(path)) return undefined;
    for (const { host, worker } of paths) {
      const root = realPath(host);
      if (real === root) return worker;
      if (real.startsWith(`${root}/`)) return posix.join(worker, real.slice(root.length + 1));
    }
    return undefined;
  };
}

/** A path with its links followed, as far as it exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPath(folder), basename(path));
  }
}

/**
 * Finds out by files of unguessable names whether a worker's shared folders are: it must read what is written here, and
 * what it writes must be here.
 */
export async function proveShares(session: Session, worker: WorkerConfig): Promise<Shares> {
  const proven: SharedPath[] = [];
  const failures: string[] = [];
  for (const path of worker.shared_paths) {
    const why = await whyNotShared(session, path);
    if (why === undefined) proven.push(path);
    else failures.push(`worker ${worker.name}: ${path.host} is not shared as ${path.worker}: ${why}`);
  }
  return { share: shareOf(proven), failures };
}

async function whyNotShared(session: Session, { host, worker }: SharedPath): Promise<string | undefined> {
  const name = `.distffmpeg-probe-${randomBytes(12).toString("hex")}`;
  const [ours, theirs] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  const answer = `${name}-answer`;
  try {
    await writeFile(join(host, name), ours, { mode: 0o644, flag: "wx" });
  } catch (error) {
    return `nothing can be written there here (${(error as NodeJS.ErrnoException).code ?? ""})`;
  }
  try {
    const seen = async (): Promise<boolean> => {
      const read = await session.run(["cat", posix.join(worker, name)]);
      return read.ok && read.value.code === 0 && read.value.stdout === ours;
    };
    if (!(await repeatedly(seen))) return "the worker does not see what is written here";
    const script = 'printf %s "$2" >"$1"';
    const wrote = await session.run(["sh", "-c", script, "sh", posix.join(worker, answer), theirs]);
    if (!wrote.ok || wrote.value.code !== 0) return "the worker cannot write there";
    const back = async (): Promise<boolean> => (await readFile(join(host, answer), "utf8").catch(() => "")) === theirs;
    return (await repeatedly(back)) ? undefined : "what the worker writes is not seen here";
  } finally {
    await Promise.all([name, answer].map((file) => rm(join(host, file), { force: true }).catch(() => undefined)));
    // What it may have written elsewhere.
    await session.run(["rm", "-f", posix.join(worker, answer)]);
  }
}

/** A folder that a worker writes into and this machine reads, by its names here and there. */
export interface SharedFolder {
  readonly host: string;
  readonly worker: string;
}

/**
 * Makes a private folder within one of this machine's that a worker may share; undefined where it does not, or may not
 * write there.
 */
export async function makeSharedFolder(
  session: Session,
  share: Share,
  within: string,
): Promise<SharedFolder | undefined> {
  const there = share(within);
  if (there === undefined) return undefined;
  const name = `.${privateFolderName()}`;
  const folder = { host: join(within, name), worker: posix.join(there, name) };
  try {
    await mkdir(folder.host, { mode: 0o700 });
  } catch {
    return undefined;
  }
  watchPath(folder.host);
  const writable = await session.run(["test", "-w", folder.worker]);
  if (writable.ok && writable.value.code === 0) return folder;
  await rm(folder.host, { recursive: true, force: true });
  return undefined;
}

async function repeatedly(holds: () => Promise<boolean>): Promise<boolean> {
  for (let left = TRIES; left > 0; left--) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return false;
}

/** Takes those folders of this machine out of what is shared in which the worker cannot write. */
export async function writableShare(session: Session, share: Share, folders: readonly string[]): Promise<Share> {
  const barred = new Set<string>();
  for (const folder of folders) {
    const there = share(folder);
    if (there === undefined) continue;
    const asked = await session.run(["test", "-w", there]);
    if (!asked.ok || asked.value.code !== 0) barred.add(folder);
  }
  return (path) =>
    [...barred].some((folder) => path === folder || path.startsWith(`${folder}/`)) ? undefined : share(path);
}
