#!/usr/bin/env node
// What chunks cost in bits: the same command by plain ffmpeg, by distffmpeg with cuts at keyframes, and at scene changes.
// node scripts/bench/quality.mjs [FILM…]   Without films: those beside the repository, or a film made for it.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../proc.mjs";
import { CLI } from "./measure.mjs";
import { table } from "./table.mjs";

const MEDIA = join(root, "..", "shared", "media");
const REAL = ["long_h264_1080p24_agent327_47s.mp4", "long_h264_480p24_bbb_30s.mp4"].map((name) => join(MEDIA, name));

/** Ten seconds of 24 frames a second, more or less. */
const CHUNKS = ["-df_segment_frames=240", "-df_keyint_min=120", "-df_keyint_max=360"];
const ALONE = ["-df_workers=none", "-df_local_slots=2", "-df_resume=never"];

/** `crf`: what is measured, and a worse one, which shows what plain ffmpeg's quality costs. */
const ENCODERS = [
  { name: "libx264 medium", words: "-c:v libx264 -preset medium", crf: [23, 26] },
  { name: "libsvtav1 preset 8", words: "-c:v libsvtav1 -preset 8", crf: [35, 40] },
];

/** Where the source has its keyframes: as x264 sets them by itself, or as what is made for streaming has them. */
const SOURCES = [
  { name: "a source's keyframes at its scene changes", x264: "keyint=250" },
  { name: "a source's keyframes every 4 s", x264: "keyint=96:min-keyint=96:scenecut=0" },
];

/** More bits at equal quality than plain ffmpeg's, in per cent: what the project has set itself. */
const GOAL = 1;

/** Runs a program; gives what it said. Throws that where it failed. */
function run(words, folder) {
  const home = join(folder, "home");
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, XDG_CACHE_HOME: home };
  return new Promise((done, broken) => {
    const child = spawn(words[0], words.slice(1), { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (data) => (said += data));
    child.stderr.on("data", (data) => (said += data));
    child.on("error", broken);
    child.on("close", (code) =>
      code === 0 ? done(said) : broken(new Error(`${words.join(" ")}\n${said.slice(-2000)}`)),
    );
  });
}

/** Twelve scenes of different lengths: moving patterns, noise, zooms. */
function made() {
  const lengths = [3.3, 7.1, 5.2, 9.4, 2.6, 6.7, 8.3, 4.1, 7.9, 3.8, 5.5, 6.4];
  const scenes = lengths.map((seconds, i) => {
    const base = [
      "testsrc2=s=640x360:r=24",
      `mandelbrot=s=640x360:r=24:start_scale=${0.3 + i / 10}:end_pts=400`,
      `cellauto=s=640x360:r=24:rule=${18 + 12 * i}:full=1`,
      `gradients=s=640x360:r=24:seed=${i}:speed=0.02`,
    ][i % 4];
    const grain = `noise=c0s=${4 + (i % 3) * 4}:c0f=t:all_seed=${i}`;
    return `${base},format=yuv420p,hue=h=${i * 47},${grain},trim=duration=${seconds},setpts=PTS-STARTPTS[s${i}]`;
  });
  return `${scenes.join(";")};${lengths.map((_, i) => `[s${i}]`).join("")}concat=n=${lengths.length}[v]`;
}

/** The film that is encoded: real ones at a small size one after another, as a source is that somebody has. */
async function source(films, x264, folder, path) {
  const inputs = films.flatMap((film) => ["-i", film]);
  const each = films.map((_, i) => `[${i}:v:0]fps=24,scale=640:360,setsar=1,format=yuv420p[s${i}]`);
  const real = `${each.join(";")};${films.map((_, i) => `[s${i}]`).join("")}concat=n=${films.length}[v]`;
  const encoder = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "14", "-x264-params", x264];
  const graph = films.length > 0 ? real : made();
  await run(
    ["ffmpeg", "-v", "error", "-y", ...inputs, "-filter_complex", graph, "-map", "[v]", ...encoder, path],
    folder,
  );
}

