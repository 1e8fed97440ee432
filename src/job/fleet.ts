import { findPlaces } from "../config/places.js";
import type { Config, WorkerConfig } from "../config/types.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { NO_SHARE } from "../plan/offload/index.js";
import type { Workload } from "../plan/slots.js";
import { LocalTransport } from "../workers/local.js";
import { askMachine } from "../workers/machine.js";
import { BuildCache } from "../workers/build-cache.js";
import { noEncoder, probeWorker, type WorkerFacts } from "../workers/probe.js";
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

/** A worker that answers, and what it has. */
export interface Met {
  readonly transport: SshTransport;
  readonly session: Session;
  readonly facts: WorkerFacts;
}

/** Connects to a worker and asks what it has; what was opened in vain is closed again. */
export async function meetWorker(
  worker: WorkerConfig,
  stall: number,
  signal: AbortSignal,
): Promise<Result<Met, Dropped>> {
  const transport = await sshTransport(worker, stall);
  const cache = new BuildCache(findPlaces(process.env).cache);
  const [first, known] = await Promise.all([transport.openSession(signal), cache.read(worker)]);
  if (!first.ok) return fail(dropped(first.failure));
  const session = first.value;
  const facts = await probeWorker(session, worker.ffmpeg_bin, { stop: signal, known });
  if (!facts.ok) {
    await session.close();
    return fail({ ...dropped(facts.failure), lasting: facts.failure.kind !== "connection" });
  }
  const { build, encoders, ffmpegVersion: version, fromCache } = facts.value;
  if (!fromCache) await cache.write(worker, { build, version, encoders: [...encoders] });
  return ok({ transport, session, facts: facts.value });
}

/**
 * Makes a worker that was met (`meeting`; or is met now) a lane, if it has the encoders; what was opened in vain is closed
 * again.
 */
export async function openWorkerLane(
  worker: WorkerConfig,
  { encoders, work, resultsIn, stall }: Wanted,
  signal: AbortSignal,
  meeting: Promise<Result<Met, Dropped>> = meetWorker(worker, stall, signal),
): Promise<Result<WorkerLane, Dropped>> {
  const met = await meeting;
  if (!met.ok) return met;
  const { transport, session: first } = met.value;
  let { facts } = met.value;
  const sessions: [Session, ...Session[]] = [first];
  const giveUp = async (reason: Dropped): Promise<Result<never, Dropped>> => {
    await Promise.all(sessions.map((session) => session.close()));
    return fail(reason);
  };
  if (facts.fromCache && noEncoder(facts, encoders)) {
    // Nobody is turned away for what was true once.
    const again = await probeWorker(first, worker.ffmpeg_bin, { stop: signal });
    if (!again.ok) return giveUp({ ...dropped(again.failure), lasting: again.failure.kind !== "connection" });
    facts = again.value;
  }
  const lacking = noEncoder(facts, encoders);
  if (lacking) return giveUp({ ...dropped(lacking), lasting: true });
  const { machine, numactl, ffmpegVersion } = facts;
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
  const { share, failures: unshared } = await proveShares(first, worker);
  const results = resultsIn === undefined ? undefined : await makeSharedFolder(first, share, resultsIn);
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
