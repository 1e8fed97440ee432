import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { fail, ok, type Result } from "../lib/result.js";
import { notCountable } from "../plan/counted-windows.js";
import type { FilmPlan } from "../plan/film.js";
import { filmClock, lastFrameReason } from "../plan/film-clock.js";
import { KeyGrid, type KeyMarks } from "../plan/gop.js";
import { graphClock } from "../plan/graph.js";
import { prepare, standardInput } from "../plan/prepare.js";
import { streamOf } from "../plan/routing.js";
import { preArgs } from "../plan/pre.js";
import { LogGrid } from "../plan/rate-control/pass-log.js";
import { STEADY } from "../plan/stages.js";
import { Timeline } from "../plan/timeline.js";
import { split, type SplitFailure, type SplitOptions, type SplitTotals } from "../split/splitter.js";
import { type Head, type OnWords, rehearse, rehearseHead } from "./findings.js";
import type { HeadLook } from "../plan/windows.js";
import { lookAtHead } from "./head.js";
import { readPassLog } from "./pass-files.js";
import type { HostTools } from "./probing.js";

/** A plan, and later the head of the output as plain ffmpeg writes it. */
export interface PlannedFilm {
  readonly plan: FilmPlan;
  readonly head: Promise<Result<Head, string>>;
}

/** Asks ffmpeg about a command and plans it; fails with the reason why it runs whole. */
export async function planFilm(
  command: Command,
  tools: HostTools,
  onWords?: OnWords,
): Promise<Result<PlannedFilm, string>> {
  const rehearsal = await rehearse(command, tools, onWords);
  if (!rehearsal.ok) return rehearsal;
  const { findings, head } = rehearsal.value;
  const plan = prepare(command, findings);
  if (!plan.ok) return plan;
  const { film, mappings } = plan.value;
  const alone = mappings.every(
    (m) => streamOf(findings.inputs, m)?.type !== "video" || m.outputStream === film.outputStream,
  );
  const { rate } = plan.value;
  const log = rate?.pass?.number === 2 ? await readPassLog(rate, rate.pass) : undefined;
  if (log && !log.ok) return log;
  const full = log ? { ...plan.value, passLog: log.value } : plan.value;
  return ok({ plan: full, head: alone ? head : rehearseHead(command, tools, film.outputStream) });
}

type OnSplit = Pick<SplitOptions, "onChunk" | "onFrames">;

/**
 * Splits the source as planned. Where it is in doubt what is shown of its head, that is looked at first; so it is for
 * demuxers whose times can jump: ffmpeg mends them by what it has decoded, too (fftools/ffmpeg.c process_input, 5.1:
 * packets a tenth of a second before time 0 move the whole file), and PRE decodes nothing.
 */
export async function splitFilm(
  plan: FilmPlan,
  config: Config,
  tools: HostTools,
  signal: AbortSignal,
  on: OnSplit,
): Promise<Result<SplitTotals, SplitFailure>> {
  let chunks = 0;
  const counted: OnSplit = {
    ...on,
    onChunk: (ready) => {
      chunks++;
      on.onChunk(ready);
    },
  };
  const { decodedTimes } = plan.habits;
  const notCounted = decodedTimes ? notCountable(plan) : undefined;
  if (notCounted !== undefined) return fail({ kind: "unfit", what: notCounted });
  const looked = STEADY.test(plan.sourceFormat) || decodedTimes ? undefined : await lookAtHead(plan, tools, signal);
  if (looked && !looked.ok) return fail({ kind: "unfit", what: looked.failure });
  const timeline = newTimeline(plan, config, looked?.value);
  const result = await splitAs(plan, timeline, tools, signal, counted);
  const { doubt } = timeline;
  if (result.ok || doubt === undefined || chunks > 0) return result;
  if (doubt === "times") return splitFilm(decodingTimes(plan), config, tools, signal, on);
  if (looked) return result;
  const head = await lookAtHead(plan, tools, signal);
  return head.ok ? splitAs(plan, newTimeline(plan, config, head.value), tools, signal, on) : result;
}

/** The plan with the frames' times to be learned by decoding. */
function decodingTimes(plan: FilmPlan): FilmPlan {
  return { ...plan, habits: { ...plan.habits, madeTimes: false, decodedTimes: true } };
}

function newTimeline(plan: FilmPlan, config: Config, head?: HeadLook): Timeline {
  return new Timeline({
    bounds: { min: config.keyint_min, target: config.segment_frames, max: config.keyint_max },
    trim: plan.inputTrim,
    timeBase: plan.timeBase,
    filters: plan.graph,
    graph: graphClock(plan.graph, plan.timeBase),
    clock: filmClock(plan),
    keys: keyMarks(plan),
    habits: plan.habits,
    head,
  });
}

/** Where chunks may begin: a second pass' encoder has its keyframes where the first one's log says. */
function keyMarks({ keys, passLog, encoderTimeBase }: FilmPlan): KeyMarks | undefined {
  if (passLog?.kind === "frames") return new LogGrid(passLog.log);
  return keys && new KeyGrid(keys, encoderTimeBase);
}

async function splitAs(
  plan: FilmPlan,
  timeline: Timeline,
  tools: HostTools,
  signal: AbortSignal,
  on: OnSplit,
): Promise<Result<SplitTotals, SplitFailure>> {
  const result = await split({
    codec: plan.source.codec,
    ffmpeg: tools.ffmpeg,
    args: preArgs(plan, tools.folder),
    folder: tools.folder,
    timeline,
    ...(tools.stdin && standardInput(plan.command) === plan.film.inputFile ? { stdin: tools.stdin() } : {}),
    ...on,
    signal,
  });
  const last = result.ok ? lastFrameReason(plan, timeline.lastDuration) : undefined;
  if (last !== undefined) return fail({ kind: "unfit", what: last });
  // Nothing to share out; and plain ffmpeg writes such a film behind its sound.
  if (result.ok && result.value.outputFrames === 1) return fail({ kind: "unfit", what: "the film is a single frame" });
  return result;
}
