import type { Packet } from "../ffmpeg/packets.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { PacketHabits } from "./habits.js";
import { MpegOrder } from "./mpeg-order.js";

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
  /** The segment (GOP) from which it is decoded. */
  readonly from: number;
  /** The last segment in which a part of it is coded. */
  readonly segment: number;
  /** Counts the parts of an edit list: frames of several are not decoded in one go. */
  readonly part: number;
  /** True for a keyframe of the source. */
  readonly key: boolean;
}

/** What stands for a B-picture that is packed with another (libavcodec/mpeg4_unpack_bframes_bsf.c MAX_NVOP_SIZE). */
const LARGEST_PLACEHOLDER = 19;
/** Marks beside a packet: the number of an MPEG-TS stream, samples to skip. Headers are longer. */
const LARGEST_MARK = 16;
/** Rate control's limits, display matrix, mastering display …: structures of libavcodec/packet.h, on the first packet. */
const OF_THE_STREAM = new Set([24, 32, 36, 40, 48, 88]);

const NEVER = Number.NEGATIVE_INFINITY;

interface CodedFrame {
  readonly pts: number;
  readonly duration: number;
  segment: number;
  /** Decoded but not shown, because an MP4 edit list says so. */
  readonly hidden: boolean;
  readonly key: boolean;
}

interface Key {
  readonly pts: number;
  readonly segment: number;
}

/** The first frames that plain ffmpeg shows. */
export interface HeadLook {
  /** Their times, in order. */
  readonly times: readonly number[];
  /** True when there are no others. */
  readonly complete: boolean;
}

export interface WindowsOptions {
  readonly trim: InputTrim;
  readonly habits: PacketHabits;
  /** Undefined where nobody has looked: then all packets are taken to be shown. */
  readonly head: HeadLook | undefined;
}

/** Which frames the decoder shows at the head; or all of the frames' times. */
export type Doubt = "head" | "times";

/** Packets in decode order in, windows of frames in display order out. */
export interface FrameWindows {
  /** True when all that still comes is behind the end of `-t`. */
  readonly pastTrim: boolean;
  /** What would have to be known about the source, where it was refused for want of that. */
  readonly doubt: Doubt | undefined;
  /** Takes the next packet; gives the windows that are complete because of it. */
  push(packet: Packet): Result<readonly (readonly Frame[])[], string>;
  /** Takes the time of the next frame that was decoded on the way. */
  show(pts: number): Result<readonly (readonly Frame[])[], string>;
  /** The source has ended: gives the last windows. */
  end(): Result<readonly (readonly Frame[])[], string>;
}

/**
 * Turns packets in decode order into windows of frames in display order.
 *
 * Windows tile the film: window k holds the frames shown from keyframe k up to keyframe k+1. In an open GOP the
 * first packets after keyframe k+1 are shown before it; they belong to window k. A source that does not fit this
 * picture is refused with a reason, and the command then runs whole.
 */
export class Windows implements FrameWindows {
  readonly #o: WindowsOptions;
  readonly #order: MpegOrder | undefined;
  readonly #head: ReadonlySet<number>;
  readonly #headEnd: number;
  #packets = 0;
  /** Segments that have begun: one at the first packet, one at every keyframe. */
  #segments = 0;
  #part = 0;
  #keys: Key[] = [];
  #pending = new Map<number, CodedFrame>();
  /** The packet before, as long as the second field of its picture may follow. */
  #firstField: CodedFrame | undefined;
  #firstKept: number | undefined;
  #lastKept = NEVER;
  #headKept = 0;
  /** The latest frame of this part that is shown, as far as packets have come. */
  #lastShown = NEVER;
  #partStart: number | undefined;
  /** The first hidden frame after one that is shown, and the latest, of this part. */
  #hidden: number | undefined;
  #lastHidden = NEVER;
  #pastTrim = false;
  #doubt: Doubt | undefined;

