import { randomBytes } from "node:crypto";

/** A folder name that nobody can guess (96 random bits), so that nobody can wait for it in a shared work path. */
export function privateFolderName(): string {
  return `distffmpeg-${randomBytes(12).toString("hex")}`;
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
