import type { Command } from "../ffmpeg/command.js";

/**
 * The path of a file on this machine that an ffmpeg URL names; "-" for standard input; undefined for devices and
 * other protocols. A protocol is what libavformat/avio.c takes for one: letters, digits, `+-.` up to a colon or comma.
 */
export function localPath(url: string): string | undefined {
  if (url === "-" || url === "pipe:" || url === "pipe:0") return "-";
  if (url.startsWith("file:")) return url.slice("file:".length);
  const protocol = /^([A-Za-z0-9+\-.]+)[:,]/.exec(url);
  return protocol ? undefined : url;
}

/** Number of the input that is standard input, if one is. */
export function standardInput(command: Command): number | undefined {
  const at = command.inputs.findIndex((input) => localPath(input.url) === "-");
  return at === -1 ? undefined : at;
}

/** True when an input is standard input. */
export function readsStandardInput(command: Command): boolean {
  return standardInput(command) !== undefined;
}
