import type { OptionUse } from "../ffmpeg/command.js";

/** A stream of the output, as far as a stream specifier can name it. */
export interface StreamRef {
  /** "video", "audio", "subtitle", "data" or "attachment". */
  readonly type: string;
  /** Place among all streams of the file. */
  readonly index: number;
  /** Place among the streams of its type. */
  readonly typeIndex: number;
  readonly attachedPicture: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  v: "video",
  V: "video",
  a: "audio",
  s: "subtitle",
  d: "data",
  t: "attachment",
};

/**
 * Whether a stream specifier names this stream (libavformat/utils.c avformat_match_stream_specifier, 5.1).
 * Undefined for the kinds of specifier that are not followed here (`p:`, `m:`, `i:`, `#`, `u`, `disp:`).
 */
export function specifierMatches(spec: string | undefined, stream: StreamRef): boolean | undefined {
  if (spec === undefined || spec === "") return true;
  if (/^\d+$/.test(spec)) return Number(spec) === stream.index;
  const match = /^([vVasdt])(?::(\d+))?$/.exec(spec);
  if (!match) return undefined;
  const [, letter = "", place] = match;
  if (TYPES[letter] !== stream.type) return false;
  // `V` leaves cover art out; its place among the video streams is counted all the same.
  if (letter === "V" && stream.attachedPicture) return false;
  return place === undefined || Number(place) === stream.typeIndex;
}

/** Whether an option given for the output applies to this stream; undefined when its specifier is not understood. */
export function optionConcerns(use: OptionUse, stream: StreamRef): boolean | undefined {
  return specifierMatches(use.spec, stream);
}
