import type { Config } from "../../config/types.js";
import type { Problem } from "../../lib/result.js";
import { listKept, removeKept } from "../resume/state.js";
import { type SweptHost, sweepHost } from "./host.js";
import { type SweptWorker, sweepWorker } from "./worker.js";

/** What was found of dead jobs, and is gone now. */
export interface Swept {
  readonly host: SweptHost;
  /** Places of what was kept of jobs, and why it was of no use. */
  readonly useless: readonly { readonly place: string; readonly why: string }[];
  readonly workers: readonly SweptWorker[];
  /** Workers that could not be asked, and what could not be removed. */
  readonly failures: readonly (Problem & { readonly worker?: string })[];
}

/** Takes away what dead jobs have left on this machine and on the workers; what can be gone on with stays. */
export async function clean(config: Config, signal: AbortSignal): Promise<Swept> {
  const failures: (Problem & { readonly worker?: string })[] = [];
  const host = await sweepHost(config);
  const useless: { place: string; why: string }[] = [];
  for (const job of await listKept(config)) {
    if (job.useless === undefined) continue;
    const removed = await removeKept(job);
    if (removed.ok) useless.push({ place: job.place, why: job.useless });
    else failures.push(removed.failure);
  }
  const workers: SweptWorker[] = [];
  const sweeps = config.workers.map((worker) => sweepWorker(worker, config.worker_timeout, signal));
  for (const [i, swept] of (await Promise.all(sweeps)).entries()) {
    if (swept.ok) workers.push(swept.value);
    else failures.push({ ...swept.failure, worker: config.workers[i]?.name ?? "" });
  }
  return { host, useless, workers, failures };
}
