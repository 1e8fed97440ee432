import { formatStatLine } from "../ffmpeg/progress-text.js";
import type { JobEvent } from "../job/events.js";
import { LEVELS } from "../ffmpeg/loglevel.js";
import { type MessageOptions, renderMessage } from "./messages.js";
import { statOf, type Stats } from "./stats.js";
import type { JobStore } from "./store.js";
import { renderTable } from "./summary.js";

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

/** ffmpeg's last words of a job in chunks: its last stat line, the sizes, the signal. Empty when ffmpeg itself reported. */
export function renderEnd(event: Extract<JobEvent, { type: "done" }>, store: JobStore, options: StatsOptions): string {
  const { state } = store;
  if (state.route !== "chunks") return "";
  const stats = showsStats(options, true)
    ? `${formatStatLine(statOf(state, store.now()), state.film?.unit)}    \n`
    : "";
  const informs = options.loglevel >= LEVELS.info;
  const lines = (those: readonly string[] = []): string => (informs ? those.map((line) => `${line}\n`).join("") : "");
  const signal = event.stop?.signal;
  const exiting = informs && signal !== undefined ? `Exiting normally, received signal ${signal}.\n` : "";
  return lines(event.sizes?.before) + stats + lines(event.sizes?.behind) + exiting;
}

/** Who did how much; for people, and so at a level of its own where programs may read. */
export function renderShares(store: JobStore, options: StatsOptions, level: number): string {
  const { state } = store;
  return state.route === "chunks" && options.loglevel >= level ? renderTable(state, options.chalk) : "";
}

/** The view for pipes, files and dumb terminals, and under the name ffmpeg: what ffmpeg would write, and our messages. */
export class PlainView {
  readonly #store: JobStore;
  readonly #stats: Stats;
  readonly #write: (text: string) => void;
  readonly #options: StatsOptions;
  readonly #timer: NodeJS.Timeout;

  /** `period`: milliseconds between two stat lines. */
  constructor(store: JobStore, stats: Stats, write: (text: string) => void, options: StatsOptions, period: number) {
    this.#store = store;
    this.#stats = stats;
    this.#write = write;
    this.#options = options;
    this.#timer = setInterval(() => this.#stat(), period);
    // A view must not keep a finished program alive.
    this.#timer.unref();
  }

  /** Shows an event that the store has taken in already. */
  readonly listen = (event: JobEvent): void => {
    if (event.type === "words" && event.level <= this.#options.loglevel) this.#write(`${event.text}\n`);
    if (event.type === "done") {
      const end = renderEnd(event, this.#store, this.#options);
      if (end !== "") this.#write(end);
    }
    const message = renderMessage(event, this.#store.state, this.#options);
    if (message !== undefined) this.#write(message);
    if (event.type !== "done") return;
    const shares = renderShares(this.#store, this.#options, LEVELS.verbose);
    if (shares !== "") this.#write(shares);
  };

  /** Ends the view; nothing is written from then on. Safe to call twice. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #stat(): void {
    if (!this.#stats.running || !showsStats(this.#options, false)) return;
    this.#write(`${formatStatLine(this.#stats.read(), this.#store.state.film?.unit)}    \r`);
  }
}
