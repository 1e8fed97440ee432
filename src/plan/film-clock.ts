import { divide, multiply, rational, toNumber } from "../lib/rational.js";
import type { FilmPlan } from "./film.js";
import { DoubtfulClock } from "./doubtful-clock.js";
import { FrameClock, type OutputClock } from "./frame-clock.js";

/**
 * The clock that a planned film is followed by. From 6.1 on a frame's own duration counts, and not every filter keeps it
 * (7.1: tmix, tmedian and maskfun do not): with filters a film is only foretold where it does not matter.
 */
export function filmClock(plan: FilmPlan): OutputClock {
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
    ofInput: plan.filters?.ofInput ?? true,
  };
  const own = new FrameClock({ ...options, usesFrameDuration: true });
  const without = new FrameClock({ ...options, usesFrameDuration: false });
  const { madeTimes, decodedTimes } = plan.habits;
  // Which packet a frame has its length from is only known where the packets have the times.
  // With a graph of sound before it, 5.1 takes the film for one with filters (fftools/ffmpeg.c do_video_out).
  const unfiltered = plan.filters === undefined && (plan.generation === "by-duration" || plan.sound.length === 0);
  if (unfiltered) return madeTimes || decodedTimes ? new DoubtfulClock(own, without) : own;
  return plan.generation === "by-rate" ? without : new DoubtfulClock(own, without);
}

/**
 * Why the output's last frame would not last as long as in plain ffmpeg's film, where the film's own one says it lasts
 * this many ticks behind the filters. From 6.1 on encoders hand it on; a joined film has frames of its rate.
 */
export function lastFrameReason(plan: FilmPlan, duration: number): string | undefined {
  const constant = plan.syncMode === "cfr" || plan.syncMode === "vscfr";
  if (plan.generation === "by-rate" || constant || plan.graph.rate.kind !== "same" || duration === 0) return undefined;
  const seconds = toNumber(multiply(rational(duration), plan.graphTimeBase));
  const usual = toNumber(divide(rational(1), plan.outputRate));
  return Math.abs(seconds - usual) > usual / 2 ? "the film's last frame is not as long as the others" : undefined;
}
