import type { Packet } from "../ffmpeg/packets.js";

/**
 * Whether the times that `-fflags +genpts` has made are those that plain ffmpeg's decoder gives the frames.
 *
 * A decoder of MPEG-1, 2 and 4 shows a B-picture at once and holds any other back until the next of its kind comes.
 * A frame without a time of its own gets the decoding time of the packet that let it out (libavcodec/decode.c
 * guess_correct_pts), and that is what the demuxer makes up, too (libavformat/demux.c av_read_frame). The two are the
 * same as long as frames come out in the order of their times, and the last frame's end is not in doubt.
 */
export class MpegOrder {
  #held: Packet | undefined;
  #last: Packet | undefined;
  #shown = Number.NEGATIVE_INFINITY;

  /** Takes the next packet in decode order; false when the frames' times are in doubt. */
  push(packet: Packet): boolean {
    const { pts, dts } = packet;
    if (pts === undefined || dts === undefined) return false;
    const isB = pts === dts;
    const out = isB ? packet : this.#held;
    if (!isB) this.#held = packet;
    this.#last = packet;
    return this.#show(out);
  }

  /** The source has ended, and the frame that is held back comes out; false when its time is in doubt. */
  end(): boolean {
    const [held, last] = [this.#held, this.#last];
    if (!held || !last) return true;
    // The demuxer lets it follow by its own length, plain ffmpeg by that of the last packet.
    const made = held.pts === (last.dts ?? 0) + held.duration;
    return (!made || held.duration === last.duration) && this.#show(held);
  }

  #show(packet: Packet | undefined): boolean {
    if (!packet) return true;
    const pts = packet.pts ?? Number.NEGATIVE_INFINITY;
    const later = pts > this.#shown;
    this.#shown = pts;
    return later;
  }
}
