import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { filesInTree, isList } from "./tree.js";

/** Milliseconds between two looks: those who wait for a playlist look ten times a second. */
const PERIOD = 100;

/** What ffmpeg writes before it has its name (libavformat/hlsenc.c, dashenc.c). */
const UNFINISHED = /\.tmp$/;

/** How a playlist ends that is not being written just now. */
const COMPLETE = /\n\s*$/;

/**
 * Shows the files of an output of many files under their names while the output is being made, as plain ffmpeg does:
 * players read its head meanwhile. What is shown is the very file that is being written (a second link to it); playlists are
 * copied once what they name is there.
 */
export class LiveTree {
  /** Paths of what is shown, and when what it is a copy of was written. */
  readonly #shown = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #ended = true;

  constructor(private readonly root: string) {}

  /** From now on what appears is shown. */
  start(): void {
    this.#ended = false;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        if (!this.#ended) this.start();
      });
    }, PERIOD);
  }

  /** Shows nothing more. */
  async stop(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Takes away what was shown. */
  async retract(): Promise<void> {
    await this.stop();
    await Promise.all([...this.#shown.keys()].map((path) => rm(path, { force: true }).catch(() => undefined)));
    this.#shown.clear();
  }

  async #look(): Promise<void> {
    try {
      const files = await filesInTree(this.root);
      const lists = await Promise.all(files.filter(isList).map((path) => this.#readList(path)));
      // Those that came while the lists were read, too.
      for (const file of await filesInTree(this.root)) {
        if (!isList(file) && !UNFINISHED.test(file)) await this.#show(file);
      }
      for (const list of lists) if (list) await this.#showList(list);
    } catch {
      // On another file system, or on one without links: it is shown when it is whole, as everything else is.
      this.#ended = true;
    }
  }

  #placeOf(file: string): string {
    return sep + file.slice(this.root.length + 1);
  }

  async #show(file: string): Promise<void> {
    const place = this.#placeOf(file);
    if (this.#shown.has(place)) return;
    await this.#put(place, (part) => link(file, part));
    this.#shown.set(place, 0);
  }

  async #readList(file: string): Promise<{ place: string; text: string; written: number } | undefined> {
    const place = this.#placeOf(file);
    const { mtimeMs: written } = await stat(file);
    const text = this.#shown.get(place) === written ? "" : await readFile(file, "latin1");
    return COMPLETE.test(text) ? { place, text, written } : undefined;
  }

  async #showList({ place, text, written }: { place: string; text: string; written: number }): Promise<void> {
    await this.#put(place, (part) => writeFile(part, text, { encoding: "latin1", flag: "wx" }));
    this.#shown.set(place, written);
  }

  /** In one step, in place of what is there. */
  async #put(place: string, make: (part: string) => Promise<void>): Promise<void> {
    await mkdir(dirname(place), { recursive: true });
    const part = join(this.root, `.live-${randomBytes(6).toString("hex")}`);
    try {
      await make(part);
      await rename(part, place);
    } finally {
      await rm(part, { force: true });
    }
  }
}
