import { constants } from "node:fs";
import { copyFile, link, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { takeLock } from "../../lib/lock.js";
import { LOCK } from "./state.js";

/** Another name for a file, or, where the file system has none, a copy. */
export async function place(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
}

/** Everything in the state's folder but the lock goes. */
export async function empty(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith(LOCK));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** Makes the state's folder and locks it; a run that has just ended may take it away in between. */
export async function lockIn(folder: string): ReturnType<typeof takeLock> {
  for (let tries = 3; ; tries--) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      return await takeLock(join(folder, LOCK));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || tries === 0) throw error;
    }
  }
}
