import type { EventStream, JobEvent } from "../job/events.js";
import { LEVELS, parseLoglevel } from "../ffmpeg/loglevel.js";
import { renderError } from "./errors.js";
import { chalkFor, type Env, hasUnicode, noColour } from "./colour.js";
import type { Problem } from "../lib/result.js";
import { EventLog } from "./event-log.js";
import type { Terminal } from "./live.js";
import { PlainView, type StatsOptions } from "./plain.js";
import { ProgressFile } from "./progress-file.js";
import { Report, type ReportOptions } from "./report.js";
import { Stats, STATS_PERIOD } from "./stats.js";
import { type Clock, JobStore } from "./store.js";
import { writeWhole } from "./whole-file.js";
import { Summary } from "./summary.js";

export { chalkFor, colourLevel, type Env } from "./colour.js";
export { renderError } from "./errors.js";
export { parseLoglevel } from "../ffmpeg/loglevel.js";
export type { ReportOptions } from "./report.js";
export { Summary, type SummaryReport } from "./summary.js";

/** What the views need to know of the terminal and of the command's own wishes. */
export interface ViewOptions {
  /** Everything is written here; stdout is never touched. */
  readonly stderr: Terminal;
  readonly isTTY: boolean;
  /** False: plain lines on a terminal too, as ffmpeg writes them. */
  readonly live?: boolean;
  /** Width when the stream does not know its own (it follows the window when it does); 80 when undefined. */
  readonly columns: number | undefined;
  readonly env: Env;
  /** As ffmpeg's -v takes it, or from the config; what cannot be read counts as `info`. */
  readonly loglevel: string;
  /** False for -nostats. */
  readonly stats: boolean;
  /** True for an explicit -stats: stat lines even when the loglevel is below info. */
  readonly forceStats?: boolean;
  readonly hideBanner?: boolean;
  /** Milliseconds between two reports (`-stats_period`). */
  readonly period?: number;
  /** Where `-progress` goes, and the ffmpeg that carries it there. */
  readonly progress?: { readonly url: string; readonly ffmpeg: string };
  /** Set for `-report`. */
  readonly report?: ReportOptions;
  /** Files about the job that are asked for. */
  readonly files?: WantedFiles;
  /** For tests: milliseconds, never going back. */
  readonly clock?: Clock;
}

/** What -df_summary, -df_log and -df_report ask for; absolute. */
export interface WantedFiles {
  readonly summary: string | undefined;
  readonly log: string | undefined;
  readonly report: string | undefined;
}

export interface Views {
  /** Ends all views and gives the terminal back; to be called before the program ends. Safe to call twice. */
  stop(): void;
  /** True where ffmpeg's words are told on standard error. */
  readonly tellsWords: boolean;
  /** Completes the files about the job, after `stop`, and says which could not be written. */
  writeFiles(): Promise<Problem[]>;
  /** Stays of use after `stop`. */
  readonly summary: Summary;
}

/** Whether all that is written goes into a log: services that build and test say so by `CI`, and may have a terminal all the same. */
const isLogged = (env: Env): boolean => !["", "0", "false"].includes(env["CI"] ?? "");

/**
 * Shows a job to the user: a live view on a terminal, plain lines elsewhere (or with TERM=dumb, or CI).
 * A reader of stderr that goes away makes the views silent, and is no failure of the job.
 */
export async function attachViews(events: EventStream, options: ViewOptions): Promise<Views> {
  const { stderr, env } = options;
  let broken = false;
  const write = (text: string): void => {
    if (!broken) stderr.write(text);
  };
  const store = new JobStore(options.clock);
  const summary = new Summary(store);
  const stats = new Stats(store);
  const { period = STATS_PERIOD } = options;
  const shared: StatsOptions = {
    loglevel: parseLoglevel(options.loglevel) ?? LEVELS.info,
    stats: options.stats,
    forceStats: options.forceStats ?? false,
    hideBanner: options.hideBanner ?? false,
    chalk: chalkFor(env, options.isTTY),
  };
  const live = options.isTTY && options.live !== false && env["TERM"] !== "dumb" && !isLogged(env);
  // Loaded by those who see it: a program that calls us does not wait for ora.
  const view = live
    ? new (await import("./live.js")).LiveView(store, stderr, write, {
        ...shared,
        columns: options.columns ?? 80,
        unicode: hasUnicode(env),
      })
    : new PlainView(store, stats, write, shared, period);
  const announce = (lines: string): void => {
    if (!live && shared.loglevel >= LEVELS.info) write(lines);
  };
  const quiet = { ...shared, forceStats: false, chalk: noColour };
  const report = options.report && new Report(options.report, { store, stats, options: quiet, period, announce });
  const progress = options.progress && new ProgressFile(store, stats, { ...options.progress, period });
  // Stays on after stop(): a late EPIPE without a listener would end the program, where ffmpeg goes on.
  stderr.on("error", () => {
    // Ending the view may write once more, and fail once more.
    if (broken) return;
    broken = true;
    view.stop();
  });
  const { files } = options;
  const complain = (problem: Problem): void => write(renderError(problem, shared.chalk));
  const log = files?.log === undefined ? undefined : new EventLog(files.log, store.now, complain);
  const started = new Date();
  const facts =
    files?.report === undefined ? undefined : new (await import("./page/facts.js")).FactsCollector(store.now);
  const unsubscribe = events.subscribe((event: JobEvent) => {
    store.listen(event);
    // First the report, which ffmpeg speaks of before anything else.
    report?.listen(event);
    if (!broken) view.listen(event);
    progress?.listen(event);
    log?.listen(event);
    facts?.listen(event);
  });
  return {
    stop: () => {
      unsubscribe();
      view.stop();
      progress?.stop();
      report?.stop();
    },
    tellsWords: !live,
    writeFiles: async () => {
      const problems: Problem[] = [];
      await log?.close();
      if (files?.summary !== undefined) {
        const written = await summary.writeSummary(files.summary);
        if (!written.ok) problems.push(written.failure);
      }
      if (files?.report !== undefined && facts) {
        const { renderPage } = await import("./page/page.js");
        const page = renderPage(facts.facts(), started.toString());
        const written = await writeWhole(files.report, page, "the report", "-df_report");
        if (!written.ok) problems.push(written.failure);
      }
      return problems;
    },
    summary,
  };
}
