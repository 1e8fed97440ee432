import { StringDecoder } from "node:string_decoder";
import type { ProcessEnd, RunOptions } from "./transport.js";

const TAIL_LINES = 40;
const STDOUT_BYTES = 4 * 1024 * 1024;
/** A "line" longer than this is handed on in pieces: a program that prints no newline must not fill the memory. */
const LINE_CHARACTERS = 64 * 1024;

/**
 * Cuts a byte stream into lines. A lone carriage return ends a line too, because ffmpeg's stat lines end in one.
 */
export class LineReader {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  #rest = "";
  #afterReturn = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(data: Uint8Array): void {
    let text = this.#decoder.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    if (text === "") return;
    // A CRLF that was cut apart by the network is still one end of line.
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    this.#afterReturn = text.endsWith("\r");
    const lines = `${this.#rest}${text}`.split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > LINE_CHARACTERS) {
      this.#onLine(this.#rest);
      this.#rest = "";
    }
  }

  /** Hands on what came after the last newline. */
  end(): void {
    const last = `${this.#rest}${this.#decoder.end()}`;
    this.#rest = "";
    if (last !== "") this.#onLine(last);
  }
}

/** Gathers what `ProcessEnd` reports of a program's output, and calls the line callbacks as lines come. */
export class Output {
  readonly #tail: string[] = [];
  readonly #stderr: LineReader;
  readonly #stdoutLines: LineReader | undefined;
  readonly #stdout: Buffer[] = [];
  #stdoutBytes = 0;

  constructor(options: RunOptions) {
    this.#stderr = new LineReader((line) => {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      options.onStderrLine?.(line);
    });
    this.#stdoutLines = options.onStdoutLine ? new LineReader(options.onStdoutLine) : undefined;
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
    return { ...end, stderrTail: [...this.#tail], stdout: Buffer.concat(this.#stdout).toString("utf8") };
  }
}
