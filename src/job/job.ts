import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Config } from "../config/types.js";
import { type Command, globalOptions } from "../ffmpeg/command.js";
import { parseCommand } from "../ffmpeg/parse.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { readsStandardInput } from "../plan/prepare.js";
import { localPath, mayBeSplit } from "../plan/route.js";
import type { EventStream } from "./events.js";
import { type FilmFailure, type MadeFilm, runFilm } from "./film-job.js";
import { discard, exists, type OutputPlace, placeOutput, publish } from "./output.js";
import type { HostTools } from "./probing.js";
import { Spool } from "./spool.js";
import { planFilm } from "./stages.js";
import { runWhole } from "./whole.js";

/** ffmpeg's exit statuses (fftools/ffmpeg.c): 1 for an error, 255 when a signal ended it. */
export const STATUS = { done: 0, failed: 1, interrupted: 255 } as const;

export interface JobInput {
  readonly argv: readonly string[];
  readonly config: Config;
  readonly events: EventStream;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Asks the user whether a file may be overwritten; only called when there is a user to ask. */
  readonly mayOverwrite: (path: string) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Runs one ffmpeg command line, split or whole; gives the exit status. */
export async function runJob(input: JobInput): Promise<number> {
  const { argv, config, events } = input;
  const parsed = parseCommand(argv);
  const command = parsed.ok ? parsed.value : undefined;
  const may = command ? mayBeSplit(command) : fail("ffmpeg refuses it");
  if (!command || !may.ok) return whole(input, may.ok ? "" : may.failure);
  const odd = await unreadableTwice(command);
  if (odd !== undefined) return whole(input, odd);
  const folder = await makeFolder(config);
  if (!folder.ok) {
    events.emit({ type: "failed", ...folder.failure });
    return STATUS.failed;
  }
  try {
    return await runSplit(input, command, folder.value);
  } finally {
    await rm(folder.value, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A pipe or a device under a file's name can be read once only, and several stages read the source. */
async function unreadableTwice(command: Command): Promise<string | undefined> {
  for (const { url } of command.inputs) {
    const path = localPath(url);
    if (path === undefined || path === "-") continue;
    const ordinary = await stat(path).then(
      (found) => found.isFile(),
      // ffmpeg says itself what is missing.
      () => true,
    );
    if (!ordinary) return `${url} is no ordinary file`;
  }
  return undefined;
}

/** The command as it stands, by plain ffmpeg. */
function whole(input: JobInput, reason: string, spool?: Spool): Promise<number> {
  const { events, config, argv } = input;
  events.emit({ type: "route", route: "local", reason });
  return runWhole(config.ffmpeg_bin, argv, spool?.read());
}

/** The job's own folder, private, with a name nobody can guess. */
async function makeFolder(config: Config): Promise<Result<string, Problem>> {
  try {
    await mkdir(config.server_work_path, { recursive: true, mode: 0o700 });
    return ok(await mkdtemp(join(config.server_work_path, "job-")));
  } catch (error) {
    return fail({
      what: `no work folder can be made in ${config.server_work_path}`,
      detail: String(error),
      fix: "-df_server_work_path=FOLDER, a folder that you may write",
    });
  }
}

async function runSplit(input: JobInput, command: Command, folder: string): Promise<number> {
  const { config, events, signal } = input;
  const spool = readsStandardInput(command) ? new Spool(join(folder, "stdin"), input.stdin) : undefined;
  const tools: HostTools = {
    ffmpeg: config.ffmpeg_bin,
    ffprobe: config.ffprobe_bin,
    folder,
    stdin: spool ? () => spool.read() : undefined,
    signal,
  };
  const planned = await planFilm(command, tools);
  if (signal.aborted) return STATUS.interrupted;
  if (!planned.ok) return whole(input, planned.failure, spool);
  const { plan, head } = planned.value;
  const place = await outputPlace(input, command);
  if (!place.ok) {
    events.emit({ type: "failed", ...place.failure });
    return STATUS.failed;
  }
  if (!place.value) return whole(input, "the output is no ordinary file", spool);
  events.emit({ type: "route", route: "chunks", reason: `${plan.film.encoder}, ${plan.muxer}` });
  const result = await runFilm({ config, command, plan, head, tools, place: place.value, events });
  if (result.ok) return finish(input, place.value, result.value);
  await discard(place.value);
  return failed(input, command, result.failure, spool);
}

/** The output's place, once nothing that stands there is in the way: `-y`, `-n`, or the user's word. */
async function outputPlace(input: JobInput, command: Command): Promise<Result<OutputPlace | undefined, Problem>> {
  const url = command.outputs[0]?.url ?? "";
  const place = await placeOutput(url, localPath(url) ?? url);
  if (!place.ok || !place.value || !(await exists(place.value.path))) return place;
  const globals = globalOptions(command);
  const has = (name: string): boolean => globals.some((use) => use.name === name && !use.negated);
  if (has("y") && has("n")) return fail({ what: "-y and -n are given both" });
  if (has("y")) return place;
  const silent = globals.some((use) => use.name === "stdin" && use.negated) || readsStandardInput(command);
  if (!has("n") && !silent && input.stdin.isTTY) {
    if (await input.mayOverwrite(url)) return place;
    return fail({ what: `Not overwriting '${url}'` });
  }
  // ffmpeg's own words (fftools/ffmpeg_opt.c assert_file_overwrite).
  return fail({ what: `File '${url}' already exists. Exiting.`, fix: "-y to overwrite it" });
}

async function finish(input: JobInput, place: OutputPlace, { frames, seconds }: MadeFilm): Promise<number> {
  const { events } = input;
  const published = await publish(place);
  if (!published.ok) {
    await discard(place);
    events.emit({ type: "failed", ...published.failure });
    return STATUS.failed;
  }
  events.emit({ type: "done", output: place.shown, frames, seconds, bytes: published.value.bytes });
  return STATUS.done;
}

function failed(
  input: JobInput,
  command: Command,
  failure: FilmFailure,
  spool: Spool | undefined,
): Promise<number> | number {
  const { events, config, argv } = input;
  switch (failure.kind) {
    case "cancelled":
      events.emit({
        type: "notice",
        level: "warning",
        text: "stopped before the film was complete: nothing was written",
      });
      return STATUS.interrupted;
    case "failed":
      events.emit({ type: "failed", ...problemOf(failure) });
      return STATUS.failed;
    case "unfit":
    case "refused": {
      // The promise comes first: what cannot be proven the same is made the plain way.
      const reason = failure.detail ? `${failure.what}: ${failure.detail}` : failure.what;
      events.emit({ type: "fell-back", reason });
      // The user has agreed to overwrite already, where there was something to ask about.
      const never = globalOptions(command).some((use) => use.name === "n" && !use.negated);
      return runWhole(config.ffmpeg_bin, never ? argv : ["-y", ...argv], spool?.read());
    }
  }
}

function problemOf(failure: FilmFailure): Problem {
  const { what, detail, fix } = failure;
  return { what, ...(detail === undefined ? {} : { detail }), ...(fix === undefined ? {} : { fix }) };
}
