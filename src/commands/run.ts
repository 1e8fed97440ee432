import { flagIsOn } from "../config/take-flags.js";
import type { LoadedConfig } from "../config/types.js";
import { type Command, globalOptions } from "../ffmpeg/command.js";
import { parseCommand } from "../ffmpeg/parse.js";
import { commandsIn } from "../ffmpeg/sequence.js";
import { forgetStarted, takenForReal } from "../ffmpeg/real.js";
import { parseDuration } from "../ffmpeg/duration.js";
import { EventStream } from "../job/events.js";
import { Hold } from "../job/hold.js";
import { keepHeapSmall } from "../lib/heap.js";
import { runWhole } from "../job/whole.js";
import type { ReportOptions, ViewOptions } from "../ui/index.js";
import { plainProgram, readsNoFilm, startReal } from "./plain.js";
import { stopOnSignals } from "./stop.js";

/**
 * Runs an ffmpeg command line. `flags` are the `-df_` ones, already taken out of it; `asFfmpeg`: called by that name.
 * Gives the exit status that ffmpeg would have given, 3 for a bad configuration, 127 when there is no ffmpeg.
 */
export async function run(
  argv: readonly string[],
  flags: ReadonlyMap<string, string>,
  asFfmpeg: boolean,
): Promise<number> {
  const [first, ...others] = asFfmpeg ? [argv] : commandsIn(argv);
  let status = await runOne(first ?? [], flags, asFfmpeg);
  for (const next of others) {
    if (status !== 0) break;
    forgetStarted(process.env);
    status = await runOne(next, flags, asFfmpeg);
  }
  return status;
}

async function runOne(argv: readonly string[], flags: ReadonlyMap<string, string>, asFfmpeg: boolean): Promise<number> {
  if (flagIsOn(flags, "help")) {
    const { flagHelp } = await import("./help/index.js");
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
  const { setUp } = await import("./setup.js");
  const setup = setUp(flags);
  if ("status" in setup) return setup.status;
  const { loaded } = setup;
  const { summary, log, report, plan, route, ffmpeg_bin } = loaded.config;
  if (plan) {
    const { showPlan } = await import("./explain.js");
    return showPlan(argv, loaded, false);
  }
  const asWished = route === "auto" || route === "local";
  // It is the real one already: looked for once more, it would be taken for one that has come round to us.
  const told = summary !== undefined || log !== undefined || report !== undefined;
  if (!film && !told && asWished) return runWhole(ffmpeg_bin, argv);
  return runWithViews({ argv, flags, command: parsed.ok ? parsed.value : undefined }, loaded, asFfmpeg);
}

interface Typed {
  readonly argv: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
  readonly command: Command | undefined;
}

async function runWithViews(
  { argv, flags, command }: Typed,
  { config, notes }: LoadedConfig,
  asFfmpeg: boolean,
): Promise<number> {
  const [{ runJob }, { attachViews, renderError }, { listenToKeys, mayOverwrite, streamKeys }] = await Promise.all([
    import("../job/job.js"),
    import("../ui/index.js"),
    import("./keys.js"),
  ]);
  keepHeapSmall();
  const events = new EventStream();
  const report = takeReport(command, argv);
  const views = await attachViews(events, {
    ...{ stderr: process.stderr, isTTY: process.stderr.isTTY, live: !asFfmpeg, env: process.env },
    columns: process.stderr.isTTY ? process.stderr.columns : undefined,
    ...wishes(command, config),
    ...(report.options ? { report: report.options } : {}),
    files: config,
  });
  const stop = stopOnSignals();
  const hold = new Hold();
  events.subscribe((event) => {
    if (event.type !== "fell-back" && !(event.type === "route" && event.route === "local")) return;
    // From here on signals are ffmpeg's, and so is the report.
    stop.off();
    report.giveBack();
  });
  try {
    events.emit({ type: "command", stage: "given", argv: ["ffmpeg", ...argv] });
    for (const { what, fix } of notes) {
      events.emit({ type: "notice", level: "info", text: fix === undefined ? what : `${what} (${fix})` });
    }
    return await runJob({
      ...{ argv, flags, config, asFfmpeg, events, stdin: () => process.stdin, signal: stop.signal, stoppedBy: stop.by },
      hold,
      tellsWords: views.tellsWords,
      mayOverwrite: (path) => mayOverwrite(path, stop.signal),
      listenToKeys: () => listenToKeys(events, { quit: stop.quit, hold }),
      streamKeys,
      reported: report.options !== undefined,
    });
  } finally {
    stop.off();
    views.stop();
    for (const problem of await views.writeFiles()) process.stderr.write(renderError(problem));
  }
}

type Wishes = Pick<ViewOptions, "loglevel" | "stats" | "forceStats" | "hideBanner" | "period" | "progress">;

/** What the command itself says of how it wants to be reported. */
function wishes(command: Command | undefined, config: LoadedConfig["config"]): Wishes {
  const globals = command ? globalOptions(command) : [];
  const last = (name: string): ReturnType<typeof globals.findLast> => globals.findLast((use) => use.name === name);
  const period = parseDuration(last("stats_period")?.value ?? "");
  const url = last("progress")?.value;
  return {
    loglevel: last("loglevel")?.value ?? config.loglevel,
    stats: last("stats")?.negated !== true,
    forceStats: last("stats")?.negated === false,
    hideBanner: last("hide_banner")?.negated === false,
    ...(period === undefined ? {} : { period: Math.max(1, Number(period) / 1000) }),
    ...(url === undefined ? {} : { progress: { url, ffmpeg: config.ffmpeg_bin } }),
  };
}

/** The report that is asked for. The programs of the stages are not to write one each: they must not see FFREPORT. */
function takeReport(
  command: Command | undefined,
  argv: readonly string[],
): { readonly options: ReportOptions | undefined; giveBack(): void } {
  const setting = process.env["FFREPORT"];
  delete process.env["FFREPORT"];
  const wanted = setting !== undefined || (command && globalOptions(command).some((use) => use.name === "report"));
  return {
    options: wanted ? { setting, argv: ["ffmpeg", ...argv], date: new Date() } : undefined,
    giveBack: () => {
      if (setting !== undefined) process.env["FFREPORT"] = setting;
    },
  };
}
