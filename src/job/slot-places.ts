import { availableParallelism, totalmem } from "node:os";
import type { Config, WorkerConfig } from "../config/types.js";
import type { Sharing } from "../plan/chunk-sizes.js";
import { type Machine, planSlots, type Slot, type Workload } from "../plan/slots.js";

/** Where a chunk is encoded on a worker. */
export interface SlotPlace {
  /** The words before ffmpeg's name that bind it to a NUMA node and make it nice; empty where nothing does. */
  readonly before: readonly string[];
  /** Processors that it is to make do with; undefined: encoders decide. */
  readonly cores: number | undefined;
}

/** The place of a worker's slot. */
export function placeOf(places: readonly [SlotPlace, ...SlotPlace[]], slot: number): SlotPlace {
  return places[slot % places.length] ?? places[0];
}

/** What stands before all programs of a worker that work: its nice value, and the NUMA node that the user has chosen. */
export function wordsBefore({ numa, nice }: Pick<WorkerConfig, "numa" | "nice">, node?: number): readonly string[] {
  const bound = typeof numa === "number" ? numa : node;
  return [
    ...(nice === 0 ? [] : ["nice", "-n", `${nice}`]),
    ...(bound === undefined ? [] : ["numactl", `--cpunodebind=${bound}`, `--membind=${bound}`]),
  ];
}

/** The slots of a worker: as many as the user wants, or as fit its machine and the film; spread over its nodes where it has several. */
export function placesOn(
  worker: Pick<WorkerConfig, "slots" | "numa" | "nice">,
  machine: Machine,
  numactl: boolean,
  work: Workload,
): readonly [SlotPlace, ...SlotPlace[]] {
  const bind = worker.numa === "auto" && numactl;
  const [first, ...more] = planSlots(partOf(machine, worker.numa), work, { slots: worker.slots, bind });
  const place = ({ node, cores }: Slot): SlotPlace => ({ before: wordsBefore(worker, node), cores });
  return [place(first), ...more.map(place)];
}

/** The node alone, where the user has bound a worker to one. */
function partOf(machine: Machine, numa: WorkerConfig["numa"]): Machine {
  const node = machine.nodes.find(({ id }) => id === numa);
  return node ? { cores: node.cores, memory: node.memory ?? machine.memory, nodes: [] } : machine;
}

/** What this machine is as a worker; undefined where it encodes no chunks, since there are workers for that. */
export function localWorker(config: Config): Pick<WorkerConfig, "slots" | "numa" | "nice"> | undefined {
  const slots = config.local_slots;
  if (slots === 0 || (slots === "auto" && config.workers.length > 0)) return undefined;
  return { slots, numa: "auto", nice: config.local_nice };
}

/** What a worker counts for that chooses its slots itself, before it has answered. */
const UNKNOWN_SLOTS = 2;

/**
 * For whom a film is cut, before anybody has answered: made of the configuration and this machine alone, so that a film
 * is cut alike in every run.
 */
export function plannedSharing(config: Config, work: Workload): Sharing {
  const here = { cores: hostCores(), memory: totalmem(), nodes: [] };
  const local = localWorker(config);
  const own = local ? planSlots(here, work, { slots: local.slots, bind: false }).length : 0;
  const theirs = config.workers.map(({ slots }) => (slots === "auto" ? UNKNOWN_SLOTS : slots));
  const slots = theirs.reduce((sum, one) => sum + one, own);
  return { slots: Math.max(1, slots), alike: theirs.length === 0 };
}

/** Processors of this machine that plain ffmpeg would see. */
export const hostCores = (): number => availableParallelism();
