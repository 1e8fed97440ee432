import { FramecrcParser, type Packet } from "../ffmpeg/packets.js";

/** What is told of a packet: its bytes, and Adler-32 as framecrc prints it. */
export type PacketSum = Pick<Packet, "size" | "crc">;

const key = ({ size, crc }: PacketSum): string => `${size},${crc}`;

/**
 * Gathers what a worker's ffmpeg tells of the packets it makes, while it makes them (plan/remote.ts). Renditions are made
 * by one command and told in one stream, so that a packet is looked for among those of all.
 */
export class ToldPackets {
  readonly #parser = new FramecrcParser();
  readonly #counts = new Map<string, number>();
  #packets = 0;
  #bytes = 0;

  /** `most`: frames of all renditions together; what is told beyond them is not kept. */
  constructor(private readonly most: number) {}

  /** Takes a line of standard output; false for those that tell of no packet, nor of what stands before all. */
  push(line: string): boolean {
    const packet = this.#parser.line(line);
    // The encoder's headers are written before it gives its first packet, which may be a while.
    const headers = /^#extradata \d+: *(\d{1,6}),/.exec(line)?.[1];
    if (headers !== undefined) this.#bytes += Number(headers);
    if (!packet) return line.startsWith("#");
    if (this.#packets++ < this.most) {
      this.#counts.set(key(packet), (this.#counts.get(key(packet)) ?? 0) + 1);
      this.#bytes += packet.size;
    }
    return true;
  }

  /** Bytes of the headers and of all packets so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether such a packet was told of; each can be taken as often as it was. */
  take(packet: PacketSum): boolean {
    const count = this.#counts.get(key(packet)) ?? 0;
    this.#counts.set(key(packet), count - 1);
    return count > 0;
  }
}