/** Size in bytes, quality in decibels, and where the keyframes are. */
async function measure(path, film, folder) {
  const packets = await run(
    ["ffprobe", "-v", "error", "-show_entries", "packet=size,flags", "-of", "csv=p=0", path],
    folder,
  );
  const sizes = packets.trim().split("\n");
  const bytes = sizes.reduce((sum, line) => sum + Number(line.split(",")[0]), 0);
  const keyframes = sizes.filter((line) => line.includes("K")).length;
  const graph = "[0:v]split[a][b];[1:v]split[c][d];[a][c]ssim;[b][d]psnr";
  const said = await run(["ffmpeg", "-i", path, "-i", film, "-lavfi", graph, "-f", "null", "-"], folder);
  const [, ssim] = /SSIM .*All:[\d.]+ \(([\d.]+)\)/.exec(said) ?? [];
  const [, psnr] = /PSNR .*average:([\d.]+)/.exec(said) ?? [];
  return { bytes, keyframes, ssim: Number(ssim), psnr: Number(psnr) };
}

/** How many more bits, in per cent, than plain ffmpeg takes for this very quality: between two of its films, by logarithm. */
function costs(ours, [good, bad], by) {
  const share = (ours[by] - bad[by]) / (good[by] - bad[by]);
  const plain = Math.exp(Math.log(bad.bytes) + share * (Math.log(good.bytes) - Math.log(bad.bytes)));
  return (ours.bytes / plain - 1) * 100;
}

/**
 * The rows of the bench: more bits at equal quality, in per cent, by SSIM; with what it is made of in the note.
 * @param {{films?: readonly string[]}} [options] films to take instead of those beside the repository
 * @returns {Promise<import("./measure.mjs").Row[]>}
 */
export async function quality({ films = REAL.filter((film) => existsSync(film)) } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "distffmpeg-quality-"));
  mkdirSync(join(folder, "home"));
  const rows = [];
  try {
    for (const [i, { name: kind, x264 }] of SOURCES.entries()) {
      const film = join(folder, `film${i}.mkv`);
      await source(films, x264, folder, film);
      for (const { name, words, crf } of ENCODERS) {
        const make = async (program, value, path) => {
          await run(
            [...program, "-v", "error", "-y", "-i", film, ...words.split(" "), "-crf", `${value}`, path],
            folder,
          );
          return measure(join(folder, path), film, folder);
        };
        const plain = [];
        for (const value of crf) plain.push(await make(["ffmpeg"], value, `plain${value}.mkv`));
        for (const split of ["keyframe", "scene"]) {
          const summary = join(folder, "summary.json");
          const ours = [process.execPath, CLI, ...ALONE, ...CHUNKS, `-df_split=${split}`, `-df_summary=${summary}`];
          const got = await make(ours, crf[0], `${split}.mkv`);
          const { chunks } = JSON.parse(readFileSync(summary, "utf8"));
          const more = (bytes) => `${((bytes / plain[0].bytes - 1) * 100).toFixed(2)} %`;
          const note = [
            `${chunks} chunks; at equal crf: size ${more(got.bytes)}`,
            ...["ssim", "psnr"].map((by) => `${by.toUpperCase()} ${(got[by] - plain[0][by]).toFixed(3)} dB`),
            `keyframes ${plain[0].keyframes} → ${got.keyframes}; at equal PSNR ${costs(got, plain, "psnr").toFixed(2)} %`,
          ].join(", ");
          const value = Number(costs(got, plain, "ssim").toFixed(2));
          const goal = split === "scene" ? { goal: GOAL } : {};
          rows.push({
            group: "quality",
            name: `${name}, ${split} cuts; ${kind}`,
            value,
            unit: "% more bits",
            ...goal,
            note,
          });
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const films = process.argv.slice(2);
  console.log(table(await quality(films.length > 0 ? { films } : {})));
}
