import type { OptionUse } from "../ffmpeg/command.js";
import { picturesHeld, usefulThreads } from "./encoders/threads.js";
import type { FilmPlan } from "./film.js";
import { type Size, sizeOfFilm, sizeOfSource } from "./film-size.js";

/** What a machine has for encoding. */
export interface Machine {
  /** Logical processors that this login may use, at least 1. */
  readonly cores: number;
  /** Bytes that programs can still have; undefined where the system does not say. */
  readonly memory: number | undefined;
  /** Its NUMA nodes that have processors this login may use; empty where the system tells of none. */
  readonly nodes: readonly MachineNode[];
}

/** One NUMA node of a machine. */
export interface MachineNode {
  readonly id: number;
  readonly cores: number;
  readonly memory: number | undefined;
}

/** What one chunk asks of a machine: one decoding, and all renditions encoded beside one another. */
export interface Workload {
  readonly source: Size;
  readonly renditions: readonly (Size & { readonly encoder: string; readonly options: readonly OptionUse[] })[];
}

/** A place for one chunk at a time. */
export interface Slot {
  /** The NUMA node it keeps to; undefined: any. */
  readonly node: number | undefined;
  /** The processors that it is to make do with; undefined: it has the machine to itself, and encoders decide. */
  readonly cores: number | undefined;
}

export interface SlotWishes {
  readonly slots: number | "auto";
  /** Whether slots may be bound to nodes. */
  readonly bind: boolean;
}

/** Chunks at a time that are worth having at most: each holds a source and a result, and a place on a connection. */
const MOST = 64;

/** Of the memory that is free, so much is used: estimates err, and other programs live there too. */
const SHARE = 0.7;

/** What ffmpeg and its libraries need whatever they encode, bytes (measured: 60 to 80 MB). */
const BASE = 80e6;

/** Pictures that a decoder and the filters hold, and so many more for each thread of it, of which it takes 16 at most (libavcodec/pthread.c). */
const DECODED = 12;
const DECODER_THREADS = 16;

/**
 * With so many processors a second chunk works while the first starts, ends, is fetched: an encoder begins and ends with
 * fewer threads at work.
 */
const PAIR_FROM = 2;

/** What the chunks of these renditions ask of a machine. */
export function workloadOf(plans: readonly FilmPlan[]): Workload {
  return {
    source: sizeOfSource(plans[0]),
    renditions: plans.map((plan) => ({
      ...sizeOfFilm(plan),
      encoder: plan.film.encoder,
      options: plan.encoderOptions,
    })),
  };
}

/**
 * The slots of a machine, at least one: as many as its processors can be kept busy with, when each works with as many
 * threads as the encoder uses well, and as its memory holds; or as many as the user wants. With several NUMA nodes each
 * keeps to one of them.
 */
export function planSlots(machine: Machine, work: Workload, wishes: SlotWishes): readonly [Slot, ...Slot[]] {
  const [first, ...more] = slotsOf(machine, work, wishes);
  return [first ?? { node: undefined, cores: undefined }, ...more];
}

function slotsOf(machine: Machine, work: Workload, { slots, bind }: SlotWishes): readonly Slot[] {
  const nodes = bind && machine.nodes.length > 1 ? machine.nodes : [];
  if (slots === "auto") {
    if (nodes.length === 0) return onUnit(machine, undefined, slotsFor(machine, work));
    const planned = nodes.map((node) => onUnit(node, node.id, slotsFor(node, work)));
    return interleave(planned).slice(0, MOST);
  }
  // Bound, fewer slots than nodes would leave some of these idle.
  if (slots < nodes.length || nodes.length === 0) return onUnit(machine, undefined, slots);
  const shares = nodes.map(() => 1);
  // One each, and each more where there are most processors for it.
  for (let left = slots - nodes.length; left > 0; left--) {
    const room = shares.map((share, i) => (nodes[i]?.cores ?? 1) / (share + 1));
    const at = room.indexOf(Math.max(...room));
    shares[at] = (shares[at] ?? 0) + 1;
  }
  return interleave(nodes.map((node, i) => onUnit(node, node.id, shares[i] ?? 1)));
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** Slots of a machine or a node, by what one of them uses well. */
function slotsFor({ cores, memory }: Omit<MachineNode, "id">, work: Workload): number {
  const busy = Math.max(1, Math.round(cores / threadsFor(work)));
  const wanted = Math.min(cores >= PAIR_FROM ? Math.max(2, busy) : busy, MOST);
  if (memory === undefined) return wanted;
  const room = memory * SHARE;
  let slots = wanted;
  while (slots > 1 && slots * memoryFor(work, Math.ceil(cores / slots), cores) > room) slots--;
  return slots;
}

/** Threads that one chunk keeps busy: those of its renditions, of which encoders that work in ffmpeg's own thread take turns. */
function threadsFor({ renditions }: Workload): number {
  return Math.max(1, total(renditions.map((one) => usefulThreads(one.encoder, one))));
}

/** Bytes that a chunk needs which is encoded with so many processors, on a machine of `all`. */
export function memoryFor({ source, renditions }: Workload, cores: number, all: number): number {
  const decoding = bytesOf(source) * (DECODED + Math.min(all, DECODER_THREADS));
  return BASE + decoding + total(renditions.map((one) => bytesOf(one) * picturesHeld(one.encoder, cores)));
}

/** Bytes of a picture, its colours at half the resolution. */
const bytesOf = ({ width, height, deep }: Size): number => width * height * (deep ? 3 : 1.5);

function onUnit({ cores }: { readonly cores: number }, node: number | undefined, slots: number): Slot[] {
  // Alone on the machine, ffmpeg does as it always does. (Not all encoders heed what they are bound to.)
  if (slots === 1 && node === undefined) return [{ node, cores: undefined }];
  return Array.from({ length: slots }, () => ({ node, cores: Math.max(1, Math.round(cores / slots)) }));
}

/** One of each in turn: the first chunks of a job, which are few, are spread over all nodes. */
function interleave(lists: readonly (readonly Slot[])[]): Slot[] {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
}
