import type { Command } from "../ffmpeg/command.js";
import { globalOptions } from "../ffmpeg/command.js";
import { LEVELS } from "../ffmpeg/loglevel.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { Generation } from "../plan/frame-clock.js";
import { localPath, readsStandardInput } from "../plan/local-path.js";
import { REFUSES } from "../plan/reasons.js";
import type { EventStream } from "./events.js";
import { exists, type OutputPlace, placeOutput, placeTee, placeTree } from "./output.js";
import { writesManyFiles } from "../plan/streaming.js";
import { isTee } from "../plan/tee.js";

/** What is asked of the user, and told. */
export interface Asking {
  readonly events: EventStream;
  /** Which ffmpeg's words and status are given where the answer is no. */
  readonly generation: Generation;
  /** Called by ffmpeg's name. */
  readonly asFfmpeg: boolean;
  /** ffmpeg's own question; called at most once. */
  readonly mayOverwrite: (path: string) => Promise<boolean>;
}

/**
 * Why there is no place for the output: plain ffmpeg is to say so itself; `status`: it has been said, and this is how
 * ffmpeg ends then.
 */
export type NoPlace = Pick<Problem, "what"> & { readonly status?: number };

/** True for a global option that is on. */
export function isOn(command: Command, name: string): boolean {
  return globalOptions(command).findLast((use) => use.name === name)?.negated === false;
}

/** True when ffmpeg reads keys, and answers, from its standard input (fftools/ffmpeg.c stdin_interaction). */
export function readsKeys(command: Command): boolean {
  const off = globalOptions(command).findLast((use) => use.name === "stdin")?.negated === true;
  return !off && !readsStandardInput(command) && !command.inputs.some(({ url }) => url === "/dev/stdin");
}

/** The output's place, once nothing that stands there is in the way: `-y`, or the user's word. */
export async function outputPlace(command: Command, asking: Asking): Promise<Result<OutputPlace, NoPlace>> {
  const [output] = command.outputs;
  const url = output?.url ?? "";
  // Nobody is asked about the files of these (AVFMT_NOFILE; fftools/ffmpeg_opt.c open_output_file).
  if (output && isTee(output)) return placeTee(url, output);
  if (output && writesManyFiles(output)) return placeTree(url, output, asking.asFfmpeg ? "always" : "new");
  const place = await placeOutput(url, localPath(url) ?? url);
  if (!place.ok) return place;
  if (!place.value) return fail({ what: "the output is no ordinary file" });
  const barred = await whyNotOver(command, url, place.value.path, asking);
  if (barred) return fail(barred);
  return command.inputs.some((input) => input.url === url) ? fail(REFUSED) : ok(place.value);
}

/** Where a film that is not kept goes; ffmpeg asks about /dev/null as about any file, and not for the null muxer. */
export async function discardPlace(
  command: Command,
  muxer: string,
  asking: Asking,
): Promise<Result<OutputPlace, NoPlace>> {
  const url = command.outputs[0]?.url ?? "";
  const barred = muxer === "null" ? undefined : await whyNotOver(command, url, url, asking);
  return barred ? fail(barred) : ok({ shown: url, path: url, temporary: url });
}

/** What ffmpeg refuses for what it finds in the output's place it refuses in its own words. */
const REFUSED: NoPlace = { what: REFUSES };

/**
 * The user's answer was no, and ffmpeg's words for that; it has been read, so that ffmpeg cannot be asked to say it
 * (fftools/ffmpeg_opt.c assert_file_overwrite and open_files; 5.1 ends with 1 there, 7.1 with 0).
 */
function declined({ events, generation }: Asking, url: string): NoPlace {
  const what = "Not overwriting - exiting";
  events.emit({ type: "words", level: LEVELS.fatal, text: what });
  if (generation === "by-rate") return { what, status: 1 };
  events.emit({ type: "words", level: LEVELS.error, text: `Error opening output file ${url}.` });
  return { what, status: 0 };
}

async function whyNotOver(command: Command, url: string, path: string, asking: Asking): Promise<NoPlace | undefined> {
  const [yes, no] = [isOn(command, "y"), isOn(command, "n")];
  if (yes && no) return REFUSED;
  if (yes || !(await exists(path))) return undefined;
  if (no || !readsKeys(command)) return REFUSED;
  return (await asking.mayOverwrite(url)) ? undefined : declined(asking, url);
}
