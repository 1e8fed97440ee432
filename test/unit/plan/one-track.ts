import type { Packet } from "../../../src/ffmpeg/packets.js";
import type { Result } from "../../../src/lib/result.js";
import type { Chunk, ChunkPart } from "../../../src/plan/chunk.js";
import { Timeline, type TimelineOptions } from "../../../src/plan/timeline.js";
import type { TrackOptions } from "../../../src/plan/track.js";

/** The timeline of a film with one rendition: what that one makes of each chunk. */
export class OneTrack {
  readonly #timeline: Timeline;

  constructor({ filters, graph, clock, keys, ...options }: Omit<TimelineOptions, "tracks"> & TrackOptions) {
    this.#timeline = new Timeline({ ...options, tracks: [{ filters, graph, clock, keys }] });
  }

  get finished(): boolean {
    return this.#timeline.finished;
  }

  get frames(): number {
    return this.#timeline.frames;
  }

  get outputs(): number {
    return this.#timeline.outputs[0] ?? 0;
  }

  get doubt(): Timeline["doubt"] {
    return this.#timeline.doubt;
  }

  push(packet: Packet): Result<readonly ChunkPart[], string> {
    return onlyParts(this.#timeline.push(packet));
  }

  show(pts: number): Result<readonly ChunkPart[], string> {
    return onlyParts(this.#timeline.show(pts));
  }

  end(): Result<readonly ChunkPart[], string> {
    return onlyParts(this.#timeline.end());
  }
}

function onlyParts(chunks: Result<readonly Chunk[], string>): Result<readonly ChunkPart[], string> {
  return chunks.ok ? { ok: true, value: chunks.value.flatMap(({ parts }) => parts[0] ?? []) } : chunks;
}
