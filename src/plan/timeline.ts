import type { Packet } from "../ffmpeg/packets.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { FrameClock, Tick } from "./frame-clock.js";

/** How long chunks may be, in frames: `min` <= `target` <= `max`. */
export interface ChunkBounds {
  readonly min: number;
  readonly target: number;
  readonly max: number;
}

/** The part of the source that ffmpeg decodes because of `-ss` and `-t` before `-i`, in ticks of the source. */
export interface InputTrim {
  /** Frames before this time are dropped. */
  readonly start: number | undefined;
  /** Frames this long or longer after the first one kept are dropped. */
  readonly duration: number | undefined;
}

/**
 * A piece of work: decode the segments, keep the source frames from `firstPts` to `lastPts`, and encode
 * exactly `ticks`. Times of source frames are ticks of the source's time base.
 */
export interface Chunk {
  readonly index: number;
  /** Segments (GOPs) to decode, from and to inclusive. */
  readonly firstSegment: number;
  readonly lastSegment: number;
  readonly firstPts: number;
  readonly lastPts: number;
  /** The source frames inside, in display order. */
  readonly sources: readonly number[];
  /** What has to come out, in order; never empty. */
  readonly ticks: readonly Tick[];
}

interface Frame {
  readonly pts: number;
  readonly duration: number;
  readonly segment: number;
  /** Decoded but not shown, because an MP4 edit list says so. */
  readonly hidden: boolean;
}

interface OpenChunk {
  readonly frames: Frame[];
  readonly ticks: Tick[];
}

/** A GOP may be cut into at most this many chunks: each of them decodes it from its start. */
const MAX_CUTS_IN_GOP = 8;

/**
 * Turns packets in decode order into chunks in display order, as the split goes on.
 *
 * Windows tile the film: window k holds the frames shown from keyframe k up to keyframe k+1. In an open GOP the
 * first packets after keyframe k+1 are shown before it; they belong to window k, so its last segment is k+1.
 * A source that does not fit this picture is refused with a reason, and the command then runs whole.
 */
export class Timeline {
  readonly #keys: number[] = [];
  #pending: Frame[] = [];
  #window: Frame[] = [];
  #open: OpenChunk | undefined;
  readonly #times = new Set<number>();
  #firstKept: number | undefined;
  #chunks = 0;
  #frames = 0;
  #outputs = 0;
  #lastTick: Tick | undefined;
  #pastInputTrim = false;
  /** The first hidden frame after one that is shown. */
  #hidden: Frame | undefined;

  constructor(
    private readonly bounds: ChunkBounds,
    private readonly trim: InputTrim,
    private readonly clock: FrameClock,
  ) {}

  /** Source frames seen so far that plain ffmpeg would hand to the filters. */
  get frames(): number {
    return this.#frames;
  }

  /** Output frames in the chunks given so far. */
  get outputs(): number {
    return this.#outputs;
  }

  /** True when what still comes cannot be seen in the output: the split may stop. */
  get finished(): boolean {
    return this.clock.finished || this.#pastInputTrim;
  }

