import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { takeLock } from "../lib/lock.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { quote } from "../lib/shell.js";
import { farmEntries, type FarmEntry } from "./farm.js";
import { parseJson } from "./json.js";
import { textAsLayer } from "./layers.js";
import { type Environment, expandHome, findPlaces } from "./places.js";
import type { LoadedConfig } from "./types.js";

/** Where a change to the list of workers belongs, and what it is about. */
export interface WorkersFile {
  readonly path: string;
  readonly home: string;
}

/**
 * The file that the list of workers is in; when none has one, the file that the user has named, or else the user's own.
 * Fails where the list stands in the older tool's file, which is not ours to write.
 */
export function workersFile(
  loaded: LoadedConfig,
  flags: ReadonlyMap<string, string>,
  env: Environment,
  cwd: string,
): Result<WorkersFile, Problem> {
  const { home, userConfig, oldConfig } = findPlaces(env);
  if (loaded.files.includes(oldConfig)) {
    return fail({
      what: `the workers are listed in DistrFFmpeg's file ${oldConfig}, which is not changed`,
      detail: "make a copy of your own, then try once more",
      fix: `mkdir -p ${quote(dirname(userConfig))} && cp ${quote(oldConfig)} ${quote(userConfig)}`,
    });
  }
  const named = flags.get("config") || env["DISTFFMPEG_CONFIG"];
  if (named) return ok({ path: resolve(cwd, expandHome(named, home)), home });
  const here = resolve(cwd, "distffmpeg.json");
  return ok({ path: listsWorkers(here) ? here : userConfig, home });
}

function listsWorkers(path: string): boolean {
  if (!existsSync(path)) return false;
  const parsed = parseJson(readFileSync(path, "utf8"));
  return (
    parsed.ok &&
    typeof parsed.value.value === "object" &&
    parsed.value.value !== null &&
    "workers" in parsed.value.value
  );
}

/** Changes the text of a file, given the workers in it; a failure where it cannot be done. */
export type Edit = (text: string, farm: readonly FarmEntry[]) => Result<string, Problem>;

/**
 * Changes a config file: one process at a time, checked before it is written, and in one step, so that whoever reads it
 * meanwhile has the old or the new one. Its mode stays; a new one is only its owner's. A link stays one.
 */
export async function editConfig({ path, home }: WorkersFile, edit: Edit): Promise<Result<void, Problem>> {
  const what = `the config file ${path} cannot be changed`;
  try {
    const real = await realpath(path).catch(() => path);
    await mkdir(dirname(real), { recursive: true, mode: 0o700 });
    const lock = await takeLock(`${real}.lock`);
    if (!lock.ok) return fail({ what: `${what}: process ${lock.failure.owner.pid} is changing it`, fix: "try again" });
    try {
      const text = await readFile(real, "utf8").catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
        throw error;
      });
      const before = textAsLayer(text, { path });
      if (!before.ok) return fail(before.failure[0] ?? { what });
      const changed = edit(text, farmEntries(before.value.settings.workers ?? [], home));
      if (!changed.ok) return changed;
      const after = textAsLayer(changed.value, { path });
      if (!after.ok) return fail(after.failure[0] ?? { what });
      if (changed.value !== text) await replaceFile(real, changed.value);
      return ok(undefined);
    } finally {
      await lock.value.release();
    }
  } catch (error) {
    return fail({ what, detail: (error as Error).message });
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => 0o600,
  );
  const part = join(dirname(path), `.config-${randomBytes(6).toString("hex")}.part`);
  try {
    const file = await open(part, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(part, mode);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
