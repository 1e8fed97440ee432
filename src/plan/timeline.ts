import type { Packet } from "../ffmpeg/packets.js";
import { divide, type Rational, toNumber } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import { lowerBound } from "../lib/search.js";
import { type Chunk, type ChunkBounds, chunkKeys, type MarkedTick, MAX_CUTS_IN_GOP } from "./chunk.js";
import type { OutputClock, Tick } from "./frame-clock.js";
import type { FilterPlan, GraphClock, GraphFrame } from "./graph.js";
import { CountedWindows } from "./counted-windows.js";
import type { PacketHabits } from "./habits.js";
import type { KeyMarks } from "./gop.js";
import { type Doubt, type Frame, type FrameWindows, type HeadLook, type InputTrim, Windows } from "./windows.js";

/** What the timeline is given from outside. */
export interface TimelineOptions {
  readonly bounds: ChunkBounds;
  readonly trim: InputTrim;
  readonly timeBase: Rational;
  readonly filters: FilterPlan;
  readonly graph: GraphClock;
  readonly clock: OutputClock;
  /** Where keyframes are certain, and chunks are to begin; undefined where that is left to the encoder. */
  readonly keys?: KeyMarks | undefined;
  readonly habits: PacketHabits;
  /** What plain ffmpeg shows first, where that was looked at. */
  readonly head?: HeadLook | undefined;
}

/**
 * Turns packets into chunks, as the split goes on: windows of frames are gathered up to the bounds, what the filters and
 * the encoder's clock make of them is followed, and a chunk is given as soon as all of it is known.
 */
export class Timeline {
  readonly #o: TimelineOptions;
  readonly #windows: FrameWindows;
  /** Shown frames that a chunk to come may still need. */
  #shown: Frame[] = [];
  /** Place of the open chunk's first frame in `#shown`; chunks that are closed but not given yet stand before it. */
  #open = 0;
  #closed: { readonly from: number; readonly to: number }[] = [];
  #graph: GraphFrame[] = [];
  #ticks: MarkedTick[] = [];
  /** The latest frame with which a chunk may begin. */
  #border: number | undefined;
  /** How long a chunk should be, where it is cut at keyframes: in a long GOP of the source, longer. */
  #target: number;
  #ended = false;
  #chunks = 0;
  #frames = 0;
  #start: number | undefined;
  #outputs = 0;
  #lastDuration = 0;
  readonly #span: number;

  constructor(options: TimelineOptions) {
    this.#o = options;
    const { trim, habits, head } = options;
    this.#windows = habits.decodedTimes ? new CountedWindows() : new Windows({ trim, habits, head });
    const { afterSpan } = options.filters;
    this.#target = options.bounds.target;
    this.#span = Math.ceil(toNumber(divide(afterSpan, options.timeBase)));
  }

  /** Source frames seen so far that plain ffmpeg would hand to the filters. */
  get frames(): number {
    return this.#frames;
  }

  /** Output frames in the chunks given so far. */
  get outputs(): number {
    return this.#outputs;
  }

  /** How long the last frame of the chunks given so far says it lasts, in ticks behind the filters; 0 when it does not. */
  get lastDuration(): number {
    return this.#lastDuration;
  }

  /** True when what still comes cannot be seen in the output: the split may stop. */
  get finished(): boolean {
    const { before, after } = this.#o.filters;
    // Filters that look at more than one frame go on doing so behind the output's end.
    return this.#windows.pastTrim || (this.#o.clock.finished && before + after + this.#span === 0);
  }

  /** What would have to be known about the source, where it was refused for want of that. */
  get doubt(): Doubt | undefined {
    return this.#windows.doubt;
  }

  /** Takes the next packet in decode order; gives the chunks that are complete because of it. */
  push(packet: Packet): Result<readonly Chunk[], string> {
    return this.#place(this.#windows.push(packet));
  }

  /** Takes the time of the next frame that was decoded on the way; gives the chunks that are complete because of it. */
  show(pts: number): Result<readonly Chunk[], string> {
    return this.#place(this.#windows.show(pts));
  }

  /** The source has ended: gives the last chunks. */
  end(): Result<readonly Chunk[], string> {
    // Where the split was stopped, not all frames of the last two windows have come, and none of them is seen.
    const placed = this.#place(this.finished ? ok([]) : this.#windows.end());
    if (!placed.ok) return placed;
    this.#ended = true;
    this.#follow(this.#o.graph.end());
    this.#mark(this.#o.clock.end());
    this.#close();
    return this.#sure([...placed.value, ...this.#giveClosed()]);
  }

