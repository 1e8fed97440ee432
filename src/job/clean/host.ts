import { lstat, readdir, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Config } from "../../config/types.js";
import { isAlive, parseOwner } from "../../lib/owner.js";
import { programsNaming } from "../../lib/processes.js";
import { linesOf } from "../resume/state.js";
import { JOB_PREFIX, LEDGER, OWNER } from "../work-folder.js";

/** What was left of dead jobs on this machine, and is gone now. */
export interface SweptHost {
  /** Folders of jobs, and temporary files and folders beside outputs. */
  readonly removed: readonly string[];
  /** Programs that were still at work. */
  readonly ended: readonly number[];
}

/** Folders that do not say whose they are: as old as this, milliseconds, they are nobody's. */
const NOBODYS = 24 * 60 * 60 * 1000;

/** The names that temporary files have; a list that was tampered with leads to nothing else (job/output.ts, tree.ts, shared.ts, pass-files.ts). */
const TEMPORARY =
  /^\.(.*\.)?distffmpeg-[0-9a-f]{12,56}(\.[^/]*)?$|\.log(\.mbtree|\.cutree|\.temp)?\.[0-9a-f]{24}\.part$/;

/** Takes away what dead jobs have left: their folders, what they wrote elsewhere for a while, and programs still at it. */
export async function sweepHost({ server_work_path }: Pick<Config, "server_work_path">): Promise<SweptHost> {
  const names = await readdir(server_work_path).catch(() => []);
  const removed: string[] = [];
  const ended: number[] = [];
  for (const name of names.filter((one) => one.startsWith(JOB_PREFIX))) {
    const folder = resolve(server_work_path, name);
    if (!(await isDead(folder))) continue;
    const others = (await linesOf(join(folder, LEDGER))).filter((path) => TEMPORARY.test(basename(path)));
    for (const { pid } of [folder, ...others].flatMap((path) => programsNaming(path))) {
      if (end(pid)) ended.push(pid);
    }
    for (const path of [...others, folder]) {
      if (!(await lstat(path).catch(() => undefined))) continue;
      await rm(path, { recursive: true, force: true, maxRetries: 3 }).then(
        () => removed.push(path),
        () => undefined,
      );
    }
  }
  return { removed, ended: [...new Set(ended)] };
}

async function isDead(folder: string): Promise<boolean> {
  const [word = ""] = await linesOf(join(folder, OWNER));
  const owner = parseOwner(word);
  // Of other machines nothing is known here.
  if (owner) return isAlive(owner) === false;
  const found = await stat(folder).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > NOBODYS;
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
