import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { watchPath } from "../lib/warden.js";
import type { OutputFile } from "../ffmpeg/command.js";
import { outputFolders, placeIn } from "../plan/streaming.js";

/**
 * Makes a folder in which an output of many files can be written as if it were the whole file system: those of the
 * output's folders that there are. ffmpeg says itself which are missing.
 */
export async function makeTree(root: string, output: OutputFile): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const folder of outputFolders(output)) {
    const there = await stat(folder).catch(() => undefined);
    if (there?.isDirectory()) await mkdir(placeIn(root, folder), { recursive: true, mode: 0o700 });
  }
}

/** The files in such a folder: absolute paths, those named with numbers in the order of their numbers. */
export async function filesInTree(root: string): Promise<readonly string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** What names other files, and is put in place when these are there. */
const LISTS = /\.(m3u8?|mpd|csv|ffconcat|txt)$/i;

/** Whether a file of the output is a playlist, by its name. */
export const isList = (path: string): boolean => LISTS.test(path);

/** Puts all files where they belong, playlists last; gives their size in bytes. Throws where one cannot be put there. */
export async function publishTree(root: string): Promise<number> {
  const files = await filesInTree(root);
  let bytes = 0;
  for (const file of [...files.filter((f) => !isList(f)), ...files.filter(isList)]) {
    const place = sep + file.slice(root.length + 1);
    bytes += (await stat(file)).size;
    // Folders of variants ffmpeg makes by itself (libavformat/hlsenc.c).
    await mkdir(dirname(place), { recursive: true });
    // Segments may belong on another file system than the playlist.
    await rename(file, place).catch(() => copyInto(file, place));
  }
  await rm(root, { recursive: true, force: true });
  return bytes;
}

async function copyInto(file: string, place: string): Promise<void> {
  const part = join(dirname(place), `.distffmpeg-${randomBytes(12).toString("hex")}.part`);
  watchPath(part);
  try {
    await copyFile(file, part, constants.COPYFILE_EXCL);
    await rename(part, place);
  } finally {
    await rm(part, { force: true });
  }
}
