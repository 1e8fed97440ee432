/**
 * One stream of typed events says all that happens in a job. The stations emit;
 * views, logs, summary and report listen. Times are milliseconds of the host's monotonic clock.
 */
export type Route = "chunks" | "offload" | "local";

/** A film's place: the numbers of its output and of its stream there. */
export interface FilmPlace {
  readonly output: number;
  readonly stream: number;
}

/** What a job in chunks makes, as far as ffmpeg's reports speak of it. */
export interface FilmShape {
  /** Never empty; the first is the one whose frames are counted. */
  readonly places: readonly [FilmPlace, ...FilmPlace[]];
  /** The first film's. */
  readonly framesPerSecond: number;
  /** False for a first output whose size ffmpeg does not tell: one of many files, or none. */
  readonly sized: boolean;
  /** How ffmpeg names 1024 bytes: `KiB` from 7.0 on. */
  readonly unit: "kB" | "KiB";
}

/** Frames that ffmpeg has repeated and left out to keep the rate. */
export interface RateCounts {
  readonly dup: number;
  readonly drop: number;
}

/** What ended a job before its film was complete: the key `q`, or a signal by its number. */
export interface Stop {
  readonly signal?: number;
}

/** Where a command line comes from: the user, or one of the three stages. */
export type Stage = "given" | "pre" | "remote" | "final";

export type JobEvent =
  /** `refused`: ffmpeg does not take the command, and says why right behind this. */
  | {
      readonly type: "route";
      readonly route: Route;
      readonly reason: string;
      readonly film?: FilmShape;
      readonly refused?: boolean;
    }
  /** A program is started, or for `given`: what the user has typed. `chunk`: the one that it encodes. */
  | {
      readonly type: "command";
      readonly stage: Stage;
      readonly argv: readonly string[];
      readonly worker?: string;
      readonly chunk?: number;
    }
  /** What ffmpeg itself writes for `-progress` on another machine. */
  | { readonly type: "progress-text"; readonly text: string }
  /** What plain ffmpeg says of this command, a line without its end; `level` as ffmpeg numbers them. */
  | { readonly type: "words"; readonly level: number; readonly text: string }
  /** All outputs have been described in words: from now on ffmpeg would report. */
  | { readonly type: "opened" }
  | { readonly type: "worker-up"; readonly worker: string; readonly slots: number; readonly detail: string }
  | { readonly type: "worker-dropped"; readonly worker: string; readonly reason: string; readonly fix?: string }
  /** The split goes on: source frames seen so far; `total` once the source has been read to its end. */
  | {
      readonly type: "split-progress";
      readonly frames: number;
      readonly total?: number;
      /** Of all films together, with `total`. */
      readonly counts?: RateCounts;
    }
  /** `counts`: since the chunk before. */
  | { readonly type: "chunk-ready"; readonly chunk: number; readonly frames: number; readonly counts?: RateCounts }
  /** A worker has looked at so many frames for scene changes. */
  | { readonly type: "scenes-compared"; readonly worker: string; readonly frames: number }
  | { readonly type: "chunk-upload"; readonly chunk: number; readonly worker: string; readonly slot: number }
  /** The worker has it, and encodes it as soon as one of its slots is free. */
  | { readonly type: "chunk-uploaded"; readonly chunk: number; readonly worker: string }
  /** The worker has taken the chunk out of the source itself: nothing was sent. */
  | { readonly type: "chunk-shared"; readonly chunk: number; readonly worker: string }
  | { readonly type: "chunk-encode"; readonly chunk: number; readonly worker: string; readonly slot: number }
  | {
      readonly type: "chunk-progress";
      readonly chunk: number;
      readonly worker: string;
      readonly slot: number;
      readonly frames: number;
      readonly fps: number;
      /** Size of the first film's part so far, and the quantizers of the films' last frames, where the encoder tells them. */
      readonly bytes?: number;
      readonly q?: readonly number[];
    }
  | { readonly type: "chunk-download"; readonly chunk: number; readonly worker: string; readonly slot: number }
  | {
      readonly type: "chunk-done";
      readonly chunk: number;
      readonly worker: string;
      readonly slot: number;
      readonly frames: number;
      /** Of the first film's part. */
      readonly bytes: number;
      readonly seconds: number;
    }
  /** What an earlier run has made of the chunk is taken, in all renditions that were asked for. */
  | { readonly type: "chunk-kept"; readonly chunk: number; readonly frames: number; readonly bytes: number }
  | {
      readonly type: "chunk-failed";
      readonly chunk: number;
      readonly worker: string;
      readonly slot: number;
      readonly attempt: number;
      readonly reason: string;
      readonly retry: boolean;
    }
  /** Its holder is expected to be late with it: it is started a second time, and the first good answer counts. */
  | { readonly type: "chunk-doubled"; readonly chunk: number; readonly worker: string; readonly holder: string }
  /** Another worker was the first with a chunk that was started twice: nobody's failure. */
  | { readonly type: "chunk-cancelled"; readonly chunk: number; readonly worker: string; readonly slot: number }
  /** The head of the film that is already muxed into the output (in output frames and seconds of film). */
  | { readonly type: "join-progress"; readonly frames: number; readonly seconds: number; readonly bytes: number }
  | { readonly type: "verifying" }
  /** The chunk route was given up; the command runs whole instead. */
  | { readonly type: "fell-back"; readonly reason: string; readonly refused?: boolean }
  | { readonly type: "notice"; readonly level: "warning" | "info"; readonly text: string }
  | {
      readonly type: "done";
      readonly output: string;
      readonly frames: number;
      readonly seconds: number;
      readonly bytes: number;
      /** How far the output reaches, all its streams considered, as ffmpeg said it at the end. */
      readonly reached?: number;
      /** Of the first output alone, where ffmpeg tells it. */
      readonly size?: number;
      /** How many bytes went into which kind of stream, in ffmpeg's words; up to 6.0 behind its last stat line. */
      readonly sizes?: { readonly before: readonly string[]; readonly behind: readonly string[] };
      /** Set when the film was ended early: the output holds its head. */
      readonly stop?: Stop;
    }
  /** Ended before a single chunk was complete: nothing was written. */
  | { readonly type: "stopped"; readonly stop: Stop }
  | { readonly type: "failed"; readonly what: string; readonly detail?: string; readonly fix?: string }
  /** The last word of a job that ended short of success: what of it is left for a later run. */
  | {
      readonly type: "resumable";
      readonly id: string;
      readonly place: string;
      readonly chunks: number;
      readonly bytes: number;
    };

export type Listener = (event: JobEvent) => void;

/** Hands every event to every listener, in order, at once. */
export class EventStream {
  readonly #listeners = new Set<Listener>();

  /** Adds a listener; the returned function takes it off again. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: JobEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
