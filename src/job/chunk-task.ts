import type { FilmPlan } from "../plan/film.js";
import { type ChunkRate, isFirstPass } from "../plan/rate-control/plan.js";
import type { SideFile } from "../plan/sides.js";
import type { ReadyChunk } from "../split/splitter.js";
import { passFiles } from "./pass-files.js";

/** A task of the dispatcher: a chunk by its place in the film. */
export interface ChunkTask {
  readonly index: number;
  /** As `workOf`. */
  readonly work: number;
  readonly ready: ReadyChunk;
  /** The renditions that are wanted, and what each is told of its size; undefined: all, and nothing. */
  readonly told?: ReadonlyMap<number, ChunkRate>;
  /** Its part of a first pass' log, which goes up with it: the log first. */
  readonly logs?: readonly SideFile[];
}

/** What a chunk costs: the frames of the rendition with most of them. */
export function workOf({ chunk: { parts } }: ReadyChunk): number {
  return Math.max(1, ...parts.map((part) => part?.ticks.length ?? 0));
}

/** The chunk's source in a worker's folder. */
export function sourceName(task: ChunkTask): string {
  return `source${task.index}.nut`;
}

/** What a rendition of it becomes there. */
export function resultName(task: ChunkTask, rendition: number): string {
  return `result${task.index}-${rendition}.nut`;
}

/** What a rendition of a chunk leaves in the folder it is encoded in. */
export function resultNames(task: ChunkTask, rendition: number, { rate, film }: FilmPlan): readonly string[] {
  return isFirstPass(rate) ? passFiles(film.encoder, task.index) : [resultName(task, rendition)];
}

/** Whether the task asks for a rendition. */
export function isWanted({ told }: ChunkTask, rendition: number): boolean {
  return told?.has(rendition) ?? true;
}
