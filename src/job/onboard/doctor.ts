import { readFile, rm, statfs } from "node:fs/promises";
import { tmpdir, type as kernelName } from "node:os";
import type { Config, WorkerConfig } from "../../config/types.js";
import { realProgram } from "../../ffmpeg/real.js";
import { runLocal } from "../../ffmpeg/run.js";
import { makePrivateFolder } from "../../lib/private-folder.js";
import type { Problem } from "../../lib/result.js";
import { LocalTransport } from "../../workers/local.js";
import { installHint } from "../../workers/probe.js";
import { parseSystem } from "../../workers/probe-text.js";
import { surveyWorker } from "../../workers/survey.js";
import { listKept } from "../resume/state.js";
import { lookAtLogin } from "./own-login.js";

/** One thing that was looked at. */
export interface Finding {
  /** What it is about, in a word or two: "node", "ffmpeg". */
  readonly about: string;
  /** "warn": works, but somebody might want to know; "fail": jobs will not work as they should. */
  readonly state: "ok" | "warn" | "fail";
  readonly what: string;
  /** A size that belongs to `what`. */
  readonly bytes?: number;
  readonly detail?: string;
  /** What to type. */
  readonly fix?: string;
}

/** The oldest node that this program runs on (package.json, engines). */
const NODE = [20, 19] as const;

/** A film's chunks want more room than this, bytes. */
const ROOM = 1024 ** 3;

/** Looks at this machine: programs, encoders, logins, room, what is kept of older jobs. Never fails. */
export async function examineHost(
  config: Config,
  workers: readonly WorkerConfig[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding[]> {
  const system = parseSystem([kernelName(), ...(await textOf("/etc/os-release")).split("\n")]);
  const found = await Promise.all([
    examineFfmpeg(config, env, signal),
    examineProbe(config, env, system, signal),
    lookAtLogin(workers, env, system),
    roomIn(tmpdir(), "temporary files", "export TMPDIR=FOLDER"),
    roomIn(config.server_work_path, "work path", "export DISTFFMPEG_SERVER_WORK_PATH=FOLDER"),
    examineKept(config),
  ]);
  return [nodeIs(process.versions.node), ...found.flat()];
}

/** A problem as a finding. */
export function asFinding(about: string, { what, detail, fix }: Problem, state: "warn" | "fail" = "fail"): Finding {
  return {
    ...{ about, state, what },
    ...(detail === undefined ? {} : { detail }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** Whether this program runs on a node of that version. Pure. */
export function nodeIs(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isRecent = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  if (isRecent) return { about: "node", state: "ok", what: version };
  const what = `${version} is too old: ${NODE.join(".")} or later is needed`;
  return { about: "node", state: "fail", what, fix: "install Node.js from https://nodejs.org" };
}

async function examineFfmpeg(config: Config, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding[]> {
  const real = realProgram(config.ffmpeg_bin, env);
  if (!real.ok) return [asFinding("ffmpeg", real.failure)];
  const opened = await new LocalTransport(tmpdir()).openSession(signal);
  if (!opened.ok) return [asFinding("ffmpeg", opened.failure)];
  const session = opened.value;
  try {
    const surveyed = await surveyWorker(session, real.value, signal, "this machine");
    if (!surveyed.ok) return [asFinding("ffmpeg", surveyed.failure)];
    const { facts, encoders } = surveyed.value;
    const [path = real.value] = facts.build.split(/ \d+ \d+$/);
    const works = encoders.filter((one) => one.works).map(({ name }) => name);
    const broken = encoders.filter((one) => !one.works && !one.hardware);
    const said = broken.map(({ name, why }) => `${name}: ${why ?? "no word"}`).join("\n");
    return [
      { about: "ffmpeg", state: "ok", what: `${facts.ffmpegVersion} (${path})` },
      works.length === 0
        ? { about: "encoders", state: "fail", what: "none of them works", detail: said, fix: `${real.value} -encoders` }
        : {
            ...{ about: "encoders", state: broken.length > 0 ? "warn" : "ok", what: works.join(", ") },
            ...(broken.length > 0 ? { detail: said } : {}),
          },
    ];
  } finally {
    await session.close();
  }
}

async function examineProbe(
  config: Config,
  env: NodeJS.ProcessEnv,
  system: readonly string[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const real = realProgram(config.ffprobe_bin, env);
  if (!real.ok) return [asFinding("ffprobe", real.failure)];
  const { code, stdout, startError, stderrTail } = await runLocal(real.value, ["-version"], { signal });
  const [, version] = /^ffprobe version (\S+)/m.exec(stdout) ?? [];
  if (code === 0 && version !== undefined) return [{ about: "ffprobe", state: "ok", what: version }];
  const what = startError === "ENOENT" ? `there is no ${real.value} on this machine` : `${real.value} does not work`;
  return [asFinding("ffprobe", { what, detail: stderrTail.join("\n"), fix: installHint(system) })];
}

/** Whether a folder can be written, and how much room it has; it is made where it is missing, as a job would do it. */
async function roomIn(folder: string, about: string, fix: string): Promise<Finding[]> {
  try {
    await rm(await makePrivateFolder(folder, "distffmpeg-doctor-"), { recursive: true, force: true });
    const { bavail, bsize } = await statfs(folder);
    const bytes = bavail * bsize;
    const found = { about, what: `free in ${folder}`, bytes };
    return [
      bytes < ROOM ? { ...found, state: "warn", detail: "a long film may need more", fix } : { ...found, state: "ok" },
    ];
  } catch (error) {
    return [{ about, state: "fail", what: `${folder} cannot be written`, detail: (error as Error).message, fix }];
  }
}

async function examineKept(config: Config): Promise<Finding[]> {
  const jobs = await listKept(config);
  const kept = jobs.filter(({ chunks, holder }) => chunks > 0 || holder);
  const useless = kept.filter((job) => job.useless !== undefined && !job.holder);
  const about = "kept jobs";
  if (kept.length === 0) return [{ about, state: "ok", what: "none" }];
  const bytes = kept.reduce((sum, job) => sum + job.bytes, 0);
  const what = `${kept.length} that can go on or are at work`;
  if (useless.length === 0) return [{ about, state: "ok", what, bytes, fix: "distffmpeg jobs" }];
  const fix = `distffmpeg jobs remove ${useless.map(({ id }) => id).join(" ")}`;
  return [{ about, state: "warn", what: `${useless.length} of ${kept.length} cannot go on`, bytes, fix }];
}

/** What stands in a file; nothing where there is none. */
async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
