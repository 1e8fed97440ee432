import type { Packet } from "../ffmpeg/packets.js";
import type { Rational } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import { lowerBound } from "../lib/search.js";
import { type Chunk, type ChunkBounds, MAX_CUTS_IN_GOP } from "./chunk.js";
import { CountedWindows } from "./counted-windows.js";
import { cutChunk } from "./cut-chunk.js";
import { Cuts } from "./cuts.js";
import type { PacketHabits } from "./habits.js";
import type { ClockCounts } from "./frame-clock.js";
import type { SceneCuts } from "./scene-cuts.js";
import type { RunScores } from "./scenes.js";
import { Track, type TrackOptions } from "./track.js";
import { type Doubt, type Frame, type FrameWindows, type HeadLook, type InputTrim, Windows } from "./windows.js";

/** What the timeline is given from outside. */
export interface TimelineOptions {
  readonly bounds: ChunkBounds;
  readonly trim: InputTrim;
  readonly timeBase: Rational;
  /** The renditions that are made of the film; never empty. */
  readonly tracks: readonly TrackOptions[];
  readonly habits: PacketHabits;
  /** What plain ffmpeg shows first, where that was looked at. */
  readonly head?: HeadLook | undefined;
  /** Says where chunks end by scores that come by and by; without it, keyframes say so. */
  readonly scenes?: SceneCuts | undefined;
}

/**
 * Turns packets into chunks, as the split goes on: windows of frames are gathered up to the bounds, what the filters and
 * the encoder's clock of each rendition make of them is followed, and a chunk is given as soon as all of it is known.
 */
export class Timeline {
  readonly #o: TimelineOptions;
  readonly #windows: FrameWindows;
  readonly #tracks: readonly Track[];
  /** Those of which keyframes are certain: chunks begin where they all have one. */
  readonly #keyed: readonly Track[];
  /** Frames with which some of them have one, and how many of them. */
  readonly #allowed = new Map<number, number>();
  /** Shown frames that a chunk to come may still need. */
  #shown: Frame[] = [];
  /** Place of the open chunk's first frame in `#shown`; chunks that are closed but not given yet stand before it. */
  #open = 0;
  #closed: { readonly from: number; readonly to: number }[] = [];
  /** The latest frame with which a chunk may begin. */
  #border: number | undefined;
  readonly #cuts: Cuts;
  /** The number of the open chunk's first frame. */
  #first = 0;
  /** How long a chunk has to be in a long GOP of the source. */
  #least = 0;
  #ended = false;
  #chunks = 0;
  #frames = 0;
  #start: number | undefined;

  constructor(options: TimelineOptions) {
    this.#o = options;
    const { trim, habits, head, timeBase } = options;
    this.#windows = habits.decodedTimes ? new CountedWindows() : new Windows({ trim, habits, head });
    this.#tracks = options.tracks.map((track) => new Track(track, timeBase));
    this.#keyed = this.#tracks.filter((track) => track.keys !== undefined);
    this.#cuts = new Cuts(options.bounds);
  }

  /** Source frames seen so far that plain ffmpeg would hand to the filters. */
  get frames(): number {
    return this.#frames;
  }

  /** Output frames in the chunks given so far, rendition by rendition. */
  get outputs(): readonly number[] {
    return this.#tracks.map((track) => track.outputs);
  }

  /** Frames that ffmpeg has repeated and left out so far, rendition by rendition. */
  get counts(): readonly ClockCounts[] {
    return this.#tracks.map((track) => track.counts);
  }

  /** How long the last frame given so far says it lasts (Track), rendition by rendition. */
  get lastDurations(): readonly number[] {
    return this.#tracks.map((track) => track.lastDuration);
  }

