import type { Packet } from "../ffmpeg/packets.js";
import { fail, ok, type Result } from "../lib/result.js";

/** The part of the source that ffmpeg decodes because of `-ss` and `-t` before `-i`, in ticks of the source. */
export interface InputTrim {
  /** Frames before this time are dropped. */
  readonly start: number | undefined;
  /** Frames this long or longer after the first one kept are dropped. */
  readonly duration: number | undefined;
}

/** A frame of the source that is shown. Times are ticks of the source. */
export interface Frame {
  readonly pts: number;
  readonly duration: number;
  /** The segment (GOP) it is coded in. */
  readonly segment: number;
}

interface CodedFrame extends Frame {
  /** Decoded but not shown, because an MP4 edit list says so. */
  readonly hidden: boolean;
}

/**
 * Turns packets in decode order into windows of frames in display order.
 *
 * Windows tile the film: window k holds the frames shown from keyframe k up to keyframe k+1. In an open GOP the
 * first packets after keyframe k+1 are shown before it; they belong to window k. A source that does not fit this
 * picture is refused with a reason, and the command then runs whole.
 */
export class Windows {
  readonly #keys: number[] = [];
  #pending: CodedFrame[] = [];
  readonly #times = new Set<number>();
  #firstKept: number | undefined;
  /** The first hidden frame after one that is shown. */
  #hidden: CodedFrame | undefined;
  #pastTrim = false;

  constructor(
    private readonly trim: InputTrim,
    /** True when the decoder drops what is shown before the first keyframe: it needs frames that are not there. */
    private readonly dropsLeading: boolean,
  ) {}

  /** True when all that still comes is behind the end of `-t`. */
  get pastTrim(): boolean {
    return this.#pastTrim;
  }

  /** Takes the next packet; gives the windows that are complete because of it. */
  push(packet: Packet): Result<readonly (readonly Frame[])[], string> {
    const { pts, duration, discard } = packet;
    if (pts === undefined) return fail("the source has packets without a time of their own");
    if (!packet.key && this.#keys.length === 0) return fail("the source does not begin with a keyframe");
    let windows: readonly (readonly Frame[])[] = [];
    if (packet.key) {
      const previous = this.#keys.at(-1);
      if (previous !== undefined && pts <= previous) return fail("the source's keyframes are not in order of time");
      if (previous !== undefined) {
        const taken = this.#take(previous, this.#keys.length - 2);
        if (!taken.ok) return taken;
        windows = [taken.value];
      }
      this.#keys.push(pts);
    }
    if (this.#times.has(pts)) return fail("the source shows two packets at the same time");
    this.#times.add(pts);
    this.#pending.push({ pts, duration, segment: this.#keys.length - 1, hidden: discard });
    return ok(windows);
  }

  /** The source has ended: gives the last two windows. */
  end(): Result<readonly (readonly Frame[])[], string> {
    const last = this.#keys.at(-1);
    if (last === undefined) return ok([]);
    const before = this.#take(last, this.#keys.length - 2);
    if (!before.ok) return before;
    const own = this.#take(Number.POSITIVE_INFINITY, this.#keys.length - 1);
    return own.ok ? ok([before.value, own.value]) : own;
  }

  /** The segment whose keyframe is the last one shown at or before `pts`. */
  segmentShowing(pts: number): number {
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

  /** All frames shown before `border` that are still pending are window number `window` (-1: before the first keyframe). */
  #take(border: number, window: number): Result<readonly Frame[], string> {
    const start = this.#keys[window];
    const frames = this.#pending.filter((f) => f.pts < border).sort((a, b) => a.pts - b.pts);
    this.#pending = this.#pending.filter((f) => f.pts >= border);
    for (const frame of frames) this.#times.delete(frame.pts);
    if (frames.some((f) => f.segment < window)) {
      return fail("the source shows frames after a keyframe that they precede");
    }
    const leading = start === undefined && this.dropsLeading;
    const kept = leading ? [] : frames.filter((f) => !f.hidden && this.#passesTrim(f.pts));
    const [first] = kept;
    if (first && start === undefined) return fail("the source shows frames before its first keyframe");
    if (first && start !== undefined && first.pts < start) {
      return fail("the source shows frames before the keyframe they need");
    }
    // NUT loses the mark, and what is hidden between shown frames could not be told from them by its time.
    this.#hidden ??= frames.find((f) => f.hidden && this.#firstKept !== undefined && f.pts > this.#firstKept);
    const hidden = this.#hidden?.pts ?? Number.POSITIVE_INFINITY;
    if (kept.some((f) => f.pts > hidden)) return fail("an edit list hides frames in mid-film");
    return ok(kept);
  }

  #passesTrim(pts: number): boolean {
    const { start, duration } = this.trim;
    if (start !== undefined && pts < start) return false;
    this.#firstKept ??= pts;
    if (duration !== undefined && pts - this.#firstKept >= duration) {
      this.#pastTrim = true;
      return false;
    }
    return true;
  }
}
