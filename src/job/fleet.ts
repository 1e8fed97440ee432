import type { Config, WorkerConfig } from "../config/types.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { NO_SHARE } from "../plan/offload/index.js";
import type { Workload } from "../plan/slots.js";
import { LocalTransport } from "../workers/local.js";
import { askMachine } from "../workers/machine.js";
import { probeWorker } from "../workers/probe.js";
import type { SshTransport } from "../workers/ssh.js";
import type { Session } from "../workers/transport.js";
import type { LaneSetup } from "./lane-files.js";
import { makeSharedFolder, proveShares } from "./shared.js";
import { type localWorker, placesOn } from "./slot-places.js";

/** A worker that answered and can encode, or why it was dropped. */
export interface Dropped {
  readonly reason: string;
  readonly detail?: string;
  readonly fix?: string;
  /** True for what another attempt would meet as well, until somebody mends it: an unknown host key, no ffmpeg. */
  readonly lasting: boolean;
}

/** Slots for which one session is enough: OpenSSH allows ten channels for a connection (MaxSessions). */
const SLOTS_PER_SESSION = 6;

/** This machine as a worker. */
export async function openLocalLane(
  { ffmpeg_bin }: Config,
  worker: NonNullable<ReturnType<typeof localWorker>>,
  work: Workload,
  folder: string,
): Promise<Result<LaneSetup, Dropped>> {
  const opened = await new LocalTransport(folder).openSession();
  if (!opened.ok) return fail(dropped(opened.failure));
  const session = opened.value;
  const asked = await askMachine(session);
  if (!asked.ok) {
    await session.close();
    return fail(dropped(asked.failure));
  }
  const { machine, numactl } = asked.value;
  return ok({
    ...{ name: "local", sessions: [session], share: NO_SHARE, results: undefined },
    places: placesOn(worker, machine, numactl, work),
    sharesHostFiles: true,
    ffmpeg: ffmpeg_bin,
  });
}

/** What a job wants of its workers. */
export interface Wanted {
  readonly encoders: readonly string[];
  /** What a chunk asks of a machine. */
  readonly work: Workload;
  /** The folder of this machine in which results would best lie, where a worker shares it. */
  readonly resultsIn: string | undefined;
  /** Seconds without progress after which a worker counts as lost. */
  readonly stall: number;
}

/** A worker that can encode; `unshared`: a sentence for each shared folder that is none. */
export interface WorkerLane extends LaneSetup {
  readonly detail: string;
  readonly unshared: readonly string[];
}

/** Connects to a worker and finds out whether it has the encoders; what was opened in vain is closed again. */
export async function openWorkerLane(
  worker: WorkerConfig,
  { encoders, work, resultsIn, stall }: Wanted,
  signal: AbortSignal,
): Promise<Result<WorkerLane, Dropped>> {
  const transport = await sshTransport(worker, stall);
  const first = await transport.openSession(signal);
  if (!first.ok) return fail(dropped(first.failure));
  const sessions: [Session, ...Session[]] = [first.value];
  const giveUp = async (reason: Dropped): Promise<Result<never, Dropped>> => {
    await Promise.all(sessions.map((session) => session.close()));
    return fail(reason);
  };
  const facts = await probeWorker(first.value, worker.ffmpeg_bin, encoders, signal);
  if (!facts.ok) return giveUp({ ...dropped(facts.failure), lasting: facts.failure.kind !== "connection" });
  const { machine, numactl, ffmpegVersion } = facts.value;
  if (typeof worker.numa === "number" && !numactl) {
    const reason = "numa is set, but numactl is not installed";
    return giveUp({ reason, fix: "sudo apt install numactl", lasting: true });
  }
  const places = placesOn(worker, machine, numactl, work);
  while (sessions.length * SLOTS_PER_SESSION < places.length) {
    // One after the other: sshd turns away more than a few logins at once (MaxStartups).
    const next = await transport.openSession(signal);
    if (!next.ok) return giveUp(dropped(next.failure));
    sessions.push(next.value);
  }
  const { share, failures: unshared } = await proveShares(first.value, worker);
  const results = resultsIn === undefined ? undefined : await makeSharedFolder(first.value, share, resultsIn);
  return ok({
    ...{ name: worker.name, places, sessions, share, results, unshared },
    sharesHostFiles: false,
    ffmpeg: worker.ffmpeg_bin,
    detail: `ffmpeg ${ffmpegVersion}, ${machine.cores} cores`,
  });
}

/** The way to a worker that counts as lost after `stall` seconds without progress. ssh2 is loaded only by those who have workers. */
export async function sshTransport(worker: WorkerConfig, stall: number): Promise<SshTransport> {
  const [{ SshTransport }, { timesWithin }] = await Promise.all([
    import("../workers/ssh.js"),
    import("../workers/connect.js"),
  ]);
  return new SshTransport(worker, { times: timesWithin(stall) });
}

function dropped(failure: Problem & { readonly lasting?: boolean }): Dropped {
  const { what, detail, fix, lasting = false } = failure;
  return {
    ...{ reason: what, lasting },
    ...(detail === undefined ? {} : { detail }),
    ...(fix === undefined ? {} : { fix }),
  };
}