  #place(windows: Result<readonly (readonly Frame[])[], string>): Result<readonly Chunk[], string> {
    if (!windows.ok) return windows;
    const chunks: Chunk[] = [];
    for (const frames of windows.value) {
      if (this.#looksAcross(frames)) return fail("filters look from one part of an edit list into the next");
      const reason = this.#offGrid(frames);
      if (reason !== undefined) return fail(reason);
      chunks.push(...this.#placeWindow(frames));
    }
    return this.#sure(chunks);
  }

  /** Parts of an edit list are decoded one by one. */
  #looksAcross([first]: readonly Frame[]): boolean {
    const { before, after } = this.#o.filters;
    const last = this.#shown.at(-1);
    return first !== undefined && last !== undefined && first.part !== last.part && before + after + this.#span > 0;
  }

  /** Why chunks cannot begin where plain ffmpeg has its keyframes. */
  #offGrid([first]: readonly Frame[]): string | undefined {
    if (!this.#o.keys) return undefined;
    if (this.#o.habits.decodedTimes) return "keyframes at certain places from a source whose packets have no times";
    const last = this.#shown.at(-1);
    if (first && last && first.part !== last.part) return "keyframes at certain places over the parts of an edit list";
    const far = this.#shown.length - this.#open > MAX_CUTS_IN_GOP * this.#o.bounds.max;
    return far && this.#o.keys.complete ? "its keyframes are too far apart for chunks to begin with" : undefined;
  }

  /** The chunks, unless what comes out of them is in doubt. */
  #sure(chunks: readonly Chunk[]): Result<readonly Chunk[], string> {
    const { doubt } = this.#o.clock;
    return doubt === undefined ? ok(chunks) : fail(doubt);
  }

  #placeWindow(frames: readonly Frame[]): readonly Chunk[] {
    if (frames.length === 0) return [];
    if (this.#endsBefore(frames)) this.#close();
    this.#target = Math.max(this.#o.bounds.target, Math.ceil(frames.length / MAX_CUTS_IN_GOP));
    this.#frames += frames.length;
    this.#start ??= frames[0]?.pts;
    for (const frame of frames) {
      this.#shown.push(frame);
      this.#follow(this.#o.graph.push(frame));
    }
    return this.#giveClosed();
  }

  /** Whether the open chunk ends where this window begins. */
  #endsBefore(frames: readonly Frame[]): boolean {
    const { min, target, max } = this.#o.bounds;
    const held = this.#shown.length - this.#open;
    // Of the keyframes that are certain, not one came for so long: any of the source will do.
    if (this.#o.keys) return held >= max && !this.#o.keys.complete;
    const cut = held > 0 && this.#shown.at(-1)?.part !== frames[0]?.part;
    return cut || held >= target || (held >= min && held + frames.length > max);
  }