  /** True when what still comes cannot be seen in the output: the split may stop. */
  get finished(): boolean {
    return this.#windows.pastTrim || this.#tracks.every((track) => track.finished);
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

  /** Takes the scores of the next frames, undefined when no more will come; gives the chunks that are complete because of them. */
  score(run: RunScores | undefined): Result<readonly Chunk[], string> {
    if (run) this.#o.scenes?.add(run);
    else this.#o.scenes?.end();
    this.#cutScenes();
    return this.#sure(this.#giveClosed());
  }

  /** The source has ended, and all scores are there: gives the last chunks. */
  end(): Result<readonly Chunk[], string> {
    // Where the split was stopped, not all frames of the last two windows have come, and none of them is seen.
    const placed = this.#place(this.finished ? ok([]) : this.#windows.end());
    if (!placed.ok) return placed;
    this.#ended = true;
    for (const track of this.#tracks) track.end((owner) => this.#isKey(owner));
    this.#o.scenes?.end();
    this.#cutScenes();
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
    const last = this.#shown.at(-1);
    const across = first !== undefined && last !== undefined && first.part !== last.part;
    return across && this.#tracks.some((track) => track.looksAround);
  }

  /** True where chunks may only begin with certain keyframes, which are all that there are. */
  get #onlyKeys(): boolean {
    return this.#keyed.some((track) => track.keys?.complete);
  }

  /** Why chunks cannot begin where plain ffmpeg has its keyframes. */
  #offGrid([first]: readonly Frame[]): string | undefined {
    if (this.#keyed.length === 0) return undefined;
    if (this.#o.habits.decodedTimes) return "keyframes at certain places from a source whose packets have no times";
    const last = this.#shown.at(-1);
    if (first && last && first.part !== last.part) return "keyframes at certain places over the parts of an edit list";
    const far = this.#shown.length - this.#open > MAX_CUTS_IN_GOP * this.#o.bounds.max;
    return far && this.#onlyKeys ? "its keyframes are too far apart for chunks to begin with" : undefined;
  }

  /** The chunks, unless what comes out of them is in doubt. */
  #sure(chunks: readonly Chunk[]): Result<readonly Chunk[], string> {
    const doubt = this.#tracks.find((track) => track.doubt !== undefined)?.doubt;
    return doubt === undefined ? ok(chunks) : fail(doubt);
  }

  #placeWindow(frames: readonly Frame[]): readonly Chunk[] {
    if (frames.length === 0) return [];
    this.#o.scenes?.window(frames);
    if (!this.#o.scenes) this.#endBefore(frames);
    this.#least = Math.ceil(frames.length / MAX_CUTS_IN_GOP);
    this.#frames += frames.length;
    this.#start ??= frames[0]?.pts;
    for (const frame of frames) {
      this.#shown.push(frame);
      const cuts = this.#tracks.flatMap((track) => track.push(frame, (owner) => this.#isKey(owner)));
      for (const owner of cuts) this.#allow(owner);
    }
    this.#cutScenes();
    return this.#giveClosed();
  }

  /** Ends the open chunk where this window begins, or at a better keyframe that is not far before. */
  #endBefore(frames: readonly Frame[]): void {
    const [frame] = frames;
    const last = this.#shown.at(-1);
    if (!frame || !last) return;
    const held = (): number => this.#shown.length - this.#open;
    // Of the keyframes that are certain, not one came for so long: any of the source will do.
    if (this.#keyed.length > 0) {
      if (held() >= this.#o.bounds.max && !this.#onlyKeys) this.#close();
      return;
    }
    while (held() > 0) {
      const border = { pts: frame.pts, held: held(), next: frames.length, first: this.#first };
      const at = last.part === frame.part ? this.#cuts.at(border) : frame.pts;
      if (at === undefined) break;
      if (at === frame.pts) this.#close();
      else this.#cutAt(this.#placeOf(at));
    }
    this.#cuts.passed(frames.length);
  }

  #isKey(owner: number): boolean {
    return this.#shown[this.#placeOf(owner)]?.key === true;
  }

  /** One more rendition has a certain keyframe with this frame. Renditions come to it at different times, but in order. */
  #allow(owner: number): void {
    const count = (this.#allowed.get(owner) ?? 0) + 1;
    this.#allowed.set(owner, count);
    if (count < this.#keyed.length) return;
    for (const earlier of this.#allowed.keys()) if (earlier <= owner) this.#allowed.delete(earlier);
    this.#allowCut(owner);
  }

  #allowCut(owner: number): void {
    const held = (border: number): number => this.#placeOf(border) - this.#open;
    const before = this.#border;
    this.#border = owner;
    if (before !== undefined && held(before) > 0 && held(owner) > this.#o.bounds.max)
      this.#cutAt(this.#placeOf(before));
    const target = Math.max(this.#cuts.target(this.#first), this.#least);
    if (held(owner) >= target) this.#cutAt(this.#placeOf(owner));
  }

  #cutScenes(): void {
    for (;;) {
      const length = this.#o.scenes?.next(this.#shown, this.#open, this.#ended);
      if (length === undefined) return;
      this.#cutAt(this.#open + length);
    }
  }

  #placeOf(pts: number): number {
    return lowerBound(this.#shown, pts, (frame) => frame.pts);
  }

  #cutAt(place: number): void {
    this.#closed.push({ from: this.#open, to: place });
    this.#first += place - this.#open;
    this.#open = place;
    this.#cuts.forget();
  }

  /** The open chunk gets no more frames; what is longer than allowed becomes several. */
  #close(): void {
    const [from, to] = [this.#open, this.#shown.length];
    // Frames that are told by their number alone come from whole segments: one too few is seen at the end.
    const most = this.#o.habits.decodedTimes || this.#onlyKeys || this.#o.scenes ? 1 : MAX_CUTS_IN_GOP;
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
    return this.#tracks.every((track) => track.knows(last) && track.reach(this.#shown, to, false) !== undefined);
  }

  #chunk(from: number, to: number): Chunk | undefined {
    const place = { tracks: this.#tracks, shown: this.#shown, from, to, ended: this.#ended, start: this.#start };
    const chunk = cutChunk(this.#chunks, { ...place, decoded: this.#o.habits.decodedTimes });
    if (chunk) this.#chunks++;
    return chunk;
  }

  /** Drops what no chunk from place `next` on needs. */
  #forget(next: number): void {
    const first = this.#shown[next]?.pts;
    if (first !== undefined) for (const track of this.#tracks) track.forget(first);
    const drop = Math.max(0, next - Math.max(...this.#tracks.map((track) => track.before)));
    if (drop === 0) return;
    this.#shown = this.#shown.slice(drop);
    this.#open -= drop;
    this.#closed = this.#closed.map(({ from, to }) => ({ from: from - drop, to: to - drop }));
  }
}
