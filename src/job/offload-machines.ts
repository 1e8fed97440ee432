import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config, WorkerConfig } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { deviceTrials, type Pace, type Work } from "../plan/offload/estimate.js";
import type { Needs } from "../plan/offload/index.js";
import { fail, ok, type Result } from "../lib/result.js";
import { type Inventory, takeInventory } from "../workers/inventory.js";
import { LocalTransport } from "../workers/local.js";
import type { LiveSession, Session } from "../workers/transport.js";
import { sshTransport } from "./fleet.js";
import { proveShares, type Shares } from "./shared.js";
import { wordsBefore } from "./slot-places.js";

/** What one machine could do for a command. */
export interface Machine {
  readonly inventory: Inventory;
  /** Why it cannot run the command, in words behind its name ("has no encoder libx265"). */
  readonly lacks: string | undefined;
  /** Undefined where its speed was not asked for, or the trial failed. */
  readonly pace: Pace | undefined;
}

/** A worker that could run the command, connected. */
export interface OffloadWorker extends Machine {
  readonly worker: WorkerConfig;
  readonly session: LiveSession;
  readonly shares: Shares;
}

/** What is asked of every machine. */
export interface Question {
  readonly command: Command;
  readonly needs: Needs;
  /** Asks for its speed. */
  readonly work: Work | undefined;
  /** Seconds after which a trial says no more: another machine is quicker. */
  readonly within?: number;
  /** Ends the asking. */
  readonly signal: AbortSignal;
  /** Seconds without progress after which a worker counts as lost. */
  readonly stall: number;
}

/** Bytes that are sent to see how quick a connection is. */
const BLOCK = 1024 * 1024;

/** How long a trial may take, seconds. */
const WITHIN = 60;

/** What this machine could do. */
export async function askThisMachine(
  config: Config,
  folder: string,
  question: Question,
): Promise<Result<Machine, string>> {
  const opened = await new LocalTransport(folder).openSession();
  if (!opened.ok) return fail(opened.failure.what);
  try {
    return await ask(opened.value, config.ffmpeg_bin, [], question, undefined);
  } finally {
    await opened.value.close();
  }
}

/**
 * Connects to a worker and finds out what it could do; fails with the reason why it is of no use, in words behind its name.
 * `here`: this machine's ffmpeg, where its output is what the worker's has to be like.
 */
export async function askWorker(
  worker: WorkerConfig,
  folder: string,
  question: Question,
  here: Inventory | undefined,
  signal: AbortSignal,
): Promise<Result<OffloadWorker, string>> {
  // Signals, pipes and the words' paths are not to be had there as they are here.
  if (worker.platform === "Windows") return fail("runs chunks only: it is a Windows worker");
  const opened = await (await sshTransport(worker, question.stall)).openSession(signal);
  if (!opened.ok) return fail(opened.failure.what.replace(`${worker.name}: `, ""));
  const session = opened.value;
  const machine = await ask(session, worker.ffmpeg_bin, wordsBefore(worker), question, here);
  const useless = machine.ok ? machine.value.lacks : machine.failure;
  if (!machine.ok || useless !== undefined) {
    await session.close();
    return fail(useless ?? "");
  }
  const speed = question.work && (await measureConnection(session, folder));
  const pace = machine.value.pace && speed !== undefined ? { ...machine.value.pace, bytesPerSecond: speed } : undefined;
  const shares = await proveShares(session, worker);
  return ok({ ...machine.value, pace, worker, session, shares });
}

async function ask(
  session: Session,
  ffmpeg: string,
  before: readonly string[],
  { command, needs, work, within = WITHIN, signal }: Question,
  here: Inventory | undefined,
): Promise<Result<Machine, string>> {
  const taken = await takeInventory(session, ffmpeg);
  if (!taken.ok) return fail(taken.failure.what);
  const inventory = taken.value;
  if (inventory.version === "") return fail(`has no ffmpeg (${ffmpeg})`);
  let lacks = needs.lacking(inventory, here);
  if (lacks === undefined && here !== undefined && here.version !== inventory.version) {
    lacks = `another ffmpeg (${inventory.version} and not ${here.version})`;
  }
  for (const argv of lacks === undefined ? deviceTrials(command, needs) : []) {
    const seconds = await time(session, [...before, ffmpeg, ...argv], WITHIN, signal);
    if (seconds === undefined) lacks ??= `no working device for ${needs.devices.join(", ")}`;
  }
  const trialSeconds =
    work && lacks === undefined
      ? await time(session, [...before, ffmpeg, ...work.trial.argv], within, signal)
      : undefined;
  return ok({
    inventory,
    lacks: lacks && `has ${lacks}`,
    pace: trialSeconds === undefined ? undefined : { trialSeconds, bytesPerSecond: Number.POSITIVE_INFINITY },
  });
}

/** Seconds that a command takes on a machine; undefined where it fails, or takes longer than `within` seconds. */
async function time(
  session: Session,
  argv: readonly string[],
  within: number,
  stop: AbortSignal,
): Promise<number | undefined> {
  const began = performance.now();
  const signal = AbortSignal.any([stop, AbortSignal.timeout(Math.ceil(within * 1000))]);
  const run = await session.run(argv, { signal });
  return run.ok && run.value.code === 0 ? (performance.now() - began) / 1000 : undefined;
}

/** Bytes a second on the way to a worker; undefined where nothing can be sent. */
async function measureConnection(session: Session, folder: string): Promise<number | undefined> {
  const name = `speed-${randomBytes(6).toString("hex")}`;
  const path = join(folder, name);
  try {
    // Of random bytes, which SSH's compression makes no smaller.
    await writeFile(path, randomBytes(BLOCK));
    const began = performance.now();
    const sent = await session.put(path, name);
    const seconds = (performance.now() - began) / 1000;
    await session.remove(name);
    return sent.ok ? BLOCK / seconds : undefined;
  } finally {
    await rm(path, { force: true });
  }
}
