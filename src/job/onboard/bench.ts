import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { WorkerConfig } from "../../config/types.js";
import { makePrivateFolder } from "../../lib/private-folder.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { type LineRates, measureLine } from "../../workers/rates.js";
import { type EncoderSpeed, measureSpeeds } from "../../workers/speeds.js";
import type { Session } from "../../workers/transport.js";
import { sshTransport } from "../fleet.js";

/** How quick a worker is, and the line to it. */
export interface Measured {
  readonly speeds: readonly EncoderSpeed[];
  readonly rates: LineRates;
}

/** What was measured of a worker, or why nothing could be. */
export interface WorkerBench {
  readonly worker: WorkerConfig;
  readonly measured: Measured | undefined;
  readonly problem: Problem | undefined;
}

/** Measures all workers at the same time. Never fails; the answers stand in the order of `workers`. `stall`: see `sshTransport`. */
export function benchWorkers(
  workers: readonly WorkerConfig[],
  stall: number,
  signal: AbortSignal,
): Promise<WorkerBench[]> {
  return Promise.all(
    workers.map(async (worker) => {
      const measured = await bench(worker, stall, signal);
      return measured.ok
        ? { worker, measured: measured.value, problem: undefined }
        : { worker, measured: undefined, problem: named(worker, measured.failure) };
    }),
  );
}

async function bench(worker: WorkerConfig, stall: number, signal: AbortSignal): Promise<Result<Measured, Problem>> {
  const opened = await (await sshTransport(worker, stall)).openSession(signal);
  if (!opened.ok) return opened;
  const session = opened.value;
  try {
    // The line first: an encode would hold it up.
    const rates = await lineOf(session);
    if (!rates.ok) return rates;
    const speeds = await measureSpeeds(session, worker.ffmpeg_bin, signal);
    return speeds.ok ? ok({ speeds: speeds.value, rates: rates.value }) : fail(speeds.failure);
  } finally {
    await session.close();
  }
}

/** Measures the line of a session, by files in a folder of its own on this machine. */
export async function lineOf(session: Session): Promise<Result<LineRates, Problem>> {
  const folder = await makePrivateFolder(tmpdir(), "distffmpeg-check-");
  try {
    return await measureLine(session, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The failure with the worker's name before it, once. */
export function named({ name }: WorkerConfig, problem: Problem): Problem {
  return problem.what.startsWith(`${name}: `) ? problem : { ...problem, what: `${name}: ${problem.what}` };
}
