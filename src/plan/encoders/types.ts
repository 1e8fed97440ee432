import type { OptionUse } from "../../ffmpeg/command.js";

/**
 * What a film joined from chunks has in common with one encode of the whole:
 * "bytes": every packet (single pictures, each by itself);
 * "pixels": every picture as it is decoded, since nothing is lost;
 * "look": neither; each seam has a keyframe, and rate control remembers nothing of what came before it.
 */
export type Likeness = "bytes" | "pixels" | "look";

/** How an encoder's chunks are made joinable, and what it needs to be told for that. */
export interface EncoderTrait {
  readonly like: Likeness;
  /** The option through which it takes `key=value:key=value`, if it has one. */
  readonly params?: string;
  /** What is added to `params` so that all chunks carry the same headers. */
  readonly joinable?: string;
  /**
   * What is added to `params` so that headers stand in the stream as well as beside it, for containers that want them
   * there: without those beside it, NUT does not know the order of its pictures. Undefined: `-global_header` is off.
   */
  readonly headersInBand?: string;
  /**
   * True when its headers are put before each keyframe where a container wants them in the stream: ffmpeg 7.1 does not
   * heed `-global_header` for NUT, and puts them beside it (fftools/ffmpeg_mux_init.c).
   */
  readonly headersDumped?: boolean;
  /**
   * How it decides on quality when told nothing: "quality" by a constant quality (each chunk comes out as it would
   * have in the whole), "bitrate" by a bitrate (each chunk would be given its own share, and the film not the same).
   */
  readonly byDefault: "quality" | "bitrate";
  /** Options that mean constant quality, whatever bitrate is given beside them (a cap, then). */
  readonly quality: readonly string[];
  /** True when an equal `-qmin` and `-qmax`, which leave rate control nothing to do, mean constant quality too. */
  readonly pinned?: boolean;
  /** True when a bitrate given beside such an option is left aside, or names a profile. */
  readonly bitrateIsNone?: boolean;
  /** Frame rates it can write; others are moved to the nearest by ffmpeg. Undefined: all. */
  readonly frameRates?: readonly string[];
  /** The largest term of its time base (MPEG-4: 16 bits; fftools/ffmpeg.c reduces the rate to fit). */
  readonly largestTerm?: number;
  /** The option that says at which timecode the chunk begins, where the encoder counts them over the film. */
  readonly timecode?: string;
  /** The tag that NUT must be told, where the encoder gives none. */
  readonly tag?: (given: readonly OptionUse[]) => string | undefined;
  /** Options, by name, with which its chunks do not join (when their value is like this), and why. */
  readonly refused?: readonly RefusedOption[];
}

/** "encoder NAME …" is the sentence. */
export type RefusedOption = readonly [option: string, value: RegExp, why: string];

/** The last value that was given for an option. */
export function lastValue(given: readonly OptionUse[], name: string): string | undefined {
  return given.findLast((use) => use.name === name)?.value;
}
