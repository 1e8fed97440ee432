import { stripVTControlCharacters } from "node:util";
import ora, { type Ora } from "ora";
import { LEVELS } from "../ffmpeg/loglevel.js";
import type { JobEvent } from "../job/events.js";
import { renderMessage } from "./messages.js";
import { renderEnd, renderShares, type StatsOptions, showsStats } from "./plain.js";
import { renderLive } from "./render.js";
import type { JobStore } from "./store.js";

export { renderLive } from "./render.js";

/** Milliseconds between two pictures: quick enough to look alive, slow enough to be read and to cost nothing over SSH. */
export const REDRAW_EVERY = 200;

/** A terminal, or what stands for one in a test. */
export interface Terminal extends NodeJS.WritableStream {
  readonly columns?: number;
  readonly rows?: number;
}

export interface LiveOptions extends StatsOptions {
  /** Width to assume when the stream does not know its own. */
  readonly columns: number;
  readonly unicode: boolean;
}

/** The view for terminals: a few lines redrawn in place, messages scrolling by above them. */
export class LiveView {
  readonly #store: JobStore;
  readonly #stream: Terminal;
  readonly #write: (text: string) => void;
  readonly #options: LiveOptions;
  readonly #spinner: Ora | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(store: JobStore, stream: Terminal, write: (text: string) => void, options: LiveOptions) {
    this.#store = store;
    this.#stream = stream;
    this.#write = write;
    this.#options = options;
    if (showsStats(options, false)) {
      this.#spinner = ora({
        stream,
        isEnabled: true,
        // With stdin in raw mode ora would swallow Ctrl-C, and ffmpeg's `q`.
        discardStdin: false,
        spinner: options.unicode ? "dots" : "line",
        interval: REDRAW_EVERY,
        // ora colours by chalk's own idea of the process, which does not know NO_COLOR.
        color: options.chalk.level > 0 ? "cyan" : false,
      });
    }
    this.#timer = setInterval(() => this.#draw(), REDRAW_EVERY);
    this.#timer.unref();
    stream.on("resize", this.#reflow);
  }

  /** Shows an event that the store has taken in already. Pictures come with the next tick, messages at once. */
  readonly listen = (event: JobEvent): void => {
    const { state } = this.#store;
    // From here on the last word, or ffmpeg's own stat lines, have the terminal.
    if (state.phase === "whole" || state.phase === "done" || state.phase === "failed") this.#lift();
    // What ffmpeg refuses it says itself; what it says of a film that is under way is in the picture.
    const words = event.type === "words" && event.level <= Math.min(LEVELS.error, this.#options.loglevel);
    if (words) this.#write(`${event.text}\n`);
    const message = renderMessage(event, state, this.#options);
    // While ora runs it lifts the picture for what others write to the stream, and puts it back below.
    if (message !== undefined) this.#write(message);
    if (event.type !== "done") return;
    const end = renderEnd(event, this.#store, this.#options) + renderShares(this.#store, this.#options, LEVELS.info);
    if (end !== "") this.#write(end);
  };

  /** Takes the picture off and gives the cursor back. Safe to call twice. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stream.off("resize", this.#reflow);
    this.#lift();
  }

  /**
   * A terminal that was made narrower has broken the lines of the picture into more, of which ora would leave the first:
   * these are taken off here, and the next picture is drawn anew.
   */
  readonly #reflow = (): void => {
    const columns = this.#stream.columns ?? this.#options.columns;
    if (this.#spinner?.isSpinning !== true || columns <= 0) return;
    const lines = stripVTControlCharacters(`* ${this.#spinner.text}`).split("\n");
    const more = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)) - 1, 0);
    this.#lift();
    // One line up (CUU), all of it erased (EL): ECMA-48 8.3.22, 8.3.41.
    if (more > 0) this.#write("\u001b[1A\u001b[2K".repeat(more));
  };

  /** ora's stop() writes to the terminal even when it is not running. */
  #lift(): void {
    if (this.#spinner?.isSpinning === true) this.#spinner.stop();
  }

  #draw(): void {
    const { state } = this.#store;
    // Until the route is known nothing is drawn: most unsplit commands are over in a blink.
    const active = state.route === "chunks" && ["starting", "running", "verifying"].includes(state.phase);
    if (this.#spinner === undefined || !active) return;
    const { chalk, unicode } = this.#options;
    const rows = this.#stream.rows;
    const look = { chalk, unicode, ...(rows === undefined || rows <= 0 ? {} : { rows }) };
    const columns = this.#stream.columns ?? this.#options.columns;
    this.#spinner.text = renderLive(state, columns > 0 ? columns : this.#options.columns, this.#store.now(), look);
    if (!this.#spinner.isSpinning) this.#spinner.start();
  }
}
