import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { parseCommand } from "../ffmpeg/parse.js";
import { hasRawWords } from "../lib/raw-words.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { preArgs } from "../plan/pre.js";
import { finalArgs, type JoinedFilm } from "../plan/final.js";
import { isFirstPass, logName } from "../plan/rate-control/plan.js";
import { remoteArgs } from "../plan/remote.js";
import { workloadOf } from "../plan/slots.js";
import { plainArgs } from "../plan/stages.js";
import { framesOf } from "../plan/chunk.js";
import { shareOutputs } from "../plan/outputs.js";
import { readsStandardInput } from "../plan/local-path.js";
import { NOT_UTF8 } from "../plan/reasons.js";
import type { ReadyChunk } from "../split/splitter.js";
import { type Decider, deciderOf } from "./decider.js";
import { openLocalLane } from "./fleet.js";
import { readReference } from "./heads.js";
import { chooseWorkers } from "./offload-choice.js";
import { type HostTools, leastFrames } from "./probing.js";
import { localWorker, plannedSharing, wordsBefore } from "./slot-places.js";
import { describe, type PlannedJob, type PlannedOutput, planJob, splitFilm } from "./stages.js";

/** Who would encode: this machine as `local`, and the workers of the configuration, none of them asked. */
export interface Hand {
  readonly name: string;
  /** Undefined where it goes by what the worker has. */
  readonly slots: number | undefined;
}

/** A whole command on a worker. */
export interface OffloadShape {
  readonly worker: string;
  /** Files of this machine; texts that are made for the worker by their names there. */
  readonly sent: readonly string[];
  /** Ends in the order of the command's outputs; empty where one comes through standard output or is written in place. */
  readonly fetched: readonly string[];
  readonly argv: readonly string[];
}

/** A plan for people: the route and what decided it, who would work, and the command lines of each stage. */
export interface Explanation {
  /** "none": the way that `-df_route` forces is impossible, and nothing would be run. */
  readonly route: "chunks" | "offload" | "local" | "none";
  readonly reason: string;
  /** Of a whole command: why it would run on this machine or on that one; undefined where there was nothing to choose. */
  readonly because: string | undefined;
  /** Undefined when no word of the command decided it. */
  readonly decidedBy: Decider | undefined;
  /** Empty when nothing is split. */
  readonly workers: readonly Hand[];
  /** What would be sent to the worker and run there. */
  readonly offload: OffloadShape | undefined;
  readonly pre: readonly string[];
  readonly remote: readonly { readonly chunk: number; readonly frames: number; readonly argv: readonly string[] }[];
  /** One command an output, and one for all that are not split. */
  readonly final: readonly (readonly string[])[];
}

/**
 * What would be run for a command. Reads the source's packets, encodes nothing but one frame, and leaves nothing. Of a
 * command that is not split the workers are asked, as they would be.
 */
