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
  #over = false;

  constructor(options: WordsOptions) {
    this.#o = options;
  }

  /** A line of the rehearsal, which writes to `scratch`, output by output. */
  push(line: LogLine, scratch: readonly string[]): void {
    if (this.#over) return;
    const { text, level } = line;
    const within = text.startsWith("  ");
    // Other speakers may come between the lines of a block.
    if (!within && level <= LEVELS.info) {
      const before = this.#block;
      this.#block = blockOf(text);
      if (before === "output" && this.#block !== "output") {
        this.#over = true;
        return;
      }
      if (before === "mapping" && this.#o.keys) this.#held.push({ level: LEVELS.info, text: PRESS });
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

  #flush(): void {
    while (this.#stage !== "held") {
      const [next] = this.#held;
      if (!next || (this.#stage === "inputs" && next.text === "Stream mapping:")) return;
      this.#held.shift();
      this.#o.emit(next);
    }
  }
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
