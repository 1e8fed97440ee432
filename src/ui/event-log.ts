import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { JobEvent } from "../job/events.js";
import type { Problem } from "../lib/result.js";
import { maskText, maskWords } from "../lib/masked.js";
import type { Clock } from "./store.js";

/** Characters that may wait for a slow disk; what comes on top is left out, and counted. */
export const WAITING_LIMIT = 8 * 1024 * 1024;

/** Milliseconds that a finished job waits for the log's last lines: a pipe may have no reader. */
const PATIENCE = 5000;

/** The log's own lines, beside the events: its first one, and one for what there was no room for. */
export type LogLine =
  | { readonly type: "log"; readonly version: 1; readonly started: string }
  | { readonly type: "left-out"; readonly events: number };

/** One line of NDJSON: seconds since the start, then the event as it is, without passwords and keys. Ends in a newline. */
export function logLine(event: JobEvent | LogLine, milliseconds: number): string {
  const at = Math.round(milliseconds) / 1000;
  return `${JSON.stringify({ at, ...event }, masked)}\n`;
}

function masked(_: string, value: unknown): unknown {
  if (typeof value === "string") return maskText(value);
  const words = Array.isArray(value) && value.every((each) => typeof each === "string");
  return words ? maskWords(value) : value;
}

/** The listener behind `-df_log`: every event as a line of a file, as they come. */
export class EventLog {
  readonly #file: string;
  readonly #now: Clock;
  readonly #start: number;
  readonly #complain: (problem: Problem) => void;
  readonly #stream: WriteStream;
  #leftOut = 0;
  #broken = false;

  /** `complain` is called at most once. */
  constructor(file: string, now: Clock, complain: (problem: Problem) => void) {
    this.#file = file;
    this.#now = now;
    this.#start = now();
    this.#complain = complain;
    this.#stream = createWriteStream(file).on("error", (error) => this.#fail(error.message));
    this.#write({ type: "log", version: 1, started: new Date().toISOString() });
  }

  readonly listen = (event: JobEvent): void => {
    if (this.#broken) return;
    if (this.#stream.writableLength > WAITING_LIMIT) {
      this.#leftOut += 1;
      return;
    }
    this.#tellLeftOut();
    this.#write(event);
  };

  /** Ends the file; settles when it is complete, or cannot become it. */
  async close(): Promise<void> {
    if (this.#broken || this.#stream.writableEnded) return;
    this.#tellLeftOut();
    const written = finished(this.#stream).catch(() => undefined);
    this.#stream.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#fail("nobody takes what is written");
        resolve();
      }, PATIENCE);
    });
    await Promise.race([written, late]);
    clearTimeout(timer);
  }

  #tellLeftOut(): void {
    if (this.#leftOut === 0) return;
    this.#write({ type: "left-out", events: this.#leftOut });
    this.#leftOut = 0;
  }

  #write(line: JobEvent | LogLine): void {
    this.#stream.write(logLine(line, this.#now() - this.#start));
  }

  #fail(detail: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#stream.destroy();
    this.#complain({
      what: `the log could not be written to ${this.#file}`,
      detail,
      fix: "give -df_log a file in a folder you can write to",
    });
  }
}
