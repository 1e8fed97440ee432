import { randomBytes } from "node:crypto";
import { isTaggedAlive, ownerTag, thisProcess } from "../lib/owner.js";

/**
 * A folder name that nobody can guess (96 random bits), so that nobody can wait for it in a shared work path. In front of
 * these it says whose it is, so that what a job has left can be told from what one is using (`folderIsUsed`).
 */
export function privateFolderName(): string {
  return `${PREFIX}${ownerTag(thisProcess())}${randomBytes(12).toString("hex")}`;
}

const PREFIX = "distffmpeg-";
const NAME = new RegExp(`^${PREFIX}(?:([0-9a-f]{32}))?[0-9a-f]{24}$`);

/** Whether a name is one of ours. */
export function isPrivateFolder(name: string): boolean {
  return NAME.test(name);
}

/** Whether the process that such a folder was made for still runs; undefined where this cannot be seen from this machine. */
export function folderIsUsed(name: string): boolean | undefined {
  const tag = NAME.exec(name)?.[1];
  return tag === undefined ? undefined : isTaggedAlive(tag);
}

/** Throws unless `name` leads to a file of the folder: plain file names with `/` between them. */
export function assertNameInside(name: string): void {
  for (const part of name.split("/")) assertFileName(part);
}

/**
 * Throws unless `name` is a plain file name. Names come from this program, never from outside,
 * so another one is a bug; the check keeps such a bug from touching files outside the folder.
 */
export function assertFileName(name: string): void {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
    throw new RangeError(`not a plain file name: ${JSON.stringify(name)}`);
  }
}
