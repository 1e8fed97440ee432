import { formatStatLine, type Progress } from "../ffmpeg/progress.js";
import type { JobEvent } from "../job/events.js";
import { LEVELS } from "./loglevel.js";
import { elapsed, outputFrames } from "./measure.js";
import { type MessageOptions, renderMessage } from "./messages.js";
import type { JobState } from "./state.js";
import type { JobStore } from "./store.js";
import { renderTable } from "./summary.js";

/** Milliseconds between two stat lines. ffmpeg's half second would fill a log file with them. */
export const STATS_EVERY = 5_000;

export interface StatsOptions extends MessageOptions {
  /** False for ffmpeg's -nostats: no stat lines while running; the last one stays, as it does in ffmpeg. */
  readonly stats: boolean;
  /** True for an explicit -stats: stat lines below the info level too, as ffmpeg does it. */
  readonly forceStats: boolean;
}

/** True when stat lines (`last`: the final one) are to be shown, by the rules of ffmpeg's print_report. */
export function showsStats(options: StatsOptions, last: boolean): boolean {
  if (!options.stats && !last) return false;
  return options.loglevel >= LEVELS.info || (options.forceStats && options.stats);
}

/**
 * The job as one ffmpeg would report it. Frames are all that were encoded anywhere; the time is what
 * they come to as film, by the part that is joined already. Size is what has come back from the workers.
 */
export function statOf(state: JobState, now: number): Progress {
  const last = state.phase === "done";
  const frame = outputFrames(state);
  const { joined } = state;
  const film = joined.frames > 0 ? (joined.seconds / joined.frames) * frame : joined.seconds;
  const seconds = elapsed(state, now);
  return {
    frame,
    // ffmpeg too shows no average in the first second.
    fps: seconds > 1 ? frame / seconds : 0,
    size: last ? joined.bytes : Math.max(joined.bytes, state.done.bytes),
    time: Math.round(film * 1e6),
    ...(joined.seconds > 0 ? { bitrate: (joined.bytes * 8) / joined.seconds / 1000 } : {}),
    ...(seconds > 0 ? { speed: film / seconds } : {}),
    last,
  };
}

/** The end of a split job: ffmpeg's last stat line and who did how much. Empty when ffmpeg itself ran and reported. */
export function renderEnd(state: JobState, now: number, options: StatsOptions): string {
  if (state.route !== "chunks" || state.phase !== "done") return "";
  const stats = showsStats(options, true) ? `${formatStatLine(statOf(state, now))}    \n` : "";
  return stats + (options.loglevel >= LEVELS.info ? renderTable(state, options.chalk) : "");
}

/** The view for pipes, files and dumb terminals: whole lines, no cursor movement. */
export class PlainView {
  readonly #store: JobStore;
  readonly #write: (text: string) => void;
  readonly #options: StatsOptions;
  readonly #timer: NodeJS.Timeout;
  #shownFrame = 0;
  #shownTime = 0;

  constructor(store: JobStore, write: (text: string) => void, options: StatsOptions) {
    this.#store = store;
    this.#write = write;
    this.#options = options;
    this.#timer = setInterval(() => this.#stat(), STATS_EVERY);
    // A view must not keep a finished program alive.
    this.#timer.unref();
  }

  /** Shows an event that the store has taken in already. */
  readonly listen = (event: JobEvent): void => {
    const message = renderMessage(event, this.#store.state, this.#options);
    if (message !== undefined) this.#write(message);
    if (event.type !== "done") return;
    const end = renderEnd(this.#store.state, this.#store.now(), this.#options);
    if (end !== "") this.#write(end);
  };

  /** Ends the view; nothing is written from then on. Safe to call twice. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #stat(): void {
    const { state } = this.#store;
    // In the phase "whole" ffmpeg's own stat lines are on the same stderr.
    if (!(state.phase === "running" || state.phase === "verifying") || !showsStats(this.#options, false)) return;
    const stat = statOf(state, this.#store.now());
    // Programs that read stat lines expect them to go forward only, also when a chunk is lost and done again.
    this.#shownFrame = Math.max(this.#shownFrame, stat.frame ?? 0);
    this.#shownTime = Math.max(this.#shownTime, stat.time ?? 0);
    this.#write(`${formatStatLine({ ...stat, frame: this.#shownFrame, time: this.#shownTime })}    \n`);
  }
}
