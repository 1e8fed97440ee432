import { percentOf, type SlotState } from "./slots.js";
import type { JobState, WorkerState } from "./state.js";
import type { Look } from "./render.js";
import { oneLine, pad, rate, truncate, width } from "./text.js";

interface Cells {
  readonly label: string;
  readonly doing: string;
  readonly frames: string;
  readonly fps: string;
  /** What comes and goes while the slot encodes. */
  readonly beside: string;
  readonly dropped: boolean;
}

/** Lines that a worker takes when every slot has one of its own; the number does not change while it works, so that nothing jumps. */
export function slotCount(worker: WorkerState): number {
  return worker.dropped === undefined ? Math.max(1, worker.slots) : 1;
}

/** A line for each slot of each worker, none wider than `columns`; a narrow terminal loses what goes on beside first, then frames, then speed. */
export function slotLines(
  workers: readonly WorkerState[],
  state: JobState,
  columns: number,
  look: Look,
): readonly string[] {
  const rows = workers.flatMap((worker) => cellsOf(worker, state));
  const widest = (of: (cells: Cells) => string): number => Math.max(0, ...rows.map((cells) => width(of(cells))));
  const label = Math.min(
    widest((cells) => cells.label),
    Math.max(6, Math.floor(columns / 3)),
    columns,
  );
  // Wide enough for what a slot may do next: the columns stay where they are.
  const doing = Math.max(
    "download 000".length,
    widest((cells) => (cells.dropped ? "" : cells.doing)),
  );
  const frames = Math.max(
    "0000 frames".length,
    widest((cells) => cells.frames),
  );
  const fps = Math.max(
    "000.0 fps".length,
    widest((cells) => cells.fps),
  );
  return rows.map((cells) => {
    const name = pad(truncate(cells.label, label), label);
    const room = Math.max(0, columns - label - 2);
    if (cells.dropped) return `${look.chalk.cyan(name)}  ${look.chalk.yellow(truncate(cells.doing, room))}`.trimEnd();
    let line = pad(cells.doing, doing);
    const parts = [pad(cells.fps, fps, "start"), pad(cells.frames, frames, "start"), cells.beside];
    for (const part of parts) {
      if (width(line) + 2 + width(part) > room) break;
      line += `  ${part}`;
    }
    return `${look.chalk.cyan(name)}  ${truncate(line.trimEnd(), room)}`.trimEnd();
  });
}

function cellsOf(worker: WorkerState, state: JobState): Cells[] {
  const name = oneLine(worker.name);
  const nothing = { frames: "", fps: "", beside: "", dropped: false };
  if (worker.dropped !== undefined) {
    return [{ ...nothing, label: name, doing: `dropped: ${oneLine(worker.dropped)}`, dropped: true }];
  }
  const busy = [...worker.busy.values()];
  // What comes back is nearer to the film than what goes out.
  const moving = ["download", "upload"].flatMap((activity) => busy.filter((slot) => slot.activity === activity));
  const own = Array.from({ length: slotCount(worker) }, (_, slot) => worker.busy.get(slot) ?? moving.shift());
  return own.map((slot, i) => {
    const label = worker.slots > 1 ? `${name} ${i + 1}` : name;
    const beside = moving
      .filter((_, place) => place % own.length === i)
      .map(({ activity, chunk }) => `${activity} ${chunk}`);
    return { ...nothing, ...(slot ? atWork(slot, state) : { doing: "idle" }), label, beside: beside.join(", ") };
  });
}

function atWork(slot: SlotState, state: JobState): Pick<Cells, "doing" | "frames" | "fps"> {
  const { activity, chunk, frames, fps } = slot;
  return {
    doing: `${activity} ${chunk}${percentOf(slot, state.chunks.get(chunk)?.size)}`,
    frames: frames > 0 ? `${frames} frames` : "",
    fps: activity === "encode" && fps > 0 ? `${rate(fps)} fps` : "",
  };
}
