import { type EncoderTrait, lastValue } from "./types.js";

const LOSSLESS: EncoderTrait = { like: "pixels", byDefault: "quality", quality: [], bitrateIsNone: true };
/** Without loss, each picture by itself. */
const PLAIN: EncoderTrait = { ...LOSSLESS, like: "bytes" };
/** Single pictures, each of which stands for itself. */
const SINGLE: EncoderTrait = { like: "bytes", byDefault: "quality", quality: ["q"] };
/** Encoders of ffmpeg's own: 200 kbit/s unless told a scale (libavcodec/options_table.h, ratecontrol.c). */
const SCALE_ONLY: EncoderTrait = { like: "look", byDefault: "bitrate", quality: ["q"] };
/** Encoders without a rate control. */
const STEADY: EncoderTrait = { like: "look", byDefault: "quality", quality: ["q"] };
const X264: EncoderTrait = {
  // x264's `stitchable` keeps the picture parameter sets free of what rate control guessed (x264 --fullhelp). Told a
  // quality, x264 and x265 leave a bitrate aside (libavcodec/libx264.c, libx265.c).
  ...{ like: "look", params: "x264-params", joinable: "stitchable=1", headersDumped: true },
  ...{ byDefault: "quality", quality: ["crf", "qp"], bitrateIsNone: true },
};
const MPEG4: EncoderTrait = { ...SCALE_ONLY, largestTerm: 65535, headersDumped: true };
/** Their groups of pictures carry a timecode, counted from the first frame (libavcodec/mpeg12enc.c). */
const MPEG12: EncoderTrait = {
  ...SCALE_ONLY,
  timecode: "gop_timecode",
  refused: [
    ["gop_timecode", /./, "counts its timecodes over the film as a whole"],
    ["drop_frame_timecode", /./, "counts its timecodes over the film as a whole"],
  ],
};

/**
 * The rates that `ffmpeg -h encoder=` names, in its order (of two that are as near ffmpeg takes the first): those of the
 * standard and inofficial ones (libavcodec/mpeg12framerate.c, mpeg12enc.c; 5.1 and 7.1).
 */
const MPEG1_RATES = "24000/1001 24 25 30000/1001 30 50 60000/1001 60 15 5 10 12".split(" ");
const MPEG2_RATES = [
  ..."1 2 3 4 5 6 8 9 10 12 15 16 18 20 24 25 30 32 36 40 45 48 50 60 72 75 80 90 96 100 120 150 180 200 240".split(
    " ",
  ),
  ...`750 800 960 1000 1200 1250 1500 1600 1875 2000 2400 2500 3000 3750 4000 4800 5000 6000 7500 8000 10000 12000 15000
  20000 24000 30000 60000`
    .split(/\s+/)
    .map((num) => `${num}/1001`),
];

/**
 * Encoders whose chunks can be joined. In all of them every chunk begins with a keyframe that refers to nothing
 * before it, and the headers kept beside the stream depend on the options alone, not on the pictures.
 * docs/encoders.md is held against this table by a test; test/equivalence/encoders.test.ts against plain ffmpeg.
 */
export const ENCODERS: Readonly<Record<string, EncoderTrait>> = {
  libx264: X264,
  libx264rgb: X264,
  libx265: {
    // The message with x265's settings stands in the headers, and names the processor and its threads.
    ...{ like: "look", params: "x265-params", joinable: "info=0", headersInBand: "repeat-headers=1" },
    ...{ byDefault: "quality", quality: ["crf", "qp"], bitrateIsNone: true },
  },
  libsvtav1: { like: "look", params: "svtav1-params", byDefault: "quality", quality: ["crf", "qp"] },
  "libaom-av1": { like: "look", params: "aom-params", byDefault: "quality", quality: ["crf"] },
  librav1e: { like: "look", params: "rav1e-params", byDefault: "quality", quality: ["qp"] },
  // Told nothing, CRF 32 (libavcodec/libvpxenc.c set_vp9_defaults).
  "libvpx-vp9": { like: "look", byDefault: "quality", quality: ["crf", "lossless"] },
  // A quality is a floor under 256 kbit/s for it, never the whole of the matter (libvpxenc.c set_vp8_defaults).
  libvpx: { like: "look", byDefault: "bitrate", quality: [], pinned: true },
  libtheora: SCALE_ONLY,
  mpeg4: MPEG4,
  // What it still holds at the end of a chunk does not come out (libavcodec/libxvid.c has no delay).
  libxvid: { ...MPEG4, refused: [["bf", /[1-9]/, "loses the last pictures of each chunk when it has B-frames"]] },
  mpeg2video: { ...MPEG12, frameRates: MPEG2_RATES },
  mpeg1video: { ...MPEG12, frameRates: MPEG1_RATES },
  ...each("h261 h263 h263p flv msmpeg4v2 msmpeg4 wmv1 wmv2 snow", SCALE_ONLY),
  ...each("svq1 cinepak msvideo1", STEADY),
  ...each("mjpeg amv speedhq", { ...SCALE_ONLY, like: "bytes" }),
  ...each("prores prores_aw prores_ks jpeg2000 libopenjpeg asv1 asv2 dvvideo hap", SINGLE),
  cfhd: { ...SINGLE, quality: ["quality"] },
  dnxhd: {
    ...{ like: "bytes", byDefault: "quality", quality: ["q", "b"], bitrateIsNone: true },
    // DNxHR has a tag of the encoder's, DNxHD has none, and none in NUT (libavcodec/dnxhdenc.c).
    tag: (given) => (/^dnxhr/i.test(lastValue(given, "profile") ?? "") ? undefined : "AVdn"),
  },
  ...each("ffv1 ffvhuff zmbv flashsv", LOSSLESS),
  ...each("huffyuv utvideo magicyuv ljpeg jpegls zlib png targa dpx", PLAIN),
  ...each("rawvideo v210 v308 v408 v410 r210 r10k y41p yuv4 ayuv", PLAIN),
};

function each(names: string, trait: EncoderTrait): Record<string, EncoderTrait> {
  return Object.fromEntries(names.split(" ").map((name) => [name, trait]));
}
