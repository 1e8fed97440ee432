import { randomBytes } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { concatenate } from "../lib/concatenate.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { watchPath } from "../lib/warden.js";
import type { FilmPlan } from "../plan/film.js";
import type { PassDemand } from "../plan/rate-control/demand.js";
import type { TransportFailure } from "../workers/transport.js";
import {
  joinPassLogs,
  loggedFrames,
  needsTree,
  parsePassLog,
  type PassLog,
  type PassSlice,
} from "../plan/rate-control/pass-log.js";
import { logName, type RatePlan, treeSuffix } from "../plan/rate-control/plan.js";
import type { SideFile } from "../plan/sides.js";

/** The plan of a second pass with the log that the user's first has left. Fails with the reason why it is of no use. */
export async function withPassLog(plan: FilmPlan): Promise<Result<FilmPlan, string>> {
  const { pass, encoder = "" } = plan.rate ?? {};
  if (pass?.number !== 2) return ok(plan);
  const read = await readLog(encoder, resolve(pass.log));
  return read.ok ? ok({ ...plan, passLog: read.value }) : fail(`the log ${pass.log} of -pass 1: ${read.failure}`);
}

/** Reads the log of a first pass, with the size of what lies beside it. Fails with the reason why it is of no use. */
export async function readLog(encoder: string, path: string): Promise<Result<PassLog, string>> {
  const suffix = treeSuffix(encoder);
  try {
    const text = await readFile(path, "latin1");
    const tree = suffix === undefined ? undefined : await stat(path + suffix).catch(() => undefined);
    return parsePassLog(encoder, text, tree?.size);
  } catch (error) {
    return fail((error as NodeJS.ErrnoException).code === "ENOENT" ? "it is not there" : String(error));
  }
}

/** Writes a chunk's part of the user's log into a folder: the files that go up to its worker, the log first. */
export async function writeSlice(
  rate: RatePlan,
  demand: PassDemand,
  slice: PassSlice,
  { folder, chunk }: { readonly folder: string; readonly chunk: number },
): Promise<SideFile[]> {
  const name = logName(chunk);
  const path = join(folder, name);
  await writeFile(path, slice.text, { encoding: "latin1", mode: 0o600 });
  const files: SideFile[] = [{ path, name }];
  const suffix = treeSuffix(rate.encoder);
  const { tree } = slice;
  if (tree && suffix !== undefined) {
    await concatenate([{ path: resolve(demand.log) + suffix, ...tree }], path + suffix);
    files.push({ path: path + suffix, name: name + suffix });
  }
  return files;
}

/** What a chunk's first pass has left on this machine: its log, with the second file beside it where there is one. */
export interface ChunkLog {
  readonly path: string;
  readonly log: PassLog;
}

/** Names of the files that a first pass of one chunk may leave in the folder it runs in. */
export function passFiles(encoder: string, chunk: number): readonly string[] {
  const name = logName(chunk);
  const suffix = treeSuffix(encoder);
  return suffix === undefined ? [name] : [name, name + suffix];
}

/** Where a chunk's logs come from, by name, and where on this machine they then are. */
export interface LogFetch {
  readonly get: (name: string) => Promise<Result<number, TransportFailure>>;
  readonly path: (name: string) => string;
}

/** More than any encoder writes: x264 and x265 some hundred bytes a frame, libvpx and libaom 64 doubles in base64 at most. */
const LOG_BYTES = 64 * 1024;
const LOG_BYTES_A_FRAME = 4096;

/** Fetches what the first pass of a chunk has left, and sees to it that it speaks of so many frames. */
export async function fetchChunkLog(
  encoder: string,
  chunk: number,
  frames: number,
  { get, path }: LogFetch,
): Promise<Result<ChunkLog & { readonly bytes: number }, TransportFailure | Problem>> {
  const name = logName(chunk);
  const main = await get(name);
  if (!main.ok) return main;
  let bytes = main.value;
  if (bytes > LOG_BYTES + frames * LOG_BYTES_A_FRAME)
    return fail({ what: `its log was refused: it has ${bytes} bytes` });
  const suffix = treeSuffix(encoder);
  if (suffix !== undefined && needsTree(await readFile(path(name), "latin1"))) {
    const tree = await get(name + suffix);
    if (!tree.ok) return tree;
    bytes += tree.value;
  }
  const log = await readLog(encoder, path(name));
  if (!log.ok) return fail({ what: `its log was refused: ${log.failure}` });
  const found = loggedFrames(log.value);
  return found === frames
    ? ok({ path: path(name), log: log.value, bytes })
    : fail({ what: `its log was refused: it has ${found} frames instead of ${frames}` });
}

/**
 * Joins the logs of all chunks, in order, into the one that plain ffmpeg's first pass would have left, which its second
 * pass reads as well. Files are written beside their place and renamed: the log last, so that it is whole when it is there.
 */
export async function joinChunkLogs(
  rate: RatePlan,
  demand: PassDemand,
  logs: readonly ChunkLog[],
): Promise<Result<void, Problem>> {
  const joined = joinPassLogs(logs.map(({ log }) => log));
  if (!joined.ok) return fail({ what: `the logs of the chunks do not join: ${joined.failure}` });
  const path = resolve(demand.log);
  const suffix = treeSuffix(rate.encoder);
  // A name that nobody can have waited for: the log may be in a folder where others write.
  const own = randomBytes(12).toString("hex");
  const part = (name: string): string => `${name}.${own}.part`;
  for (const name of suffix === undefined ? [path] : [path, path + suffix]) watchPath(part(name));
  try {
    if (suffix !== undefined && needsTree(joined.value)) {
      await concatenate(
        logs.map((log) => ({ path: log.path + suffix })),
        part(path + suffix),
        "wx",
      );
      await rename(part(path + suffix), path + suffix);
    }
    await writeFile(part(path), joined.value, { encoding: "latin1", flag: "wx" });
    await rename(part(path), path);
    return ok(undefined);
  } catch (error) {
    await Promise.all([path, path + (suffix ?? "")].map((name) => rm(part(name), { force: true })));
    return fail({ what: `the log ${demand.log} could not be written`, detail: String(error) });
  }
}
