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

/** Containers a joined film may be written into; in any other the command runs whole. */
export const MUXERS: Readonly<Record<string, MuxerTrait>> = {
  matroska: GLOBAL,
  webm: GLOBAL,
  mp4: GLOBAL,
  mov: GLOBAL,
  ipod: GLOBAL,
  "3gp": GLOBAL,
  "3g2": GLOBAL,
  psp: GLOBAL,
  f4v: GLOBAL,
  ismv: GLOBAL,
  flv: GLOBAL,
  nut: GLOBAL,
  hls: GLOBAL,
  segment: GLOBAL,
  "stream_segment,ssegment": GLOBAL,
  mpegts: IN_BAND,
  avi: IN_BAND,
};

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
