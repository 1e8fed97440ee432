import { LineSplitter, Tail } from "../lib/lines.js";
import type { ProcessEnd, RunOptions } from "./transport.js";

const TAIL_LINES = 40;
/** As much of a program's output as is kept. */
export const STDOUT_BYTES = 4 * 1024 * 1024;

/** Gathers what `ProcessEnd` reports of a program's output, and calls the line callbacks as lines come. */
export class Output {
  readonly #tail = new Tail(TAIL_LINES);
  readonly #stderr: LineSplitter;
  readonly #stdoutLines: LineSplitter | undefined;
  readonly #stdout: Buffer[] = [];
  #stdoutBytes = 0;

  constructor(options: RunOptions) {
    this.#stderr = new LineSplitter((line) => {
      this.#tail.push(line);
      options.onStderrLine?.(line);
    });
    this.#stdoutLines = options.onStdoutLine ? new LineSplitter(options.onStdoutLine) : undefined;
  }

  pushStderr(data: Uint8Array): void {
    this.#stderr.push(data);
  }

  pushStdout(data: Uint8Array): void {
    if (this.#stdoutLines) {
      this.#stdoutLines.push(data);
      return;
    }
    const room = STDOUT_BYTES - this.#stdoutBytes;
    if (room <= 0) return;
    const kept = Buffer.from(data.subarray(0, room));
    this.#stdout.push(kept);
    this.#stdoutBytes += kept.length;
  }

  /** To be called once, when both streams have ended. */
  finish(end: { readonly code: number | undefined; readonly signal: string | undefined }): ProcessEnd {
    this.#stderr.end();
    this.#stdoutLines?.end();
    return { ...end, stderrTail: [...this.#tail.items], stdout: Buffer.concat(this.#stdout).toString("utf8") };
  }
}
