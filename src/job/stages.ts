import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { DoubtfulClock, FrameClock } from "../plan/frame-clock.js";
import { graphClock } from "../plan/graph.js";
import { prepare, standardInput } from "../plan/prepare.js";
import { streamOf } from "../plan/routing.js";
import { preArgs } from "../plan/stages.js";
import { Timeline } from "../plan/timeline.js";
import { split, type SplitFailure, type SplitOptions, type SplitTotals } from "../split/splitter.js";
import { type Head, rehearse, rehearseHead } from "./findings.js";
import type { HostTools } from "./probing.js";

/** A plan, and later the head of the output as plain ffmpeg writes it. */
export interface PlannedFilm {
  readonly plan: FilmPlan;
  readonly head: Promise<Result<Head, string>>;
}

/** Asks ffmpeg about a command and plans it; fails with the reason why it runs whole. */
export async function planFilm(command: Command, tools: HostTools): Promise<Result<PlannedFilm, string>> {
  const rehearsal = await rehearse(command, tools);
  if (!rehearsal.ok) return rehearsal;
  const { findings, head } = rehearsal.value;
  const plan = prepare(command, findings);
  if (!plan.ok) return plan;
  const { film, mappings } = plan.value;
  const alone = mappings.every(
    (m) => streamOf(findings.inputs, m)?.type !== "video" || m.outputStream === film.outputStream,
  );
  return ok({ plan: plan.value, head: alone ? head : rehearseHead(command, tools, film.outputStream) });
}

/**
 * Codecs whose decoders drop the pictures before the first keyframe that refer further back: mpeg12dec.c drops B-pictures
 * without a reference, hevc_refs.c RASL pictures. H.264's shows what it can make of them.
 */
const DROPS_LEADING = new Set(["mpeg1video", "mpeg2video", "hevc"]);

/** Splits the source as planned. */
export async function splitFilm(
  plan: FilmPlan,
  config: Config,
  tools: HostTools,
  signal: AbortSignal,
  on: Pick<SplitOptions, "onChunk" | "onFrames">,
): Promise<Result<SplitTotals, SplitFailure>> {
  const options = {
    generation: plan.generation,
    mode: plan.syncMode,
    inputTimeBase: plan.graphTimeBase,
    encoderTimeBase: plan.encoderTimeBase,
    frameRate: plan.graphRate,
    outputRate: plan.outputRate,
    startMicroseconds: plan.startMicroseconds,
    limitMicroseconds: plan.limitMicroseconds,
    maxFrames: plan.maxFrames,
  };
  const first = new FrameClock({ ...options, usesFrameDuration: false });
  const second = new FrameClock({ ...options, usesFrameDuration: plan.filters === undefined });
  const clock = new DoubtfulClock(first, second);
  const timeline = new Timeline({
    bounds: { min: config.keyint_min, target: config.segment_frames, max: config.keyint_max },
    trim: plan.inputTrim,
    timeBase: plan.timeBase,
    filters: plan.graph,
    graph: graphClock(plan.graph, plan.timeBase),
    clock,
    dropsLeading: DROPS_LEADING.has(plan.source.codec ?? ""),
  });
  const result = await split({
    ffmpeg: tools.ffmpeg,
    args: preArgs(plan, tools.folder),
    folder: tools.folder,
    timeline,
    ...(tools.stdin && standardInput(plan.command) === plan.film.inputFile ? { stdin: tools.stdin() } : {}),
    ...on,
    signal,
  });
  if (!result.ok || !clock.parted) return result;
  return fail({ kind: "unfit", what: "which frames ffmpeg repeats or drops here cannot be foretold" });
}
