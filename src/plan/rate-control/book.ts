import { type Rational, toNumber } from "../../lib/rational.js";
import { type BufferedFrame, judgeChunk, runBuffer, START_SHARE } from "./buffer.js";
import type { RatePlan } from "./plan.js";
import { type Again, chunksAgain, type ChunkSize, replanned, responseOf } from "./settle.js";
import { capped, sharesBySource } from "./source-shares.js";

/** A chunk as its books are kept. Ticks are those of the encoder's time base, in display order. */
export interface BookedChunk {
  readonly ticks: readonly number[];
  /** Bytes of the source that it is made from. */
  readonly sourceBytes: number;
}

/** A chunk to be encoded, and what it is told. */
export interface RateOrder {
  readonly chunk: number;
  /** Bits a second; undefined where a quality says it all. */
  readonly bitrate: number | undefined;
  /** How much of the buffer is full when it begins; undefined where there is none, or the encoder's own choice. */
  readonly start: number | undefined;
}

/** What is to be done next: chunks to encode (once more), and chunks that stay as they are. */
export interface RateStep {
  readonly orders: readonly RateOrder[];
  readonly settled: readonly number[];
}

/** What the log of a first pass tells of the film's chunks. */
export interface LogShares {
  /** Gives each its bits, which add up to `target`; the film lasts so many seconds. */
  readonly share: (chunks: readonly BookedChunk[], target: number, seconds: number) => readonly number[];
  /** The bits below which the encoder refuses one of them. */
  readonly least: (chunks: readonly BookedChunk[], chunk: number) => number;
}

const NOTHING: RateStep = { orders: [], settled: [] };

/** How often chunks are encoded again to bring the film to its bitrate, and one chunk to keep to the buffer. */
const ROUNDS = 4;
const TRIES = 3;
/** How near the cap an encoder keeps a whole chunk. */
const NEAR_CAP = 0.97;

/**
 * Keeps the books of one film's size. Chunks are ordered at once where each is told the same, or else when the source
 * has been read and each one's share is known. When all have come back, those that keep the film off its bitrate are
 * ordered again. Then they are judged in the film's order by what the buffer holds, where there is one; what is not
 * legal is ordered again. What is settled may be joined.
 */
export class RateBook {
  readonly #plan: RatePlan;
  readonly #timeBase: Rational;
  readonly #byLog: LogShares | undefined;
  readonly #chunks: BookedChunk[] = [];
  readonly #orders: RateOrder[] = [];
  /** Bits each frame of a chunk has, in coded order. */
  readonly #sizes = new Map<number, readonly number[]>();
  readonly #out = new Set<number>();
  readonly #tries = new Map<number, number>();
  /** What each chunk was told and came to, the time before. */
  readonly #before: { readonly asked: number; readonly actual: number }[] = [];
  /** Bits that each chunk is to have. */
  #shares: readonly number[] = [];
  #ended = false;
  #rounds = 0;
  #met: boolean;
  #judged = 0;
  #fill: number;
  #strained = 0;

  /** `byLog`: what the log of a first pass tells; without, the source's sizes do. */
  constructor(plan: RatePlan, encoderTimeBase: Rational, byLog?: LogShares) {
    this.#plan = plan;
    this.#timeBase = encoderTimeBase;
    this.#byLog = byLog;
    // A first pass makes no film whose size there would be to keep.
    this.#met = plan.bitrate === undefined || plan.pass?.number === 1;
    this.#fill = plan.buffer ? plan.buffer.startShare * plan.buffer.size : 0;
  }

  /** Chunks whose buffer ran dry though they were told what was in it. */
  get strained(): number {
    return this.#strained;
  }

  /** The next chunk of the film is known. */
  cut(chunk: BookedChunk): RateStep {
    const index = this.#chunks.push(chunk) - 1;
    return this.#met
      ? this.#order([{ chunk: index, bitrate: this.#plan.bitrate, start: this.#startOf(index) }])
      : NOTHING;
  }

