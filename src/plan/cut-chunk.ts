import type { Chunk, ChunkSource } from "./chunk.js";
import type { Track } from "./track.js";
import type { Frame } from "./windows.js";

/** Frames among which a chunk is, and what is made of them. */
export interface CutPlace {
  readonly tracks: readonly Track[];
  /** Those that are known, in display order: the chunk's own are from `from` up to `to`. */
  readonly shown: readonly Frame[];
  readonly from: number;
  readonly to: number;
  /** No more frames will come. */
  readonly ended: boolean;
  /** The time of the film's first frame. */
  readonly start: number | undefined;
  /** Frames are told by the order in which they are decoded. */
  readonly decoded: boolean;
}

/** The chunk of these frames, with what its filters look at around them; undefined where no rendition shows any of them. */
export function cutChunk(index: number, place: CutPlace): Chunk | undefined {
  const { tracks, shown, from, to, ended, start } = place;
  const own = shown.slice(from, to);
  const [first, last] = [own[0], own.at(-1)];
  if (!first || !last) return undefined;
  const decoded = place.decoded ? { decoded: own.map((f) => f.pts) } : {};
  const parts = tracks.map((track) => {
    const reach = track.reach(shown, to, ended) ?? shown.length;
    const wide = shown.slice(Math.max(0, from - track.before), reach);
    const [wideFirst, wideLast] = [wide[0] ?? first, wide.at(-1) ?? last];
    const lastSegment = wide.reduce((latest, f) => Math.max(latest, f.segment), 0);
    const source = { firstSegment: wideFirst.from, lastSegment, ...decoded };
    return track.part(source, [first, last], [wideFirst, wideLast], start ?? first.pts);
  });
  const made = parts.filter((part) => part !== undefined);
  if (made.length === 0) return undefined;
  const source: ChunkSource = {
    index,
    firstSegment: Math.min(...made.map((part) => part.firstSegment)),
    lastSegment: Math.max(...made.map((part) => part.lastSegment)),
  };
  return { ...source, ...decoded, parts: parts.map((part) => part && { ...part, ...source }) };
}
