#!/usr/bin/env node
/**
 * Measures rate control over chunks and prints the tables of docs/rate-control.md:
 *
 *   node scripts/rate-table.mjs [--encoder libx264]... [--rates 100,250,600] [FILM=WHAT IT IS]...
 *
 * Without a film: one of easy and hard scenes, which it makes. Each film is encoded in two passes by plain ffmpeg, by
 * distffmpeg (dist/, on this machine), and the naive way: cut into pieces, each in two passes at the film's bitrate.
 * Needs ffmpeg and ffprobe, and nothing else. Takes minutes.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const CHUNKS = ["-df_workers=none", "-df_local_slots=2"];
/** The lengths of chunks that distffmpeg takes unless told. */
const LENGTHS = ["-df_keyint_min=120", "-df_segment_frames=240", "-df_keyint_max=600"];
/** Frames of a naive piece, as many as those of a chunk. */
const PIECE = 240;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    encoder: { type: "string", multiple: true, default: ["libx264"] },
    rates: { type: "string", default: "100,250,600" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "rate-table-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const here = (name) => join(folder, name);

function run(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}\n${stderr.slice(-2000)}`);
  return { stdout, stderr };
}

const ffmpeg = (...args) => run("ffmpeg", ["-y", "-v", "error", "-nostdin", ...args]);
const probe = (...args) => run("ffprobe", ["-v", "error", ...args]).stdout.trim();

/** Scenes of six seconds: flat, a few moving shapes, noise, fine detail that moves … */
const SCENES = [
  "color=c=0x336699:s=320x180:r=25:d=6",
  "testsrc2=s=320x180:r=25:d=6",
  "mandelbrot=s=320x180:r=25:end_pts=150,trim=duration=6",
  "color=c=gray:s=320x180:r=25:d=6,noise=alls=40:allf=t",
  "smptehdbars=s=320x180:r=25:d=6",
  "life=s=160x90:r=25:mold=10:ratio=0.15:seed=7:death_color=#c83232:life_color=#00ff00,scale=320:180,trim=duration=6",
  "testsrc=s=320x180:r=25:d=6",
  "cellauto=s=160x90:r=25:rule=110:seed=3,scale=320:180:flags=neighbor,trim=duration=6",
];

function makeFilm() {
  const film = here("scenes.mkv");
  const inputs = SCENES.flatMap((scene) => ["-f", "lavfi", "-i", `${scene},format=yuv420p,setsar=1,setpts=N/25/TB`]);
  const joined = `${SCENES.map((_, i) => `[${i}:v]`).join("")}concat=n=${SCENES.length}[v]`;
  const encode = ["-c:v", "libx264", "-preset", "fast", "-crf", "12", "-g", "50", "-threads", "1"];
  ffmpeg(...inputs, "-filter_complex", joined, "-map", "[v]", ...encode, film);
  return film;
}

/** How each encoder is asked for a pass, with a log of this name. */
const PASSES = {
  libx265: (pass, log) => ["-x265-params", `log-level=error:pass=${pass}:stats=${log}.log`],
};
const passWords = (encoder, pass, log) => PASSES[encoder]?.(pass, log) ?? ["-pass", `${pass}`, "-passlogfile", log];

const PRESETS = {
  libx264: ["-preset", "fast"],
  libx265: ["-preset", "veryfast"],
  "libvpx-vp9": ["-deadline", "good", "-cpu-used", "4"],
  libvpx: ["-deadline", "good", "-cpu-used", "4"],
  "libaom-av1": ["-cpu-used", "8"],
};

function twoPasses(start, source, encoder, rate, output) {
  const log = here("passes");
  for (const pass of [1, 2]) {
    const words = ["-i", source, "-map", "0:v:0", "-c:v", encoder, ...(PRESETS[encoder] ?? [])];
    const end = pass === 1 ? ["-f", "null", "-"] : [output];
    start([...words, "-b:v", `${rate}k`, ...passWords(encoder, pass, log), ...end]);
  }
}

const plain = (args) => ffmpeg(...args);
const ours = (args) => {
  const summary = here("summary.json");
  run(process.execPath, [
    CLI,
    ...CHUNKS,
    ...LENGTHS,
    `-df_summary=${summary}`,
    "-y",
    "-v",
    "error",
    "-nostdin",
    ...args,
  ]);
};

/** Each piece by itself, at the film's bitrate. */
function naive(source, encoder, rate, output) {
  const count = Number(
    probe(
      "-select_streams",
      "v:0",
      "-count_packets",
      "-show_entries",
      "stream=nb_read_packets",
      "-of",
      "csv=p=0",
      source,
    ).replace(",", ""),
  );
  const frames = Array.from({ length: Math.max(1, Math.ceil(count / PIECE)) }, (_, i) => i * PIECE);
  const list = frames.map((from, i) => {
    const piece = here(`piece${i}.mkv`);
    const cut = ["-vf", `trim=start_frame=${from}:end_frame=${from + PIECE},setpts=PTS-STARTPTS`, "-an"];
    ffmpeg("-i", source, "-map", "0:v:0", ...cut, "-c:v", "ffv1", here("piece-source.mkv"));
    twoPasses(plain, here("piece-source.mkv"), encoder, rate, piece);
    return `file '${piece}'`;
  });
  writeFileSync(here("pieces.txt"), list.join("\n"));
  ffmpeg("-f", "concat", "-safe", "0", "-i", here("pieces.txt"), "-c", "copy", output);
}

function bytesOf(film) {
  const sizes = probe("-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", film);
  return sizes.split("\n").reduce((sum, line) => sum + Number(line.split(",")[0]), 0);
}

function secondsOf(film) {
  const [frames, rate] = probe(
    ...["-select_streams", "v:0", "-count_packets", "-show_entries", "stream=nb_read_packets,r_frame_rate"],
    ...["-of", "default=nw=1:nk=0", film],
  )
    .split("\n")
    .sort()
    .map((line) => line.split("=")[1]);
  const [num, den] = rate.split("/").map(Number);
  return Number(frames) / (num / den);
}

/** PSNR over the whole film, in decibels, and SSIM. */
function quality(film, source) {
  const byNumber = "settb=1/1000,setpts=N";
  const graph = `[0:v]${byNumber},split[a][b];[1:v]${byNumber},split[c][d];[a][c]psnr[x];[b][d]ssim[y]`;
  const { stderr } = run("ffmpeg", [
    ...["-y", "-v", "info", "-nostdin", "-i", film, "-i", source, "-filter_complex", graph],
    ...["-map", "[x]", "-map", "[y]", "-f", "null", "-"],
  ]);
  return {
    psnr: Number(/PSNR .* average:(\S+)/.exec(stderr)?.[1]),
    ssim: Number(/SSIM .* All:(\S+)/.exec(stderr)?.[1]),
  };
}

function row(film, source, rate, seconds) {
  const kbps = (bytesOf(film) * 8) / seconds / 1000;
  const { psnr, ssim } = quality(film, source);
  const off = ((kbps / rate - 1) * 100).toFixed(2).replace(/^(?!-)/, "+");
  return { off, psnr, ssim, text: `${off} % | ${psnr.toFixed(2)} | ${ssim.toFixed(4)}` };
}

function table(source, what) {
  const seconds = secondsOf(source);
  console.log(`\n${what}, ${seconds.toFixed(0)} s\n`);
  console.log("| encoder | kb/s | plain: size, PSNR, SSIM | distffmpeg | naive | distffmpeg − plain |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const encoder of values.encoder) {
    for (const rate of values.rates.split(",").map(Number)) {
      const films = ["plain", "ours", "naive"].map((name) => here(`${name}.mkv`));
      twoPasses(plain, source, encoder, rate, films[0]);
      twoPasses(ours, source, encoder, rate, films[1]);
      naive(source, encoder, rate, films[2]);
      const [a, b, c] = films.map((film) => row(film, source, rate, seconds));
      const cells = [a, b, c].map(({ text }) => text.replaceAll(" | ", ", "));
      const better = (b.psnr - a.psnr).toFixed(2).replace(/^(?!-)/, "+");
      console.log(`| ${encoder} | ${rate} | ${cells.join(" | ")} | ${better} dB |`);
    }
  }
}

if (!existsSync(CLI)) throw new Error("run npx tsc -p tsconfig.json first");
const films = positionals.map((word) => {
  const [path, ...what] = word.split("=");
  return { path, what: what.join("=") };
});
if (films.length === 0) films.push({ path: makeFilm(), what: "Easy and hard scenes, made by ffmpeg, 320x180" });
for (const { path, what } of films) table(path, what);
