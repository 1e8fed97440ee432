import { randomBytes } from "node:crypto";
import { chmod, mkdir, realpath, stat } from "node:fs/promises";
import { join, posix } from "node:path";

/** Whose a file is, and what others may do with it (st_uid, st_mode). */
export interface Owner {
  readonly uid: number;
  readonly mode: number;
}

const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;

/**
 * The part of a path that another user of the machine could have put there, and could still change for another: it
 * stands in a folder like /tmp, where everybody may write, and belongs neither to `uid` nor to root. Undefined where
 * there is none. `path` is absolute, with its links followed. Rejects as `look` does.
 */
export async function foreignPart(
  path: string,
  uid: number,
  look: (path: string) => Promise<Owner>,
): Promise<string | undefined> {
  const parts: string[] = [];
  for (let at = posix.resolve(path); ; at = posix.dirname(at)) {
    parts.push(at);
    if (at === "/") break;
  }
  const owners = await Promise.all(parts.map(look));
  return parts.find((_, i) => {
    const [own, above] = [owners[i], owners[i + 1]];
    if (!own || !above) return false;
    const shared = (above.mode & STICKY) !== 0 && (above.mode & OTHERS_WRITE) !== 0;
    return shared && own.uid !== uid && own.uid !== 0;
  });
}

/** What is said of such a part. */
export const foreignWords = (part: string): string =>
  `${part} belongs to another user, who could look into it: everybody may write in ${posix.dirname(part)}`;

/**
 * Makes a folder that only its owner may enter, of a name that nobody can guess in `parent`, which is made where it is missing. Gives its
 * absolute path. Throws what the file system has to say, and where another user could look into `parent`.
 */
export async function makePrivateFolder(parent: string, prefix: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const real = await realpath(parent);
  const foreign = await foreignPart(real, process.getuid?.() ?? 0, stat);
  if (foreign !== undefined) throw new Error(foreignWords(foreign));
  const folder = join(real, `${prefix}${randomBytes(12).toString("hex")}`);
  await mkdir(folder, { mode: 0o700 });
  await chmod(folder, 0o700);
  return folder;
}
