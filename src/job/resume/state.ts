import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config/types.js";
import { type Holder, lockHolder } from "../../lib/lock.js";
import { isAlive } from "../../lib/owner.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { changedSource } from "./identity.js";
import { type Journal, readJournal, type SourceFact } from "./journal.js";

/** Names in a job's state folder. */
export const JOURNAL = "journal";
export const LOCK = "lock";

const PREFIX = "resume-";

/** What is kept of a job that has ended short of success. */
export interface Resumable {
  readonly id: string;
  readonly place: string;
  readonly chunks: number;
  readonly bytes: number;
}

/** Where what is kept of a command lies, by the command's digits. */
export function stateFolder({ server_work_path }: Pick<Config, "server_work_path">, id: string): string {
  return join(server_work_path, `${PREFIX}${id}`);
}

/** What to tell of a run that is at work. */
export function heldBy({ owner, since }: Holder): Problem {
  const here = isAlive(owner) !== undefined;
  const who = here ? `process ${owner.pid}` : `process ${owner.pid} on another machine or in another container`;
  return {
    what: `the same command is at work already: ${who}, since ${since.toLocaleString("sv-SE")}`,
    fix: `wait until it is done, or end it${here ? ` (kill ${owner.pid})` : ""} and type the command again, which goes on where it stopped;\n-df_resume=never runs it a second time at once`,
  };
}

/** A job of which something is kept, or that is at work. */
export interface KeptJob {
  readonly id: string;
  readonly place: string;
  /** The last time a chunk was finished, or it was begun. */
  readonly touched: Date;
  readonly bytes: number;
  /** Chunks that are kept, and how many there are in all where that is known. */
  readonly chunks: number;
  readonly totalChunks: number | undefined;
  /** Of the first rendition; and source frames in all. */
  readonly frames: number;
  readonly totalFrames: number | undefined;
  readonly argv: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly sources: readonly SourceFact[];
  /** Set while a run of it is at work. */
  readonly holder: Holder | undefined;
  /** Why it cannot go on; undefined where it can. */
  readonly useless: string | undefined;
}

/** All jobs of which something is kept, the youngest first. */
export async function listKept(config: Pick<Config, "server_work_path">): Promise<KeptJob[]> {
  const jobs = await Promise.all((await keptIds(config)).map((id) => lookAt(config, id)));
  return jobs.flatMap((job) => job ?? []).sort((a, b) => b.touched.getTime() - a.touched.getTime());
}

/** Finds a job by its id or by the first digits of it. Fails with what to type instead. */
export async function findKept(
  config: Pick<Config, "server_work_path">,
  id: string,
): Promise<Result<KeptJob, Problem>> {
  const found = (await listKept(config)).filter((job) => id !== "" && job.id.startsWith(id));
  const [job, ...others] = found;
  if (job && others.length === 0) return ok(job);
  const what = job ? `${id} stands for several jobs` : `there is no job ${id} of which anything is kept`;
  return fail({ what, fix: "distffmpeg jobs" });
}

async function lookAt(config: Pick<Config, "server_work_path">, id: string): Promise<KeptJob | undefined> {
  const place = stateFolder(config, id);
  const found = await stat(place).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const holder = await lockHolder(join(place, LOCK));
  const journal = await readJournal(join(place, JOURNAL));
  const files = await readdir(place).catch(() => []);
  const stats = await Promise.all(files.map((name) => stat(join(place, name)).catch(() => undefined)));
  const touched = Math.max(found.mtimeMs, ...stats.map((one) => one?.mtimeMs ?? 0));
  const records = [...(journal?.chunks.values() ?? [])];
  const first = new Map(records.map(({ chunk, frames }) => [chunk, frames]));
  return {
    ...{ id, place, holder, touched: new Date(touched), chunks: first.size },
    bytes: stats.reduce((sum, one) => sum + (one?.size ?? 0), 0),
    totalChunks: journal?.total?.chunks,
    frames: [...first.values()].reduce((sum, frames) => sum + frames, 0),
    totalFrames: journal?.total?.frames,
    argv: journal?.head.argv ?? [],
    flags: journal?.head.flags ?? {},
    cwd: journal?.head.cwd ?? "",
    sources: journal?.head.sources ?? [],
    useless: holder ? undefined : await whyUseless(journal),
  };
}

async function whyUseless(journal: Journal | undefined): Promise<string | undefined> {
  if (!journal || journal.chunks.size === 0) return "no chunk of it was finished";
  const { sources } = journal.head;
  const now = await Promise.all(
    sources.map(async (fact) => {
      const found = await stat(fact.path).catch(() => undefined);
      return found ? { ...fact, size: found.size, mtime: found.mtimeMs } : undefined;
    }),
  );
  const gone = sources.find((_, i) => !now[i]);
  if (gone) return `${gone.path} is gone`;
  const changed = changedSource(
    sources,
    now.flatMap((fact) => fact ?? []),
  );
  return changed === undefined ? undefined : `${changed} has changed`;
}

/** What nobody has gone on with for so long nobody will, milliseconds. */
const FORGOTTEN = 30 * 24 * 60 * 60 * 1000;

/** Removes what is kept of jobs that were last at work too long ago. Never fails. */
export async function removeForgotten(config: Pick<Config, "server_work_path">, now: number): Promise<void> {
  for (const id of await keptIds(config)) {
    const journal = await stat(join(stateFolder(config, id), JOURNAL)).catch(() => undefined);
    const job = journal && now - journal.mtimeMs > FORGOTTEN ? await lookAt(config, id) : undefined;
    if (job) await removeKept(job);
  }
}

async function keptIds({ server_work_path }: Pick<Config, "server_work_path">): Promise<string[]> {
  const names = await readdir(server_work_path).catch(() => []);
  return names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
}

/** Removes what is kept of a job; fails where a run of it is at work. */
export async function removeKept({ id, place, holder }: KeptJob): Promise<Result<void, Problem>> {
  if (holder) {
    const { pid } = holder.owner;
    return fail({ what: `job ${id} is at work (process ${pid})`, fix: `kill ${pid}` });
  }
  try {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
    return ok(undefined);
  } catch (error) {
    return fail({ what: `${place} cannot be removed`, detail: String(error) });
  }
}

/** Lines of a small file, without the empty ones; none where it cannot be read. */
export async function linesOf(path: string): Promise<readonly string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}
