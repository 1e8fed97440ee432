import type { Tick } from "./frame-clock.js";

/** How long a chunk should be that begins with this frame of the film, in frames. */
export type ChunkLengths = (first: number) => number;

/** How long chunks may be, in frames: `min` <= `target` <= `max`. */
export interface ChunkBounds {
  readonly min: number;
  readonly target: number | ChunkLengths;
  readonly max: number;
}

/** A GOP may be cut into at most this many chunks: each of them decodes it from its start. */
export const MAX_CUTS_IN_GOP = 8;

/** What a chunk is made from: a run of the source's segments. */
export interface ChunkSource {
  readonly index: number;
  /** Segments (GOPs) to decode, from and to inclusive. */
  readonly firstSegment: number;
  readonly lastSegment: number;
  /** Where packets have no times: those of the frames, in the order in which they are decoded from the segments. */
  readonly decoded?: readonly number[];
}

/** A piece of work: the same frames of the source for all renditions, in their order. */
export interface Chunk extends ChunkSource {
  /** Undefined where a rendition shows none of these frames. */
  readonly parts: readonly (ChunkPart | undefined)[];
}

/**
 * What one rendition makes of a chunk: hand the source frames from `firstPts` to `lastPts` to the filters, and encode
 * exactly `ticks`. Times of source frames are ticks of the source's time base.
 */
export interface ChunkPart extends ChunkSource {
  /** Those around the chunk that its filters look at included. */
  readonly firstPts: number;
  readonly lastPts: number;
  /** Times of the chunk's own frames behind the filters, in display order; never empty. */
  readonly graph: readonly number[];
  /** The time of the film's first frame: `STARTPTS` to its filters. */
  readonly start?: number;
  /** What has to come out, in order; never empty. */
  readonly ticks: readonly Tick[];
  /** Frames of the output in the chunks before it. */
  readonly outputsBefore: number;
  readonly keys?: ChunkKeys;
}

/** Keyframes of a chunk, by their ticks. */
export interface ChunkKeys {
  /** Those that plain ffmpeg is certain to have. */
  readonly certain: readonly number[];
  /** Whether these are all. */
  readonly complete: boolean;
  /** Those that the encoder has to be told of; the first frame is one without. */
  readonly forced: readonly number[];
}

/** What comes out, and what is known of it as a keyframe. */
export interface MarkedTick extends Tick {
  readonly key: boolean;
  readonly forced: boolean;
}

/** The keyframes of a chunk with these frames. */
export function chunkKeys(ticks: readonly MarkedTick[], complete: boolean): ChunkKeys {
  const [first, ...others] = ticks;
  const marked = (which: "key" | "forced"): number[] => others.filter((t) => t[which]).map((t) => t.tick);
  return { certain: [...(first ? [first.tick] : []), ...marked("key")], complete, forced: marked("forced") };
}

/** Frames of the output that come of a chunk: those of the first rendition, which ffmpeg's own counts are about, too. */
export function framesOf({ parts: [first] }: Chunk): number {
  return first?.ticks.length ?? 0;
}
