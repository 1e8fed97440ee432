import type { StreamInfo } from "../ffmpeg/media.js";

/** How the packets of a source stand for pictures, as far as its codec and its container say. */
export interface PacketHabits {
  /** The decoder drops what is shown before the first keyframe: it needs frames that are not there. */
  readonly dropsLeading: boolean;
  /** Of two packets at one time the first is decoded and never shown. */
  readonly hidesFirstTwin: boolean;
  /** Packets carry a picture of the transparency beside them, which the decoder does not look at. */
  readonly alphaBeside: boolean;
  /** A packet without a time behind one that has a time is the second field of the same picture. */
  readonly fieldPackets: boolean;
  /** ffmpeg's demuxer is told to give packets without a time the one at which an MPEG decoder shows them. */
  readonly madeTimes: boolean;
  /** No packet has a time: the film is decoded on the way, to learn the frames' times. */
  readonly decodedTimes: boolean;
}

/**
 * mpeg12dec.c drops B-pictures without a reference, hevc_refs.c RASL pictures. H.264's decoder shows what it can make
 * of them.
 */
const DROPS_LEADING = new Set(["mpeg1video", "mpeg2video", "hevc"]);

/** Decoders that hold back one picture, and show B-pictures at once (libavcodec/mpegvideo, h263dec.c). */
const ONE_BACK = new Set(["mpeg1video", "mpeg2video", "mpeg4"]);
/** Demuxers that leave packets without a time of their own. */
const TIMELESS = new Set(["avi", "mpeg", "mpegts", "mpegvideo", "m4v", "mxf", "mxf_opatom"]);

/** What is known of a film of this stream in this container (the demuxer's name). */
export function packetHabits(source: StreamInfo, format: string): PacketHabits {
  const codec = source.codec ?? "";
  return {
    dropsLeading: DROPS_LEADING.has(codec),
    // VP8's alternate reference: libvpx writes it with the time of the frame that is shown next.
    hidesFirstTwin: codec === "vp8",
    alphaBeside: codec === "vp8" || codec === "vp9",
    // The parser of H.264 cuts the stream at every coded picture, which may be a field; only the first has the time.
    fieldPackets: codec === "h264" && format === "mpegts",
    madeTimes: ONE_BACK.has(codec) && TIMELESS.has(format),
    decodedTimes:
      (codec === "h264" && /^(avi|h264)$/.test(format)) || (codec === "hevc" && /^(avi|hevc)$/.test(format)),
  };
}

/** A source whose packets are its frames, one by one, each with its time. */
export const PLAIN_HABITS: PacketHabits = {
  dropsLeading: false,
  hidesFirstTwin: false,
  alphaBeside: false,
  fieldPackets: false,
  madeTimes: false,
  decodedTimes: false,
};
