import { flagIsOn } from "../config/take-flags.js";
import type { LoadedConfig } from "../config/types.js";
import { type Command, globalOptions } from "../ffmpeg/command.js";
import { parseCommand } from "../ffmpeg/parse.js";
import { realProgram, takenForReal } from "../ffmpeg/real.js";
import { EventStream } from "../job/events.js";
import { ok, type Problem, type Result } from "../lib/result.js";
import { noProgram, plainProgram, readsNoFilm, startReal } from "./plain.js";

/** Exit status for a configuration that cannot be used. */
const BAD_CONFIG = 3;

/**
 * Runs an ffmpeg command line. `flags` are the `-df_` ones, already taken out of it; `asFfmpeg`: called by that name.
 * Gives the exit status that ffmpeg would have given, 3 for a bad configuration, 127 when there is no ffmpeg.
 */
export async function run(
  argv: readonly string[],
  flags: ReadonlyMap<string, string>,
  asFfmpeg: boolean,
): Promise<number> {
  if (flagIsOn(flags, "help")) {
    const { flagHelp } = await import("./help.js");
    process.stdout.write(flagHelp());
    return 0;
  }
  // A script that was taken for ffmpeg has called us: whoever called it wants ffmpeg, and has split what can be split.
  if (takenForReal(process.env)) return startReal("ffmpeg", argv);
  const parsed = parseCommand(argv);
  // What ffmpeg refuses for its words alone, it refuses in its own.
  const film = parsed.ok && !readsNoFilm(parsed.value);
  if (!film && flags.size === 0) {
    const status = await plainProgram("ffmpeg", argv);
    if (status !== undefined) return status;
  }
  const { loadConfig } = await import("../config/load.js");
  const loaded = loadConfig({ flags, env: process.env, cwd: process.cwd() });
  if (!loaded.ok) {
    const { renderError } = await import("../ui/errors.js");
    for (const problem of loaded.failure) process.stderr.write(renderError(problem));
    return BAD_CONFIG;
  }
  const { summary, plan } = loaded.value.config;
  if (!film && summary === undefined && !plan) return startReal(loaded.value.config.ffmpeg_bin, argv);
  const programs = realPrograms(loaded.value);
  if (!programs.ok) return noProgram(programs.failure);
  const command = parsed.ok ? parsed.value : undefined;
  return plan ? showPlan(argv, programs.value) : runWithViews(argv, command, programs.value, asFfmpeg);
}

/** The configuration with the real programs in it, in case it was distffmpeg itself that it named. */
function realPrograms(loaded: LoadedConfig): Result<LoadedConfig, Problem> {
  const { ffmpeg_bin, ffprobe_bin } = loaded.config;
  const [ffmpeg, ffprobe] = [realProgram(ffmpeg_bin, process.env), realProgram(ffprobe_bin, process.env)];
  if (!ffmpeg.ok) return ffmpeg;
  if (!ffprobe.ok) return ffprobe;
  return ok({ ...loaded, config: { ...loaded.config, ffmpeg_bin: ffmpeg.value, ffprobe_bin: ffprobe.value } });
}

async function showPlan(argv: readonly string[], loaded: LoadedConfig): Promise<number> {
  const [{ explain }, { renderPlan }] = await Promise.all([import("../job/explain.js"), import("../ui/plan.js")]);
  const stop = stopOnSignals();
  try {
    const plan = await explain(argv, loaded.config, stop.signal);
    if (stop.signal.aborted) return 255;
    process.stdout.write(renderPlan(plan));
    return 0;
  } finally {
    stop.off();
  }
}

async function runWithViews(
  argv: readonly string[],
  command: Command | undefined,
  { config, notes }: LoadedConfig,
  asFfmpeg: boolean,
): Promise<number> {
  const [{ runJob }, { attachViews, renderError }] = await Promise.all([
    import("../job/job.js"),
    import("../ui/index.js"),
  ]);
  const events = new EventStream();
  const globals = command ? globalOptions(command) : [];
  const last = (name: string): ReturnType<typeof globals.findLast> => globals.findLast((use) => use.name === name);
  const views = attachViews(events, {
    stderr: process.stderr,
    isTTY: process.stderr.isTTY,
    live: !asFfmpeg,
    columns: process.stderr.isTTY ? process.stderr.columns : undefined,
    env: process.env,
    loglevel: last("loglevel")?.value ?? config.loglevel,
    stats: last("stats")?.negated !== true,
    forceStats: last("stats")?.negated === false,
    hideBanner: last("hide_banner") !== undefined,
  });
  const stop = stopOnSignals();
  try {
    for (const { what, fix } of notes) {
      events.emit({ type: "notice", level: "info", text: fix === undefined ? what : `${what} (${fix})` });
    }
    return await runJob({ argv, config, events, stdin: process.stdin, mayOverwrite, signal: stop.signal });
  } finally {
    stop.off();
    views.stop();
    if (config.summary !== undefined) {
      const written = await views.summary.writeSummary(config.summary);
      if (!written.ok) process.stderr.write(renderError(written.failure));
    }
  }
}

/** First signal: stop in order. Second: out at once. */
function stopOnSignals(): { readonly signal: AbortSignal; off(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(255);
    controller.abort();
  };
  const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    off: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** ffmpeg's question, in its own words (fftools/ffmpeg_opt.c assert_file_overwrite). */
async function mayOverwrite(path: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`File '${path}' already exists. Overwrite? [y/N] `);
    return /^y/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
