import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Packet } from "../ffmpeg/packets.js";
import type { Problem, Result } from "../lib/result.js";
import { type FrameDifference, type RunScores, type SceneRun, SceneScores } from "../plan/scenes.js";
import type { Pace } from "./pace.js";
import { gather } from "./segment-files.js";

/** A run of segments with which a file of its own can be made. */
export interface ReadyRun {
  readonly run: SceneRun;
  readonly x264Build: number | undefined;
  /** Makes the file, unless it is there, and gives its path. Throws what the file system has to say. */
  write(): Promise<string>;
}

/** Has somebody compare the frames of runs. */
export interface SceneAnalyst {
  /** Settles when it is known; a failure says why it will not be. */
  analyse(ready: ReadyRun): Promise<Result<readonly FrameDifference[], Problem>>;
}

export interface SceneRunsOptions {
  readonly analyst: SceneAnalyst;
  /** Where the segments are. */
  readonly folder: string;
  readonly pace?: Pace | undefined;
  readonly x264Build: () => Promise<number | undefined>;
  /** Told of the runs in their order; undefined, and the last time, where no more will be known. */
  readonly onScores: (scores: RunScores | undefined) => void;
}

/** Packets from which on a run is long enough: seconds of a film, so that many can be looked at side by side. */
const RUN_PACKETS = 240;

interface Segment {
  packets: number;
  /** Of its keyframe; undefined where a packet has none. */
  readonly pts: number | undefined;
  /** The latest. */
  last: number;
}

/** Puts the segments of a split together to runs, has these looked at for scene changes, and tells the scores in order. */
export class SceneRuns {
  static #files = 0;
  readonly #o: SceneRunsOptions;
  readonly #scores = new SceneScores();
  /** Those that are in no run yet, the first of which is number `#first`. */
  #segments: Segment[] = [];
  #first = 0;
  #runs = 0;
  #complete = 0;
  /** How many segments there are, once that is known. */
  #total: number | undefined;
  #order: Promise<void> = Promise.resolve();
  #failed = false;
  #end: () => void = () => undefined;

  constructor(options: SceneRunsOptions) {
    this.#o = options;
  }

  /** Takes the film's next packet in the order of the source: a segment begins with every keyframe, and with the first packet. */
  push({ key, pts }: Packet): void {
    if (this.#total !== undefined) return;
    if (key || this.#first + this.#segments.length === 0) {
      this.#segments.push({ packets: 0, pts, last: Number.NEGATIVE_INFINITY });
    }
    const segment = this.#segments.at(-1);
    if (segment) {
      segment.packets++;
      segment.last = Math.max(segment.last, pts ?? segment.last);
    }
    this.#issue();
  }

  /** How many segments are complete by what has come of packets. */
  get begun(): number {
    return this.#first + this.#segments.length - 1;
  }

  /** So many segments are complete. */
  complete(segments: number): void {
    this.#complete = segments;
    this.#issue();
  }

  /**
   * No more packets will come; of `segments` all, or the first so many, are of interest. Settles when the scores of all have
   * been told, or will not be.
   */
  async end(segments = this.#first + this.#segments.length): Promise<void> {
    this.#total ??= segments;
    const all = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    this.#issue();
    await all;
    await this.#order;
  }

  #issue(): void {
    for (let count = this.#next(); count !== undefined; count = this.#next()) this.#issueRun(count);
    if (this.#failed || (this.#total !== undefined && this.#first >= this.#total)) this.#end();
  }

  /** How many segments the next run has, if it can be made now. */
  #next(): number | undefined {
    const left = this.#total === undefined ? undefined : this.#total - this.#first;
    if (this.#failed || (left !== undefined && left <= 0)) return undefined;
    let packets = 0;
    for (const [i, segment] of this.#segments.entries()) {
      packets += segment.packets;
      const count = i + 1;
      // What ends it is the segment behind it, which has to be complete as well.
      const next = this.#segments[count];
      const last = count === left || (next !== undefined && isAnotherPart(segment, next));
      const there = this.#first + count + (last ? 0 : 1) <= this.#complete;
      if (last || packets >= RUN_PACKETS) return there && (last || next !== undefined) ? count : undefined;
    }
    return undefined;
  }

  #issueRun(count: number): void {
    const own = this.#segments.splice(0, count);
    const [before, next] = [own.at(-1), this.#segments[0]];
    const firstSegment = this.#first;
    this.#first += count;
    const more =
      next !== undefined && before !== undefined && !isAnotherPart(before, next) && this.#first !== this.#total;
    const run: SceneRun = {
      index: this.#runs++,
      firstSegment,
      lastSegment: this.#first - (more ? 0 : 1),
      until: more && next.pts !== undefined ? next.pts : Math.max(...own.map(({ last }) => last)),
      packets: own.reduce((sum, { packets }) => sum + packets, more ? next.packets : 0),
    };
    const found = this.#analyse(run);
    this.#order = this.#order.then(async () => {
      const frames = await found;
      if (this.#failed) return;
      this.#failed = !frames.ok;
      this.#o.onScores(frames.ok ? this.#scores.add(run, frames.value) : undefined);
      this.#issue();
    });
  }

  async #analyse(run: SceneRun): Promise<Result<readonly FrameDifference[], Problem>> {
    const { folder, pace, analyst, x264Build } = this.#o;
    // A split that is begun anew may find those of the first try still there.
    const path = join(folder, `scenes${SceneRuns.#files++}.nut`);
    let written: Promise<number> | undefined;
    const write = async (): Promise<string> => {
      written ??= gather(folder, run, path).then((bytes) => {
        pace?.add(bytes);
        return bytes;
      });
      await written;
      return path;
    };
    const found = await analyst.analyse({ run, x264Build: await x264Build().catch(() => undefined), write });
    const bytes = await written?.catch(() => 0);
    if (bytes !== undefined) {
      await rm(path, { force: true });
      pace?.free(bytes);
    }
    return found;
  }
}

/** Times of an edit list's next part may go back; what is shown across its border is not compared. */
function isAnotherPart({ pts: before }: Segment, { pts }: Segment): boolean {
  return before === undefined || pts === undefined || pts <= before;
}
