import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, lstat, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** Where the film goes: first beside its place, then, when it is whole and proven, into it. */
export interface OutputPlace {
  /** As the user named it. */
  readonly shown: string;
  readonly path: string;
  /** Beside `path`, with the same extension, which tells ffmpeg the container. */
  readonly temporary: string;
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
  const folder = dirname(target);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return fail({
      what: `${shown} cannot be written`,
      detail: `${folder}: ${(error as NodeJS.ErrnoException).code ?? "no access"}`,
    });
  }
  const extension = extname(target);
  const stem = basename(target, extension).slice(0, 100);
  const temporary = join(folder, `.${stem}.distffmpeg-${randomBytes(6).toString("hex")}${extension}`);
  return ok({ shown, path: target, temporary });
}

/** True when something already stands in the output's place. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Puts the finished film into its place, in one step; gives its size. */
export async function publish(place: OutputPlace): Promise<Result<{ readonly bytes: number }, Problem>> {
  try {
    const { size } = await stat(place.temporary);
    await rename(place.temporary, place.path);
    return ok({ bytes: size });
  } catch (error) {
    return fail({ what: `${place.shown} could not be put in place`, detail: String(error) });
  }
}

/** Takes the unfinished film away. */
export async function discard(place: OutputPlace): Promise<void> {
  await rm(place.temporary, { force: true });
}