  /** All chunks are known. */
  end(): RateStep {
    this.#ended = true;
    if (this.#met) return NOTHING;
    const target = this.#target();
    const seconds = target / (this.#plan.bitrate ?? 1);
    this.#shares = this.#capped(
      this.#byLog?.share(this.#chunks, target, seconds) ??
        sharesBySource(
          this.#chunks.map((c, i) => ({ ...c, seconds: this.#seconds(i) })),
          target,
        ),
    );
    return this.#order(this.#shares.map((bits, chunk) => this.#told(chunk, bits)));
  }

  /** A chunk has been encoded. `bits`: those of its frames, in coded order. */
  done(chunk: number, bits: readonly number[]): RateStep {
    this.#sizes.set(chunk, bits);
    this.#out.delete(chunk);
    if (!this.#met) {
      if (!this.#ended || this.#out.size > 0) return NOTHING;
      const again = this.#again();
      if (again.length > 0) return this.#order(again.map(({ chunk: index, target }) => this.#told(index, target)));
      this.#met = true;
    }
    return this.#judge();
  }

  /** Nothing more will be encoded: the chunks from the film's first on that are there. */
  leave(): readonly number[] {
    const there: number[] = [];
    for (let chunk = this.#judged; this.#sizes.has(chunk); chunk++) there.push(chunk);
    return there;
  }

  #order(orders: readonly RateOrder[], settled: readonly number[] = []): RateStep {
    for (const order of orders) {
      this.#orders[order.chunk] = order;
      this.#out.add(order.chunk);
    }
    return { orders, settled };
  }

  #told(chunk: number, bits: number): RateOrder {
    const { buffer, bitrate = 0, atMost } = this.#plan;
    // A rate that is not to be gone beyond may be used where it is wanted, as long as the whole stays below.
    const least = this.#byLog?.least(this.#chunks, chunk) ?? 0;
    const asked = Math.max(Math.max(bits, least) / this.#seconds(chunk), atMost && this.#rounds === 0 ? bitrate : 0);
    const start = this.#orders[chunk]?.start ?? this.#startOf(chunk);
    return { chunk, bitrate: buffer ? Math.min(asked, buffer.rate) : asked, start };
  }

  /** No chunk can have more than the buffer lets through. */
  #capped(shares: readonly number[]): readonly number[] {
    const { buffer } = this.#plan;
    if (!buffer) return shares;
    return capped(
      shares,
      shares.map((_, chunk) => buffer.rate * NEAR_CAP * this.#seconds(chunk)),
    );
  }

  #startOf(chunk: number): number | undefined {
    const { buffer } = this.#plan;
    if (!buffer || this.#plan.pass?.number === 1) return undefined;
    return chunk === 0 ? buffer.startShare : START_SHARE;
  }

  #again(): Again[] {
    if (this.#rounds++ >= ROUNDS) return [];
    const target = this.#target();
    const actual = this.#chunks.map((_, chunk) => sum(this.#sizes.get(chunk) ?? []));
    const total = sum(actual);
    if (this.#plan.atMost) {
      if (total <= target) return [];
      this.#shares = actual.map((bits) => (bits * target) / total);
    }
    const asked = this.#orders.map(({ bitrate = 0 }, chunk) => bitrate * this.#seconds(chunk));
    const sizes = (): ChunkSize[] => actual.map((bits, chunk) => ({ planned: this.#shares[chunk] ?? 0, actual: bits }));
    // What a chunk makes of being told more, or less, is only known when it has been.
    if (this.#rounds > 1) this.#shares = this.#capped(replanned(sizes(), asked, target));
    const response = actual.map((bits, chunk) => {
      const before = this.#before[chunk];
      return before && responseOf(before, { asked: asked[chunk] ?? 0, actual: bits });
    });
    for (const [chunk, bits] of actual.entries()) this.#before[chunk] = { asked: asked[chunk] ?? 0, actual: bits };
    return chunksAgain(sizes(), asked, target, response);
  }

  /** Goes on in the film's order as far as chunks are there and legal. */
  #judge(): RateStep {
    const settled: number[] = [];
    for (;;) {
      const chunk = this.#judged;
      const bits = this.#sizes.get(chunk);
      if (!bits || this.#out.has(chunk)) return { orders: [], settled };
      const again = this.#overrun(chunk, bits);
      if (again) return this.#order([again], settled);
      settled.push(chunk);
      this.#judged++;
    }
  }

  /** The order for a chunk that would have the buffer run dry; takes note of what any other leaves in it. */
  #overrun(chunk: number, bits: readonly number[]): RateOrder | undefined {
    const { buffer } = this.#plan;
    if (!buffer || this.#plan.pass?.number === 1) return undefined;
    const frames = this.#frames(chunk, bits);
    const verdict = judgeChunk(frames, buffer, this.#fill);
    const tries = (this.#tries.get(chunk) ?? 0) + 1;
    this.#tries.set(chunk, tries);
    if (!verdict.legal && tries < TRIES) {
      // The encoder itself may go a little beyond what it is told: the second time it is told less.
      const start = (verdict.start / buffer.size) * (tries === 1 ? 1 : 0.7);
      return { chunk, bitrate: this.#orders[chunk]?.bitrate, start };
    }
    if (!verdict.legal) this.#strained++;
    this.#fill = runBuffer(frames, buffer, this.#fill).end;
    return undefined;
  }

  /** In coded order each frame lasts as long as the one of its number does in display order. */
  #frames(chunk: number, bits: readonly number[]): BufferedFrame[] {
    const ticks = this.#chunks[chunk]?.ticks ?? [];
    const next = this.#chunks[chunk + 1]?.ticks[0];
    const tick = toNumber(this.#timeBase);
    return bits.map((size, i) => {
      const from = ticks[i] ?? 0;
      return { bits: size, seconds: ((ticks[i + 1] ?? next ?? from + 1) - from) * tick };
    });
  }

  #seconds(chunk: number): number {
    return secondsOf(this.#chunks, chunk, this.#timeBase);
  }

  #target(): number {
    return (this.#plan.bitrate ?? 0) * sum(this.#chunks.map((_, chunk) => this.#seconds(chunk)));
  }
}

/** How long one of the film's chunks lasts: up to where the next begins. */
export function secondsOf(chunks: readonly Pick<BookedChunk, "ticks">[], chunk: number, timeBase: Rational): number {
  const { ticks = [] } = chunks[chunk] ?? {};
  const end = chunks[chunk + 1]?.ticks[0] ?? (ticks.at(-1) ?? 0) + 1;
  return (end - (ticks[0] ?? 0)) * toNumber(timeBase);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
