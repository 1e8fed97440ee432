import type { chunkBounds } from "../../src/plan/chunk-sizes.js";
import type { Cuts } from "../../src/plan/cuts.js";
import type { LeastFirst } from "../../src/lib/least-first.js";
import type { Dispatcher } from "../../src/schedule/dispatcher.js";

/** What is simulated: the program's own. */
export interface Modules {
  readonly Dispatcher: typeof Dispatcher;
  readonly chunkBounds: typeof chunkBounds;
  readonly Cuts: typeof Cuts;
  readonly LeastFirst: typeof LeastFirst;
}

/** Times are seconds from the start of the job. */
export interface SimulatedWorker {
  readonly name: string;
  readonly slots: number;
  /** Frames a second in one slot. */
  readonly fps: number;
  /** Bytes a second that it can be sent, and that can be fetched. */
  readonly bytes: number;
  readonly comesAt?: number;
  readonly diesAt?: number;
  /** From then on it does nothing, and says nothing. */
  readonly freezesAt?: number;
}

export interface Scenario {
  readonly name: string;
  readonly minutes: number;
  readonly workers: (random: () => number) => readonly SimulatedWorker[];
  /** Frames from one keyframe of the source to the next, where the scene does not change before; 48 unless told. */
  readonly distance?: number;
  /** The share of encodes that fail. */
  readonly failing?: number;
  readonly segmentFrames?: number | "auto";
  /** 120 unless told. */
  readonly keyintMin?: number;
  readonly seed?: number;
}

export interface Row {
  readonly scenario: string;
  readonly minutes: number;
  readonly workers: number;
  readonly slots: number;
  readonly chunks: number;
  readonly chunksPerSlot: number;
  /** Seconds until the last chunk is verified, and that no scheduler could do it in less than. */
  readonly makespan: number;
  readonly bound: number;
  readonly ratio: number;
  readonly doubled: number;
  readonly failed: number;
  readonly lost: number;
  /** The most of the film that was finished and waited for what comes before it, as a share. */
  readonly mostWaiting: number;
  /** Milliseconds of this machine's processor for 1000 chunks, the simulation itself included. */
  readonly cpuPer1000: number;
}

export interface Mix {
  readonly slots?: (random: () => number) => number;
  readonly slowest?: number;
  readonly fastest?: number;
  readonly mbits?: number | ((random: () => number) => number);
  readonly more?: (index: number, random: () => number) => Partial<SimulatedWorker>;
}

/** Workers of mixed speed. */
export declare function mixed(count: number, mix?: Mix): Scenario["workers"];

/** Plays a job through in virtual time. Throws where chunks are left undone, or one is done twice. */
/** The lengths of the chunks of a film of such GOPs, in frames; what is left at its end is the last. */
export declare function cutLengths(cuts: Cuts, gopLengths: readonly number[]): number[];

export declare function runScenario(modules: Modules, scenario: Scenario): Promise<Row>;
