import type { ChalkInstance } from "chalk";
import type { Route } from "../job/events.js";
import type { Problem, Result } from "../lib/result.js";
import { noColour } from "./colour.js";
import { elapsed, outputFrames } from "./measure.js";
import type { JobState, WorkerState } from "./state.js";
import type { JobStore } from "./store.js";
import { clock, oneLine, pad, rate, width } from "./text.js";
import { writeWhole } from "./whole-file.js";

/** What -df_summary writes. Fields may be added to version 1, never changed or taken away. */
export interface SummaryReport {
  readonly version: 1;
  /** How the command ran in the end; null when it failed before that was decided. */
  readonly route: Route | null;
  /** Why it took that route. */
  readonly reason: string;
  /** Chunks done, each counted once. */
  readonly chunks: number;
  /** How many of them an earlier run of the command had finished. */
  readonly kept: number;
  /** Frames in the output, or encoded so far when the job failed. */
  readonly frames: number;
  /** Time the job took, on the wall clock. */
  readonly seconds: number;
  /**
   * In the order in which they came up. `seconds`: time spent encoding, slots added up; `shared`: chunks that it took out
   * of the source on shared storage itself; `compared`: frames that it looked at for scene changes.
   */
  readonly workers: readonly {
    readonly name: string;
    readonly chunks: number;
    readonly frames: number;
    readonly seconds: number;
    readonly shared: number;
    readonly compared: number;
  }[];
  /** Chunks that were given out again after a failure. */
  readonly retries: number;
  /** Chunks that were started a second time, on a worker that seemed to be done with them sooner. */
  readonly doubled: number;
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

/** Milliseconds are as exact as any of these times. */
function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** The summary of a state; pure. */
export function summarise(state: JobState, now: number): SummaryReport {
  return {
    version: 1,
    route: state.route ?? null,
    reason: state.reason,
    chunks: state.done.chunks,
    kept: state.kept,
    frames: outputFrames(state),
    seconds: milliseconds(elapsed(state, now)),
    workers: [...state.workers.values()].map(({ name, chunks, frames, seconds, shared, compared }) => {
      return { name, chunks, frames, seconds: milliseconds(seconds), shared, compared };
    }),
    retries: state.retries,
    doubled: state.doubled,
    dropped: state.dropped.map(({ name, reason }) => ({ name, reason })),
  };
}

function row(worker: WorkerState, frames: number): readonly string[] {
  return [
    oneLine(worker.name),
    String(worker.chunks),
    String(worker.frames),
    frames > 0 ? `${Math.round((worker.frames / frames) * 100)}%` : "-",
    clock(worker.seconds),
    worker.seconds > 0 ? rate(worker.frames / worker.seconds) : "-",
  ];
}

/**
 * How much each worker did, as an aligned table ending in a newline; empty when none did anything.
 * `fps/slot` is frames per second of busy time, so that machines can be compared whatever their number of slots.
 */
export function renderTable(state: JobState, chalk: ChalkInstance = noColour): string {
  const workers = [...state.workers.values()];
  const frames = workers.reduce((sum, worker) => sum + worker.frames, 0);
  if (state.done.chunks === 0 || workers.length === 0) return "";
  const head = ["worker", "chunks", "frames", "share", "busy", "fps/slot"];
  const rows = [head, ...workers.map((worker) => row(worker, frames))];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => width(cells[column] ?? ""))));
  const lines = rows.map((cells, index) => {
    const padded = cells.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0 ? "end" : "start"));
    const dropped = workers[index - 1]?.dropped;
    const note = dropped === undefined ? "" : chalk.yellow(`  dropped: ${oneLine(dropped)}`);
    const [name = "", ...numbers] = padded;
    const text = `${index === 0 ? name : chalk.cyan(name)}  ${numbers.join("  ")}`;
    return `${index === 0 ? chalk.dim(text) : text}${note}\n`;
  });
  return lines.join("");
}

/** The listener behind -df_summary and the table at the end. */
export class Summary {
  readonly #store: JobStore;

  constructor(store: JobStore) {
    this.#store = store;
  }

  /** The summary as it stands now; final after `done` or `failed`. */
  report(): SummaryReport {
    return summarise(this.#store.state, this.#store.now());
  }

  /** How much each worker did; see renderTable. */
  table(chalk: ChalkInstance = noColour): string {
    return renderTable(this.#store.state, chalk);
  }

  /** Writes the report as JSON; see writeWhole. */
  writeSummary(file: string): Promise<Result<void, Problem>> {
    return writeWhole(file, `${JSON.stringify(this.report(), null, 2)}\n`, "the summary", "-df_summary");
  }
}
