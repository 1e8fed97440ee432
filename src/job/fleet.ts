import { availableParallelism } from "node:os";
import type { Config, WorkerConfig } from "../config/types.js";
import { fail, ok, type Result } from "../lib/result.js";
import { NO_SHARE } from "../plan/offload/index.js";
import { LocalTransport } from "../workers/local.js";
import { probeWorker } from "../workers/probe.js";
import type { SshTransport } from "../workers/ssh.js";
import type { Session } from "../workers/transport.js";
import type { LaneSetup } from "./lane-files.js";
import type { EventStream } from "./events.js";
import { makeSharedFolder, proveShares } from "./shared.js";

/** A worker that answered and can encode, or why it was dropped. */
export interface Dropped {
  readonly reason: string;
  readonly detail?: string;
  readonly fix?: string;
}

/** Slots for which one session is enough: OpenSSH allows ten channels for a connection (MaxSessions). */
const SLOTS_PER_SESSION = 6;

/** Chunks this machine encodes at once: all its cores when it works alone, none when there are workers, unless set. */
export function localSlots(config: Config): number {
  if (config.local_slots !== "auto") return config.local_slots;
  return config.workers.length === 0 ? availableParallelism() : 0;
}

/** This machine as a worker with so many slots. */
export async function openLocalLane(
  config: Config,
  slots: number,
  folder: string,
): Promise<Result<LaneSetup, Dropped>> {
  const opened = await new LocalTransport(folder).openSession();
  if (!opened.ok) return fail(dropped(opened.failure));
  const binding: string[] = [];
  return ok({
    ...{ name: "local", slots, sessions: [opened.value], share: NO_SHARE, results: undefined },
    sharesHostFiles: true,
    ffmpeg: config.ffmpeg_bin,
    binding,
  });
}

/** What a job wants of its workers. */
export interface Wanted {
  readonly encoders: readonly string[];
  /** The folder of this machine in which results would best lie, where a worker shares it. */
  readonly resultsIn: string | undefined;
}

/** A worker that can encode; `unshared`: a sentence for each shared folder that is none. */
interface WorkerLane extends LaneSetup {
  readonly detail: string;
  readonly unshared: readonly string[];
}

/** Connects to a worker and finds out whether it has the encoders; what was opened in vain is closed again. */
export async function openWorkerLane(
  worker: WorkerConfig,
  { encoders, resultsIn }: Wanted,
  signal: AbortSignal,
): Promise<Result<WorkerLane, Dropped>> {
  const transport = await sshTransport(worker);
  const first = await transport.openSession(signal);
  if (!first.ok) return fail(dropped(first.failure));
  const sessions: [Session, ...Session[]] = [first.value];
  const giveUp = async (reason: Dropped): Promise<Result<never, Dropped>> => {
    await Promise.all(sessions.map((session) => session.close()));
    return fail(reason);
  };
  const facts = await probeWorker(first.value, worker.ffmpeg_bin, encoders);
  if (!facts.ok) return giveUp(dropped(facts.failure));
  if (worker.numa !== undefined && !facts.value.numactl) {
    return giveUp({ reason: "numa is set, but numactl is not installed", fix: "sudo apt install numactl" });
  }
  while (sessions.length * SLOTS_PER_SESSION < worker.slots) {
    // One after the other: sshd turns away more than a few logins at once (MaxStartups).
    const next = await transport.openSession(signal);
    if (!next.ok) return giveUp(dropped(next.failure));
    sessions.push(next.value);
  }
  const { share, failures: unshared } = await proveShares(first.value, worker);
  const results = resultsIn === undefined ? undefined : await makeSharedFolder(first.value, share, resultsIn);
  return ok({
    ...{ name: worker.name, slots: worker.slots, sessions, share, results, unshared },
    sharesHostFiles: false,
    ffmpeg: worker.ffmpeg_bin,
    binding: bindingOf(worker),
    detail: `ffmpeg ${facts.value.ffmpegVersion}, ${facts.value.cores} cores`,
  });
}

/** What stands before a worker's programs: they keep to its NUMA node. */
export function bindingOf({ numa }: WorkerConfig): readonly string[] {
  return numa === undefined ? [] : ["numactl", `--cpunodebind=${numa}`, `--membind=${numa}`];
}

/** The way to a worker. ssh2 is loaded only by those who have workers. */
export async function sshTransport(worker: WorkerConfig): Promise<SshTransport> {
  const { SshTransport } = await import("../workers/ssh.js");
  return new SshTransport(worker);
}

function dropped(failure: { what: string; detail?: string; fix?: string }): Dropped {
  const { what, detail, fix } = failure;
  return { reason: what, ...(detail === undefined ? {} : { detail }), ...(fix === undefined ? {} : { fix }) };
}

/** Opens all workers of the config at once, and reports each as it answers. */
export function openFleet(
  config: Config,
  wanted: Wanted,
  signal: AbortSignal,
  events: EventStream,
  onLane: (setup: LaneSetup) => void,
): Promise<void> {
  const opening = config.workers.map(async (worker) => {
    const lane = await openWorkerLane(worker, wanted, signal);
    if (signal.aborted) {
      if (lane.ok) await Promise.all(lane.value.sessions.map((session) => session.close()));
      return;
    }
    if (lane.ok) {
      for (const text of lane.value.unshared) events.emit({ type: "notice", level: "warning", text });
      events.emit({ type: "worker-up", worker: worker.name, slots: worker.slots, detail: lane.value.detail });
      onLane(lane.value);
    } else {
      const { reason, fix } = lane.failure;
      events.emit({ type: "worker-dropped", worker: worker.name, reason, ...(fix === undefined ? {} : { fix }) });
    }
  });
  return Promise.all(opening).then(() => undefined);
}
