import { createHash, type Hash } from "node:crypto";
import type { Packet } from "../ffmpeg/packets.js";
import type { ChunkSource } from "../plan/chunk.js";
import type { SourceRun } from "../plan/extract.js";

interface Segment {
  readonly before: number;
  readonly keyPts: number | undefined;
  packets: number;
  /** Of all its packets, once it has ended. */
  digest: string | undefined;
}

/** What is held against each other of a packet: `shift` is taken off its time. */
const lineOf = ({ pts, size, crc }: Packet, shift: number): string => `${(pts ?? 0) - shift},${size},${crc}\n`;

const newHash = (): Hash => createHash("sha256");

/** Keeps in mind what the packets of each segment are while a chunk may still need it. */
export class SourceRuns {
  readonly #segments = new Map<number, Segment>();
  #hash = newHash();
  #last = -1;
  #packets = 0;

  /** Takes the film's next packet in the order of the source: a segment begins with every keyframe, and with the first packet. */
  push(packet: Packet): void {
    if (packet.key || this.#last === -1) {
      this.end();
      this.#last++;
      // A run can only be found by the time of a keyframe.
      const keyPts = packet.key ? packet.pts : undefined;
      this.#segments.set(this.#last, { before: this.#packets, keyPts, packets: 0, digest: undefined });
    }
    const segment = this.#segments.get(this.#last);
    if (segment) segment.packets++;
    this.#hash.update(lineOf(packet, 0));
    this.#packets++;
  }

  /** The segment that is open is complete. */
  end(): void {
    const segment = this.#segments.get(this.#last);
    if (!segment || segment.digest !== undefined) return;
    segment.digest = this.#hash.digest("hex");
    this.#hash = newHash();
  }

  /** A chunk's segments; undefined where they are not all known, or have no keyframe to be found by. */
  run({ firstSegment, lastSegment }: ChunkSource, extradata: string): SourceRun | undefined {
    const segments: { readonly packets: number; readonly digest: string }[] = [];
    for (let i = firstSegment; i <= lastSegment; i++) {
      const { packets, digest } = this.#segments.get(i) ?? {};
      if (packets === undefined || digest === undefined) return undefined;
      segments.push({ packets, digest });
    }
    const first = this.#segments.get(firstSegment);
    if (first?.keyPts === undefined) return undefined;
    const packets = segments.reduce((sum, segment) => sum + segment.packets, 0);
    return { before: first.before, keyPts: first.keyPts, packets, extradata, segments };
  }

  /** Segments before `index` are of no interest any more. */
  forget(index: number): void {
    for (const known of this.#segments.keys()) {
      if (known >= index) return;
      this.#segments.delete(known);
    }
  }
}

/** Holds packets that were found elsewhere against a run; `shift`: ticks by which their times were moved. */
export class RunProof {
  #hash = newHash();
  #segment = 0;
  #inSegment = 0;
  #equal = true;

  constructor(
    private readonly wanted: SourceRun,
    private readonly shift: number,
  ) {}

  /** Takes the next packet. */
  push(packet: Packet): void {
    const segment = this.wanted.segments[this.#segment];
    if (!segment) {
      this.#equal = false;
      return;
    }
    this.#hash.update(lineOf(packet, this.shift));
    if (++this.#inSegment < segment.packets) return;
    this.#equal &&= this.#hash.digest("hex") === segment.digest;
    this.#hash = newHash();
    this.#segment++;
    this.#inSegment = 0;
  }

  /** Whether all packets came, and no others. */
  get holds(): boolean {
    return this.#equal && this.#segment === this.wanted.segments.length;
  }
}
