import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { endNotWritten, hasWritten, isSizeLine } from "../ffmpeg/log.js";
import { tellLevels } from "../ffmpeg/loglevel.js";
import { bodyOffset } from "../ffmpeg/nut.js";
import { type Progress, ProgressBlocks } from "../ffmpeg/progress.js";
import { type LocalEnd, type LocalProcess, startLocal } from "../ffmpeg/run.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

export interface JoinOptions {
  readonly ffmpeg: string;
  readonly args: readonly string[];
  /** How many films it joins, each through a descriptor of its own, from 3 on. */
  readonly films: number;
  readonly stdin?: Readable;
  readonly signal: AbortSignal;
}

/** What FINAL said of its output when it had written the end. */
export interface Closing {
  /** Its last report. */
  readonly progress: Progress | undefined;
  /** How many bytes went into which kind of stream, in ffmpeg's words, a line each. */
  readonly sizes: readonly string[];
}

/** Behind the user's options: global ones count wherever they stand, and the last counts. */
const REPORTING = ["-hide_banner", "-nostats", "-progress", "pipe:1", "-stats_period", "0.2", ...tellLevels("info")];

/** Reports of FINAL without anything new, after which it is taken to have all that it was fed. */
const IDLE_REPORTS = 10;

/** One film's way into FINAL. */
interface FilmPipe {
  readonly pipe: Writable;
  /** Settles when all that was handed over so far has been taken. */
  fed: Promise<Result<void, Problem>>;
  empty: boolean;
}

/**
 * FINAL at work: one ffmpeg that muxes the films of an output while their tails are still being encoded. The chunks of
 * each are fed to it in order as one NUT stream: the header of the first, then the bodies, whose times are absolute.
 * How far FINAL reads ahead in one film before it wants another is its own affair: so they wait for it each by itself.
 */
export class Joiner {
  readonly #process: LocalProcess;
  readonly #end: Promise<LocalEnd>;
  readonly #pipes: readonly FilmPipe[];
  #ended: LocalEnd | undefined;
  #progress: Progress | undefined;
  #idle = 0;
  readonly #sizes: string[] = [];
  #onReport: () => void = () => undefined;

  constructor(options: JoinOptions) {
    const blocks = new ProgressBlocks();
    this.#process = startLocal(options.ffmpeg, [...options.args, ...REPORTING], {
      feedExtra: options.films,
      // The user's Ctrl-C is for the job: FINAL has to take in first what is finished.
      ownSession: true,
      signal: options.signal,
      ...(options.stdin ? { stdin: options.stdin } : {}),
      onLogLine: ({ text }) => {
        if (isSizeLine(text)) this.#sizes.push(text);
      },
      onStdoutLine: (line) => {
        const report = blocks.push(line);
        if (report) this.#take(report);
      },
    });
    this.#pipes = this.#process.extra.map((pipe) => ({ pipe, fed: Promise.resolve(ok(undefined)), empty: true }));
    // A broken pipe is told by the end of the process, with ffmpeg's own words.
    for (const { pipe } of this.#pipes) pipe.on("error", () => undefined);
    this.#end = this.#process.end;
    void this.#end.then((end) => {
      this.#ended = end;
      for (const { pipe } of this.#pipes) pipe.destroy();
    });
  }

  #take(report: Progress): void {
    const same = this.#progress?.frame === report.frame && this.#progress?.time === report.time;
    this.#idle = same ? this.#idle + 1 : 0;
    this.#progress = report;
    this.#onReport();
  }

  /**
   * Hands over the next chunk of a film, by its number, in order; settles when all of it has been taken. Fails when FINAL
   * is no longer there to take it.
   */
  append(film: number, path: string): Promise<Result<void, Problem>> {
    const to = this.#pipes[film];
    if (!to) throw new Error(`FINAL has no film ${film}`);
    to.fed = to.fed.then((before) => (before.ok ? this.#feed(to, path) : before));
    return to.fed;
  }

  async #feed(to: FilmPipe, path: string): Promise<Result<void, Problem>> {
    const { pipe } = to;
    const start = to.empty ? 0 : await bodyOffset(path);
    if (start === undefined) return fail({ what: `${path} is no NUT file` });
    to.empty = false;
    for await (const block of createReadStream(path, { start, highWaterMark: 256 * 1024 })) {
      if (pipe.destroyed) return fail(await this.broken());
      if (!pipe.write(block)) await Promise.race([once(pipe, "drain").catch(() => undefined), this.#end]);
    }
    return pipe.destroyed ? fail(await this.broken()) : ok(undefined);
  }

  /** Nothing more will come: ends every film behind what was handed over. */
  #close(): void {
    for (const { pipe, fed } of this.#pipes) void fed.then(() => pipe.end());
  }

  /** The films are complete: waits until FINAL has written its end. */
  async finish(): Promise<Result<Closing, Problem>> {
    this.#close();
    const end = await this.#end;
    return end.code === 0 && !endNotWritten(end.stderrTail) ? ok(this.#closing()) : fail(await this.broken());
  }

  /**
   * Nothing more will come: ends FINAL as `q` would, once it has the first `frames` frames of its first film. Other
   * streams may reach further, since they are not held up for the film.
   */
  async leave(frames: number): Promise<Result<Closing, Problem>> {
    // First of all the end of the film: whoever waits for more of it hears no signal (fftools/ffmpeg.c, 5.1).
    this.#close();
    const taken = new Promise<void>((resolve) => {
      const look = (): void => {
        if ((this.#progress?.frame ?? 0) >= frames || this.#idle >= IDLE_REPORTS) resolve();
      };
      this.#idle = 0;
      this.#onReport = look;
      look();
    });
    await Promise.race([taken, this.#end]);
    this.#process.interrupt();
    const end = await this.#end;
    return hasWritten(end) ? ok(this.#closing()) : fail(await this.broken());
  }

  #closing(): Closing {
    return { progress: this.#progress, sizes: this.#sizes };
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
