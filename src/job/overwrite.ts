import type { Command } from "../ffmpeg/command.js";
import { globalOptions } from "../ffmpeg/command.js";
import { LEVELS } from "../ffmpeg/loglevel.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { localPath, readsStandardInput } from "../plan/local-path.js";
import type { EventStream } from "./events.js";
import { exists, type OutputPlace, placeOutput, placeTee, placeTree } from "./output.js";
import { writesManyFiles } from "../plan/streaming.js";
import { isTee } from "../plan/tee.js";

/** What is asked of the user, and told. */
export interface Asking {
  readonly events: EventStream;
  /** ffmpeg's own question; called at most once. */
  readonly mayOverwrite: (path: string) => Promise<boolean>;
}

/** Why there is no place for the output: `told` when ffmpeg's own words about it are out already. */
export type NoPlace = Problem & { readonly told?: true };

/** True for a global option that is on. */
export function isOn(command: Command, name: string): boolean {
  return globalOptions(command).findLast((use) => use.name === name)?.negated === false;
}

/** True when ffmpeg reads keys, and answers, from its standard input (fftools/ffmpeg.c stdin_interaction). */
export function readsKeys(command: Command): boolean {
  const off = globalOptions(command).findLast((use) => use.name === "stdin")?.negated === true;
  return !off && !readsStandardInput(command) && !command.inputs.some(({ url }) => url === "/dev/stdin");
}

/**
 * The output's place, once nothing that stands there is in the way: `-y`, `-n`, or the user's word, with ffmpeg's own
 * (fftools/ffmpeg_opt.c assert_file_overwrite, 5.1). Undefined when it is something that is written in place.
 */
export async function outputPlace(
  command: Command,
  { events, mayOverwrite }: Asking,
): Promise<Result<OutputPlace | undefined, NoPlace>> {
  const [output] = command.outputs;
  const url = output?.url ?? "";
  // Nobody is asked about the files of these (AVFMT_NOFILE; fftools/ffmpeg_opt.c open_output_file).
  if (output && isTee(output)) return ok(await placeTee(url, output));
  if (output && writesManyFiles(output)) return placeTree(url, output);
  const place = await placeOutput(url, localPath(url) ?? url);
  if (!place.ok || !place.value) return place;
  const barred = await whyNotOver(command, url, place.value.path, { events, mayOverwrite });
  if (barred) return fail(barred);
  const same = command.inputs.findIndex((input) => input.url === url);
  if (same === -1) return ok(place.value);
  const more = "FFmpeg cannot edit existing files in-place.";
  return fail(refuse(events, `Output ${url} same as Input #${same} - exiting`, more));
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

/** Tells ffmpeg's words. */
function refuse(events: EventStream, what: string, more?: string): NoPlace {
  events.emit({ type: "words", level: LEVELS.fatal, text: what });
  if (more !== undefined) events.emit({ type: "words", level: LEVELS.warning, text: more });
  return { what, told: true };
}

async function whyNotOver(
  command: Command,
  url: string,
  path: string,
  { events, mayOverwrite }: Asking,
): Promise<NoPlace | undefined> {
  const [yes, no] = [isOn(command, "y"), isOn(command, "n")];
  if (yes && no) return refuse(events, "Error, both -y and -n supplied. Exiting.");
  if (yes || !(await exists(path))) return undefined;
  if (no || !readsKeys(command)) return refuse(events, `File '${url}' already exists. Exiting.`);
  return (await mayOverwrite(url)) ? undefined : refuse(events, "Not overwriting - exiting");
}
