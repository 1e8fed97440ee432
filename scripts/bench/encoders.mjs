// This machine alone: distffmpeg against plain ffmpeg, encoder by encoder; and a clip that is too short to share out.
import { film, inTurn, median, ours, plain, ratios, timed } from "./measure.mjs";

const LOCAL = ["-df_workers=none", "-df_resume=never"];
const QUIET = ["-v", "error", "-nostdin", "-y"];

/** Seconds of film are such that plain ffmpeg has half a minute to two minutes of work with it on two processors. */
const ENCODERS = [
  { name: "libx264 medium", words: "-c:v libx264 -preset medium -crf 23", seconds: 120, goal: 1 },
  {
    name: "libx265 fast",
    words: "-c:v libx265 -preset fast -crf 28 -x265-params log-level=error",
    seconds: 90,
    goal: 1,
  },
  { name: "libsvtav1 preset 8", words: "-c:v libsvtav1 -preset 8 -crf 35", seconds: 90, goal: 1 },
  { name: "libvpx-vp9 -cpu-used 4", words: "-c:v libvpx-vp9 -cpu-used 4 -crf 33 -b:v 0", seconds: 30, goal: 0.6 },
  { name: "libaom-av1 -cpu-used 6", words: "-c:v libaom-av1 -cpu-used 6 -crf 35", seconds: 30, goal: 0.6 },
];

/** @returns {Promise<import("./measure.mjs").Row[]>} */
export async function encoders({ times }) {
  const rows = [];
  for (const { name, words, seconds, goal } of ENCODERS) {
    const command = [...QUIET, "-i", film(seconds), ...words.split(" "), "-c:a", "copy"];
    const [us, them] = await inTurn(
      times,
      () => timed(ours(...LOCAL, ...command, "ours.mkv")),
      () => timed(plain(...command, "plain.mkv")),
    );
    const runs = ratios(us, them);
    const plainSeconds = median(them.map((run) => run.seconds));
    const busy = median(them.map((run) => run.cpu / run.seconds));
    const spent = median(us.map((run, i) => run.cpu / them[i].cpu));
    const note = `${seconds} s of film; plain ffmpeg ${plainSeconds.toFixed(1)} s with ${busy.toFixed(2)} processors busy; processor time ${spent.toFixed(2)} of its`;
    rows.push({ group: "this machine", name, value: median(runs), unit: "of plain", goal, note, runs });
  }
  return rows;
}

/** @returns {Promise<import("./measure.mjs").Row[]>} */
export async function shortClip({ times }) {
  const command = [...QUIET, "-i", film(5), "-c:v", "libx264", "-preset", "medium", "-c:a", "copy"];
  const [us, them] = await inTurn(
    Math.max(times, 5),
    () => timed(ours(...LOCAL, ...command, "ours.mkv")),
    () => timed(plain(...command, "plain.mkv")),
  );
  const runs = us.map(({ seconds }, i) => seconds - 0.1 * them[i].seconds - them[i].seconds);
  const note = `libx264 medium; plain ffmpeg ${median(them.map((run) => run.seconds)).toFixed(2)} s, distffmpeg ${median(us.map((run) => run.seconds)).toFixed(2)} s`;
  return [
    {
      group: "this machine",
      name: "5 s clip: distffmpeg less 1.1 × ffmpeg",
      value: median(runs),
      unit: "s",
      goal: 0.5,
      note,
      runs,
    },
  ];
}