export async function explain(argv: readonly string[], config: Config, signal: AbortSignal): Promise<Explanation> {
  const parsed = parseCommand(argv);
  const simple = (route: "local" | "none", reason: string, because?: string): Explanation => ({
    ...{ route, reason, because, offload: undefined, workers: [], pre: [], remote: [] },
    decidedBy: parsed.ok ? deciderOf(parsed.value, reason) : undefined,
    final: route === "none" ? [] : [[config.ffmpeg_bin, ...argv]],
  });
  if (!parsed.ok) return simple("local", parsed.failure.message);
  const local = (reason: string): Promise<Explanation> => whole(parsed.value, config, signal, reason, simple);
  if (hasRawWords(argv)) return simple(config.route === "chunks" ? "none" : "local", NOT_UTF8);
  if (config.route === "local" || config.route === "offload") return local(`-df_route=${config.route}`);
  const may = shareOutputs(parsed.value);
  if (!may.ok) return local(may.failure);
  if (readsStandardInput(parsed.value)) return local("standard input can be read once only, by the job itself");
  const folder = await mkdtemp(join(tmpdir(), "distffmpeg-plan-"));
  try {
    const tools: HostTools = {
      ffmpeg: config.ffmpeg_bin,
      ffprobe: config.ffprobe_bin,
      folder,
      stdin: undefined,
      alone: config.workers.length === 0,
      // A reason that holds for longer films as well says more.
      ...{ least: leastFrames(config), hasty: false },
      signal,
    };
    const planned = await planJob(parsed.value, tools);
    if (!planned.ok) return await local(planned.failure);
    return await explainJob(planned.value, config, tools, local);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A command that is not split, for `reason`. */
async function whole(
  command: Command,
  config: Config,
  signal: AbortSignal,
  reason: string,
  simple: (route: "local" | "none", reason: string, because?: string) => Explanation,
): Promise<Explanation> {
  if (config.route === "chunks") return simple("none", reason, "-df_route=chunks wants it split");
  if (config.route === "local" || (config.workers.length === 0 && config.route === "auto")) {
    return simple("local", reason);
  }
  const folder = await mkdtemp(join(tmpdir(), "distffmpeg-plan-"));
  try {
    const chosen = await chooseWorkers({ command, config, folder, signal });
    if (!chosen.ok) return simple(config.route === "offload" ? "none" : "local", reason, chosen.failure);
    const { plan, workers, because } = chosen.value;
    await Promise.all(workers.map(({ session }) => session.close()));
    const [best] = workers;
    if (!best) return simple("local", reason);
    const { name, slots, ffmpeg_bin } = best.worker;
    return {
      ...simple("none", reason, because),
      route: "offload",
      workers: [hand(name, slots)],
      offload: {
        worker: name,
        sent: plan.freight.map((item) => ("path" in item ? item.path : item.name)),
        fetched: plan.outputs.map((way) => ("name" in way ? way.name : "")),
        argv: [...wordsBefore(best.worker), ffmpeg_bin, ...plan.argv],
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function explainJob(
  job: PlannedJob,
  config: Config,
  tools: HostTools,
  local: (reason: string) => Promise<Explanation>,
): Promise<Explanation> {
  const plans = job.outputs.flatMap((output) => output.plans);
  const [plan] = plans;
  if (!plan) return local("there is no film");
  const chunks: ReadyChunk[] = [];
  const done = await splitFilm(
    plans,
    { config, sharing: plannedSharing(config, workloadOf(plans)) },
    tools,
    tools.signal,
    {
      onChunk: (ready) => {
        chunks.push(ready);
        // Only its plan is wanted.
        void rm(ready.path, { force: true });
      },
      onFrames: () => undefined,
    },
  );
  if (!done.ok) return local(done.failure.what);
  const final: string[][] = [];
  for (const output of job.outputs) {
    if (isFirstPass(output.plans[0]?.rate)) continue;
    const words = await explainFinal(output, plans, chunks);
    if (!words.ok) return local(words.failure);
    final.push([config.ffmpeg_bin, ...words.value]);
  }
  if (job.plain) final.push([config.ffmpeg_bin, ...plainArgs(job.plain.view.command)]);
  return {
    route: "chunks",
    reason: describe(job),
    decidedBy: undefined,
    because: undefined,
    offload: undefined,
    workers: await hands(config, plans, tools.folder),
    pre: [config.ffmpeg_bin, ...preArgs(plan, "WORK")],
    remote: chunks.map(({ chunk, x264Build }) => ({
      chunk: chunk.index,
      frames: framesOf(chunk),
      argv: [
        "ffmpeg",
        ...remoteArgs(plans, chunk, {
          x264Build,
          input: `source${chunk.index}.nut`,
          renditions: plans.map(({ sides, rate }, i) => ({
            output: `result${chunk.index}-${i}.nut`,
            sides: sides.map((side) => side.name),
            // The film's bitrate: what each chunk's will be, is known when the job is at work.
            told: { bitrate: rate?.bitrate, log: rate?.pass && logName(chunk.index) },
          })),
        }),
      ],
    })),
    final,
  };
}

/** FINAL of one output. */
async function explainFinal(
  { command, plans: own, heads }: PlannedOutput,
  all: readonly FilmPlan[],
  chunks: readonly ReadyChunk[],
): Promise<Result<string[], string>> {
  const films: JoinedFilm[] = [];
  for (const [i, plan] of own.entries()) {
    const made = (await heads[i]) ?? fail("there is no head");
    if (!made.ok) return made;
    const reference = await readReference(made.value, plan.film.outputStream, plan.muxer);
    if (!reference.ok) return reference;
    const rendition = all.indexOf(plan);
    const firstTick = chunks.flatMap(({ chunk }) => chunk.parts[rendition]?.ticks ?? [])[0]?.tick ?? 0;
    films.push({ plan, firstTick, reference: reference.value });
  }
  return ok(finalArgs(films, command.outputs[0]?.url ?? ""));
}

async function hands(config: Config, plans: readonly FilmPlan[], folder: string): Promise<Hand[]> {
  const workers = config.workers.map(({ name, slots }) => hand(name, slots));
  const local = localWorker(config);
  if (!local) return workers.length === 0 ? [hand("local", 0)] : workers;
  const opened = await openLocalLane(config, local, workloadOf(plans), folder);
  if (!opened.ok) return workers;
  await opened.value.sessions[0].close();
  return [hand("local", opened.value.places.length), ...workers];
}

const hand = (name: string, slots: number | "auto"): Hand => ({ name, slots: slots === "auto" ? undefined : slots });
