import { divide, type Rational, toNumber } from "../lib/rational.js";
import { type ChunkPart, type ChunkSource, chunkKeys, type MarkedTick } from "./chunk.js";
import type { ClockCounts, OutputClock, Tick } from "./frame-clock.js";
import type { KeyMarks } from "./gop.js";
import type { FilterPlan, GraphClock, GraphFrame, GraphSource } from "./graph.js";
import type { Frame } from "./windows.js";

/** What one rendition makes of the film's frames. */
export interface TrackOptions {
  readonly filters: FilterPlan;
  readonly graph: GraphClock;
  readonly clock: OutputClock;
  /** Where keyframes are certain, and chunks are to begin; undefined where that is left to the encoder. */
  readonly keys?: KeyMarks | undefined;
}

/** Follows the film's frames through the filters and the encoder's clock of one rendition. */
export class Track {
  readonly #o: TrackOptions;
  #graph: GraphFrame[] = [];
  #ticks: MarkedTick[] = [];
  #outputs = 0;
  #lastDuration = 0;
  /** How long behind a frame its filters look, in ticks of the source. */
  readonly #span: number;

  constructor(options: TrackOptions, timeBase: Rational) {
    this.#o = options;
    this.#span = Math.ceil(toNumber(divide(options.filters.afterSpan, timeBase)));
  }

  /** Output frames in the parts given so far. */
  get outputs(): number {
    return this.#outputs;
  }

  /** How long the last frame of the parts given so far says it lasts, in ticks behind the filters; 0 when it does not. */
  get lastDuration(): number {
    return this.#lastDuration;
  }

  /** True when its filters look at more than one frame. */
  get looksAround(): boolean {
    const { before, after } = this.#o.filters;
    return before + after + this.#span > 0;
  }

  /** True when nothing that still comes can be seen. Filters that look around go on doing so behind the output's end. */
  get finished(): boolean {
    return this.#o.clock.finished && !this.looksAround;
  }

  /** Why what comes out cannot be foretold. */
  get doubt(): string | undefined {
    return this.#o.clock.doubt;
  }

  /** Frames that ffmpeg has repeated and left out so far. */
  get counts(): ClockCounts {
    return this.#o.clock.counts;
  }

  get keys(): KeyMarks | undefined {
    return this.#o.keys;
  }

  /** Source frames before a chunk that its filters look at. */
  get before(): number {
    return this.#o.filters.before;
  }

  /** Takes the next frame; gives the source frames with which a chunk may begin, by their times. */
  push(frame: GraphSource, isKey: (owner: number) => boolean): readonly number[] {
    return this.#follow(this.#o.graph.push(frame), isKey);
  }

  /** The film has ended. */
  end(isKey: (owner: number) => boolean): void {
    this.#follow(this.#o.graph.end(), isKey);
    this.#mark(this.#o.clock.end(), isKey);
  }

  #follow(frames: readonly GraphFrame[], isKey: (owner: number) => boolean): readonly number[] {
    return frames.flatMap((frame) => {
      this.#graph.push(frame);
      return this.#mark(this.#o.clock.push(frame), isKey);
    });
  }

  /** Follows the keyframes over what comes out. */
  #mark(ticks: readonly Tick[], isKey: (owner: number) => boolean): readonly number[] {
    const cuts: number[] = [];
    for (const tick of ticks) {
      const before = this.#ticks.at(-1);
      const mark = this.#o.keys?.next(tick.tick, before?.source !== tick.source && isKey(tick.owner));
      this.#ticks.push({ ...tick, key: mark?.key ?? false, forced: mark?.forced ?? false });
      if (mark?.cut && before?.owner !== tick.owner) cuts.push(tick.owner);
    }
    return cuts;
  }

  /** Whether all that comes of the frames up to this one is known: repeats of a frame come out with the next one. */
  knows(last: Frame): boolean {
    const later = this.#ticks.at(-1)?.owner ?? Number.NEGATIVE_INFINITY;
    return later > last.pts || this.#o.clock.finished;
  }

  /** Place behind the last of the frames `shown` that the filters of a chunk ending before `to` look at; undefined while unknown. */
  reach(shown: readonly Frame[], to: number, ended: boolean): number | undefined {
    const until = (shown[to - 1]?.pts ?? 0) + this.#span;
    let place = to;
    // Only a frame behind the span tells that no more lie within it.
    if (this.#span > 0) while ((shown[place]?.pts ?? until) <= until && place <= shown.length) place++;
    place += this.#o.filters.after;
    if (place <= shown.length) return place;
    return ended ? shown.length : undefined;
  }

  /** What comes of a chunk's own frames, from the first to the last; `wide`: those that its filters look at as well. */
  part(
    source: Omit<ChunkSource, "index">,
    [first, last]: readonly [Frame, Frame],
    wide: readonly [Frame, Frame],
    start: number,
  ): Omit<ChunkPart, "index"> | undefined {
    const inside = ({ owner }: { readonly owner: number }): boolean => owner >= first.pts && owner <= last.pts;
    const ticks = this.#ticks.filter(inside);
    if (ticks.length === 0) return undefined;
    const graph = this.#graph.filter(inside);
    this.#lastDuration = graph.findLast((f) => f.pts === ticks.at(-1)?.source)?.duration ?? 0;
    const outputsBefore = this.#outputs;
    this.#outputs += ticks.length;
    return {
      ...source,
      firstPts: wide[0].pts,
      lastPts: wide[1].pts,
      graph: graph.map((f) => f.pts),
      ticks: ticks.map(({ tick, source: shown, owner }) => ({ tick, source: shown, owner })),
      ...(this.#o.keys ? { keys: chunkKeys(ticks, this.#o.keys.exhaustive) } : {}),
      outputsBefore,
      start,
    };
  }

  /** Drops what comes of the frames before this time. */
  forget(first: number): void {
    this.#graph = this.#graph.filter((f) => f.owner >= first);
    this.#ticks = this.#ticks.filter((t) => t.owner >= first);
  }
}
