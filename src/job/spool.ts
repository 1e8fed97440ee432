import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/**
 * Keeps what comes in on standard input in a file while it comes, so that each stage can be given it from its start:
 * every one of them reads a pipe, as plain ffmpeg would.
 */
export class Spool {
  #size = 0;
  #done = false;
  #waiting: (() => void)[] = [];

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

  /** All of it from the start, following what still comes. */
  read(): Readable {
    return Readable.from(this.#follow(), { objectMode: false });
  }

  async *#follow(): AsyncGenerator<Buffer> {
    const file = await open(this.path, "r");
    try {
      for (let at = 0; ; ) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(256 * 1024), 0, 256 * 1024, at);
        if (bytesRead > 0) {
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
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
