import { statSync } from "node:fs";
import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { fail, ok, type Result } from "../lib/result.js";
import { expectedSeconds, type Work, workOf } from "../plan/offload/estimate.js";
import { type OffloadPlan, planOffload } from "../plan/offload/index.js";
import { readsStandardInput } from "../plan/local-path.js";
import { filesHere } from "./files-here.js";
import { askThisMachine, askWorker, type OffloadWorker } from "./offload-machines.js";
import { shareOf } from "./shared.js";
import { type HostTools, probeInput } from "./probing.js";

/** Below so many seconds on this machine nobody else is asked: finding out would take a good part of that. */
const WORTH_ASKING = 20;

/** Who could run a whole command elsewhere, the one that is expected to be done first in front. */
export interface Choice {
  /** For the first of them. */
  readonly plan: OffloadPlan;
  readonly workers: readonly OffloadWorker[];
  /** What the user should hear of: shared folders that are none. */
  readonly notes: readonly string[];
  /** Why the first of them does it, in a few words for the user. */
  readonly because: string;
}

export interface ChoiceInput {
  readonly command: Command;
  readonly config: Config;
  /** A folder of this machine for files on their way. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Chooses a worker for a whole command, or says why it runs on this machine: `-df_route=auto` gives the work away only
 * where it is expected to be done earlier, or where this machine cannot do it at all. The caller closes the sessions.
 */
export async function chooseWorkers({ command, config, folder, signal }: ChoiceInput): Promise<Result<Choice, string>> {
  const forced = config.route === "offload";
  const planned = mayBeOffloaded(command, config);
  if (!planned.ok) return planned;
  const { needs } = planned.value;
  const work = await workAt(command, config, folder, signal);
  const here = await askThisMachine(config, folder, {
    ...{ command, needs, signal, stall: config.worker_timeout },
    work: forced ? undefined : work,
  });
  if (!here.ok) return here;
  const { lacks, pace } = here.value;
  const ours = work?.frames !== undefined && pace ? expectedSeconds(work, pace, 0) : undefined;
  const able = lacks === undefined;
  if (able && !forced) {
    if (needs.fonts !== undefined) return fail(`filter ${needs.fonts} takes its fonts from the machine it runs on`);
    if (ours === undefined) return fail("it is not known how long it takes");
    if (ours < WORTH_ASKING) return fail(`it is expected to take ${inWords(ours)} on this machine`);
  }
  const several = config.workers.length > 1 || (able && !forced);
  const question = {
    ...{ command, needs, signal, stall: config.worker_timeout, work: several ? work : undefined },
    ...(able && !forced && pace ? { within: pace.trialSeconds } : {}),
  };
  // Who does not even answer in a quarter of the time is not waited for.
  const patience =
    able && !forced
      ? AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(Math.min(ours ?? 0, 240) * 250))])
      : signal;
  const follow = able ? here.value.inventory : undefined;
  const asked = await Promise.all(
    config.workers.map(async (worker) => ({
      name: worker.name,
      answer: await askWorker(worker, folder, question, follow, patience),
    })),
  );
  const answered = asked.flatMap(({ answer }) => (answer.ok ? [answer.value] : []));
  const refusals = asked.flatMap(({ name, answer }) => (answer.ok ? [] : [`${name} ${answer.failure}`]));
  const plans = new Map<OffloadWorker, OffloadPlan>();
  for (const worker of answered) {
    const own = planOffload(command, { files: filesHere, share: worker.shares.share });
    if (own.ok) plans.set(worker, own.value);
    else refusals.push([`${worker.worker.name}: ${own.failure}`, ...worker.shares.failures].join("; "));
    if (!own.ok) await worker.session.close();
  }
  const found = [...plans.keys()];
  const notes = answered.flatMap(({ shares }) => shares.failures);
  const eta = (worker: OffloadWorker): number => etaOf(work, worker, bytesOf(plans.get(worker)));
  const sorted = found.sort((a, b) => eta(a) - eta(b) || slotsSaid(b) - slotsSaid(a));
  const kept = able && !forced ? sorted.filter((worker) => eta(worker) < (ours ?? 0)) : sorted;
  await Promise.all(sorted.filter((worker) => !kept.includes(worker)).map(({ session }) => session.close()));
  const [best] = kept;
  const plan = best && plans.get(best);
  if (!plan) {
    const [first] = sorted;
    if (first)
      return fail(
        `${first.worker.name} is expected to take ${inWords(eta(first))}, this machine ${inWords(ours ?? 0)}`,
      );
    return fail(refusals.length === 0 ? "no workers are configured" : refusals.join("; "));
  }
  const name = best.worker.name;
  const why = forced
    ? name
    : able
      ? `${name}: expected to take ${inWords(eta(best))} there, ${inWords(ours ?? 0)} here`
      : `${name}, since this machine ${lacks}`;
  return ok({ plan, workers: kept, notes, because: why });
}

/** Whether a command may run elsewhere, if all that workers share is as the configuration says; the plan that hopes so. */
export function mayBeOffloaded(command: Command, config: Config): Result<OffloadPlan, string> {
  const share = shareOf(config.workers.flatMap((worker) => worker.shared_paths));
  return planOffload(command, { files: filesHere, share });
}

/** What has to be sent for a plan. */
function bytesOf(plan: OffloadPlan | undefined): number {
  const sizes = plan?.freight.map((item) => ("path" in item ? sizeOf(item.path) : item.text.length)) ?? [];
  return sizes.reduce((sum, size) => sum + size, 0);
}

function etaOf(work: Work | undefined, { pace }: OffloadWorker, bytes: number): number {
  if (!work || !pace) return Number.POSITIVE_INFINITY;
  // Of unknown length, as long as it takes for the trial to tell.
  return expectedSeconds({ ...work, frames: work.frames ?? work.trial.frames }, pace, bytes);
}

async function workAt(
  command: Command,
  config: Config,
  folder: string,
  signal: AbortSignal,
): Promise<Work | undefined> {
  // What comes in here is read once only, by ffmpeg.
  if (readsStandardInput(command)) return undefined;
  const tools: HostTools = {
    ...{ ffmpeg: config.ffmpeg_bin, ffprobe: config.ffprobe_bin, folder, stdin: undefined },
    ...{ alone: config.workers.length === 0, least: 0, hasty: false, signal },
  };
  const media: MediaInfo[] = [];
  for (const input of command.inputs) {
    const probed = await probeInput(tools, input, undefined);
    if (!probed.ok) return undefined;
    media.push(probed.value);
  }
  return workOf(command, media);
}

/** Slots that the user gave a worker; of others nobody has thought more than 1. */
function slotsSaid({ worker: { slots } }: OffloadWorker): number {
  return slots === "auto" ? 1 : slots;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function inWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return "nobody knows how long";
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
