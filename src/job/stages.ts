import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { ok, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { FrameClock } from "../plan/frame-clock.js";
import { prepare } from "../plan/prepare.js";
import { preArgs } from "../plan/stages.js";
import { Timeline } from "../plan/timeline.js";
import { split, type SplitFailure, type SplitOptions, type SplitTotals } from "../split/splitter.js";
import { type HostTools, rehearse } from "./findings.js";

/** A plan, and later the head of the output as plain ffmpeg writes it. */
export interface PlannedFilm {
  readonly plan: FilmPlan;
  readonly reference: Promise<Result<MediaInfo, string>>;
}

/** Asks ffmpeg about a command and plans it; fails with the reason why it runs whole. */
export async function planFilm(command: Command, tools: HostTools): Promise<Result<PlannedFilm, string>> {
  const rehearsal = await rehearse(command, tools);
  if (!rehearsal.ok) return rehearsal;
  const plan = prepare(command, rehearsal.value.findings);
  return plan.ok ? ok({ plan: plan.value, reference: rehearsal.value.reference }) : plan;
}

/** Splits the source as planned. */
export function splitFilm(
  plan: FilmPlan,
  config: Config,
  tools: HostTools,
  signal: AbortSignal,
  on: Pick<SplitOptions, "onChunk" | "onFrames">,
): Promise<Result<SplitTotals, SplitFailure>> {
  const clock = new FrameClock({
    mode: plan.syncMode,
    inputTimeBase: plan.timeBase,
    encoderTimeBase: plan.encoderTimeBase,
    frameRate: plan.graphRate,
    outputRate: plan.outputRate,
    usesFrameDuration: plan.filters === undefined,
    startMicroseconds: plan.startMicroseconds,
    limitMicroseconds: plan.limitMicroseconds,
    maxFrames: plan.maxFrames,
  });
  const bounds = { min: config.keyint_min, target: config.segment_frames, max: config.keyint_max };
  return split({
    ffmpeg: tools.ffmpeg,
    args: preArgs(plan, tools.folder),
    folder: tools.folder,
    timeline: new Timeline(bounds, plan.inputTrim, clock),
    ...(tools.stdin ? { stdin: tools.stdin() } : {}),
    ...on,
    signal,
  });
}
