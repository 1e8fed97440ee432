import { editConfig, workersFile } from "../../config/edit.js";
import { buildFarm, type FarmEntry } from "../../config/farm.js";
import { setAt } from "../../config/json-edit.js";
import { fileSchema, type WorkerEntry } from "../../config/schema.js";
import type { LoadedConfig, WorkerConfig } from "../../config/types.js";
import { workerOptions, workerSettings } from "../../config/worker-options.js";
import { parseTarget } from "../../config/worker-target.js";
import { checkWorker, type WorkerCheck } from "../../job/onboard/check.js";
import { proveByClip } from "../../job/onboard/clip.js";
import { arrangeLogin } from "../../job/onboard/login.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { renderError } from "../../ui/errors.js";
import { checkAsJson, renderChecks } from "../../ui/workers.js";
import { confirm, secret } from "../ask.js";
import { setUp } from "../setup.js";
import { stopOnSignals } from "../stop.js";
import { readWords, wrongUse } from "../words.js";

const FAILED = 1;

const USAGE = [
  "distffmpeg workers add USER@HOST[:PORT] [--OPTION VALUE …]\n",
  "Sees to it that the machine lets us in by key (as ssh-copy-id does), looks at what it has, sends a short clip through",
  "it, and writes it into the config file when all that has gone well. ~/.ssh/config counts as for ssh.",
].join("\n");

const SWITCHES = {
  "accept-host-key": "trust the host key that is shown without asking, for scripts",
  force: "write it into the config file whatever was found",
  json: "what was found as JSON (version 1)",
};

/** `distffmpeg workers add USER@HOST[:PORT]`: 1 when the machine cannot be used; it is not saved then, unless by force. */
export async function addCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const read = await readWords("workers add", words, {
    usage: USAGE,
    switches: SWITCHES,
    values: workerOptions(false),
  });
  if ("status" in read) return read.status;
  const [place, ...more] = read.words;
  if (place === undefined || more.length > 0)
    return wrongUse("workers add", "workers add takes one machine, as USER@HOST[:PORT]");
  const target = parseTarget(place);
  if (!target.ok) return wrongUse("workers add", target.failure.what);
  const settings = workerSettings(read.values, process.cwd());
  if (!settings.ok) return wrongUse("workers add", settings.failure.what);
  const setup = setUp(flags);
  if ("status" in setup) return setup.status;
  const { loaded } = setup;
  const given = [...settings.value].filter(([, value]) => value !== undefined);
  const raw = { ...target.value, ...Object.fromEntries(given) };
  const entry = fileSchema.parse({ workers: [raw] }).workers?.[0];
  const [worker] = entry ? buildFarm([entry], process.env["HOME"] ?? "") : [];
  if (!entry || !worker) return wrongUse("workers add", `${place} is no worker`);
  const stop = stopOnSignals();
  try {
    const tested = await test(worker, loaded, read.on.has("accept-host-key"), stop.signal);
    if (stop.signal.aborted) return 255;
    const saves = tested.problem === undefined || read.on.has("force");
    const saved = saves ? await save(raw, entry, loaded, flags) : undefined;
    const json = read.on.has("json");
    if (json) process.stdout.write(asJson(worker, tested, saved?.ok ? saved.value : undefined));
    else tell(tested, saved?.ok ? saved.value : undefined);
    if (saved && !saved.ok) process.stderr.write(renderError(saved.failure));
    return saved?.ok ? 0 : FAILED;
  } finally {
    stop.off();
  }
}

/** How far it came: what was found, whether the clip came back, and what was in the way. */
interface Tested {
  readonly check: WorkerCheck | undefined;
  readonly frames: number | undefined;
  readonly problem: Problem | undefined;
}

async function test(
  worker: WorkerConfig,
  { config }: LoadedConfig,
  acceptHostKey: boolean,
  signal: AbortSignal,
): Promise<Tested> {
  const asker = { confirm, secret, tell: (line: string): void => void process.stderr.write(`distffmpeg: ${line}\n`) };
  const login = await arrangeLogin(worker, { env: process.env, asker, acceptHostKey, signal });
  if (!login.ok) return { check: undefined, frames: undefined, problem: login.failure };
  const check = await checkWorker(worker, config.worker_timeout, signal);
  if (check.unfit) return { check, frames: undefined, problem: check.unfit };
  const clip = await proveByClip(worker, config, signal);
  if (!clip.ok) return { check, frames: undefined, problem: clip.failure };
  return { check, frames: clip.value.frames, problem: undefined };
}

interface Saved {
  readonly path: string;
  /** False for one that was there already, with the very settings. */
  readonly isNew: boolean;
  readonly name: string;
}

async function save(
  raw: object,
  entry: WorkerEntry,
  loaded: LoadedConfig,
  flags: ReadonlyMap<string, string>,
): Promise<Result<Saved, Problem>> {
  const file = workersFile(loaded, flags, process.env, process.cwd());
  if (!file.ok) return file;
  let saved = { isNew: true, name: entry.name ?? entry.host };
  const done = await editConfig(file.value, (text, farm) => {
    const same = farm.find(({ worker }) => isSame(worker, entry));
    if (same) {
      saved = { isNew: false, name: same.worker.name };
      return update(text, same, raw);
    }
    if (farm.some(({ worker }) => worker.name === entry.name))
      return fail({ what: `there is a worker ${entry.name ?? ""} already`, fix: "the same with another --name" });
    const count = farm.reduce((sum, { at }) => sum + at.length, 0);
    return edited(count > 0 ? setAt(text, ["workers", count], raw) : setAt(text, ["workers"], [raw]));
  });
  return done.ok ? ok({ path: file.value.path, ...saved }) : done;
}

/** The same machine, logged in to in the same way. */
function isSame({ host, user, port }: WorkerConfig, entry: WorkerEntry): boolean {
  return host === entry.host && user === entry.user && port === entry.port;
}

/** What was given now counts; what stands in the file besides stays. */
function update(text: string, { at }: FarmEntry, raw: object): Result<string, Problem> {
  let now: string | undefined = text;
  for (const i of at) for (const [key, value] of Object.entries(raw)) now &&= setAt(now, ["workers", i, key], value);
  return edited(now);
}

function edited(text: string | undefined): Result<string, Problem> {
  return text === undefined ? fail({ what: "the file says a key twice, and can only be changed by hand" }) : ok(text);
}

function tell({ check, frames, problem }: Tested, saved: Saved | undefined): void {
  if (check?.found) process.stdout.write(renderChecks([check]));
  if (frames !== undefined) process.stdout.write(`a clip of ${frames} frames came back as it must\n`);
  if (problem) process.stderr.write(renderError(problem));
  if (saved)
    process.stdout.write(
      `${saved.isNew ? "added" : "already there, brought up to date"}: ${saved.name} (${saved.path})\n`,
    );
  else if (problem) process.stderr.write("distffmpeg: it was not saved (--force does it all the same)\n");
}

function asJson(worker: WorkerConfig, { check, frames, problem }: Tested, saved: Saved | undefined): string {
  const found = checkAsJson(check ?? { worker, found: undefined, unfit: problem });
  const told = problem ? { what: problem.what, detail: problem.detail ?? null, fix: problem.fix ?? null } : null;
  return `${JSON.stringify({ version: 1, worker: found, clip: frames === undefined ? null : { frames }, problem: told, saved: saved ?? null }, null, 2)}\n`;
}
