import { fileOptions, type OutputFile } from "../ffmpeg/command.js";
import { isDiscarded, MUXERS, type MuxerTrait, NO_FILE } from "./muxers.js";
import { passAsked } from "./rate-control/first-pass.js";
import { isTee } from "./tee.js";

/** What is known of an output's container (`muxer`: as ffmpeg names it); a first pass' film goes into none. */
export function muxerTrait(output: OutputFile, muxer: string): MuxerTrait | undefined {
  if (passAsked(output) === "1" && isDiscarded(output)) return NO_FILE;
  // The tee muxer asks for no headers, whatever it is written to; so people do (libavformat/tee.c, ffmpeg-formats(1)).
  return isTee(output) ? { globalHeader: asksForHeaders(output) } : MUXERS[muxer];
}

function asksForHeaders(output: OutputFile): boolean {
  const flags = fileOptions(output).filter((use) => use.name === "flags" && /^(v(:0)?|0)?$/.test(use.spec ?? ""));
  return flags.some((use) => /(^|\+)global_header/.test(use.value ?? ""));
}