  /** Takes the next packet in decode order; gives the chunks that are complete because of it. */
  push(packet: Packet): Result<readonly Chunk[], string> {
    if (packet.pts === undefined) return fail("the source has packets without a time of their own");
    if (!packet.key && this.#keys.length === 0) return fail("the source does not begin with a keyframe");
    let chunks: readonly Chunk[] = [];
    if (packet.key) {
      const previous = this.#keys.at(-1);
      if (previous !== undefined && packet.pts <= previous)
        return fail("the source's keyframes are not in order of time");
      const closed = this.#closeWindow();
      if (!closed.ok) return closed;
      chunks = closed.value;
      this.#keys.push(packet.pts);
    }
    if (this.#times.has(packet.pts)) return fail("the source shows two packets at the same time");
    this.#times.add(packet.pts);
    const { pts, duration, discard } = packet;
    this.#pending.push({ pts, duration, segment: this.#keys.length - 1, hidden: discard });
    return ok(chunks);
  }

  /** The source has ended: gives the last chunks. */
  end(): Result<readonly Chunk[], string> {
    const chunks: Chunk[] = [];
    // The last keyframe opens two windows that nothing else will close: the one before it and its own.
    for (const last of [false, true]) {
      const closed = last ? this.#takeWindow(Number.POSITIVE_INFINITY) : this.#closeWindow();
      if (!closed.ok) return closed;
      chunks.push(...closed.value);
    }
    if (this.#open) {
      this.#open.ticks.push(...this.clock.end());
      chunks.push(...this.#finishOpen());
    }
    return ok(chunks);
  }

  /** A keyframe has come (or the end): all frames shown before the keyframe that came last are known now. */
  #closeWindow(): Result<readonly Chunk[], string> {
    const border = this.#keys.at(-1);
    return border === undefined ? ok([]) : this.#takeWindow(border);
  }

  #takeWindow(border: number): Result<readonly Chunk[], string> {
    const start = this.#keys.at(border === Number.POSITIVE_INFINITY ? -1 : -2);
    const frames = this.#pending.filter((f) => f.pts < border).sort((a, b) => a.pts - b.pts);
    this.#pending = this.#pending.filter((f) => f.pts >= border);
    for (const frame of frames) this.#times.delete(frame.pts);
    if (frames.some((f) => f.segment < this.#keys.length - (border === Number.POSITIVE_INFINITY ? 1 : 2))) {
      return fail("the source shows frames after a keyframe that they precede");
    }
    const kept = frames.filter((f) => !f.hidden && this.#passesTrim(f.pts));
    const first = kept[0];
    const hidden =
      this.#hidden ?? frames.find((f) => f.hidden && this.#firstKept !== undefined && f.pts > this.#firstKept);
    // NUT loses the mark, and what is hidden between shown frames could not be told from them by its time.
    if (hidden !== undefined && kept.some((f) => f.pts > hidden.pts))
      return fail("an edit list hides frames in mid-film");
    this.#hidden = hidden;
    if (start !== undefined && first !== undefined && first.pts < start) {
      return fail("the source shows frames before the keyframe they need");
    }
    if (start === undefined && first !== undefined) return fail("the source shows frames before its first keyframe");
    this.#window = kept;
    return ok(this.#placeWindow());
  }

  #passesTrim(pts: number): boolean {
    if (this.trim.start !== undefined && pts < this.trim.start) return false;
    this.#firstKept ??= pts;
    if (this.trim.duration !== undefined && pts - this.#firstKept >= this.trim.duration) {
      this.#pastInputTrim = true;
      return false;
    }
    return true;
  }

  #placeWindow(): readonly Chunk[] {
    const frames = this.#window;
    this.#window = [];
    if (frames.length === 0) return [];
    this.#frames += frames.length;
    const done: Chunk[] = [];
    const held = this.#open?.frames.length ?? 0;
    const { min, target, max } = this.bounds;
    const full = held >= target || (held >= min && held + frames.length > max);
    for (const [i, frame] of frames.entries()) {
      const ticks = this.clock.push({ pts: frame.pts, duration: frame.duration });
      if (i === 0 && full) {
        // Repeats of the chunk's last frame come out only when the next frame is known.
        this.#open?.ticks.push(...ticks.filter((t) => t.source !== frame.pts));
        done.push(...this.#finishOpen());
        this.#open = { frames: [frame], ticks: ticks.filter((t) => t.source === frame.pts) };
        continue;
      }
      this.#open ??= { frames: [], ticks: [] };
      this.#open.ticks.push(...ticks);
      this.#open.frames.push(frame);
    }
    return done;
  }

  #finishOpen(): readonly Chunk[] {
    const open = this.#open;
    this.#open = undefined;
    if (!open || open.ticks.length === 0) return [];
    const count = open.frames.length;
    const parts = Math.min(Math.max(1, Math.ceil(count / this.bounds.max)), MAX_CUTS_IN_GOP);
    const chunks: Chunk[] = [];
    for (let part = 0; part < parts; part++) {
      const frames = open.frames.slice(Math.floor((part * count) / parts), Math.floor(((part + 1) * count) / parts));
      const chunk = this.#chunk(frames, open.ticks);
      if (chunk) chunks.push(chunk);
    }
    return chunks;
  }

  #chunk(frames: readonly Frame[], candidates: readonly Tick[]): Chunk | undefined {
    const [first, last] = [frames[0], frames.at(-1)];
    if (!first || !last) return undefined;
    const ticks = candidates.filter((t) => t.source >= first.pts && t.source <= last.pts);
    if (ticks.length === 0) return undefined;
    this.#outputs += ticks.length;
    this.#lastTick = ticks.at(-1);
    return {
      index: this.#chunks++,
      firstSegment: this.#segmentShowing(first.pts),
      lastSegment: frames.reduce((latest, f) => Math.max(latest, f.segment), 0),
      firstPts: first.pts,
      lastPts: last.pts,
      sources: frames.map((f) => f.pts),
      ticks,
    };
  }

  /** The last tick of the film so far. */
  get lastTick(): Tick | undefined {
    return this.#lastTick;
  }

  /** The segment whose keyframe is the last one shown at or before `pts`. */
  #segmentShowing(pts: number): number {
    let low = 0;
    let high = this.#keys.length - 1;
    while (low < high) {
      const mid = Math.ceil((low + high) / 2);
      const key = this.#keys[mid];
      if (key !== undefined && key <= pts) low = mid;
      else high = mid - 1;
    }
    return low;
  }
}
