import type { ChalkInstance } from "chalk";
import { noColour } from "./colour.js";
import { eta, expectedSize, share, sourceFrames, speed, workerFps, workerFrames } from "./measure.js";
import { type Activity, encoding, percentOf, type SlotState } from "./slots.js";
import { slotCount, slotLines } from "./slot-lines.js";
import type { JobState, WorkerState } from "./state.js";
import { clock, count, oneLine, pad, rate, size, truncate, width } from "./text.js";

/** How the live view may look on this terminal. */
export interface Look {
  readonly chalk: ChalkInstance;
  /** Blocks for the bar instead of ASCII. */
  readonly unicode: boolean;
  /** Height of the terminal; more workers than fit are counted in one line. */
  readonly rows?: number;
}

const PLAIN_LOOK: Look = { chalk: noColour, unicode: false };

/** The spinner and a space stand before the first line; the last column stays free, since some terminals wrap when it is filled. */
const SPINNER_COLUMNS = 2;
/** The height of a terminal that does not tell its own. */
const USUAL_ROWS = 24;
const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

function bar(done: number, columns: number, look: Look): string {
  const full = Math.round(done * columns);
  const [filled, empty] = look.unicode ? ["█", "░"] : ["#", "-"];
  return look.chalk.cyan(filled.repeat(full)) + look.chalk.dim(empty.repeat(columns - full));
}

function title(state: JobState): string {
  switch (state.phase) {
    case "starting":
      return state.seen > 0 ? "Reading" : "Starting";
    case "verifying":
      return "Verifying";
    case "done":
      return "Done";
    case "failed":
      return "Failed";
    default:
      return "Encoding";
  }
}

function frameCount(state: JobState): string {
  const frames = sourceFrames(state);
  if (state.total !== undefined) return `${frames}/${state.total} frames`;
  return state.seen > 0 ? `${frames}/${state.seen}+ frames` : "";
}

/** Title, percent, bar, speed, ETA and frames, as many as there is room for; the first to go are the last in that order. */
function header(state: JobState, columns: number, now: number, look: Look): string {
  const done = share(state);
  const left = eta(state, now);
  const fps = state.phase === "running" ? speed(state, now) : undefined;
  const percent = done === undefined ? "" : `${Math.floor(done * 100)}%`;
  const facts = [
    percent,
    fps === undefined ? "" : `${rate(fps)} fps`,
    fps === undefined || !state.film ? "" : `${(fps / state.film.framesPerSecond).toFixed(2)}x`,
    left === undefined ? "" : `ETA ${clock(left)}`,
    frameCount(state),
  ];
  const shown = [title(state)];
  let used = width(title(state));
  for (const fact of facts) {
    if (fact === "" || used + 2 + width(fact) > columns) continue;
    shown.push(fact);
    used += 2 + width(fact);
  }
  const [first = "", ...rest] = shown;
  const room = Math.min(WIDEST_BAR, columns - used - 2);
  const parts = [look.chalk.bold(truncate(first, columns)), ...rest];
  if (done !== undefined && room >= NARROWEST_BAR) parts.splice(1, 0, bar(done, room, look));
  return parts.join("  ");
}

/** Chunks, what is in the output already, and what went wrong. */
function counters(state: JobState, columns: number): string {
  const parts: string[] = [];
  const known = state.chunks.size;
  if (known > 0) parts.push(`${state.done.chunks}/${known}${state.total === undefined ? "+" : ""} chunks`);
  const expected = expectedSize(state);
  if (expected !== undefined) parts.push(`about ${size(expected)} in the end`);
  if (state.kept > 0) parts.push(`${state.kept} kept`);
  if (state.joined.seconds > 0) parts.push(`${clock(state.joined.seconds)} of film written`);
  if (state.retries > 0) parts.push(`${state.retries} ${state.retries === 1 ? "retry" : "retries"}`);
  if (state.dropped.length > 0) parts.push(`${count(state.dropped.length, "worker")} dropped`);
  return truncate(parts.join(", "), columns);
}

const ACTIVITIES: readonly Activity[] = ["upload", "encode", "download"];

function slotText(slot: SlotState, state: JobState): string {
  return `${slot.chunk}${percentOf(slot, state.chunks.get(slot.chunk)?.size)}`;
}

