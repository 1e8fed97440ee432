// What a film of a million packets takes of this machine's memory.
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { environment, folder, here, inTurn, median, must, ours } from "./measure.mjs";

const FRAMES = 1_000_000;
const MIB = 1024;

/** The most memory that a process has had so far, in kB (proc(5), VmHWM). */
function mostMemory(pid) {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The most memory that one job with the film has had, MiB. */
async function encode(source) {
  const words = ["-v", "error", "-nostdin", "-y", "-i", source, "-c:v", "mpeg4", "-q:v", "5", "-an"];
  // Long chunks, or most of the time would go into starting ffmpeg for pictures of 16x16.
  const lengths = ["-df_segment_frames=5000", "-df_keyint_min=250", "-df_keyint_max=10000"];
  const alone = ["-df_workers=none", "-df_local_slots=2", "-df_resume=never"];
  const [file, ...args] = ours(...alone, ...lengths, ...words, here("million-out.mp4"));
  const child = spawn(file, args, { cwd: folder, env: environment, stdio: ["ignore", "ignore", "inherit"] });
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, mostMemory(child.pid))), 100);
  const code = await new Promise((done) => child.on("close", done));
  clearInterval(watch);
  if (code !== 0 || most === 0) throw new Error(`the film of a million packets ended with status ${code}`);
  return most / MIB;
}

/** @returns {Promise<import("./measure.mjs").Row[]>} */
export async function memory({ times }) {
  const source = here("million.mp4");
  const picture = ["-f", "lavfi", "-i", `color=s=16x16:r=25:d=${FRAMES / 25}`];
  must("ffmpeg", ["-v", "error", "-nostdin", ...picture, "-c:v", "mpeg4", "-g", "250", "-q:v", "5", source]);
  const [runs] = await inTurn(times, () => encode(source));
  rmSync(source);
  const note = `${FRAMES} frames of 16x16, all through the split, two encoders and the join`;
  const name = "memory for a million packets";
  return [{ group: "this machine", name, value: median(runs), unit: "MiB", goal: 200, note, runs }];
}
