import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { Config, WorkerConfig } from "../../config/types.js";
import { runLocal } from "../../ffmpeg/run.js";
import { makePrivateFolder } from "../../lib/private-folder.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { EventStream } from "../events.js";
import { Hold } from "../hold.js";
import { runJob } from "../job.js";

/** Two seconds with a keyframe every ten frames, in an encoder that each build of ffmpeg has. */
const CLIP = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2", "-c:v", "mpeg4", "-q:v", "3", "-g", "10"];

/** Chunks of that clip, and frames of each. */
const LENGTH = 10;

/**
 * Sends a short clip through a worker as a job's chunks go, losslessly encoded, and compares the frames that come back with
 * those that this machine's ffmpeg decodes, by their hashes.
 */
export async function proveByClip(
  worker: WorkerConfig,
  config: Config,
  signal: AbortSignal,
): Promise<Result<{ readonly frames: number }, Problem>> {
  const folder = await makePrivateFolder(tmpdir(), "distffmpeg-clip-");
  try {
    return await prove(worker, config, folder, signal);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function prove(
  worker: WorkerConfig,
  config: Config,
  folder: string,
  signal: AbortSignal,
): Promise<Result<{ readonly frames: number }, Problem>> {
  const [clip, out] = [join(folder, "clip.mkv"), join(folder, "out.mkv")];
  const made = await runLocal(config.ffmpeg_bin, ["-nostdin", "-v", "error", ...CLIP, clip], { signal });
  if (made.code !== 0) {
    const detail = made.startError ?? made.stderrTail.join("\n");
    return fail({
      what: `${config.ffmpeg_bin} on this machine makes no test clip`,
      detail,
      fix: `${config.ffmpeg_bin} -version`,
    });
  }
  const events = new EventStream();
  const said: string[] = [];
  events.subscribe((event) => {
    if (event.type === "failed") said.push(event.what, event.detail ?? "");
    else if (event.type === "chunk-failed" || event.type === "worker-dropped" || event.type === "fell-back")
      said.push(event.reason);
  });
  const status = await runJob({
    argv: ["-y", "-nostdin", "-v", "error", "-i", clip, "-c:v", "ffv1", out],
    config: {
      ...config,
      ...{ workers: [worker], server_work_path: folder, local_slots: 0, fallback: "fail", route: "chunks" },
      ...{ segment_frames: LENGTH, keyint_min: LENGTH, keyint_max: LENGTH, split: "keyframe", resume: "never" },
      ...{ summary: undefined, plan: false, scratch_limit: "none" },
    },
    ...{ flags: new Map(), events, signal, asFfmpeg: false, tellsWords: false, reported: false, hold: new Hold() },
    stdin: () => new PassThrough().end(),
    mayOverwrite: () => Promise.resolve(true),
    listenToKeys: () => ({ off: () => undefined }),
    streamKeys: () => undefined,
    stoppedBy: () => ({}),
  });
  const fix = `distffmpeg workers check ${worker.name}`;
  if (status !== 0) return fail({ what: `${worker.name}: a clip did not come through`, detail: said.join("\n"), fix });
  const [plain, through] = [await frameHashes(config, clip, signal), await frameHashes(config, out, signal)];
  if (plain.length === 0 || plain.join("\n") !== through.join("\n")) {
    const detail = `${plain.length} frames went, ${through.length} came back`;
    return fail({
      what: `${worker.name}: a clip came back with other pictures`,
      detail,
      fix: "install another ffmpeg on the worker",
    });
  }
  return ok({ frames: plain.length });
}

/** A line a frame, in the order of showing: its hash. */
async function frameHashes({ ffmpeg_bin }: Config, path: string, signal: AbortSignal): Promise<string[]> {
  const words = ["-nostdin", "-v", "error", "-i", path, "-map", "0:v", "-f", "framemd5", "-"];
  const { code, stdout } = await runLocal(ffmpeg_bin, words, { signal });
  if (code !== 0) return [];
  return stdout
    .split("\n")
    .flatMap((line) => (line === "" || line.startsWith("#") ? [] : (line.split(",").at(-1)?.trim() ?? [])));
}
