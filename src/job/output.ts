import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, copyFile, lstat, mkdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { OutputFile } from "../ffmpeg/command.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { watchPath } from "../lib/warden.js";
import { quote } from "../lib/shell.js";
import { localPath } from "../plan/local-path.js";
import { addedTo, isShortened, moveInto, outputFolders, placeIn, streamingKind } from "../plan/streaming.js";
import { filesOf, printTee } from "../plan/tee.js";
import { LiveTree } from "./live-tree.js";
import { makeTree, publishTree } from "./tree.js";

/** Where the film goes: first beside its place, then, when it is whole and proven, into it. */
export interface OutputPlace {
  /** As the user named it. */
  readonly shown: string;
  readonly path: string;
  /** Beside `path`, with the same extension, which tells ffmpeg the container. */
  readonly temporary: string;
  /** The folder beside `path` in which an output of many files is made (plan/streaming.ts). */
  readonly tree?: string;
  /** Shows these files while they are made, where they are to be seen. */
  readonly live?: LiveTree;
  /** Where the files of a tee go, in their order; `temporary` is its name for them. */
  readonly slaves?: readonly OutputPlace[];
}

/**
 * Finds the place of the output and that it can be written. A link is followed, as ffmpeg follows it.
 * Undefined when it is something that is written in place: a device, a pipe, a socket.
 */
export async function placeOutput(shown: string, path: string): Promise<Result<OutputPlace | undefined, Problem>> {
  let target = resolve(path);
  try {
    const found = await stat(target);
    if (found.isDirectory()) return fail({ what: `${shown} is a folder`, fix: `${shown.replace(/\/$/, "")}/film.mkv` });
    if (!found.isFile()) return ok(undefined);
    target = await realpath(target);
  } catch {
    // It does not exist, or it is a link to nothing: ffmpeg would make what the link names.
    if (
      await lstat(target).then(
        (s) => s.isSymbolicLink(),
        () => false,
      )
    )
      return ok(undefined);
  }
  const barred = await whyNotWritable(shown, dirname(target));
  if (barred) return fail(barred);
  const temporary = besideIt(target);
  watchPath(temporary);
  return ok({ shown, path: target, temporary });
}

/**
 * Finds the place of an output of many files, and makes the folder in which it is written first. `show`: whether its files
 * are to be seen while they are made; "new": unless a playlist of that name would be replaced.
 */
export async function placeTree(
  shown: string,
  output: OutputFile,
  show: "always" | "new" | "never",
): Promise<Result<OutputPlace, Problem>> {
  const path = resolve(localPath(output.url) ?? output.url);
  const barred = await whyNotWritable(shown, outputFolders(output)[0] ?? dirname(path));
  if (barred) return fail(barred);
  const tree = besideIt(join(outputFolders(output)[0] ?? dirname(path), basename(path)), "");
  watchPath(tree);
  await makeTree(tree, output);
  for (const list of addedTo(output).map((url) => localPath(url) ?? url)) {
    const copy = placeIn(tree, list);
    if (!(await exists(list))) continue;
    try {
      await mkdir(dirname(copy), { recursive: true });
      await copyFile(list, copy);
    } catch (error) {
      await rm(tree, { recursive: true, force: true });
      return fail({ what: `${list}, which is added to, cannot be read`, detail: String(error) });
    }
  }
  const steady = addedTo(output).length === 0 && !isShortened(output);
  const live = steady && (show === "always" || (show === "new" && !(await exists(path))));
  return ok({ shown, path, temporary: placeIn(tree, path), tree, ...(live ? { live: new LiveTree(tree) } : {}) });
}

/** Finds the places of all files of a tee. Fails when one of them has none: ffmpeg goes on with the others then. */
export async function placeTee(shown: string, output: OutputFile): Promise<Result<OutputPlace, Problem>> {
  const slaves: OutputPlace[] = [];
  const written: OutputFile[] = [];
  for (const file of filesOf(output)) {
    const place = streamingKind(file)
      ? await placeTree(file.url, file, "never")
      : await placeOutput(file.url, localPath(file.url) ?? file.url);
    if (!place.ok || !place.value) {
      await Promise.all(slaves.map(discard));
      return place.ok ? fail({ what: `${file.url} is no ordinary file` }) : place;
    }
    const { tree, temporary } = place.value;
    slaves.push(place.value);
    written.push(tree === undefined ? { ...file, url: temporary } : moveInto(file, tree));
  }
  return ok({ shown, path: shown, temporary: printTee(written), slaves });
}

async function whyNotWritable(shown: string, folder: string): Promise<Problem | undefined> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code = "no access" } = error as NodeJS.ErrnoException;
    const what = `${shown} cannot be written`;
    if (code === "ENOENT") return { what, detail: `there is no folder ${folder}`, fix: `mkdir -p ${quote(folder)}` };
    return { what, detail: `${folder}: ${code}` };
  }
}

/** A hidden name beside a path that nobody can guess. */
function besideIt(path: string, extension = extname(path)): string {
  // The numbers of segments have no place in a folder's name.
  const stem = basename(path, extname(path)).slice(0, 100).replaceAll("%", "");
  return join(dirname(path), `.${stem}.distffmpeg-${randomBytes(6).toString("hex")}${extension}`);
}

/** True when something already stands in the output's place. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Puts the finished film into its place, in one step, or its many files one by one; gives their size. */
export async function publish(place: OutputPlace): Promise<Result<{ readonly bytes: number }, Problem>> {
  try {
    if (place.slaves) return await publishAll(place.slaves);
    await place.live?.stop();
    if (place.tree !== undefined) return ok({ bytes: await publishTree(place.tree) });
    const { size } = await stat(place.temporary);
    await rename(place.temporary, place.path);
    return ok({ bytes: size });
  } catch (error) {
    return fail({ what: `${place.shown} could not be put in place`, detail: String(error) });
  }
}

async function publishAll(places: readonly OutputPlace[]): Promise<Result<{ readonly bytes: number }, Problem>> {
  let bytes = 0;
  for (const place of places) {
    const published = await publish(place);
    if (!published.ok) return published;
    bytes += published.value.bytes;
  }
  return ok({ bytes });
}

/** Takes the unfinished film away. */
export async function discard(place: OutputPlace): Promise<void> {
  if (place.slaves) {
    await Promise.all(place.slaves.map(discard));
    return;
  }
  await place.live?.retract();
  await rm(place.tree ?? place.temporary, { recursive: true, force: true });
}
