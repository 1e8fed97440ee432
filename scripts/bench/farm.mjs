// Two workers over real SSH, each on a processor of its own, against plain ffmpeg on the same two.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLab } from "../../test/lab/lab.mjs";
import { environment, film, folder, inTurn, median, ours, plain, ratios, timed } from "./measure.mjs";

const SECONDS = 60;
const SIZE = "960x540";
const QUIET = ["-v", "error", "-nostdin", "-y"];
const SLOW = ["-c:v", "libx264", "-preset", "slow", "-crf", "23"];

/** Notes, on the worker, when it begins to encode. */
const noting = (cpus) => ({ cpus, script: 'case "$*" in *-progress*) date +%s.%N >> "$(dirname "$0")/began";; esac' });

/** Plain ffmpeg on both processors at once, each with half the film. */
function sideBySide(source) {
  const half = SECONDS / 2;
  const part = (cpu, cut) =>
    ["taskset", "-c", `${cpu}`, ...plain(...QUIET, ...cut, "-i", source, "-an", ...SLOW, `plain${cpu}.mkv`)]
      .map((word) => `'${word}'`)
      .join(" ");
  const script = `${part(0, ["-t", `${half}`])} & p=$!; ${part(1, ["-ss", `${half}`])} || exit; wait $p`;
  return timed(["bash", "-c", script]);
}

/** @returns {Promise<import("./measure.mjs").Row[]>} */
export async function farm({ times }) {
  const lab = await startLab({ folder, workers: [{ ffmpeg: noting("0") }, { ffmpeg: noting("1") }] });
  try {
    const config = join(folder, "farm.json");
    writeFileSync(config, JSON.stringify(lab.config({ resume: "never" })));
    // The rest of the surroundings is as for all rows: what is cached is kept from run to run.
    const env = { ...environment, ...lab.env, XDG_CACHE_HOME: environment.XDG_CACHE_HOME };
    const whole = film(SECONDS, SIZE);
    const firsts = [];
    const encode = async (source) => {
      for (const { folder: there } of lab.workers) rmSync(join(there, "began"), { force: true });
      const started = Date.now() / 1000;
      const run = await timed(ours(`-df_config=${config}`, ...QUIET, "-i", source, "-an", ...SLOW, "ours.mkv"), {
        env,
      });
      firsts.push(Math.min(...lab.workers.map(({ folder: there }) => firstOf(join(there, "began")))) - started);
      return run;
    };
    // What the workers can do is known from now on, as it is after a user's first film.
    await encode(film(12));
    firsts.length = 0;
    const [us, them] = await inTurn(
      times,
      () => encode(whole),
      () => sideBySide(whole),
    );
    const runs = ratios(us, them);
    const shares = us.map(({ cpu }, i) => (100 * cpu) / them[i].cpu);
    const note = `libx264 slow, ${SECONDS} s of ${SIZE}; side by side ${median(them.map((run) => run.seconds)).toFixed(1)} s`;
    return [
      {
        group: "two SSH workers, a processor each",
        name: "distffmpeg / two plain ffmpeg side by side",
        value: median(runs),
        unit: "of plain",
        goal: 1,
        note,
        runs,
      },
      {
        group: "two SSH workers, a processor each",
        name: "start until the first worker encodes",
        value: median(firsts),
        unit: "s",
        goal: 1,
        note: "one file of this machine; all on the same two processors",
        runs: firsts,
      },
      {
        group: "two SSH workers, a processor each",
        name: "this machine's processor time",
        value: median(shares),
        unit: "% of the encoding",
        goal: 3,
        note: "split, transfer, proof and join, with the encryption at this end",
        runs: shares,
      },
    ];
  } finally {
    await lab.close();
  }
}

/** The first of the times noted in a file, seconds. */
function firstOf(path) {
  return existsSync(path)
    ? Math.min(...readFileSync(path, "utf8").trim().split("\n").map(Number))
    : Number.POSITIVE_INFINITY;
}
