#!/usr/bin/env node
// Makes the pictures of the documentation anew (docs/pictures): a real job on the lab's workers, its live view as it stands
// in a terminal (tmux), and its report as a browser shows it (chromium), light and dark.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLab } from "../test/lab/lab.mjs";
import { screenAsSvg } from "./pictures/screen.mjs";
import { root, which } from "./proc.mjs";
import { setupOrExit } from "./setup.mjs";

const SIZE = { columns: 96, rows: 20 };
const LARGEST = 200 * 1024;
const pictures = join(root, "docs", "pictures");

for (const program of ["tmux", "chromium", "sshd"]) {
  if (which(program) !== undefined) continue;
  console.error(`Missing in PATH: ${program}. Type: sudo apt-get install -y tmux chromium openssh-server`);
  process.exit(1);
}
setupOrExit({});
mkdirSync(pictures, { recursive: true });
const workers = [
  { name: "tower", slots: 2 },
  { name: "attic", slots: 1, ffmpeg: { delay: 1 } },
  { name: "cellar", slots: 1, ffmpeg: { delay: 2 } },
];
const lab = await startLab({ workers });
const socket = join(lab.folder, "socket");
const tmux = (...args) => must("tmux", ["-S", socket, ...args]);
try {
  makeFilm();
  const screen = await runJob();
  writeFileSync(join(pictures, "live.svg"), screenAsSvg(screen, SIZE));
  for (const scheme of ["light", "dark"]) photograph(scheme);
  for (const name of ["live.svg", "report-light.png", "report-dark.png"]) {
    const { size } = statSync(join(pictures, name));
    console.log(`${name}: ${Math.round(size / 1024)} KiB`);
    if (size > LARGEST) throw new Error(`${name} is larger than ${LARGEST / 1024} KiB`);
  }
} finally {
  spawnSync("tmux", ["-S", socket, "kill-server"]);
  await lab.close();
}

function must(program, args, options = {}) {
  const done = spawnSync(program, args, { cwd: lab.folder, encoding: "utf8", ...options });
  if (done.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

/** Pictures that are easy and hard to encode in turn, with a keyframe a second. */
function makeFilm() {
  const scenes = [
    "testsrc2=size=1280x720:rate=25:duration=24",
    "mandelbrot=size=1280x720:rate=25:end_scale=0.02,trim=duration=24",
    "testsrc=size=1280x720:rate=25:duration=24",
  ];
  must("ffmpeg", [
    ...["-y", "-v", "error", ...scenes.flatMap((scene) => ["-f", "lavfi", "-i", scene])],
    ...["-f", "lavfi", "-i", "sine=frequency=440:duration=72"],
    ...["-filter_complex", "[0:v][1:v][2:v]concat=n=3:v=1:a=0,format=yuv420p", "-map", "3:a"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "flac", "film.mkv"],
  ]);
}

/** Runs the job in a terminal; gives the screen, with its colours, from when half of the film was done. */
async function runJob() {
  writeFileSync(join(lab.folder, "distffmpeg.json"), JSON.stringify(lab.config({ keyint_min: 75, keyint_max: 250 })));
  const command = [
    ...[process.execPath, join(root, "dist", "cli.js"), "-y", "-df_report=job.html", "-i", "film.mkv"],
    ...["-c:v", "libx264", "-preset", "fast", "-crf", "20", "-c:a", "copy", "out.mkv"],
  ].join(" ");
  const variables = Object.entries({ ...lab.env, LANG: "C.UTF-8", TERM: "xterm-256color", NO_COLOR: "" });
  const shell = `env ${variables.map(([key, value]) => `${key}='${value}'`).join(" ")} ${command}; echo ended $?; sleep 60`;
  const { columns, rows } = SIZE;
  tmux("-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", lab.folder, shell);
  let best = "";
  let most = 0;
  for (const end = Date.now() + 300_000; Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const text = tmux("capture-pane", "-p");
    if (/ended 0/.test(text)) return best;
    if (/ended \d/.test(text)) throw new Error(text);
    const percent = Number(/\b(\d+)\s?%/.exec(text)?.[1] ?? 0);
    // The one on which the most slots show how fast they are.
    const working = (text.match(/^\S+( \d)? +encode.* fps/gm) ?? []).length;
    if (percent < 30 || percent > 70 || working < most) continue;
    most = working;
    best = tmux("capture-pane", "-p", "-e");
  }
  throw new Error("the job did not end");
}

/** The head of the report as a reader with a light or a dark desktop sees it, in few colours. */
function photograph(scheme) {
  const raw = join(lab.folder, `${scheme}.png`);
  must("chromium", [
    ...[
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      `--user-data-dir=${join(lab.folder, "browser")}`,
    ],
    ...[`--blink-settings=preferredColorScheme=${scheme === "dark" ? 0 : 1}`, "--window-size=1000,1150"],
    ...[`--screenshot=${raw}`, `file://${join(lab.folder, "job.html")}`],
  ]);
  const colours = "split[a][b];[a]palettegen=max_colors=96[p];[b][p]paletteuse=dither=none";
  must("ffmpeg", ["-y", "-v", "error", "-i", raw, "-vf", colours, join(pictures, `report-${scheme}.png`)]);
  if (readFileSync(raw).length === 0) throw new Error("the browser took no picture");
}
