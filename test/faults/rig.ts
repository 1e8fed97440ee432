import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, type TestContext } from "vitest";
import { compareFiles, make, namesIn, readSummary, type Summary } from "../equivalence/compare.js";
import { type Ended, runFfmpeg, type Started, startCli } from "../equivalence/programs.js";
import { type Lab, type LabOptions, type LabWorker, startLab } from "../lab/lab.mjs";
import { commandOf } from "../lab/processes.mjs";
import { until } from "../lab/sessions.js";
import { commandsWith } from "../lab/with-lab.js";
import { ALL } from "../thorough.js";

/** How often each fault is tried. */
const TIMES = Number(process.env["FAULTS_TIMES"] ?? 1);

/** Where `scripts/faults.mjs` gathers what came of each try, a line of JSON each. */
const REPORT = process.env["FAULTS_REPORT"];

/** Seconds after which a worker that lost its host has cleaned up, and a little for a busy machine. */
const CLEAN_WITHIN = 90;

const CHUNKS = ["-df_keyint_min=24", "-df_segment_frames=24", "-df_keyint_max=48"];
const ENCODE = "-map 0 -c:v libx264 -qp 0 -preset ultrafast -c:a copy".split(" ");

/** A job that runs while it comes to harm. */
export interface Scene extends Started {
  readonly lab: Lab;
  readonly w1: LabWorker;
  readonly w2: LabWorker;
  /** What it has said on standard error so far. */
  said(): string;
  /** Waits for words on its standard error. */
  hears(words: RegExp): Promise<void>;
  /** The pid of the ffmpeg that is at work on a worker now, on a chunk or on what `command` says; waits for one. */
  ffmpegOn(worker: LabWorker, command?: RegExp): Promise<number>;
}

export interface Fault {
  readonly lab: LabOptions;
  /** False for what only the full form tries. */
  readonly short?: boolean;
  readonly config?: (lab: Lab) => Promise<Record<string, unknown>> | Record<string, unknown>;
  /** What is made of the film, in place of the usual. */
  readonly encode?: readonly string[];
  /** More of distffmpeg's own flags. */
  readonly flags?: readonly string[];
  readonly harm: (scene: Scene) => Promise<void>;
  /** What tells that the harm was done, and noticed, in what distffmpeg said. */
  readonly said: readonly RegExp[];
  /** More that must be so; the lab is still there. */
  readonly then?: (end: Ended, summary: Summary | undefined) => void;
  /** The job's own end, where it is not a film like plain ffmpeg's. */
  readonly ends?: { readonly code: number };
  /** Done when all is over, or has failed. */
  readonly after?: () => void;
}

