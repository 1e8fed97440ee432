import { createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Problem } from "../lib/result.js";
import { messageOf } from "../workers/failures.js";

/**
 * Keeps what comes in on standard input in a file while it comes, so that each stage can be given it from its start:
 * every one of them reads a pipe, as plain ffmpeg would.
 */
export class Spool {
  #size = 0;
  #done = false;
  #waiting: (() => void)[] = [];
  #failure: Problem | undefined;
  /** Settles when the file is there, or cannot be made. */
  readonly #opened: Promise<void>;
  #fail: (problem: Problem) => void = () => undefined;
  /** Settles when something of it could not be kept: what can be read then is not the source. */
  readonly failed = new Promise<Problem>((resolve) => {
    this.#fail = resolve;
  });

  constructor(
    private readonly path: string,
    source: Readable,
  ) {
    const target = createWriteStream(path, { mode: 0o600 });
    const count = async function* (this: Spool, blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const block of blocks) {
        yield block;
        this.#size += block.length;
        this.#wake();
      }
    }.bind(this);
    target.once("error", (error) => {
      const what = `what comes in on standard input cannot be kept in ${path}`;
      const fix = "-df_server_work_path=FOLDER, a folder on a disk with room for all of it";
      this.#failure = { what, detail: messageOf(error), fix };
      this.#fail(this.#failure);
    });
    this.#opened = new Promise((resolve) => {
      target.once("open", () => resolve()).once("error", () => resolve());
    });
    // A source that breaks off has ended, as it has for ffmpeg.
    void pipeline(source, count, target)
      .catch(() => undefined)
      .then(() => {
        this.#done = true;
        this.#wake();
      });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** All of it from the start, following what still comes; the stream fails where not all of it could be kept. */
  read(): Readable {
    return Readable.from(this.#follow(), { objectMode: false });
  }

  /** Opened for writing and for reading at the same time, the file might not be there yet for reading. */
  async #open(): Promise<FileHandle> {
    await this.#opened;
    if (this.#failure) throw this.#lost(this.#failure);
    return await open(this.path, "r");
  }

  #lost({ what, detail = "" }: Problem): Error {
    return new Error(`${what} (${detail})`);
  }

  async *#follow(): AsyncGenerator<Buffer> {
    const file = await this.#open();
    try {
      for (let at = 0; ; ) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(256 * 1024), 0, 256 * 1024, at);
        if (bytesRead > 0) {
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        } else if (this.#failure) {
          throw this.#lost(this.#failure);
        } else if (this.#done && at >= this.#size) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#waiting.push(resolve);
            // What was counted may not have reached the file yet: look again soon.
            setTimeout(resolve, 20).unref();
          });
        }
      }
    } finally {
      await file.close();
    }
  }
}
