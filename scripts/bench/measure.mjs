// What all rows of the bench share: how a program is timed, how runs are compared, and where films come from.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../proc.mjs";

/**
 * A row of the table. `value` is the median, `runs` what it was taken of, `goal` the most (or, with `atLeast`, the least)
 * that it should be; without a goal it is there to be known.
 * @typedef {{group: string, name: string, value: number, unit: string, goal?: number, atLeast?: boolean, note?: string, runs?: number[]}} Row
 */

export const CLI = join(root, "dist", "cli.js");

/** A folder for the bench's files, removed at its end. */
export const folder = mkdtempSync(join(tmpdir(), "distffmpeg-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

export const here = (name) => join(folder, name);

/** The environment of what is measured: nothing of its user's, nothing kept from run to run but what one user would have. */
const home = here("home");
mkdirSync(home);
export const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DISTFFMPEG_"))),
  HOME: home,
  XDG_CONFIG_HOME: join(home, "config"),
  XDG_STATE_HOME: join(home, "state"),
  XDG_CACHE_HOME: join(home, "cache"),
};

/**
 * Seconds since the start that the host of this machine gave to others while a processor of this one had work: the mean of
 * its processors (proc(5): /proc/stat, the eighth number is "steal", in hundredths). 0 where nobody says.
 */
function stolen() {
  const times = existsSync("/proc/stat") ? readFileSync("/proc/stat", "utf8").split(/\s+/, 9) : [];
  return Number(times[8] ?? 0) / 100 / availableParallelism();
}

/**
 * Runs a program to its end: `seconds` on the clock less those that were stolen, so that what other guests of the same host
 * do makes no difference to a ratio; `clock`, with them; and `cpu`, seconds of processor time of it and all it has waited for
 * (bash's `time`; workers' programs are children of their own sshd). Throws what it said where it failed.
 * @param {readonly string[]} words @param {{cwd?: string, env?: Record<string, string | undefined>}} [options]
 * @returns {Promise<{seconds: number, clock: number, cpu: number, stdout: string, stderr: string}>}
 */
export function timed(words, { cwd = folder, env = environment } = {}) {
  const mark = "bench-times";
  const script = `TIMEFORMAT='${mark} %R %U %S'; time "$@"`;
  const before = stolen();
  return new Promise((done, broken) => {
    const child = spawn("bash", ["-c", script, "bash", ...words], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data) => (stdout += data));
    child.stderr.on("data", (data) => (stderr += data));
    child.on("error", broken);
    child.on("close", (code) => {
      const [, real, user, system] = /bench-times ([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(stderr) ?? [];
      if (code !== 0 || real === undefined) broken(new Error(`${words.join(" ")}\n${stderr.slice(-2000)}`));
      else {
        const clock = Number(real);
        const cpu = Number(user) + Number(system);
        done({ seconds: clock - (stolen() - before), clock, cpu, stdout, stderr });
      }
    });
  });
}

/** distffmpeg with its words. @param {...string} words */
export const ours = (...words) => [process.execPath, CLI, ...words];

/** Plain ffmpeg with its words. @param {...string} words */
export const plain = (...words) => ["ffmpeg", ...words];

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Does all of them, one after another, `times` times over: what disturbs the machine for a while then meets all alike.
 * Gives the list of each one's results.
 */
export async function inTurn(times, ...what) {
  const results = what.map(() => []);
  for (let i = 0; i < times; i++) for (const [j, one] of what.entries()) results[j].push(await one());
  return results;
}

/** The ratio of two lists of seconds, run by run. */
export const ratios = (a, b) => a.map(({ seconds }, i) => seconds / b[i].seconds);

/** Runs something short at once; throws what it said where it failed. */
export function must(file, args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/**
 * Six scenes of seven seconds, of all kinds of movement and detail, again and again with other colours. What they cost to
 * encode differs by a factor of two or three, as scenes of films do. (Noise is laid over YUV: over the RGB of `gradients` it
 * makes pictures of 30 Mbit/s, ten times as costly as the others.)
 */
function scene(number, size) {
  const hue = `hue=h=${(number * 47) % 360}`;
  const [, height] = size.split("x");
  const kinds = [
    `testsrc2=s=${size}:r=25:d=7,format=yuv420p,noise=alls=5:allf=t`,
    `mandelbrot=s=${size}:r=25:start_scale=${1 / (number + 1)}:end_pts=400,trim=duration=7`,
    `gradients=s=${size}:r=25:d=7:speed=0.02:seed=${number + 1},format=yuv420p,noise=alls=12:allf=t`,
    `testsrc=s=${size}:r=25:d=7,rotate=t/5,format=yuv420p,noise=alls=4:allf=t`,
    `life=s=160x90:r=25:mold=10:ratio=0.15:seed=${number + 7}:death_color=#c83232:life_color=#00ff00,scale=-2:${height},trim=duration=7`,
    `smptehdbars=s=${size}:r=25:d=7,format=yuv420p,noise=alls=12:allf=t+u`,
  ];
  return `${kinds[number % kinds.length]},${hue},format=yuv420p,setsar=1`;
}

/**
 * A film of so many seconds and that size at 25 frames a second, H.264 with keyframes at cuts and every 5 seconds at most,
 * and a track of sound; made once.
 */
export function film(seconds, size = "640x360") {
  const path = here(`film${seconds}-${size}.mkv`);
  if (existsSync(path)) return path;
  const count = Math.ceil(seconds / 7);
  const scenes = Array.from({ length: count }, (_, i) => `${scene(i, size)}[s${i}]`).join(";");
  const graph = `${scenes};${Array.from({ length: count }, (_, i) => `[s${i}]`).join("")}concat=n=${count}[v]`;
  const sound = ["-f", "lavfi", "-i", `sine=440:d=${seconds}`];
  const video = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-g", "125", "-t", `${seconds}`];
  must("ffmpeg", [
    ...["-v", "error", "-nostdin", "-y", ...sound, "-filter_complex", graph],
    ...["-map", "[v]", "-map", "0:a", ...video, path],
  ]);
  return path;
}
