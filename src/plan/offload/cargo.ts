import { basename, join, resolve } from "node:path";

/** What can be seen of files on this machine; relative paths count from the working folder. */
export interface Files {
  readonly kind: (path: string) => "file" | "folder" | "other" | "none";
  /** The text of a file; undefined where it cannot be read. */
  readonly text: (path: string) => string | undefined;
  /** The names in a folder; none where it cannot be read. */
  readonly names: (folder: string) => readonly string[];
}

/** The path of a file of this machine (absolute) as the worker sees the same file; undefined where it does not. */
export type Share = (path: string) => string | undefined;

/** Nothing is shared. */
export const NO_SHARE: Share = () => undefined;

/** What goes up to the worker: a file of this machine, or a text made for it; `name` is in the work folder. */
export type Freight =
  | { readonly name: string; readonly path: string }
  | { readonly name: string; readonly text: string };

/** A name on the worker (or the beginning of names), and what the user calls it. */
export type Renaming = readonly [there: string, here: string];

/**
 * Gathers what a command reads under names in a worker's folder. Each comes into a folder of its own and keeps its own
 * name, since some muxers, filters and tags go by that.
 */
export class Cargo {
  readonly freight: Freight[] = [];
  readonly folders: string[] = [];
  readonly renamings: Renaming[] = [];
  readonly #known = new Map<string, string>();

  constructor(
    readonly files: Files,
    readonly share: Share,
  ) {}

  /** A new folder in the worker's, which stands for what the user types as `here` (with a `/` at its end, or nothing). */
  folder(here: string, within = ""): string {
    const name = `${within}dfio.${this.folders.length}`;
    this.folders.push(name);
    this.renamings.push([`${name}/`, here]);
    return name;
  }

  /** A file that is read: its name for the worker. `as`: how the user's words name it, where that is not `path`. */
  read(path: string, as = path): string {
    const whole = resolve(path);
    const known = this.#known.get(whole);
    if (known !== undefined) return known;
    const shared = this.share(whole);
    const name = shared ?? join(this.folder(folderTyped(as)), basename(whole));
    if (shared === undefined) this.freight.push({ name, path: whole });
    else this.renamings.push([shared, as]);
    this.#known.set(whole, name);
    return name;
  }

  /** All files of a folder that `wanted` picks; gives the folder's name for the worker. */
  readFolder(folder: string, here: string, wanted: (name: string) => boolean): string {
    const shared = this.share(resolve(folder));
    if (shared !== undefined) {
      this.renamings.push([`${shared}/`, here]);
      return shared;
    }
    const name = this.folder(here);
    for (const file of this.files.names(folder).filter(wanted)) {
      const path = join(folder, file);
      if (this.files.kind(path) === "file") this.freight.push({ name: join(name, file), path: resolve(path) });
    }
    return name;
  }
}

/** The folder of a path as it was typed: with the `/` at its end, or nothing. */
export function folderTyped(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** Why something cannot run on another machine: a sentence for the user. Thrown within this folder, and caught at its door. */
export class Bound extends Error {}

/** Throws the reason. */
export function bound(reason: string): never {
  throw new Bound(reason);
}
