import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Command, globalOptions, lastOption } from "../ffmpeg/command.js";
import { LEVELS, parseLoglevel } from "../ffmpeg/loglevel.js";
import { parseCommand } from "../ffmpeg/parse.js";
import { hasRawWords } from "../lib/raw-words.js";
import { fail, type Problem, type Result } from "../lib/result.js";
import { localPath, readsStandardInput } from "../plan/local-path.js";
import { isDiscarded } from "../plan/muxers.js";
import { shareOutputs } from "../plan/outputs.js";
import { isRefused, NOT_UTF8, REFUSES } from "../plan/reasons.js";
import { NO_VIDEO } from "../plan/route.js";
import { EarlyWorkers } from "./early-workers.js";
import type { EventStream, FilmShape, Stop } from "./events.js";
import type { FilmFailure } from "./film-failure.js";
import { runFilm } from "./film-job.js";
import { filmShape, type MadeFilm, sizeLines } from "./closing.js";
import { type Before, type JobInput, STATUS } from "./job-input.js";
import { discard, type OutputPlace, publish } from "./output.js";
import { isOn, readsKeys } from "./overwrite.js";
import { placeAll } from "./places.js";
import { type HostTools, leastFrames } from "./probing.js";
import { readSources } from "./resume/identity.js";
import type { Keeper } from "./resume/keeper.js";
import { closeKeeper, openKeeper, sourcesAreSame } from "./resume/keeping.js";
import { Spool } from "./spool.js";
import { describe, type PlainOutputs, planJob, type PlannedJob } from "./stages.js";
import { boundHere, runHere, runUnsplit } from "./unsplit.js";
import { Words } from "./words.js";
import { makeFolder } from "./work-folder.js";

