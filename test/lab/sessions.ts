import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { WorkerConfig } from "../../src/config/types.js";
import type { Result } from "../../src/lib/result.js";
import { SshTransport } from "../../src/workers/ssh.js";
import type { Session, TransportFailure } from "../../src/workers/transport.js";
import type { Lab, LabWorker } from "./lab.mjs";

/** A transport to a worker of the lab, with the lab's home; `over` lies over the worker's configuration, `env` over the environment. */
export function transportTo(
  lab: Lab,
  worker: LabWorker,
  over: Partial<WorkerConfig> = {},
  env: Record<string, string> = {},
): SshTransport {
  const config: WorkerConfig = {
    numa: "auto",
    nice: 0,
    shared_paths: [],
    connect_timeout: undefined,
    ...worker.config,
    ...over,
  };
  return new SshTransport(config, {
    env: { ...process.env, ...lab.env, ...env },
    times: { ready: 8000, keepalive: 300 },
  });
}

/** An open session; throws the failure's words when there is none. */
export async function openSession(transport: SshTransport): Promise<Session> {
  return value(await transport.openSession());
}

/** The value of a success; throws the failure's words. */
export function value<T>(result: Result<T, TransportFailure>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.failure.kind}: ${result.failure.what} (${result.failure.detail ?? ""})`);
}

/** The failure of a Result; throws when it is a success. */
export function failure<T>(result: Result<T, TransportFailure>): TransportFailure {
  if (!result.ok) return result.failure;
  throw new Error("succeeded, against expectation");
}

export function sha(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Waits for a condition, at most `seconds`. Returns the milliseconds it took. */
export async function until(condition: () => boolean, seconds: number): Promise<number> {
  const began = Date.now();
  while (!condition()) {
    if (Date.now() - began > seconds * 1000) throw new Error(`not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Date.now() - began;
}

/** Whether a process lives (a zombie does not). */
export function lives(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return false;
  }
}
