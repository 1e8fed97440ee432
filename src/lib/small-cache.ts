import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** For so long an entry counts, milliseconds: a library of a program's may be another while the program is the same. */
const AGE = 24 * 3600_000;

/** More than anything has to say that belongs here. */
const LARGEST = 256 * 1024;

/**
 * Facts that can be found out again, a file each in a private folder. What is missing, torn, old or unreadable is to be found
 * out anew, and what fails to be written is not kept.
 */
export class SmallCache {
  readonly #folder: string;

  /** `folder`: made where it is missing. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The fact of that kind under those words, as JSON has it; undefined where there is none. Never fails. */
  async read(kind: string, key: readonly string[]): Promise<unknown> {
    const path = this.#path(kind, key);
    try {
      const { size, mtimeMs, uid } = await stat(path);
      const fresh = Math.abs(Date.now() - mtimeMs) < AGE;
      if (!fresh || size > LARGEST || (process.getuid && uid !== process.getuid())) return undefined;
      return JSON.parse(await readFile(path, "utf8"));
    } catch {
      return undefined;
    }
  }

  /** Keeps a fact; never fails. */
  async write(kind: string, key: readonly string[], fact: unknown): Promise<void> {
    const path = this.#path(kind, key);
    const part = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(part, JSON.stringify(fact), { mode: 0o600, flag: "wx" });
      await rename(part, path);
    } catch {
      await rm(part, { force: true }).catch(() => undefined);
    }
  }

  #path(kind: string, key: readonly string[]): string {
    const hash = createHash("sha256").update(JSON.stringify(key)).digest("hex");
    return join(this.#folder, `${kind}-${hash.slice(0, 32)}.json`);
  }
}
