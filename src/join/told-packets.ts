import { FramecrcParser } from "../ffmpeg/packets.js";
import { renditionOf } from "../plan/remote.js";

/** A packet as its encoder handed it over: bytes, and Adler-32 as framecrc prints it. */
export interface PacketSum {
  readonly size: number;
  readonly crc: string;
}

/** Gathers what a worker's ffmpeg tells of the packets it makes, while it makes them (plan/remote.ts). */
export class ToldPackets {
  readonly #parser = new FramecrcParser();
  readonly #sums: PacketSum[][];
  readonly #bytes: number[];

  /** `most`: frames of each rendition, of which one more is taken, so that one too many is seen, and no others. */
  constructor(private readonly most: readonly number[]) {
    this.#sums = most.map(() => []);
    this.#bytes = most.map(() => 0);
  }

  /** Takes a line of standard output; false for those that tell of no packet. */
  push(line: string): boolean {
    const packet = this.#parser.line(line);
    if (!packet) return false;
    const rendition = renditionOf(packet);
    const sums = this.#sums[rendition];
    if (sums && sums.length <= (this.most[rendition] ?? 0)) {
      sums.push({ size: packet.size, crc: packet.crc });
      this.#bytes[rendition] = (this.#bytes[rendition] ?? 0) + packet.size;
    }
    return true;
  }

  /** The packets of a rendition so far, in coded order. */
  of(rendition: number): readonly PacketSum[] {
    return this.#sums[rendition] ?? [];
  }

  /** Their bytes. */
  bytes(rendition: number): number {
    return this.#bytes[rendition] ?? 0;
  }
}
