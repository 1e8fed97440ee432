import type { WorkerConfig } from "../../config/types.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { quote } from "../../lib/shell.js";
import type { LineRates } from "../../workers/rates.js";
import { type Survey, surveyWorker } from "../../workers/survey.js";
import type { Session } from "../../workers/transport.js";
import { sshTransport } from "../fleet.js";
import { lineOf, named } from "./bench.js";

/** A worker that answers, and all that was found of it. */
export interface Checked extends Survey {
  readonly rates: LineRates;
  /** The folder that chunks go to, on the worker: it could be written to. */
  readonly workPath: string;
}

/** Less room than this holds no job's chunks. */
const LEAST_ROOM = 256 * 1024 * 1024;

/** What was found of a worker; `unfit`: why it cannot be used, with what to type. */
export interface WorkerCheck {
  readonly worker: WorkerConfig;
  readonly found: Checked | undefined;
  readonly unfit: Problem | undefined;
}

/** Looks at all workers at the same time. Never fails: what is wrong is in the answers, which stand in the order of `workers`. */
export function checkWorkers(
  workers: readonly WorkerConfig[],
  stall: number,
  signal: AbortSignal,
): Promise<WorkerCheck[]> {
  return Promise.all(workers.map((worker) => checkWorker(worker, stall, signal)));
}

/** Looks at one worker: whether it can be reached, what it has, how quick it is. `stall`: see `sshTransport`. */
export async function checkWorker(worker: WorkerConfig, stall: number, signal: AbortSignal): Promise<WorkerCheck> {
  const opened = await (await sshTransport(worker, stall)).openSession(signal);
  if (!opened.ok) return { worker, found: undefined, unfit: opened.failure };
  const session = opened.value;
  try {
    const found = await look(session, worker, signal);
    if (!found.ok) return { worker, found: undefined, unfit: found.failure };
    return { worker, found: found.value, unfit: whyUnfit(worker, found.value) };
  } finally {
    await session.close();
  }
}

async function look(session: Session, worker: WorkerConfig, signal: AbortSignal): Promise<Result<Checked, Problem>> {
  const surveyed = await surveyWorker(session, worker.ffmpeg_bin, signal);
  if (!surveyed.ok) return fail(named(worker, surveyed.failure));
  const rates = await lineOf(session);
  if (!rates.ok) return fail(named(worker, rates.failure));
  return ok({ ...surveyed.value, rates: rates.value, workPath: session.folder.replace(/\/[^/]*$/, "") });
}

/** Why a worker that answers cannot be used all the same. Pure. */
export function whyUnfit(worker: WorkerConfig, found: Checked): Problem | undefined {
  const { name, numa } = worker;
  if (found.encoders.every(({ works }) => !works)) {
    const detail = found.encoders.map(({ name: encoder, why }) => `${encoder}: ${why ?? "failed"}`).join("\n");
    const fix = "set ffmpeg_bin of this worker to an ffmpeg that encodes video";
    return { what: `${name}: none of its video encoders works`, detail, fix };
  }
  if (typeof numa === "number" && !found.facts.numactl) {
    return { what: `${name}: numa is set, but numactl is not installed`, fix: "sudo apt install numactl" };
  }
  if (found.free !== undefined && found.free < LEAST_ROOM) {
    const mib = Math.floor(found.free / 1024 ** 2);
    const what = `${name}: only ${mib} MiB are free in ${found.workPath}`;
    const detail = "it needs a folder with more room, or some room in this one";
    return { what, detail, fix: `distffmpeg workers edit ${quote(name)} --work-path FOLDER` };
  }
  return undefined;
}
