import { fileOptions, lastOption, type OutputFile } from "../ffmpeg/command.js";
import { table } from "../lib/table.js";

/** What has to be known of a container before a film is joined into it. */
export interface MuxerTrait {
  /**
   * Whether the encoders keep their headers beside the stream (AVFMT_GLOBALHEADER of the muxer,
   * libavformat 59.27 and 61.7). Where they do not, each keyframe carries them, and chunks are encoded that way.
   */
  readonly globalHeader: boolean;
}

const GLOBAL: MuxerTrait = { globalHeader: true };
const IN_BAND: MuxerTrait = { globalHeader: false };

/** Where nothing is kept of the film (`isDiscarded`). */
export const NO_FILE: MuxerTrait = GLOBAL;

/** True for an output of which nothing is kept: `-f null` (libavformat/nullenc.c), or /dev/null. */
export function isDiscarded(output: OutputFile): boolean {
  return lastOption(fileOptions(output), "f")?.value === "null" || output.url === "/dev/null";
}

/** Containers a joined film may be written into; in any other the command runs whole. */
export const MUXERS: Readonly<Record<string, MuxerTrait>> = table({
  matroska: GLOBAL,
  webm: GLOBAL,
  mp4: GLOBAL,
  mov: GLOBAL,
  ipod: GLOBAL,
  "3gp": GLOBAL,
  "3g2": GLOBAL,
  f4v: GLOBAL,
  ismv: GLOBAL,
  flv: GLOBAL,
  nut: GLOBAL,
  hls: GLOBAL,
  dash: GLOBAL,
  segment: GLOBAL,
  "stream_segment,ssegment": GLOBAL,
  asf: GLOBAL,
  mpegts: IN_BAND,
  avi: IN_BAND,
  ogg: IN_BAND,
  ogv: IN_BAND,
  mxf: IN_BAND,
  gxf: IN_BAND,
  wtv: GLOBAL,
  swf: IN_BAND,
  ivf: IN_BAND,
  dv: IN_BAND,
  // A film alone, without a container.
  h264: IN_BAND,
  hevc: IN_BAND,
  obu: IN_BAND,
  mpeg1video: IN_BAND,
  mpeg2video: IN_BAND,
  m4v: IN_BAND,
  mjpeg: IN_BAND,
});

/** Why a film is not joined into other containers that people use: "the container NAME …" is the sentence. */
export const WHOLE_MUXERS: readonly (readonly [muxers: RegExp, why: string])[] = [
  [/^(mpeg|vob|dvd|svcd|vcd)$/, "has a time for some frames only, so that a joined film cannot be proven"],
  [/^(rawvideo|yuv4mpegpipe|filmstrip)$/, "holds bare pictures: there is nothing to encode on other machines"],
  [/^(gif|apng|webp|image2|image2pipe|ico|fits|avif)$/, "is one of pictures, not of a film in chunks"],
  [/^(smoothstreaming|hds|fifo|webm_chunk|webm_dash_manifest)$/, "is many files"],
  [/^(null|framemd5|framecrc|framehash|streamhash|hash|md5|crc|uncodedframecrc)$/, "holds no film"],
  [/^(asf_stream|mpegtsraw|rtp|rtp_mpegts|rtsp|sap|rawrtp)$/, "is a stream for others to listen to"],
  [/^(psp|rm|roq|amv|mxf_d10|mxf_opatom)$/, "is of a kind that has not been proven"],
];

/** Why a film is not joined into this container. */
export function notJoinedInto(muxer: string): string {
  const why = WHOLE_MUXERS.find(([names]) => names.test(muxer))?.[1];
  return `the container ${muxer} ${why ?? "is not joined"}`;
}

/** Matroska and its subset (libavformat/matroskaenc.c). */
export function isMatroska(muxer: string): boolean {
  return muxer === "matroska" || muxer === "webm";
}

/** MP4 and its relatives (libavformat/movenc.c). */
export function isMovFamily(muxer: string): boolean {
  return /^(mp4|mov|ipod|3gp|3g2|psp|f4v|ismv)$/.test(muxer);
}

/** Whether what plain ffmpeg keeps beside the film's stream can be written into the head of such a file afterwards. */
export function headIsMended(muxer: string): boolean {
  return isMatroska(muxer) || isMovFamily(muxer);
}