/** One film for all: eight seconds with a keyframe each second. */
const films = new Map<string, Promise<{ film: string; plain: string }>>();
const folder = mkdtempSync(join(tmpdir(), "distffmpeg-faults-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reference(encode: readonly string[]): Promise<{ film: string; plain: string }> {
  const key = encode.join(" ");
  const known = films.get(key) ?? makeReference(encode, films.size);
  films.set(key, known);
  return known;
}

async function makeReference(encode: readonly string[], number: number): Promise<{ film: string; plain: string }> {
  const film = join(folder, "film.mkv");
  const picture = ["-f", "lavfi", "-i", "testsrc2=size=128x96:rate=24:duration=8"];
  const sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=8"];
  const coded = "-c:v libx264 -preset ultrafast -x264-params keyint=24:scenecut=0 -c:a flac".split(" ");
  if (!existsSync(film)) await make([...picture, ...sound, ...coded, film]);
  const plain = join(folder, `plain${number}.mkv`);
  const { code, stderr } = await runFfmpeg(["-y", "-v", "error", "-nostdin", "-i", film, ...encode, plain]);
  if (code !== 0) throw new Error(stderr);
  return { film, plain };
}

/** A try of a fault as a test: the film must be plain ffmpeg's, the fault must have been there, and nothing may be left. */
export function faultTest(name: string, fault: Fault): void {
  for (let i = 1; i <= TIMES; i++) {
    test.skipIf(!fault.short && !ALL)(TIMES === 1 ? name : `${name}, time ${i}`, { timeout: 400_000 }, (context) =>
      tryFault(name, fault, context),
    );
  }
}

async function tryFault(name: string, fault: Fault, context: TestContext): Promise<void> {
  const encode = fault.encode ?? ENCODE;
  const { film, plain } = await reference(encode);
  const lab = await startLab(fault.lab);
  const place = mkdtempSync(join(folder, "try-"));
  const result = { fault: name, identical: false, leftovers: -1, happened: false };
  try {
    const config = join(lab.home, "farm.json");
    const work = join(place, "work");
    writeFileSync(config, JSON.stringify({ ...lab.config(), server_work_path: work, ...(await fault.config?.(lab)) }));
    const out = join(place, "out");
    mkdirSync(out);
    const summary = join(place, "summary.json");
    const flags = [`-df_config=${config}`, `-df_summary=${summary}`, ...CHUNKS, ...(fault.flags ?? [])];
    const started = startCli([...flags, "-y", "-nostdin", "-i", film, ...encode, join(out, "o.mkv")], {
      cwd: place,
      env: { ...lab.env },
      signal: context.signal,
      group: true,
    });
    const scene = watch(lab, started);
    // A job that ends before the harm is done needs no more waiting for it.
    const harm = fault.harm(scene);
    const end = await Promise.race([started.ended, harm.then(() => started.ended)]);
    await harm;
    result.happened = fault.said.every((words) => words.test(end.stderr));
    const differences = fault.ends ? [] : await compareFiles(plain, join(out, "o.mkv"));
    result.identical = fault.ends
      ? end.code === fault.ends.code && namesIn(out).length === 0
      : differences.length === 0;
    // What can be gone on with may stay, if it is said where.
    const left = await leftovers(lab, [work, ...(fault.ends ? [out] : [])], namesIn(out), end.stderr);
    result.leftovers = left.length;
    for (const words of fault.said) expect(end.stderr).toMatch(words);
    expect(differences, end.stderr).toEqual([]);
    expect(end.code, end.stderr).toBe(fault.ends?.code ?? 0);
    expect(left).toEqual([]);
    fault.then?.(end, readSummary(summary));
    if (!fault.ends) expect(readSummary(summary)?.route, end.stderr).toBe("chunks");
  } finally {
    if (REPORT !== undefined) appendFileSync(REPORT, `${JSON.stringify(result)}\n`);
    fault.after?.();
    await lab.close();
    rmSync(place, { recursive: true, force: true });
  }
}

function watch(lab: Lab, started: Started): Scene {
  const [w1, w2 = w1] = lab.workers;
  if (!w1 || !w2) throw new Error("a lab without workers");
  let said = "";
  started.child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
  let over = false;
  void started.ended.then(() => (over = true));
  const wait = async (condition: () => boolean, what: string): Promise<void> => {
    await until(() => condition() || over, 200);
    if (!condition()) throw new Error(`the job ended before ${what}:\n${said}`);
  };
  const atWork = (worker: LabWorker, what: RegExp): number | undefined =>
    readdirSync(worker.folder)
      .flatMap((file) => /^pid-(\d+)$/.exec(file)?.[1] ?? [])
      .map(Number)
      .find((pid) => what.test(commandOf(pid)));
  return {
    ...{ ...started, lab, w1, w2 },
    said: () => said,
    hears: (words) => wait(() => words.test(said), `it said ${words}`),
    ffmpegOn: async (worker, what = /ffmpeg.*source\d+\.nut/) => {
      await wait(() => atWork(worker, what) !== undefined, `${worker.name} was at work`);
      return atWork(worker, what) ?? 0;
    },
  };
}

/** What is left of a job on its workers and here, when all who clean up have had their time. */
async function leftovers(lab: Lab, empty: readonly string[], out: readonly string[], said: string): Promise<string[]> {
  const files = (place: string): string[] =>
    (existsSync(place) ? readdirSync(place) : [])
      .map((file) => join(place, file))
      .filter((path) => !said.includes(` are kept in ${path}`));
  const now = (): string[] => [
    ...lab.workers.flatMap(({ workPath }) => files(workPath)),
    ...lab.programs().map(({ command }) => command),
    ...commandsWith(lab.folder),
    ...empty.flatMap(files),
    ...out.filter((file) => file !== "o.mkv"),
  ];
  await until(() => now().length === 0, CLEAN_WITHIN).catch(() => undefined);
  return now();
}

/**
 * Shell lines for a worker's ffmpeg: it leaves its pid, and the first so many works take their time: `rate` seconds of film
 * in a second.
 */
export function slow(works = 1, rate = 0.15): string {
  return [
    'd=$(dirname "$0"); n=$(ls "$d" | grep -c "^pid-"); : > "$d/pid-$$"',
    `if [ "$n" -lt ${works} ]; then exec FFMPEG -readrate ${rate} "$@"; fi`,
  ].join("; ");
}

/** Shell lines that wait until a condition holds, and then go on. */
export function waitFor(condition: string): string {
  return `n=0; until ${condition}; do n=$((n+1)); [ $n -gt 900 ] && { echo 'waited in vain' >&2; exit 1; }; sleep 0.1; done`;
}

/** A text file, "" when there is none. */
export function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
