import { referenceFrameData } from "../join/frame-data.js";
import { fail, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { notJoined, placeOf } from "../plan/reference.js";
import type { HostTools } from "./probing.js";
import type { PlannedOutput } from "./stages.js";

/** Why an output is not made of chunks, as its head shows: what plain ffmpeg refuses, it refuses there. */
export async function oddHead({
  head,
  plans,
}: PlannedOutput): Promise<({ readonly kind: "refused" | "unfit" } & Problem) | undefined> {
  const made = await head;
  if (!made.ok) return { kind: "refused", what: made.failure };
  const odd = plans.flatMap((plan) => notJoined(made.value.media, plan) ?? [])[0];
  return odd === undefined ? undefined : { kind: "unfit", what: odd };
}

/** What plain ffmpeg's first frames say beside their pictures, where the chunks' are held against it (FilmPlan). */
export function headFrameData(
  { head, plans }: PlannedOutput,
  tools: HostTools,
): (Promise<Result<string, Problem>> | undefined)[] {
  const look = async ({ film }: FilmPlan): Promise<Result<string, Problem>> => {
    const made = await head;
    return made.ok
      ? referenceFrameData(tools, made.value.path, placeOf(made.value.media, film.outputStream))
      : fail({ what: made.failure });
  };
  return plans.map((plan) => (plan.watchFrameData ? look(plan) : undefined));
}
