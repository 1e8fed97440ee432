import { hasWritten, isSizeLine } from "../ffmpeg/log.js";
import { tellLevels } from "../ffmpeg/loglevel.js";
import { type LocalProcess, startLocal } from "../ffmpeg/run.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { plainArgs } from "../plan/stages.js";
import { moveInto } from "../plan/streaming.js";
import type { Sizes } from "./closing.js";
import type { OutputPlace } from "./output.js";
import type { HostTools } from "./probing.js";
import type { PlainOutputs } from "./stages.js";

/** Behind the other arguments: of options given twice the last counts. */
const REPORTING = ["-hide_banner", "-nostats", ...tellLevels("info")];

/** Plain ffmpeg on this machine, for the outputs of the command that are not split, while the others are made of chunks. */
export class PlainRun {
  readonly #process: LocalProcess;
  readonly #outputs: readonly number[];
  readonly #sizes: string[] = [];
  /** Settles with ffmpeg's end. */
  readonly end: Promise<Result<void, Problem>>;

  /** `places`: output by output; undefined where nothing is written. */
  constructor(
    { view }: PlainOutputs,
    places: readonly (OutputPlace | undefined)[],
    tools: HostTools,
    signal: AbortSignal,
  ) {
    this.#outputs = view.outputs;
    const outputs = view.command.outputs.map((output, i) => {
      const place = places[i];
      if (place?.tree !== undefined) return moveInto(output, place.tree);
      return place ? { ...output, url: place.temporary } : output;
    });
    this.#process = startLocal(tools.ffmpeg, [...plainArgs({ ...view.command, outputs }), ...REPORTING], {
      signal: AbortSignal.any([tools.signal, signal]),
      ownSession: true,
      onLogLine: ({ text }) => {
        if (isSizeLine(text)) this.#sizes.push(text);
      },
      ...(tools.stdin ? { stdin: tools.stdin() } : {}),
    });
    this.end = this.#process.end.then((end) =>
      hasWritten(end)
        ? ok(undefined)
        : fail({
            what: "an output that is not split could not be written",
            detail: end.startError ?? end.stderrTail.join("\n"),
          }),
    );
  }

  /** Has it wait, or go on. */
  hold(held: boolean): void {
    if (held) this.#process.pause();
    else this.#process.resume();
  }

  /** What ffmpeg said at its end of what it has written. */
  get sizes(): Sizes {
    return { outputs: this.#outputs, lines: this.#sizes };
  }

  /** Ends it as `q` would: what it has written becomes whole files. */
  interrupt(): void {
    this.#process.resume();
    this.#process.interrupt();
  }
}
