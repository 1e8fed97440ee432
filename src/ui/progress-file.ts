import { createWriteStream } from "node:fs";
import { PassThrough, type Writable } from "node:stream";
import { formatProgressBlock } from "../ffmpeg/progress-text.js";
import { startLocal } from "../ffmpeg/run.js";
import type { JobEvent } from "../job/events.js";
import type { Stats } from "./stats.js";
import type { JobStore } from "./store.js";

/** What `-progress` needs to know. */
export interface ProgressOptions {
  /** As ffmpeg takes it: `-`, `pipe:N`, a file, or the URL of a protocol that ffmpeg writes to. */
  readonly url: string;
  /** Milliseconds between two blocks. */
  readonly period: number;
  /** The ffmpeg that carries blocks to a URL. */
  readonly ffmpeg: string;
}

/** Writes ffmpeg's `-progress` blocks for a job in chunks; where ffmpeg itself runs, it does that itself. */
export class ProgressFile {
  readonly #store: JobStore;
  readonly #stats: Stats;
  readonly #options: ProgressOptions;
  #target: Writable | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: JobStore, stats: Stats, options: ProgressOptions) {
    this.#store = store;
    this.#stats = stats;
    this.#options = options;
  }

  /** Takes note of an event that the store has taken in already. */
  readonly listen = (event: JobEvent): void => {
    if (event.type === "progress-text") {
      this.#target ??= openTarget(this.#options).on("error", () => undefined);
      this.#target.write(event.text);
    } else if (event.type === "route" && event.route === "chunks") this.#open();
    else if (event.type === "done") this.#write();
    if (["done", "failed", "stopped", "fell-back"].includes(event.type)) this.stop();
  };

  /** Ends the blocks, and what carries them. Safe to call twice. */
  stop(): void {
    clearInterval(this.#timer);
    // Standard streams cannot be ended, and need not be.
    if (this.#target && this.#target !== process.stdout && this.#target !== process.stderr) this.#target.end();
    this.#target = undefined;
  }

  #open(): void {
    this.#target = openTarget(this.#options);
    // A reader that has gone is no failure of the job.
    this.#target.on("error", () => undefined);
    this.#timer = setInterval(() => {
      if (this.#stats.running) this.#write();
    }, this.#options.period);
    this.#timer.unref();
  }

  #write(): void {
    this.#target?.write(
      formatProgressBlock(this.#stats.read(), this.#store.state.film?.places ?? [{ output: 0, stream: 0 }]),
    );
  }
}

function openTarget({ url, ffmpeg }: ProgressOptions): Writable {
  const pipe = /^(?:-|pipe:(\d*))$/.exec(url);
  if (pipe) {
    const fd = Number(pipe[1] ?? "") || 1;
    if (fd <= 2) return fd === 1 ? process.stdout : process.stderr;
    return createWriteStream("", { fd });
  }
  if (!/^[A-Za-z0-9+\-.]+:/.test(url)) return createWriteStream(url);
  if (url.startsWith("file:")) return createWriteStream(url.slice("file:".length));
  return relay(ffmpeg, url);
}

/** Protocols are ffmpeg's affair: it carries the blocks as they come. */
function relay(ffmpeg: string, url: string): Writable {
  const blocks = new PassThrough();
  const words = ["-v", "quiet", "-f", "data", "-i", "pipe:0", "-map", "0", "-c", "copy", "-flush_packets", "1"];
  startLocal(ffmpeg, [...words, "-f", "data", url], { stdin: blocks });
  return blocks;
}
