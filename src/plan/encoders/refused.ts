/**
 * Why encoders that people use are not split: "encoder NAME …" is the sentence. Read from above, the first that fits
 * counts.
 */
export const REFUSED: readonly (readonly [encoders: RegExp, why: string])[] = [
  [
    /_(nvenc|qsv|vaapi|amf|videotoolbox|v4l2m2m|omx|mediacodec|mf|vulkan|rkmpp|d3d12va)$/,
    "works on a graphics card or another device of one machine",
  ],
  // libavformat/riff.c: how deep their pixels are stands in the header of the container.
  [/^(qtrle|smc|8bps|msrle)$/, "keeps the depth of its pixels beside the stream, for which NUT has no place"],
  // libavformat/nut.c, riff.c, isom_tags.c.
  [
    /^(apng|libwebp|libwebp_anim|libjxl|flashsv2|roqvideo|vbn|dxv|bmp|tiff|sgi|exr|qoi|avrp|avui)$/,
    "makes packets that NUT has no name for",
  ],
  [/^rv[12]0$/, "makes packets that only RealMedia takes"],
  [/^gif$/, "writes the head of the file into its first packet"],
  [/^vc2$/, "numbers its pictures over the film as a whole"],
  [/^rpza$/, "does not say which of its pictures are keyframes"],
  [/^(wrapped_avframe|bitpacked|vnull)$/, "makes no packets that could be sent"],
  [/^(a64multi|a64multi5)$/, "puts several pictures into a packet"],
  [/^(libkvazaar|libopenh264|libvvenc|libxeve|libxavs|libxavs2|liboapv)$/, "has not been tried in parts"],
];