/** Runs one ffmpeg command line, split or whole; gives the exit status. */
export async function runJob(input: JobInput): Promise<number> {
  const { argv, config, events } = input;
  const parsed = parseCommand(argv);
  const command = parsed.ok ? parsed.value : undefined;
  // The words as they were given: only whoever starts ffmpeg with the whole command can hand them on.
  if (hasRawWords(argv)) return runUnsplit({ ...input, config: boundHere(config) }, undefined, NOT_UTF8);
  const { route } = config;
  if (route === "local" || (route === "offload" && command)) return runUnsplit(input, command, `-df_route=${route}`);
  const may = command ? shareOutputs(command) : fail(REFUSES);
  if (!command || !may.ok) return runUnsplit(input, command, may.ok ? "" : may.failure);
  const odd = await unreadableTwice(command);
  if (odd !== undefined) return runUnsplit(input, command, odd);
  const folder = await makeFolder(config);
  if (!folder.ok) {
    events.emit({ type: "failed", ...folder.failure });
    return STATUS.failed;
  }
  const early = new EarlyWorkers(config);
  try {
    return await runSplit(input, command, may.value.split, folder.value, early);
  } finally {
    await early.close();
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

/** `split`: the outputs that may be, by their numbers. */
async function runSplit(
  input: JobInput,
  command: Command,
  split: readonly number[],
  folder: string,
  early: EarlyWorkers,
): Promise<number> {
  const { config, events, signal } = input;
  const spool = readsStandardInput(command) ? new Spool(join(folder, "stdin"), input.stdin()) : undefined;
  const hard = new AbortController();
  const stopAsking = (): void => hard.abort();
  signal.addEventListener("abort", stopAsking, { once: true });
  const tools: HostTools = {
    ffmpeg: config.ffmpeg_bin,
    ffprobe: config.ffprobe_bin,
    folder,
    alone: config.workers.length === 0,
    ...{ least: leastFrames(config), hasty: true },
    ...(spool ? { stdin: () => spool.read(), stdinLost: spool.failed } : { stdin: undefined }),
    signal: hard.signal,
  };
  const words = new Words({
    emit: (line) => events.emit({ type: "words", ...line }),
    outputs: split.map((i) => shownName(command.outputs[i]?.url ?? "")),
    hideBanner: isOn(command, "hide_banner"),
    keys: readsKeys(command),
    opened: () => events.emit({ type: "opened" }),
    loglevel: parseLoglevel(lastOption(globalOptions(command), "loglevel")?.value ?? config.loglevel) ?? LEVELS.info,
  });
  const asked = readSources(command);
  const planned = await planJob(command, tools, (line, scratch) => words.push(line, scratch));
  if (hard.signal.aborted) return stopped(input);
  const spooled = spool ? { spool } : {};
  // Nobody waits for their end.
  if (!planned.ok) void early.close();
  if (!planned.ok) return runUnsplit(input, command, planned.failure, spooled);
  const { plain } = planned.value;
  let agreed = false;
  const placed = await placeAll(planned.value, {
    events,
    asFfmpeg: input.asFfmpeg,
    generation: planned.value.outputs[0]?.plans[0]?.generation ?? "by-rate",
    mayOverwrite: (path) => {
      words.release("inputs");
      agreed = true;
      return input.mayOverwrite(path);
    },
  });
  if (signal.aborted) {
    if (placed.ok) await discardAll(placed.value.made);
    return stopped(input);
  }
  if (!placed.ok) {
    void early.close();
    const { what, status } = placed.failure;
    if (status !== undefined) return status;
    return runUnsplit(input, command, what, { ...spooled, agreed, said: words.said });
  }
  const { made } = placed.value;
  const sources = await asked;
  const about = { planned: planned.value, files: made.length, folder, sources };
  const opened = await openKeeper(input, command, about);
  if (!opened.ok) {
    await discardAll(made);
    events.emit({ type: "failed", ...opened.failure });
    return STATUS.failed;
  }
  const keeper = opened.value;
  if (input.signal.aborted) {
    await discardAll(made);
    await closeKeeper(keeper, true, events);
    return stopped(input);
  }
  // From here on what is finished is worth keeping.
  signal.removeEventListener("abort", stopAsking);
  const film = filmShape(planned.value, command, words.unit);
  events.emit({ type: "route", route: "chunks", reason: describe(planned.value), film });
  if (plain) tellPlain(plain, events);
  words.release("all");
  void headsAreFine(planned.value).then((fine) => {
    if (fine) words.finish();
  });
  const keys = readsKeys(command) ? input.listenToKeys() : undefined;
  const ended = await runFilm({
    ...{ config, tools, events, keeper, early, hold: input.hold, leave: signal, outputs: placed.value.outputs },
    plain: plain && { outputs: plain, places: placed.value.plain },
  });
  keys?.off();
  const same = await sourcesAreSame(command, sources);
  const result = ended.ok && !same.ok ? same : ended;
  const before = { ...spooled, agreed: !isOn(command, "n"), said: words.said };
  return conclude(input, { command, film, made, keeper, before }, result);
}

interface Concluded {
  readonly command: Command;
  readonly film: FilmShape;
  readonly made: readonly OutputPlace[];
  readonly keeper: Keeper | undefined;
  readonly before: Before;
}

/** Puts the outputs in place, or takes them away; what was finished is kept where a later run can go on with it. */
async function conclude(
  input: JobInput,
  { command, film, made, keeper, before }: Concluded,
  result: Result<MadeFilm, FilmFailure>,
): Promise<number> {
  const { events, signal } = input;
  if (result.ok) {
    const status = await finish(input, film, made, result.value);
    await closeKeeper(keeper, signal.aborted || status !== STATUS.done, events);
    return status;
  }
  await discardAll(made);
  const { kind } = result.failure;
  const keep = signal.aborted || kind === "failed" || kind === "cancelled";
  if (!keep) await closeKeeper(keeper, false, events);
  const status = await failed(input, command, result.failure, before);
  await closeKeeper(keeper, keep, events);
  return status;
}

/** Whether all outputs have begun as they should. */
async function headsAreFine({ outputs }: PlannedJob): Promise<boolean> {
  const heads = await Promise.all(outputs.flatMap((output) => output.heads));
  return heads.every((head) => head.ok);
}

/** Sound alone is nothing to be told of. */
function tellPlain({ view, reason }: PlainOutputs, events: EventStream): void {
  const names = view.command.outputs.filter((output) => !isDiscarded(output)).map((output) => output.url);
  if (names.length === 0 || reason === NO_VIDEO) return;
  events.emit({ type: "notice", level: "info", text: `${names.join(", ")}: not split, ${reason}` });
}

/** As ffmpeg's own words name an output: `-` is one of its ways to say `pipe:`. */
const shownName = (url: string): string => (url === "-" ? "pipe:" : url);

/** Ended by the user before there was anything to keep. */
function stopped({ events, stoppedBy }: JobInput): number {
  const stop = stoppedBy();
  events.emit({ type: "stopped", stop });
  return statusOf(stop);
}

/** `q` is as good an end as any (fftools/ffmpeg.c, main). */
function statusOf(stop: Stop): number {
  return stop.signal === undefined ? STATUS.done : STATUS.interrupted;
}

async function discardAll(places: readonly OutputPlace[]): Promise<void> {
  await Promise.all(places.map(discard));
}

async function finish(
  input: JobInput,
  shape: FilmShape,
  places: readonly OutputPlace[],
  made: MadeFilm,
): Promise<number> {
  const { events, signal } = input;
  const { frames, seconds, reached } = made;
  let [bytes, size]: [number, number | undefined] = [0, undefined];
  for (const [i, place] of places.entries()) {
    const published = await publish(place);
    if (!published.ok) {
      await discardAll(places.slice(i));
      events.emit({ type: "failed", ...published.failure });
      return STATUS.failed;
    }
    if (i === 0 && shape.sized) size = published.value.bytes;
    bytes += published.value.bytes;
  }
  const stop = signal.aborted ? input.stoppedBy() : undefined;
  events.emit({
    ...{ type: "done", output: places.map((place) => place.shown).join(", "), frames, seconds, bytes },
    ...(reached === undefined ? {} : { reached: reached / 1e6 }),
    ...(size === undefined ? {} : { size }),
    sizes: sizeLines(made.sizes, size),
    ...(stop ? { stop } : {}),
  });
  return stop ? statusOf(stop) : STATUS.done;
}

function failed(input: JobInput, command: Command, failure: FilmFailure, before: Before): Promise<number> | number {
  const { events } = input;
  // Who has ended it does not want it whole either.
  if (input.signal.aborted && failure.kind !== "failed") return stopped(input);
  switch (failure.kind) {
    case "cancelled":
      return stopped(input);
    case "failed":
      events.emit({ type: "failed", ...problemOf(failure) });
      return STATUS.failed;
    case "unfit":
    case "refused": {
      // The promise comes first: what cannot be proven the same is made the plain way.
      const reason = failure.detail ? `${failure.what}: ${failure.detail}` : failure.what;
      if (input.config.route === "chunks") return runUnsplit(input, command, reason, before);
      events.emit({ type: "fell-back", reason, refused: isRefused(reason) });
      return runHere(input, before);
    }
  }
}

function problemOf(failure: FilmFailure): Problem {
  const { what, detail, fix } = failure;
  return { what, ...(detail === undefined ? {} : { detail }), ...(fix === undefined ? {} : { fix }) };
}
