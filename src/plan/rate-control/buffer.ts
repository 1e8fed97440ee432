/**
 * The decoder's buffer (VBV) that `-maxrate` and `-bufsize` promise not to run dry: it fills at `rate` until it is
 * full, and each frame is taken out of it at once when its time comes.
 */
export interface Cap {
  /** Bits a second. */
  readonly rate: number;
  /** Bits. */
  readonly size: number;
}

/** A frame as the buffer sees it, in coded order. */
export interface BufferedFrame {
  readonly bits: number;
  /** Until the next frame is taken out. */
  readonly seconds: number;
}

/** How a run of frames went. */
export interface BufferRun {
  /** The first frame that was not there in full when it was due; undefined when all were. */
  readonly underflow: number | undefined;
  /** The least that was left behind a frame, below 0 when it ran dry. Bits. */
  readonly lowest: number;
  /** What is in the buffer when the frame behind the run is due. Bits. */
  readonly end: number;
}

/**
 * Plays frames through a buffer that holds `fill` bits when the first of them is due (x264 encoder/ratecontrol.c
 * update_vbv; ISO/IEC 13818-2 annex C with a variable rate). Behind an underflow it goes on with an empty buffer.
 *
 * `end` never falls when `fill` rises, and no frame runs dry that did not with less: what is legal from some fill is
 * legal from a greater one. That is what lets chunks be judged one by one.
 */
export function runBuffer(frames: Iterable<BufferedFrame>, cap: Cap, fill: number): BufferRun {
  let [now, lowest, place] = [Math.min(fill, cap.size), Number.POSITIVE_INFINITY, 0];
  let underflow: number | undefined;
  for (const { bits, seconds } of frames) {
    now -= bits;
    lowest = Math.min(lowest, now);
    if (now < 0) underflow ??= place;
    now = Math.min(Math.max(now, 0) + cap.rate * seconds, cap.size);
    place++;
  }
  return { underflow, lowest, end: now };
}

/**
 * The share of the buffer that every chunk but the first is told to begin with. Encoders keep about half of it when
 * they are at the cap (x264 clip_qscale aims at 50 % by the end of its lookahead), so most chunks leave that much.
 */
export const START_SHARE = 0.5;

/** What becomes of a chunk when its place in the film is looked at. */
export type Verdict =
  | { readonly legal: true; readonly fillAfter: number }
  /** It is to be encoded again, told to begin with this many bits. */
  | { readonly legal: false; readonly start: number };

/**
 * Judges a chunk by what those before it really left in the buffer. Going through the film in order, and encoding
 * again what is not legal from the fill it is given, leaves a legal film: each chunk is then legal from the very fill
 * that its predecessor ends with. A chunk that is changed concerns only those behind it, which are judged later.
 */
export function judgeChunk(frames: readonly BufferedFrame[], cap: Cap, fillBefore: number): Verdict {
  const { underflow, end } = runBuffer(frames, cap, fillBefore);
  return underflow === undefined ? { legal: true, fillAfter: end } : { legal: false, start: fillBefore };
}

/**
 * The same bits a frame, cut down where the buffer would run dry: between the last time it was full and the frame that
 * is short, all frames give up the same share. For sharing out bits under a cap; the sum becomes less.
 */
export function legalBits(bits: readonly number[], seconds: number, cap: Cap, fill: number): number[] {
  const legal = [...bits];
  let [from, now] = [0, fill];
  for (let i = 0; i < legal.length; i++) {
    now -= legal[i] ?? 0;
    if (now < 0) {
      const spent = legal.slice(from, i + 1).reduce((a, b) => a + b, 0);
      for (let j = from; j <= i; j++) legal[j] = (legal[j] ?? 0) * (1 + now / spent);
      [now, from] = [0, i + 1];
    }
    now += cap.rate * seconds;
    if (now >= cap.size) [now, from] = [cap.size, i + 1];
  }
  return legal;
}

/**
 * Bits a frame that add up to `target` and keep to a cap, from a planner that meets a target without one: what frames
 * at the cap cannot take goes to the others. Where the film cannot take the target at all, what it can.
 */
export function bitsUnderCap(
  plan: (target: number) => readonly number[],
  target: number,
  seconds: number,
  cap: Cap,
): number[] {
  const total = (bits: readonly number[]): number => bits.reduce((a, b) => a + b, 0);
  const at = (ask: number): number[] => legalBits(plan(ask), seconds, cap, cap.size * START_SHARE);
  let [low, high] = [target, target];
  let best = at(target);
  if (total(best) >= target * 0.999) return best;
  for (let step = 0; step < 6 && total(at(high)) < target; step++) high *= 2;
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2;
    const bits = at(middle);
    if (total(bits) > target) high = middle;
    else [low, best] = [middle, bits];
  }
  return best;
}
