import type { Readable } from "node:stream";
import type { Config } from "../config/types.js";
import type { Problem } from "../lib/result.js";
import type { EventStream, Stop } from "./events.js";
import type { Hold } from "./hold.js";
import type { Spool } from "./spool.js";

/** ffmpeg's exit statuses (fftools/ffmpeg.c): 1 for an error, 255 when a signal ended it. */
export const STATUS = { done: 0, failed: 1, interrupted: 255 } as const;

export interface JobInput {
  readonly argv: readonly string[];
  /** The `-df_` flags that were given with it. */
  readonly flags: ReadonlyMap<string, string>;
  readonly config: Config;
  /** Called by ffmpeg's name, by a program that expects nothing else. */
  readonly asFfmpeg: boolean;
  readonly events: EventStream;
  /** Standard input; only opened where it is read, since a pipe would be another one for ffmpeg then (O_NONBLOCK). */
  readonly stdin: () => Readable;
  /** ffmpeg's question, with its answer from standard input; only called where ffmpeg asks. */
  readonly mayOverwrite: (path: string) => Promise<boolean>;
  /** Hears keys on standard input until it is told not to; only called where ffmpeg hears them. */
  readonly listenToKeys: () => { off(): void };
  /** The same keys as they come, for an ffmpeg on another machine; undefined where none can come. */
  readonly streamKeys: () => { readonly stream: Readable; off(): void } | undefined;
  /** Whether a report of ffmpeg's own is asked for (`-report`, FFREPORT). */
  readonly reported: boolean;
  /** The user's wish to end it, and once it is aborted what it was. */
  readonly signal: AbortSignal;
  /** The user's wish that the work waits. */
  readonly hold: Hold;
  /** True where the views tell ffmpeg's words on standard error. */
  readonly tellsWords: boolean;
  readonly stoppedBy: () => Stop;
}

/** What was read, asked and told before a command runs whole. */
export interface Before {
  readonly spool?: Spool;
  /** The user has agreed to overwrite, where there was something to ask about. */
  readonly agreed?: boolean;
  /** Words of ffmpeg's that are out. */
  readonly said?: readonly string[];
}

/** Ends a job before anything is run: tells why, and gives the status. */
export function refuse({ events }: JobInput, problem: Problem): number {
  events.emit({ type: "failed", ...problem });
  return STATUS.failed;
}
