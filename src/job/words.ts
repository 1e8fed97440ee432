import { readOutputLine } from "../ffmpeg/log.js";
import { LEVELS, type LogLine } from "../ffmpeg/loglevel.js";

/** How far ffmpeg's words are let out: its inputs are known before it asks whether to overwrite, the rest comes after. */
export type Stage = "held" | "inputs" | "all";

export interface WordsOptions {
  readonly emit: (line: LogLine) => void;
  /** The outputs' names that the user knows, to stand in place of the scratch files'. */
  readonly outputs: readonly string[];
  /** ffmpeg's -hide_banner. */
  readonly hideBanner: boolean;
  /** Says, as ffmpeg does, that keys are heard. */
  readonly keys: boolean;
  /** Told once all outputs have been described, and their words are out. */
  readonly opened: () => void;
  /** What the user hears (see LEVELS): ffmpeg describes streams in more words from verbose on. */
  readonly loglevel: number;
}

const PRESS = "Press [q] to stop, [?] for help";

/**
 * What plain ffmpeg would say of the command until its first frame: the words of the rehearsal, kept back while it is
 * not known whether the command is split, and told in ffmpeg's order. The rehearsal's own end, one frame later, is none
 * of the film's: after the last line about the output nothing more is told.
 */
export class Words {
  readonly #o: WordsOptions;
  readonly #held: LogLine[] = [];
  #stage: Stage = "held";
  #block: "banner" | "mapping" | "output" | "other" = "other";
  /** Outputs described so far. */
  #described = 0;
  /** All that is told has come. */
  #over = false;
  #opened = false;
  #unit: "kB" | "KiB" = "kB";
  readonly #said: string[] = [];

  constructor(options: WordsOptions) {
    this.#o = options;
  }

  /** How this ffmpeg names 1024 bytes: otherwise from 7.0 on (fftools/ffmpeg.c print_report). */
  get unit(): "kB" | "KiB" {
    return this.#unit;
  }

  /** What the user has been told. */
  get said(): readonly string[] {
    return this.#said;
  }

  /** A line of the rehearsal, which writes to `scratch`, output by output. */
  push(line: LogLine, scratch: readonly string[]): void {
    if (this.#over) return;
    const { text, level } = line;
    const within = text.startsWith("  ");
    if (!within && this.#block === "mapping") {
      this.#block = "other";
      if (this.#o.keys) this.#held.push({ level: LEVELS.info, text: PRESS });
    }
    // Other speakers may come between the lines of a block.
    if (!within && level <= LEVELS.info) {
      const before = this.#block;
      this.#block = blockOf(text);
      if (this.#block === "output") this.#described++;
      if (this.#block === "banner") this.#unit = unitOf(text);
      if (before === "output" && this.#block !== "output" && this.#described === this.#o.outputs.length) {
        this.finish();
        return;
      }
    }
    if (this.#block === "banner" && this.#o.hideBanner) return;
    const named = scratch.reduce((said, path, i) => said.replaceAll(path, this.#o.outputs[i] ?? path), text);
    this.#held.push({ level, text: this.#o.loglevel < LEVELS.verbose ? brief(named) : named });
    this.#flush();
  }

  /** Lets words out, those that are there and those to come. */
  release(stage: Stage): void {
    this.#stage = stage;
    this.#flush();
  }

  /** Nothing more is to come of the rehearsal that the user is to hear. */
  finish(): void {
    this.#over = true;
    this.#flush();
  }

  #flush(): void {
    // What is behind the inputs waits until nothing is refused any more: plain ffmpeg then says it all itself.
    const all = this.#stage === "all" && this.#over;
    while (this.#stage !== "held") {
      const [next] = this.#held;
      if (!next || (!all && (this.#stage === "all" || next.text === "Stream mapping:"))) break;
      this.#held.shift();
      if (next.level <= this.#o.loglevel) this.#said.push(next.text);
      this.#o.emit(next);
    }
    if (!all || this.#opened) return;
    this.#opened = true;
    this.#o.opened();
  }
}

function unitOf(banner: string): "kB" | "KiB" {
  const major = /^ffmpeg version n?(\d+)\./.exec(banner)?.[1];
  return major !== undefined && Number(major) < 7 ? "kB" : "KiB";
}

function blockOf(text: string): "banner" | "mapping" | "output" | "other" {
  if (text.startsWith("ffmpeg version ")) return "banner";
  if (text === "Stream mapping:") return "mapping";
  return readOutputLine(text) ? "output" : "other";
}

const CHROMA = "(?:left|center|topleft|top|bottomleft|bottom)";

/** A line about a stream without what ffmpeg adds from verbose on (libavcodec/avcodec.c avcodec_string, 5.1 and 7.1). */
function brief(text: string): string {
  if (!/^ +Stream #\d+:\d+/.test(text)) return text;
  return text
    .replace(/, \d+ reference frames?/, "")
    .replace(new RegExp(`\\(${CHROMA}\\)|, ${CHROMA}(?=\\))`), "")
    .replace(/(, \d+x\d+) \(\d+x\d+\)/, "$1")
    .replace(/, (?:delay|padding) \d+/g, "");
}
