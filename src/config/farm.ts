import { posix, resolve } from "node:path";
import { nearest } from "../lib/did-you-mean.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { expandHome } from "./places.js";
import type { WorkerEntry } from "./schema.js";
import type { WorkerConfig } from "./types.js";

/** Made on the worker when the config names no folder. */
const WORK_PATHS: Readonly<Record<WorkerConfig["platform"], string>> = {
  Linux: "/tmp/distffmpeg",
  Darwin: "/tmp/distffmpeg",
  BSD: "/tmp/distffmpeg",
  // Relative: SFTP starts in the user's home folder, whose full name only the worker knows.
  Windows: "AppData/Local/Temp/distffmpeg",
};

type Unnamed = Omit<WorkerConfig, "name" | "slots"> & {
  readonly name: string | undefined;
  /** Undefined where the entry says nothing. */
  readonly slots: WorkerConfig["slots"] | undefined;
};

/**
 * The workers of a config file, with defaults, in the order of their first mention. An entry that is there again,
 * the same in everything but `slots`, adds its slots (1 when it says no number) to the first: DistrFFmpeg's way to say
 * "more jobs at a time on this machine". Entries that differ in anything stay apart, each with a name of its own.
 */
export function buildFarm(entries: readonly WorkerEntry[], home: string): WorkerConfig[] {
  return farmEntries(entries, home).map(({ worker }) => worker);
}

/** A worker, and which entries of the list (from 0) it is made of. */
export interface FarmEntry {
  readonly worker: WorkerConfig;
  readonly at: readonly number[];
}

/** The same, each with the entries of the file that stand for it. */
export function farmEntries(entries: readonly WorkerEntry[], home: string): FarmEntry[] {
  const merged = new Map<string, { readonly worker: Unnamed; readonly at: readonly number[] }>();
  for (const [index, entry] of entries.entries()) {
    const worker = complete(entry, home);
    const { slots, ...identity } = worker;
    const key = JSON.stringify(identity, (_, value: unknown) => value ?? null);
    const first = merged.get(key);
    if (first === undefined) merged.set(key, { worker, at: [index] });
    else {
      const sum = counted(first.worker.slots) + counted(slots);
      merged.set(key, { worker: { ...first.worker, slots: sum }, at: [...first.at, index] });
    }
  }
  const found = [...merged.values()];
  const named = nameAll(found.map(({ worker }) => worker));
  return found.flatMap(({ at }, i) => {
    const worker = named[i];
    return worker === undefined ? [] : [{ worker, at }];
  });
}

/** The slots that one of several entries for the same worker stands for. */
const counted = (slots: Unnamed["slots"]): number => (typeof slots === "number" ? slots : 1);

/** What the config asks of SSH that is not done here, for the user to know; values are never shown. */
export function unusedParams(entries: readonly WorkerEntry[], file: string): Problem[] {
  const used = new Set(["port", "timeout", "identity_file", "key_filename"]);
  const keys = entries.flatMap((entry) => Object.keys(entry.params ?? {}).filter((key) => !used.has(key)));
  return [...new Set(keys)].map((key) => {
    const what = `${file}: params.${key} of a worker is not used`;
    return key === "password" || key === "passphrase"
      ? { what, fix: "Log in with a key (ssh-copy-id USER@HOST) or ssh-agent, and take the password out of the file." }
      : { what, fix: "Connection settings belong in ~/.ssh/config." };
  });
}

/**
 * The workers that `choice` names ("none", or names or hosts with commas between; a host stands for all its workers),
 * in the config's order. `shown` is the flag or variable the choice came from.
 */
export function selectWorkers(
  workers: readonly WorkerConfig[],
  choice: string,
  shown: string,
): Result<readonly WorkerConfig[], Problem[]> {
  if (choice === "none") return ok([]);
  const wanted = choice.split(",").filter((name) => name !== "");
  const known = [...new Set(workers.flatMap((worker) => [worker.name, worker.host]))];
  const problems = wanted
    .filter((name) => !known.includes(name))
    .map((name): Problem => {
      const near = nearest(name, known);
      const all = known.length === 0 ? "distffmpeg workers add USER@HOST" : `The workers are: ${known.join(", ")}.`;
      return {
        what: `${shown}: no worker ${JSON.stringify(name)}`,
        fix: near === undefined ? all : `Did you mean ${near}?`,
      };
    });
  if (problems.length > 0) return fail(problems);
  if (wanted.length === 0) return fail([{ what: `${shown} names no worker`, fix: "Write none to use no workers." }]);
  return ok(workers.filter((worker) => wanted.includes(worker.name) || wanted.includes(worker.host)));
}

function complete(entry: WorkerEntry, home: string): Unnamed {
  const params = entry.params ?? {};
  const platform = entry.platform ?? "Linux";
  const keyFile = params.key_filename;
  const identity = entry.identity_file ?? params.identity_file ?? (Array.isArray(keyFile) ? keyFile[0] : keyFile);
  return {
    name: entry.name,
    host: entry.host,
    user: entry.user,
    port: entry.port ?? params.port,
    identity_file: identity === undefined ? undefined : expandHome(identity, home),
    connect_timeout: entry.connect_timeout ?? params.timeout,
    work_path: entry.work_path ?? WORK_PATHS[platform],
    ffmpeg_bin: entry.ffmpeg_bin ?? "ffmpeg",
    platform,
    slots: entry.slots,
    numa: entry.numa ?? "auto",
    nice: entry.nice ?? 0,
    shared_paths: (entry.shared_paths ?? []).map(({ host, worker: there }) => ({
      host: resolve(expandHome(host, home)),
      worker: posix.resolve(there),
    })),
    ...(entry.drained === true ? { drained: true as const } : {}),
  };
}

/** Names in logs and in -df_workers must tell workers apart: given names are kept, others get -2, -3 ... */
function nameAll(workers: readonly Unnamed[]): WorkerConfig[] {
  const given = new Set(workers.flatMap((worker) => worker.name ?? []));
  const taken = new Set<string>();
  return workers.map((worker) => {
    const base = worker.name ?? (typeof worker.numa === "number" ? `${worker.host}/numa${worker.numa}` : worker.host);
    const free = (name: string): boolean => !taken.has(name) && (name === worker.name || !given.has(name));
    let name = base;
    for (let n = 2; !free(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return { ...worker, name, slots: worker.slots ?? "auto" };
  });
}
