import { parseRational, type Rational } from "../lib/rational.js";

/**
 * One packet of a stream as the framecrc muxer prints it. Times are exact ticks of the stream's time base.
 * They fit a double: 2^53 ticks of 1/90000 s are three thousand years.
 */
export interface Packet {
  readonly stream: number;
  readonly dts: number | undefined;
  readonly pts: number | undefined;
  /** 0 when the demuxer knows none. */
  readonly duration: number;
  readonly size: number;
  readonly crc: string;
  readonly key: boolean;
  /** Decoded but not shown: MP4 edit lists (AV_PKT_FLAG_DISCARD). */
  readonly discard: boolean;
  /** Sizes in bytes of what the packet carries beside its data. */
  readonly beside: readonly number[];
}

/** What framecrc says of a stream before its first packet. */
export interface StreamHeader {
  timeBase: Rational | undefined;
  codec: string | undefined;
  dimensions: string | undefined;
  /** "size,crc" of the out-of-band headers; "" when there are none. */
  extradata: string;
}

/**
 * An option of the setts filter by which a packet's duration is to be known as the demuxer gives it: the muxers' common
 * code (libavformat/mux.c guess_pkt_duration) makes one up where it finds 0, so each is written one tick longer.
 */
export const LONGER = "duration=DURATION+1";

/** The filter with nothing but that: unless told, it makes one of the two times (libavcodec/setts_bsf.c, 5.1 and 7.1). */
export const LONGER_BY_ONE = `setts=pts=PTS:dts=DTS:${LONGER}`;

const NO_PTS = "-9223372036854775808";
const FLAG_KEY = 1;
const FLAG_DISCARD = 4;

/**
 * Reads the output of `-f framecrc` line by line (libavformat/framecrcenc.c, ffmpeg 5.1 and 7.1):
 * `stream, dts, pts, duration, size, crc[, F=0xFLAGS][, S=n, …side data]`. The flags are printed
 * when they are not exactly AV_PKT_FLAG_KEY.
 */
export class FramecrcParser {
  readonly headers = new Map<number, StreamHeader>();

  /** `longer`: how many ticks longer than they are the packets are said to last. */
  constructor(private readonly longer = 0) {}

  /** The packet of this line; undefined for header lines, blank lines and anything that is no packet line. */
  line(text: string): Packet | undefined {
    if (text.startsWith("#")) {
      this.#header(text);
      return undefined;
    }
    const fields = text.split(",").map((field) => field.trim());
    const [stream, dts, pts, duration, size, crc] = fields;
    if (crc === undefined || !/^\d+$/.test(stream ?? "") || !/^0x[0-9a-f]+$/i.test(crc)) return undefined;
    const flagField = fields.find((field) => field.startsWith("F=0x"));
    const flags = flagField === undefined ? FLAG_KEY : Number.parseInt(flagField.slice(4), 16);
    const ticks = (field: string | undefined): number | undefined => {
      if (field === undefined || field === NO_PTS || !/^-?\d{1,16}$/.test(field)) return undefined;
      const value = Number(field);
      return Number.isSafeInteger(value) ? value : undefined;
    };
    return {
      stream: Number(stream),
      dts: ticks(dts),
      pts: ticks(pts),
      duration: Math.max(0, (ticks(duration) ?? 0) - this.longer),
      size: ticks(size) ?? 0,
      crc,
      key: (flags & FLAG_KEY) !== 0,
      discard: (flags & FLAG_DISCARD) !== 0,
      beside: sideData(fields),
    };
  }

  #header(text: string): void {
    const match = /^#(tb|codec_id|dimensions|extradata) (\d+): *(.*)$/.exec(text);
    if (!match) return;
    const [, name, index = "0", value = ""] = match;
    const stream = Number(index);
    const header = this.headers.get(stream) ?? {
      timeBase: undefined,
      codec: undefined,
      dimensions: undefined,
      extradata: "",
    };
    this.headers.set(stream, header);
    if (name === "tb") header.timeBase = parseRational(value);
    else if (name === "codec_id") header.codec = value;
    else if (name === "dimensions") header.dimensions = value;
    else header.extradata = value.replaceAll(" ", "");
  }
}

/** The sizes behind `S=n`, each of which a checksum follows. */
function sideData(fields: readonly string[]): number[] {
  const at = fields.findIndex((field) => field.startsWith("S="));
  return at === -1
    ? []
    : fields
        .slice(at + 1)
        .filter((field) => /^\d+$/.test(field))
        .map(Number);
}

/**
 * The time of the frame in a line of `-f framemd5` (libavformat/framehash.c); undefined for any other line, those of
 * framecrc among them.
 */
export function frameTime(line: string): number | undefined {
  const match = /^\d+, *-?\d+, *(-?\d{1,16}), *\d+, *\d+, *[0-9a-f]{32}$/.exec(line);
  return match ? Number(match[1]) : undefined;
}