/** What a worker does, from the fullest words to the shortest: `encode 12 45%, 13 2%, upload 14` or `encode 2, upload 1` or `3/4`. */
function doing(worker: WorkerState, state: JobState): readonly string[] {
  if (worker.dropped !== undefined) return [`dropped: ${oneLine(worker.dropped)}`, "dropped"];
  if (worker.busy.size === 0) return ["idle"];
  const long: string[] = [];
  const short: string[] = [];
  const slots = [...worker.busy.values()].sort((a, b) => a.chunk - b.chunk);
  for (const activity of ACTIVITIES) {
    const same = slots.filter((slot) => slot.activity === activity);
    if (same.length === 0) continue;
    long.push(`${activity} ${same.map((slot) => slotText(slot, state)).join(", ")}`);
    short.push(`${activity} ${same.length}`);
  }
  return [long.join(", "), short.join(", "), `${encoding(worker.busy)}/${worker.slots}`];
}

interface WorkerColumns {
  readonly name: number;
  readonly frames: number;
  readonly fps: number;
  readonly all: number;
}

function workerLine(worker: WorkerState, state: JobState, columns: WorkerColumns, look: Look): string {
  const name = pad(truncate(oneLine(worker.name), columns.name), columns.name);
  const dropped = worker.dropped !== undefined;
  const fps = workerFps(worker);
  const frames = pad(`${workerFrames(worker)} frames`, columns.frames, "start");
  const speedText = pad(fps > 0 ? `${rate(fps)} fps` : "", columns.fps, "start");
  // Numbers stand in columns of their own; a narrow terminal loses the frames first, then the speed.
  for (const numbers of [`${frames}  ${speedText}`, speedText]) {
    const room = columns.all - columns.name - width(numbers) - 4;
    const text = doing(worker, state).find((each) => width(each) <= room);
    // A dropped worker's reason is worth more than its numbers.
    if (text !== undefined && !dropped) {
      return `${look.chalk.cyan(name)}  ${pad(text, room)}  ${numbers}`.trimEnd();
    }
  }
  const room = Math.max(0, columns.all - columns.name - 2);
  const texts = doing(worker, state);
  const text = truncate(
    dropped ? (texts[0] ?? "") : (texts.find((each) => width(each) <= room) ?? texts.at(-1) ?? ""),
    room,
  );
  return `${look.chalk.cyan(name)}  ${dropped ? look.chalk.yellow(text) : text}`.trimEnd();
}

/** Busy workers first when not all can be shown; else in the order in which they came up. */
function choose(workers: readonly WorkerState[], lines: number): readonly WorkerState[] {
  if (workers.length <= lines) return workers;
  const kept = new Set([...workers].sort((a, b) => b.busy.size - a.busy.size).slice(0, Math.max(0, lines - 1)));
  return workers.filter((worker) => kept.has(worker));
}

/**
 * The live view: a line for the film, one of counters, one for each slot; or for each worker, where these are too many.
 * No line is wider than `columns` less the spinner's place; `now` is milliseconds of the clock that the state was made with.
 * Pure, and without colour unless `look` brings some.
 */
export function renderLive(state: JobState, columns: number, now: number, look: Look = PLAIN_LOOK): string {
  const all = Math.max(1, columns - SPINNER_COLUMNS - 1);
  const lines = [header(state, all, now, look)];
  const counted = counters(state, all - SPINNER_COLUMNS);
  if (counted !== "") lines.push(look.chalk.dim(counted));
  const workers = [...state.workers.values()];
  const slots = workers.reduce((sum, worker) => sum + slotCount(worker), 0);
  // The last row is left to the shell's cursor.
  if (slots <= (look.rows ?? USUAL_ROWS) - lines.length - 1) {
    return [...lines, ...slotLines(workers, state, all, look)].join("\n");
  }
  const shown = choose(workers, look.rows === undefined ? workers.length : Math.max(1, look.rows - lines.length - 1));
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(width));
  const layout: WorkerColumns = {
    name: Math.min(widest(shown.map((worker) => oneLine(worker.name))), Math.max(4, Math.floor(all / 4)), all),
    frames: widest(shown.map((worker) => `${workerFrames(worker)} frames`)),
    fps: widest(shown.map((worker) => (workerFps(worker) > 0 ? `${rate(workerFps(worker))} fps` : ""))),
    all,
  };
  for (const worker of shown) lines.push(workerLine(worker, state, layout, look));
  if (shown.length < workers.length) {
    lines.push(look.chalk.dim(truncate(`and ${count(workers.length - shown.length, "more worker")}`, all)));
  }
  return lines.join("\n");
}
