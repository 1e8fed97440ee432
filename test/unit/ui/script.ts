import { PassThrough } from "node:stream";
import type { JobEvent } from "../../../src/job/events.js";
import { initialState, type JobState, reduce } from "../../../src/ui/state.js";

/** Events with the second at which each comes. */
export type Script = readonly (readonly [seconds: number, event: JobEvent])[];

/** The state after all events of a script; the clock starts at 0. */
export function play(script: Script, from: JobState = initialState(0)): JobState {
  return script.reduce((state, [seconds, event]) => reduce(state, event, seconds * 1000), from);
}

export const at = (chunk: number, worker: string, slot = 0) => ({ chunk, worker, slot });

export function ready(...sizes: readonly number[]): Script {
  return sizes.map((frames, chunk) => [0, { type: "chunk-ready", chunk, frames }]);
}

export function done(chunk: number, worker: string, frames: number, slot = 0, seconds = 2): JobEvent {
  return { type: "chunk-done", ...at(chunk, worker, slot), frames, bytes: frames * 10, seconds };
}

export function progress(chunk: number, worker: string, frames: number, slot = 0, fps = 50): JobEvent {
  return { type: "chunk-progress", ...at(chunk, worker, slot), frames, fps };
}

/** Two workers, four chunks of 100 frames, one retry, one worker lost; all done at 12 s. */
export const FILM: Script = [
  [0, { type: "route", route: "chunks", reason: "one H.264 stream" }],
  [0, { type: "opened" }],
  [0, { type: "worker-up", worker: "alpha", slots: 2, detail: "ffmpeg 5.1" }],
  [0, { type: "worker-up", worker: "beta", slots: 1, detail: "ffmpeg 5.1" }],
  ...ready(100, 100, 100, 100),
  [0, { type: "split-progress", frames: 400, total: 400 }],
  [0, { type: "chunk-upload", ...at(0, "alpha") }],
  [0, { type: "chunk-encode", ...at(0, "alpha") }],
  [0, { type: "chunk-encode", ...at(1, "alpha", 1) }],
  [1, { type: "chunk-encode", ...at(2, "beta") }],
  [2, progress(0, "alpha", 50)],
  [2, progress(1, "alpha", 20, 1, 10)],
  [3, progress(2, "beta", 30, 0, 15)],
  [4, { type: "chunk-download", ...at(0, "alpha") }],
  [4, done(0, "alpha", 100)],
  [5, { type: "chunk-failed", ...at(2, "beta"), attempt: 1, reason: "encoder died\nbadly", retry: true }],
  [5, { type: "worker-dropped", worker: "beta", reason: "connection lost", fix: "ssh beta" }],
  [6, { type: "chunk-encode", ...at(2, "alpha") }],
  [8, done(1, "alpha", 100, 1)],
  [8, { type: "join-progress", frames: 200, seconds: 8, bytes: 2000 }],
  [9, done(2, "alpha", 100)],
  [9, { type: "chunk-encode", ...at(3, "alpha") }],
  [11, done(3, "alpha", 100)],
  [11, { type: "verifying" }],
  [12, { type: "done", output: "o.mkv", frames: 400, seconds: 16, bytes: 4096, size: 4096 }],
];

/** The part of FILM up to and with that second. */
export function until(seconds: number): Script {
  return FILM.filter(([second]) => second <= seconds);
}

/** A stream that remembers what was written; as a terminal it knows where the cursor is told to go. */
export class FakeStream extends PassThrough {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly rows = 24;
  text = "";
  writes = 0;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
    this.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
      this.writes += 1;
    });
  }

  cursorTo(): boolean {
    return this.write("\u001b[1G");
  }

  moveCursor(): boolean {
    return this.write("\u001b[1A");
  }

  clearLine(): boolean {
    return this.write("\u001b[K");
  }
}
