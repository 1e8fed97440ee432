import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { endNotWritten } from "../ffmpeg/log.js";
import { bodyOffset } from "../ffmpeg/nut.js";
import { type LocalEnd, startLocal } from "../ffmpeg/run.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

export interface JoinOptions {
  readonly ffmpeg: string;
  readonly args: readonly string[];
  readonly stdin?: Readable;
  readonly signal: AbortSignal;
}

/**
 * FINAL at work: one ffmpeg that muxes the film while its tail is still being encoded. The chunks are fed to it in
 * order as one NUT stream: the header of the first, then the bodies, whose times are absolute.
 */
export class Joiner {
  readonly #end: Promise<LocalEnd>;
  readonly #pipe: Writable;
  #ended: LocalEnd | undefined;
  #first = true;

  constructor(options: JoinOptions) {
    const process = startLocal(options.ffmpeg, options.args, {
      feedExtra: true,
      signal: options.signal,
      ...(options.stdin ? { stdin: options.stdin } : {}),
    });
    if (!process.extra) throw new Error("FINAL was started without its pipe");
    this.#pipe = process.extra;
    // A broken pipe is told by the end of the process, with ffmpeg's own words.
    this.#pipe.on("error", () => undefined);
    this.#end = process.end;
    void this.#end.then((end) => {
      this.#ended = end;
      this.#pipe.destroy();
    });
  }

  /** Hands over the next chunk of the film, in order. Fails when FINAL is no longer there to take it. */
  async append(path: string): Promise<Result<void, Problem>> {
    const start = this.#first ? 0 : await bodyOffset(path);
    if (start === undefined) return fail({ what: `${path} is no NUT file` });
    this.#first = false;
    for await (const block of createReadStream(path, { start, highWaterMark: 256 * 1024 })) {
      if (this.#pipe.destroyed) return fail(await this.broken());
      if (!this.#pipe.write(block)) await Promise.race([once(this.#pipe, "drain").catch(() => undefined), this.#end]);
    }
    return this.#pipe.destroyed ? fail(await this.broken()) : ok(undefined);
  }

  /** The film is complete: waits until FINAL has written its end. */
  async finish(): Promise<Result<void, Problem>> {
    this.#pipe.end();
    const end = await this.#end;
    return end.code === 0 && !endNotWritten(end.stderrTail) ? ok(undefined) : fail(await this.broken());
  }

  /** Settles when FINAL has ended, for whatever reason. */
  async ended(): Promise<void> {
    await this.#end;
  }

  /** True when FINAL has ended, though the film is not complete. */
  get gone(): boolean {
    return this.#ended !== undefined;
  }

  /** Why FINAL ended, in its own words. */
  async broken(): Promise<Problem> {
    const end = await this.#end;
    return { what: "the film could not be joined", detail: end.startError ?? end.stderrTail.join("\n") };
  }
}
