import { readsStandardInput } from "../../plan/local-path.js";
import { isFirstPass } from "../../plan/rate-control/plan.js";
import type { Command } from "../../ffmpeg/command.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import type { EventStream } from "../events.js";
import type { FilmFailure } from "../film-failure.js";
import type { JobInput } from "../job-input.js";
import type { PlannedJob } from "../stages.js";
import { changedSource, readSources } from "./identity.js";
import type { SourceFact } from "./journal.js";
import { Keeper } from "./keeper.js";
import { removeForgotten } from "./state.js";

/** What is known of a job when it is about to begin. */
export interface Beginning {
  readonly planned: PlannedJob;
  /** How many outputs are written as files. */
  readonly files: number;
  readonly folder: string;
  readonly sources: readonly SourceFact[];
}

/** Keeps what the job finishes, where that can be of use to a later run; undefined where it cannot. */
export async function openKeeper(
  { argv, flags, config, asFfmpeg, events }: JobInput,
  command: Command,
  { planned: { outputs }, files, folder, sources }: Beginning,
): Promise<Result<Keeper | undefined, Problem>> {
  const plans = outputs.flatMap((output) => output.plans);
  // What comes through a pipe comes once; and who throws the film away may do so twice at once.
  if (config.resume === "never" || readsStandardInput(command)) return ok(undefined);
  // Programs kill their ffmpeg at will, and never come back to what they had begun.
  if (asFfmpeg) return ok(undefined);
  if (files === 0 && !isFirstPass(plans[0]?.rate)) return ok(undefined);
  void removeForgotten(config, Date.now());
  const keeper = await Keeper.open({ command, argv, flags, config, events, plans, sources, folder });
  // Who wants out at once hears what is left all the same.
  if (keeper.ok) process.once("exit", () => tell(keeper.value.abandon(), events));
  return keeper;
}

/** The job has ended: what is kept of it stays, and is told of, or goes. Does nothing the second time. */
export async function closeKeeper(keeper: Keeper | undefined, keep: boolean, events: EventStream): Promise<void> {
  tell(await keeper?.close({ keep }), events);
}

function tell(left: ReturnType<Keeper["resumable"]>, events: EventStream): void {
  if (left) events.emit({ type: "resumable", ...left });
}

/** What was read is still what is there: stages read the source one after another, and a later run goes by it. */
export async function sourcesAreSame(
  command: Command,
  sources: readonly SourceFact[],
): Promise<Result<void, FilmFailure>> {
  const changed = changedSource(sources, await readSources(command));
  return changed === undefined
    ? ok(undefined)
    : fail({ kind: "refused", what: `${changed} has changed while it was being read` });
}
