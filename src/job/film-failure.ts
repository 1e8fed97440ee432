import { stat, statfs } from "node:fs/promises";
import { quote } from "../lib/shell.js";
import type { Problem } from "../lib/result.js";

/** How a film job ended short of success: `unfit` and `refused` send the command the whole way, the others end it. */
export type FilmFailure = { readonly kind: "unfit" | "refused" | "failed" | "cancelled" } & Problem;

/** ffmpeg's words for a full disk, and Node's. */
const FULL = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i;

/** With less than this, bytes, a disk is as good as full. */
const NOTHING = 1024 * 1024;

/** Plain ffmpeg would find a full disk just as full. */
export function refusedOrFull(problem: Problem): FilmFailure {
  return { ...problem, kind: FULL.test(problem.detail ?? "") ? "failed" : "refused" };
}

/** True for what was said on this machine, and not of a worker's disk. */
const isOfHere = (what: string): boolean => !/^chunk \d+ failed on (?!local,)/.test(what);

/**
 * Where a disk of this machine is full, or a folder is gone, that is what failed, whoever met with it. `folders`: those that
 * are written to.
 */
export async function tellDisk(failure: FilmFailure, folders: readonly string[]): Promise<FilmFailure> {
  if (failure.kind === "cancelled") return failure;
  const gone = await firstGone(folders);
  if (gone !== undefined) {
    const detail = [failure.what, failure.detail ?? ""].filter((words) => words !== "").join("\n");
    const fix = `mkdir -p ${quote(gone)}, and type the same command again`;
    return { kind: "failed", what: `the folder ${gone} is gone`, detail, fix };
  }
  const rooms = await Promise.all(
    folders.map(async (folder) => {
      const room = await statfs(folder).then(
        ({ bavail, bsize }) => bavail * bsize,
        () => Number.POSITIVE_INFINITY,
      );
      return { folder, room };
    }),
  );
  const [least] = rooms.sort((a, b) => a.room - b.room);
  const said = FULL.test(`${failure.what} ${failure.detail ?? ""}`) && isOfHere(failure.what);
  if (!least || !(said || least.room < NOTHING)) return failure;
  return {
    kind: "failed",
    what: `no space is left on the disk of ${least.folder}`,
    detail: [failure.what, failure.detail ?? ""].filter((words) => words !== "").join("\n"),
    fix: "free some room there, and type the same command again;\n-df_server_work_path=FOLDER names another disk for chunks, -df_scratch_limit=SIZE how much they may take",
  };
}

async function firstGone(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const there = await stat(folder).then(
      () => true,
      (error: unknown) => (error as NodeJS.ErrnoException).code !== "ENOENT",
    );
    if (!there) return folder;
  }
  return undefined;
}
