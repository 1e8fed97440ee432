import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { Command } from "../ffmpeg/command.js";
import { fail, ok, type Result } from "../lib/result.js";
import { planOffload } from "../plan/offload/index.js";
import { isStandardOutput } from "../plan/offload/outputs.js";
import { readsStandardInput } from "../plan/local-path.js";
import { isDiscarded } from "../plan/muxers.js";
import { filesHere } from "./files-here.js";
import { generationOf } from "./findings.js";
import { type Before, type JobInput, refuse, STATUS } from "./job-input.js";
import { type Choice, chooseWorkers, mayBeOffloaded } from "./offload-choice.js";
import type { OffloadWorker } from "./offload-machines.js";
import { discardPlaces, type OffloadFailure, runOffloaded } from "./offload-run.js";
import type { OutputPlace } from "./output.js";
import { type NoPlace, isOn, outputPlace, readsKeys } from "./overwrite.js";
import { writableShare } from "./shared.js";
import { wordsBefore } from "./slot-places.js";
import { Spool } from "./spool.js";
import { makeFolder } from "./work-folder.js";

/** Runs a command on this machine after all, for a reason; gives the exit status. */
export type RunHere = (why: string, more?: Before) => Promise<number>;

/** Runs a whole command on the worker that is expected to be done first, or where there is none, `here`; gives the exit status. */
export async function runElsewhere(
  input: JobInput,
  command: Command,
  reason: string,
  here: RunHere,
  before: Before,
): Promise<number> {
  const { config } = input;
  const forced = config.route === "offload";
  const unfit = (why: string, fix = "-df_route=auto"): number =>
    refuse(input, {
      what: "the command cannot run on another machine, as -df_route=offload wants it",
      detail: why,
      fix,
    });
  const may = input.reported ? fail("a report is written where ffmpeg runs") : mayBeOffloaded(command, config);
  if (!may.ok) return forced ? unfit(may.failure) : here(reason);
  if (config.workers.length === 0) return unfit("no workers are configured", "list workers in the configuration");
  const made = await makeFolder(config);
  if (!made.ok) return forced ? unfit(made.failure.what, made.failure.fix) : here(reason);
  const folder = made.value;
  try {
    const chosen = await chooseWorkers({ command, config, folder, signal: input.signal });
    if (input.signal.aborted) return await stopped(input, chosen);
    if (!chosen.ok) return forced ? unfit(chosen.failure) : await here(reason);
    return await new Offload(input, command, reason, chosen.value, folder, before).run(here);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function stopped({ events, stoppedBy }: JobInput, chosen: Result<Choice, string>): Promise<number> {
  if (chosen.ok) await Promise.all(chosen.value.workers.map(({ session }) => session.close()));
  const stop = stoppedBy();
  events.emit({ type: "stopped", stop });
  return stop.signal === undefined ? STATUS.done : STATUS.interrupted;
}

/** A whole command on its way from machine to machine, until one has done it. */
class Offload {
  constructor(
    private readonly input: JobInput,
    private readonly command: Command,
    private readonly reason: string,
    private readonly choice: Choice,
    private readonly folder: string,
    private readonly before: Before,
  ) {
    this.#agreed = before.agreed === true;
  }

  async run(here: RunHere): Promise<number> {
    const { input, command, choice, reason } = this;
    const { events, config } = input;
    const spool = readsStandardInput(command)
      ? (this.before.spool ?? new Spool(join(this.folder, "stdin"), input.stdin()))
      : undefined;
    let keys: ReturnType<JobInput["streamKeys"]>;
    try {
      for (const text of choice.notes) events.emit({ type: "notice", level: "warning", text });
      let because = choice.because;
      for (const worker of choice.workers) {
        const { name } = worker.worker;
        events.emit({ type: "route", route: "offload", reason: `${reason}; it runs whole on ${because}` });
        events.emit({ type: "worker-up", worker: name, slots: 1, detail: `ffmpeg ${worker.inventory.version}` });
        const placed = await this.#places(worker);
        if (!placed.ok) {
          const { what, status } = placed.failure;
          // What ffmpeg has to say of it, it says.
          return status ?? (await here(what, { ...(spool ? { spool } : {}), agreed: this.#agreed }));
        }
        // Not before ffmpeg's question has had its answer.
        keys ??= !spool && readsKeys(command) ? input.streamKeys() : undefined;
        const done = await this.#on(worker, placed.value, spool ? spool.read() : keys?.stream);
        if (done.ok) return done.value;
        const { kind, ...problem } = done.failure;
        if (input.signal.aborted) return await stopped(input, fail(""));
        if (kind !== "lost") return refuse(input, problem);
        const why = problem.detail === undefined ? problem.what : `${problem.what} (${problem.detail})`;
        events.emit({ type: "worker-dropped", worker: name, reason: why.replace(`${name}: `, "") });
        because = choice.workers[choice.workers.indexOf(worker) + 1]?.worker.name ?? "";
      }
      keys?.off();
      if (config.route === "offload" || config.fallback === "fail") return refuse(input, { what: "no worker is left" });
      return await here(`${reason}; no worker is left`, { ...(spool ? { spool } : {}), agreed: this.#agreed });
    } finally {
      keys?.off();
      await Promise.all(choice.workers.map(({ session }) => session.close()));
    }
  }

  async #on(
    { worker, session, shares }: OffloadWorker,
    places: readonly (OutputPlace | undefined)[],
    stdin: Readable | undefined,
  ): Promise<Result<number, OffloadFailure>> {
    const { input, command } = this;
    const targets = places.map(
      (place) => place && { temporary: place.temporary, ...(place.tree === undefined ? {} : { tree: place.tree }) },
    );
    const folders = targets.flatMap((target) => (target ? [target.tree ?? dirname(target.temporary)] : []));
    const share = await writableShare(session, shares.share, folders);
    const plan = planOffload(command, { files: filesHere, share, targets });
    try {
      if (!plan.ok) return fail({ kind: "final", what: plan.failure });
      return await runOffloaded({
        ...{ command, plan: plan.value, places, session, ffmpeg: [...wordsBefore(worker), worker.ffmpeg_bin] },
        ...{ folder: this.folder, stdin, stdout: process.stdout, stderr: process.stderr },
        ...{ signal: input.signal, stoppedBy: input.stoppedBy },
        onProgress: (text) => input.events.emit({ type: "progress-text", text }),
      });
    } finally {
      await discardPlaces(places);
    }
  }

  #agreed: boolean;

  /** Where the outputs go; the user is asked once whether they may. */
  async #places({ inventory }: OffloadWorker): Promise<Result<(OutputPlace | undefined)[], NoPlace>> {
    const { events, asFfmpeg, mayOverwrite } = this.input;
    const places: (OutputPlace | undefined)[] = [];
    const asked = this.#agreed;
    for (const output of this.command.outputs) {
      if (isStandardOutput(output) || isDiscarded(output)) {
        places.push(undefined);
        continue;
      }
      const place = await outputPlace(
        { ...this.command, outputs: [output] },
        {
          ...{ events, asFfmpeg },
          generation: generationOf(`ffmpeg version ${inventory.version}`) ?? "by-rate",
          mayOverwrite: (path) => (asked ? Promise.resolve(true) : mayOverwrite(path)),
        },
      );
      if (!place.ok) {
        await discardPlaces(places);
        return place;
      }
      places.push(place.value);
    }
    this.#agreed = !isOn(this.command, "n");
    return ok(places);
  }
}
