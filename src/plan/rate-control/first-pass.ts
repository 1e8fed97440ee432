import { type Command, fileOptions, lastOption, type OptionUse, type OutputFile } from "../../ffmpeg/command.js";
import { parsePairs, withoutPairs } from "../../ffmpeg/quantity.js";
import { isDiscarded } from "../muxers.js";

const isX265 = (use: OptionUse): boolean => use.name === "x265-params";

/** The pass that an output asks for, in whichever way; undefined for none. */
export function passAsked(output: OutputFile): string | undefined {
  const options = fileOptions(output);
  const pairs = options.filter(isX265).flatMap((use) => parsePairs(use.value ?? ""));
  return lastOption(options, "pass")?.value ?? pairs.findLast(({ key }) => key === "pass")?.value;
}

/** The options without what asks for a pass: so that a rehearsal neither writes over a log nor needs one. */
export function withoutPass(options: readonly OptionUse[]): OptionUse[] {
  return options.flatMap((use): OptionUse[] => {
    if (use.name === "pass" || use.name === "passlogfile") return [];
    if (!isX265(use)) return [use];
    const left = withoutPairs(use.value ?? "", (name) => name === "pass" || name === "stats");
    return left === "" ? [] : [{ ...use, value: left }];
  });
}

/** Why a first pass is not made in chunks, as far as its words tell. */
export function firstPassReason(command: Command): string | undefined {
  const [output] = command.outputs;
  if (!output || passAsked(output) !== "1" || isDiscarded(output)) return undefined;
  return "-pass 1 that keeps its film is not split";
}
