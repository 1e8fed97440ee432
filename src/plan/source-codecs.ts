import type { StreamInfo } from "../ffmpeg/media.js";
import { fail, ok, type Result } from "../lib/result.js";

/**
 * Codecs that NUT carries exactly and whose packets are frames one by one (libavformat/nut.c, riff.c; isom_tags.c for
 * those whose name NUT takes over from a MOV). Each is held against plain ffmpeg in test/equivalence.
 */
export const SOURCE_CODECS: ReadonlySet<string> = new Set(
  [
    // Of many pictures.
    "h264 hevc vp8 vp9 av1 theora mpeg1video mpeg2video mpeg4 h263 flv1 msmpeg4v2 msmpeg4v3 wmv1 wmv2 svq1",
    "flashsv zmbv gif",
    // Of single pictures, and without loss.
    "mjpeg jpegls jpeg2000 prores dnxhd cfhd hap dvvideo speedhq asv1 asv2 cljr",
    "ffv1 huffyuv ffvhuff utvideo magicyuv zlib png targa dpx",
    "rawvideo v210 v308 v408 v410 r210 r10k y41p yuv4 ayuv",
  ].flatMap((line) => line.split(" ")),
);

/** Codecs whose packets carry their palette themselves. */
const OWN_PALETTE = new Set(["gif", "png", "targa"]);

/** Demuxers whose raw pictures lie as their tag says, so that NUT's tag says all (libavformat/rawdec.c, yuv4mpegdec.c). */
const PLAIN_RAW = /^(rawvideo|yuv4mpegpipe|nut)$/;

/** How a source travels in NUT. */
export interface Carriage {
  /** The tag that NUT must be told, where the source's container has none for the codec. */
  readonly tag: string | undefined;
}

/** True for VP8 and VP9 in Matroska whose alpha is a film of its own beside each packet: NUT has no place for it. */
export function hasAlphaBeside({ tags }: StreamInfo): boolean {
  return Object.entries(tags).some(([key, value]) => key.toLowerCase() === "alpha_mode" && value === "1");
}

/** Whether NUT carries a source's packets with all that their decoder needs, or why not. */
export function carriage(source: StreamInfo, format: string, decoder?: string): Result<Carriage, string> {
  const { codec, codecTag, pixelFormat } = source;
  if (codec === undefined || !SOURCE_CODECS.has(codec))
    return fail(`a source in ${codec ?? "an unknown codec"} is not cut`);
  // libavcodec/vp8.c and vp9.c know nothing of it, libvpxdec.c does.
  if (decoder?.startsWith("libvpx") && hasAlphaBeside(source))
    return fail("the source keeps its alpha beside its packets");
  if (pixelFormat === "pal8" && !OWN_PALETTE.has(codec)) return fail("the source keeps its palette beside its packets");
  if (codec === "rawvideo" && !PLAIN_RAW.test(format) && (codecTag === undefined || codecTag === "raw ")) {
    // AVI and MOV say by the number of bits, not by a tag, how RGB lies, and AVI may have it upside down.
    return fail("how the source's raw pictures lie is kept beside its packets");
  }
  // MXF has no tags; the decoder looks at none (libavcodec/dnxhddec.c).
  return ok({ tag: codec === "dnxhd" && codecTag === undefined ? "AVdn" : undefined });
}
