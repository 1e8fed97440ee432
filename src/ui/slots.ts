import type { JobEvent } from "../job/events.js";

/** What is done with a chunk. */
export type Activity = "upload" | "encode" | "download";

/** A chunk at work; what is idle has no entry. */
export interface SlotState {
  readonly activity: Activity;
  readonly chunk: number;
  /** Output frames of this chunk encoded so far. */
  readonly frames: number;
  readonly fps: number;
  /** Size of them. */
  readonly bytes: number;
}

/** What a worker does: its encodes by their slots, and beside them what comes and goes, which has no slot. */
export type Busy = ReadonlyMap<number | string, SlotState>;

const moving = (activity: Activity, chunk: number): string => `${activity} ${chunk}`;

/** A chunk goes from one activity into the next. */
export function withActivity(
  busy: Busy,
  { chunk, slot }: Extract<JobEvent, { type: "chunk-upload" | "chunk-encode" | "chunk-download" }>,
  activity: Activity,
): Busy {
  const before = busy.get(slot);
  // While a chunk comes back its frames still count as encoded, or the total would step back for a moment.
  const { frames, bytes } = activity === "download" && before?.chunk === chunk ? before : { frames: 0, bytes: 0 };
  const place = activity === "encode" ? slot : moving(activity, chunk);
  return new Map(withoutChunk(busy, chunk)).set(place, { activity, chunk, frames, fps: 0, bytes });
}

/** Nothing is done with a chunk any more. */
export function withoutChunk(busy: Busy, chunk: number): Busy {
  return new Map([...busy].filter(([, slot]) => slot.chunk !== chunk));
}

/** The worker has the chunk, and does nothing with it yet. */
export function withoutUpload(busy: Busy, chunk: number): Busy {
  return new Map([...busy].filter(([, slot]) => slot.chunk !== chunk || slot.activity !== "upload"));
}

/** What is done with a chunk. */
export function slotOf(busy: Busy, chunk: number): SlotState | undefined {
  return [...busy.values()].find((slot) => slot.chunk === chunk);
}

/** How many slots encode. */
export function encoding(busy: Busy): number {
  return [...busy.values()].filter(({ activity }) => activity === "encode").length;
}

/** How much of a chunk of `size` source frames is encoded, as ` 45%`; empty where that says nothing. */
export function percentOf({ activity, frames }: SlotState, size = 0): string {
  return activity === "encode" && size > 0 ? ` ${Math.min(100, Math.floor((frames / size) * 100))}%` : "";
}
