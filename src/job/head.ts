import { frameTime } from "../ffmpeg/packets.js";
import { startLocal } from "../ffmpeg/run.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { headArgs } from "../plan/pre.js";
import { standardInput } from "../plan/local-path.js";
import type { HeadLook } from "../plan/windows.js";
import type { HostTools } from "./probing.js";

/** Frames that are looked at: more than a decoder takes to come to itself in a stream that it enters in the middle. */
const FRAMES = 100;

/**
 * Has plain ffmpeg decode the head of the film, and notes the times of the frames it shows. A recording that begins in
 * mid-stream has packets that no decoder can make anything of, and only the decoder knows which.
 */
export async function lookAtHead(
  plan: FilmPlan,
  tools: HostTools,
  signal: AbortSignal,
): Promise<Result<HeadLook, string>> {
  const enough = new AbortController();
  const times: number[] = [];
  const process = startLocal(tools.ffmpeg, headArgs(plan), {
    signal: AbortSignal.any([signal, enough.signal]),
    ...(tools.stdin && standardInput(plan.command) === plan.film.inputFile ? { stdin: tools.stdin() } : {}),
    onStdoutLine: (line) => {
      const time = frameTime(line);
      if (time === undefined || enough.signal.aborted) return;
      times.push(time);
      if (times.length === FRAMES) enough.abort();
    },
  });
  const end = await process.end;
  if (!enough.signal.aborted && end.code !== 0) return fail("the head of the source cannot be decoded");
  if (times.some((time, i) => time <= (times[i - 1] ?? Number.NEGATIVE_INFINITY))) {
    return fail("the head of the source is not shown in order of time");
  }
  return ok({ times, complete: !enough.signal.aborted });
}
