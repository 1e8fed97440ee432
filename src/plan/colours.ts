import type { OptionUse } from "../ffmpeg/command.js";
import type { StreamInfo } from "../ffmpeg/media.js";
import { makeOption } from "../ffmpeg/options.js";

/*
 * Numbers of ITU-T H.273, which libavutil/pixfmt.h uses. Numbers, because the names that ffprobe prints
 * (libavutil/pixdesc.c) are not all names that the options take (libavcodec/options_table.h).
 */
const PRIMARIES: Readonly<Record<string, number>> = {
  bt709: 1,
  bt470m: 4,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  film: 8,
  bt2020: 9,
  smpte428: 10,
  smpte431: 11,
  smpte432: 12,
  ebu3213: 22,
};
const TRANSFERS: Readonly<Record<string, number>> = {
  bt709: 1,
  bt470m: 4,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  linear: 8,
  log100: 9,
  log316: 10,
  "iec61966-2-4": 11,
  bt1361e: 12,
  "iec61966-2-1": 13,
  "bt2020-10": 14,
  "bt2020-12": 15,
  smpte2084: 16,
  smpte428: 17,
  "arib-std-b67": 18,
};
const SPACES: Readonly<Record<string, number>> = {
  gbr: 0,
  bt709: 1,
  fcc: 4,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  ycgco: 8,
  bt2020nc: 9,
  bt2020c: 10,
  smpte2085: 11,
  "chroma-derived-nc": 12,
  "chroma-derived-c": 13,
  ictcp: 14,
};
const RANGES: Readonly<Record<string, number>> = { tv: 1, pc: 2 };
const LOCATIONS: Readonly<Record<string, number>> = {
  left: 1,
  center: 2,
  topleft: 3,
  top: 4,
  bottomleft: 5,
  bottom: 6,
};
const FIELD_ORDERS: Readonly<Record<string, number>> = { progressive: 1, tt: 2, bb: 3, tb: 4, bt: 5 };

/** A stream's colours as codec options; `suffix` is a stream specifier with its colon, or "". */
export function colourOptions(stream: StreamInfo, suffix = ""): OptionUse[] {
  const pairs: readonly [string, number | undefined][] = [
    ["color_primaries", PRIMARIES[stream.colorPrimaries ?? ""]],
    ["color_trc", TRANSFERS[stream.colorTransfer ?? ""]],
    ["colorspace", SPACES[stream.colorSpace ?? ""]],
    ["color_range", RANGES[stream.colorRange ?? ""]],
    ["chroma_sample_location", LOCATIONS[stream.chromaLocation ?? ""]],
  ];
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [makeOption(`-${name}${suffix}`, `${value}`)]));
}

/** A stream's field order as a codec option. */
export function fieldOrderOption(stream: StreamInfo, suffix = ""): OptionUse[] {
  const value = FIELD_ORDERS[stream.fieldOrder ?? ""];
  return value === undefined ? [] : [makeOption(`-field_order${suffix}`, `${value}`)];
}