  #follow(frames: readonly GraphFrame[]): void {
    for (const frame of frames) {
      this.#graph.push(frame);
      this.#mark(this.#o.clock.push(frame));
    }
  }

  /** Follows the keyframes over what comes out, and cuts where they allow it. */
  #mark(ticks: readonly Tick[]): void {
    for (const tick of ticks) {
      const before = this.#ticks.at(-1);
      const mark = this.#o.keys?.next(tick.tick, before?.source !== tick.source && this.#isKey(tick.owner));
      this.#ticks.push({ ...tick, key: mark?.key ?? false, forced: mark?.forced ?? false });
      if (mark?.cut && before?.owner !== tick.owner) this.#allowCut(tick.owner);
    }
  }

  #isKey(owner: number): boolean {
    return this.#shown[this.#placeOf(owner)]?.key === true;
  }

  #allowCut(owner: number): void {
    const held = (border: number): number => this.#placeOf(border) - this.#open;
    const before = this.#border;
    this.#border = owner;
    if (before !== undefined && held(before) > 0 && held(owner) > this.#o.bounds.max)
      this.#cutAt(this.#placeOf(before));
    if (held(owner) >= this.#target) this.#cutAt(this.#placeOf(owner));
  }

  #placeOf(pts: number): number {
    return lowerBound(this.#shown, pts, (frame) => frame.pts);
  }

  #cutAt(place: number): void {
    this.#closed.push({ from: this.#open, to: place });
    this.#open = place;
  }

  /** The open chunk gets no more frames; what is longer than allowed becomes several. */
  #close(): void {
    const [from, to] = [this.#open, this.#shown.length];
    // Frames that are told by their number alone come from whole segments: one too few is seen at the end.
    const most = this.#o.habits.decodedTimes || this.#o.keys?.complete ? 1 : MAX_CUTS_IN_GOP;
    const parts = Math.min(Math.max(1, Math.ceil((to - from) / this.#o.bounds.max)), most);
    const edge = (part: number): number => from + Math.floor((part * (to - from)) / parts);
    for (let part = 0; part < parts; part++) {
      if (edge(part) < edge(part + 1)) this.#cutAt(edge(part + 1));
    }
  }

  /** Gives the closed chunks of which all is known: what comes out, and what their filters need behind them. */
  #giveClosed(): readonly Chunk[] {
    const chunks: Chunk[] = [];
    let given = 0;
    for (const { from, to } of this.#closed) {
      const last = this.#shown[to - 1];
      if (!last || !this.#isComplete(last, to)) break;
      const chunk = this.#chunk(from, to);
      if (chunk) chunks.push(chunk);
      given++;
    }
    const next = this.#closed[given]?.from ?? this.#open;
    this.#closed.splice(0, given);
    this.#forget(next);
    return chunks;
  }

  #isComplete(last: Frame, to: number): boolean {
    if (this.#ended) return true;
    // Repeats of a frame come out only when the next one is known.
    const later = this.#ticks.at(-1)?.owner ?? Number.NEGATIVE_INFINITY;
    return (later > last.pts || this.#o.clock.finished) && this.#reach(to) !== undefined;
  }

  /** Place behind the last frame that the filters of a chunk ending before `to` look at; undefined while unknown. */
  #reach(to: number): number | undefined {
    const { after } = this.#o.filters;
    const until = (this.#shown[to - 1]?.pts ?? 0) + this.#span;
    let place = to;
    // Only a frame behind the span tells that no more lie within it.
    if (this.#span > 0) while ((this.#shown[place]?.pts ?? until) <= until && place <= this.#shown.length) place++;
    place += after;
    if (place <= this.#shown.length) return place;
    return this.#ended ? this.#shown.length : undefined;
  }

  #chunk(from: number, to: number): Chunk | undefined {
    const own = this.#shown.slice(from, to);
    const wide = this.#shown.slice(Math.max(0, from - this.#o.filters.before), this.#reach(to) ?? this.#shown.length);
    const [first, last] = [own[0], own.at(-1)];
    const [wideFirst, wideLast] = [wide[0], wide.at(-1)];
    if (!first || !last || !wideFirst || !wideLast) return undefined;
    const inside = ({ owner }: { readonly owner: number }): boolean => owner >= first.pts && owner <= last.pts;
    const ticks = this.#ticks.filter(inside);
    if (ticks.length === 0) return undefined;
    const graph = this.#graph.filter(inside);
    this.#lastDuration = graph.findLast((f) => f.pts === ticks.at(-1)?.source)?.duration ?? 0;
    const outputsBefore = this.#outputs;
    this.#outputs += ticks.length;
    return {
      index: this.#chunks++,
      firstSegment: wideFirst.from,
      lastSegment: wide.reduce((latest, f) => Math.max(latest, f.segment), 0),
      firstPts: wideFirst.pts,
      lastPts: wideLast.pts,
      graph: graph.map((f) => f.pts),
      ticks: ticks.map(({ tick, source, owner }) => ({ tick, source, owner })),
      ...(this.#o.keys ? { keys: chunkKeys(ticks, this.#o.keys.exhaustive) } : {}),
      outputsBefore,
      start: this.#start ?? first.pts,
      ...(this.#o.habits.decodedTimes ? { decoded: own.map((f) => f.pts) } : {}),
    };
  }

  /** Drops what no chunk from place `next` on needs. */
  #forget(next: number): void {
    const first = this.#shown[next]?.pts ?? Number.POSITIVE_INFINITY;
    if (this.#shown.length > next) {
      this.#graph = this.#graph.filter((f) => f.owner >= first);
      this.#ticks = this.#ticks.filter((t) => t.owner >= first);
    }
    const drop = Math.max(0, next - this.#o.filters.before);
    if (drop === 0) return;
    this.#shown = this.#shown.slice(drop);
    this.#open -= drop;
    this.#closed = this.#closed.map(({ from, to }) => ({ from: from - drop, to: to - drop }));
  }
}
