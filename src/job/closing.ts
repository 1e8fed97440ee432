import type { ClockCounts } from "../plan/frame-clock.js";
import type { Command } from "../ffmpeg/command.js";
import type { Closing } from "../join/joiner.js";
import { toNumber } from "../lib/rational.js";
import type { FilmPlan } from "../plan/film.js";
import { isDiscarded } from "../plan/muxers.js";
import { writesManyFiles } from "../plan/streaming.js";
import type { FilmPlace, FilmShape, RateCounts } from "./events.js";
import type { PlannedJob } from "./stages.js";

/** What one ffmpeg said of its outputs when it had written their ends. */
export interface Sizes {
  /** The numbers that its outputs have in the whole command. */
  readonly outputs: readonly number[];
  /** How many bytes went into which kind of stream, in ffmpeg's words: a line, and from 6.1 on one an output. */
  readonly lines: readonly string[];
}

/** Lines of ffmpeg's about sizes, and where they stand beside its last stat line. */
export interface SizeLines {
  readonly before: readonly string[];
  readonly behind: readonly string[];
}

/** A film that is made, or its head where the job was ended early: its frames, how long it is, and ffmpeg's last words. */
export interface MadeFilm {
  readonly frames: number;
  readonly seconds: number;
  /** How far the outputs reach, all their streams considered, in microseconds. */
  readonly reached: number | undefined;
  readonly sizes: readonly Sizes[];
}

/** What the FINALs of outputs of these numbers said at their ends, and the plain ffmpeg beside them. */
export function closingWords(
  closings: readonly Closing[],
  numbers: readonly number[],
  plain: Sizes | undefined,
): Pick<MadeFilm, "reached" | "sizes"> {
  const times = closings.flatMap(({ progress }) => progress?.time ?? []);
  const sizes = closings.map((closing, i): Sizes => {
    const number = numbers[i];
    return { outputs: number === undefined ? [] : [number], lines: closing.sizes };
  });
  return {
    reached: times.length > 0 ? Math.max(...times) : undefined,
    sizes: plain ? [...sizes, plain] : sizes,
  };
}

const OF_OUTPUT = /^\[out#(\d+)\//;
const KINDS = ["video", "audio", "subtitle", "other streams", "global headers"] as const;

/**
 * What one ffmpeg would have said of all outputs: later versions speak of each by its number, in front of the last stat
 * line; up to 6.0 it is one line behind it, about all of them together (fftools/ffmpeg.c print_final_stats, 5.1), whose
 * overhead is reckoned from the size of the first alone (`bytes`).
 */
export function sizeLines(all: readonly Sizes[], bytes: number | undefined): SizeLines {
  const lines = all.flatMap(({ outputs, lines: own }) => own.map((line) => ({ line, outputs })));
  const named = lines.flatMap(({ line, outputs }) => {
    const own = OF_OUTPUT.exec(line)?.[1];
    if (own === undefined) return [];
    const number = outputs[Number(own)] ?? Number(own);
    return [{ number, text: line.replace(OF_OUTPUT, `[out#${number}/`) }];
  });
  if (named.length > 0)
    return { before: named.sort((a, b) => a.number - b.number).map(({ text }) => text), behind: [] };
  const [only, ...more] = lines.map(({ line }) => line);
  if (only === undefined) return { before: [], behind: [] };
  return { before: [], behind: [more.length === 0 ? only : addUp([only, ...more], bytes)] };
}

function addUp(lines: readonly string[], bytes: number | undefined): string {
  const kilobytes = KINDS.map((kind) =>
    lines.reduce((sum, line) => sum + Number(new RegExp(`${kind}:(\\d+)kB`).exec(line)?.[1] ?? 0), 0),
  );
  const data = kilobytes.slice(0, -1).reduce((sum, kB) => sum + kB, 0) * 1024;
  const known = bytes !== undefined && data > 0 && bytes >= data;
  const overhead = known ? `${((100 * (bytes - data)) / data).toFixed(6)}%` : "unknown";
  return `${KINDS.map((kind, i) => `${kind}:${kilobytes[i]}kB`).join(" ")} muxing overhead: ${overhead}`;
}

/** The counts that ffmpeg reports, of those of each film: of all together up to 6.0, later of the first. */
export function reportedCounts(plans: readonly FilmPlan[], counts: readonly ClockCounts[]): RateCounts {
  const reported = plans[0]?.generation === "by-rate" ? counts : counts.slice(0, 1);
  return {
    dup: reported.reduce((sum, { dup }) => sum + dup, 0),
    drop: reported.reduce((sum, { drop }) => sum + drop, 0),
  };
}

/** What ffmpeg's reports say of a planned job: the films' places, and what the first output is. */
export function filmShape({ outputs }: PlannedJob, command: Command, unit: FilmShape["unit"]): FilmShape {
  const places = outputs.flatMap(({ number, plans }): FilmPlace[] =>
    plans.map(({ film }) => ({ output: number, stream: film.outputStream })),
  );
  const [first = { output: 0, stream: 0 }, ...others] = places;
  const [file] = command.outputs;
  const plan = outputs[0]?.plans[0];
  return {
    places: [first, ...others],
    framesPerSecond: plan ? toNumber(plan.outputRate) : 0,
    // Muxers that open their files themselves (AVFMT_NOFILE) have no size to tell.
    sized: file !== undefined && !isDiscarded(file) && !writesManyFiles(file),
    unit,
  };
}