  constructor(options: WindowsOptions) {
    this.#o = options;
    this.#order = options.habits.madeTimes ? new MpegOrder() : undefined;
    const { times, complete } = options.head ?? { times: [], complete: false };
    this.#head = new Set(times);
    this.#headEnd = complete ? Number.POSITIVE_INFINITY : (times.at(-1) ?? NEVER);
  }

  get pastTrim(): boolean {
    return this.#pastTrim;
  }

  get doubt(): Doubt | undefined {
    return this.#doubt;
  }

  show(): Result<readonly (readonly Frame[])[], string> {
    return fail("a frame was decoded without need");
  }

  push(packet: Packet): Result<readonly (readonly Frame[])[], string> {
    const { pts, duration, discard, key } = packet;
    if (!key && this.#segments === 0 && !this.#o.head)
      return this.#inDoubt("head", "the source does not begin with a keyframe");
    if (key || this.#segments === 0) this.#segments++;
    const segment = this.#segments - 1;
    if (this.#changesHeaders(packet)) return fail("the source's headers change in mid-film");
    if (pts === undefined) return this.#secondField(segment);
    if (this.#order && packet.size <= LARGEST_PLACEHOLDER) {
      return this.#inDoubt("times", "the source has packets that are no frames of their own");
    }
    if (this.#order?.push(packet) === false) return fail("the source's packets have no times that can be foretold");
    const begun = key ? this.#begin(pts, discard) : ok([]);
    if (!begun.ok) return begun;
    const twin = this.#pending.get(pts);
    if (twin && (!this.#o.habits.hidesFirstTwin || twin.hidden || discard)) {
      return fail("the source shows two packets at the same time");
    }
    const frame = { pts, duration, segment, hidden: discard, key };
    this.#pending.set(pts, frame);
    this.#firstField = frame;
    if (discard) this.#lastHidden = Math.max(this.#lastHidden, pts);
    else this.#lastShown = Math.max(this.#lastShown, pts);
    return begun;
  }

  end(): Result<readonly (readonly Frame[])[], string> {
    if (this.#order?.end() === false) return fail("the time of the source's last frame cannot be foretold");
    return this.#endPart();
  }

  #inDoubt(doubt: Doubt, reason: string): Result<never, string> {
    this.#doubt = doubt;
    return fail(reason);
  }

  /** The first packet carries what is said of the stream as a whole; a later one new headers, which NUT has no place for. */
  #changesHeaders({ beside }: Packet): boolean {
    const first = this.#packets++ === 0;
    if (this.#o.habits.alphaBeside) return false;
    return beside.some((size) => size > LARGEST_MARK && !(first && OF_THE_STREAM.has(size)));
  }

  #secondField(segment: number): Result<readonly (readonly Frame[])[], string> {
    const first = this.#firstField;
    // A source may begin with a second field, of which nothing is shown.
    const lone = this.#o.head !== undefined && this.#keys.length === 0;
    if (!this.#o.habits.fieldPackets || (!first && !lone)) {
      return fail("the source has packets without a time of their own");
    }
    if (first) first.segment = segment;
    this.#firstField = undefined;
    return ok([]);
  }

  /** A keyframe: the window before the one before it is complete. */
  #begin(pts: number, hidden: boolean): Result<readonly (readonly Frame[])[], string> {
    let windows: readonly (readonly Frame[])[] = [];
    const previous = this.#keys.at(-1);
    // A part of an edit list begins with the keyframe it needs, which may be hidden at a time that was shown before; the
    // part before may hide its tail.
    const back = hidden ? pts <= this.#lastShown : this.#lastShown !== NEVER && this.#lastHidden >= pts;
    if (back) {
      const ended = this.#endPart();
      if (!ended.ok) return ended;
      windows = ended.value;
    } else if (previous) {
      if (pts <= previous.pts) return fail("the source's keyframes are not in order of time");
      const taken = this.#take(previous.pts, this.#keys.length - 2);
      if (!taken.ok) return taken;
      windows = [taken.value];
    }
    this.#keys.push({ pts, segment: this.#segments - 1 });
    return ok(windows);
  }

  #endPart(): Result<readonly (readonly Frame[])[], string> {
    const last = this.#keys.at(-1);
    const before = this.#take(last?.pts ?? Number.POSITIVE_INFINITY, this.#keys.length - 2);
    if (!before.ok) return before;
    const own = this.#take(Number.POSITIVE_INFINITY, this.#keys.length - 1);
    if (!own.ok) return own;
    this.#part++;
    this.#keys = [];
    this.#lastShown = NEVER;
    this.#partStart = undefined;
    this.#hidden = undefined;
    this.#lastHidden = NEVER;
    return ok([before.value, own.value]);
  }

  /** All frames shown before `border` that are still pending are window number `window` (-1: before the first keyframe). */
  #take(border: number, window: number): Result<readonly Frame[], string> {
    const start = this.#keys[window];
    const frames = [...this.#pending.values()].filter((f) => f.pts < border).sort((a, b) => a.pts - b.pts);
    for (const frame of frames) this.#pending.delete(frame.pts);
    if (start && frames.some((f) => f.segment < start.segment)) {
      return fail("the source shows frames after a keyframe that they precede");
    }
    const leading = !start && this.#part === 0;
    const dropped = leading && this.#o.habits.dropsLeading && !this.#o.head;
    const kept = dropped ? [] : frames.filter((f) => !f.hidden && this.#isShown(f.pts) && this.#passesTrim(f.pts));
    const [first] = kept;
    if (first && leading && !this.#o.head)
      return this.#inDoubt("head", "the source shows frames before its first keyframe");
    if (first && !leading && first.pts < (start?.pts ?? Number.POSITIVE_INFINITY)) {
      return fail("the source shows frames before the keyframe they need");
    }
    const wrong = this.#checkHead(kept, border) ?? this.#checkHidden(frames, kept);
    if (wrong !== undefined) return fail(wrong);
    this.#lastKept = kept.at(-1)?.pts ?? this.#lastKept;
    const from = start?.segment ?? 0;
    return ok(kept.map((frame) => ({ ...frame, from, part: this.#part })));
  }

  /** Of the frames at the film's head only those that were seen. */
  #isShown(pts: number): boolean {
    return pts > this.#headEnd || this.#head.has(pts);
  }

  /** Every frame that was seen at the head is one of the source's packets. */
  #checkHead(kept: readonly CodedFrame[], border: number): string | undefined {
    const { head } = this.#o;
    if (!head) return undefined;
    this.#headKept += kept.filter((f) => f.pts <= this.#headEnd).length;
    const seen = head.times.filter((pts) => pts < border).length;
    return this.#headKept === seen ? undefined : "what the source shows at its head is in none of its packets";
  }

  /** NUT loses the mark of hidden frames, and between shown frames they could not be told from them by their times. */
  #checkHidden(frames: readonly CodedFrame[], kept: readonly CodedFrame[]): string | undefined {
    this.#partStart ??= kept[0]?.pts;
    const start = this.#partStart ?? Number.POSITIVE_INFINITY;
    this.#hidden ??= frames.find((f) => f.hidden && f.pts > start)?.pts;
    const hidden = this.#hidden ?? Number.POSITIVE_INFINITY;
    if (kept.some((f) => f.pts > hidden)) return "an edit list hides frames in mid-film";
    if (kept[0] && kept[0].pts <= this.#lastKept) return "an edit list plays frames at times that were shown";
    return undefined;
  }

  #passesTrim(pts: number): boolean {
    const { start, duration } = this.#o.trim;
    if (start !== undefined && pts < start) return false;
    this.#firstKept ??= pts;
    if (duration !== undefined && pts - this.#firstKept >= duration) {
      this.#pastTrim = true;
      return false;
    }
    return true;
  }
}
