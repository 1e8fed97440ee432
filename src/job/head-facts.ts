import { referenceFrameData } from "../join/frame-data.js";
import { fail, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { notJoined, placeOf } from "../plan/reference.js";
import type { HostTools } from "./probing.js";
import { slavesOf } from "./slaves.js";
import type { PlannedOutput } from "./stages.js";

/** Why an output is not made of chunks, as its films' heads show: what plain ffmpeg refuses, it refuses there. */
export async function oddHead(
  output: PlannedOutput,
): Promise<({ readonly kind: "refused" | "unfit" } & Problem) | undefined> {
  for (const [i, plan] of output.plans.entries()) {
    const made = await output.heads[i];
    if (made?.ok === false) return { kind: "refused", what: made.failure };
    const odd = made?.ok ? notJoined(made.value.media, plan) : undefined;
    if (odd !== undefined) return { kind: "unfit", what: odd };
  }
  const slaves = await slavesOf(output);
  if (!slaves.ok) return { kind: "unfit", what: slaves.failure };
  for (const {
    output: { command, plans },
    references,
  } of slaves.value) {
    const [name = ""] = command.outputs.map(({ url }) => url);
    for (const [i, { media }] of references.entries()) {
      const plan = plans[i];
      // Room for what is written into a head afterwards would be left in the heads of all.
      const odd = plan && notJoined(media, { ...plan, muxer: "tee" });
      if (odd !== undefined) return { kind: "unfit", what: `-f tee to ${name}: ${odd}` };
    }
  }
  return undefined;
}

/** What plain ffmpeg's first frames say beside their pictures, where the chunks' are held against it (FilmPlan). */
export function headFrameData(
  { heads, plans }: PlannedOutput,
  tools: HostTools,
): (Promise<Result<string, Problem>> | undefined)[] {
  const look = async ({ film }: FilmPlan, i: number): Promise<Result<string, Problem>> => {
    const made = (await heads[i]) ?? fail("there is no head");
    return made.ok
      ? referenceFrameData(tools, made.value.path, placeOf(made.value.media, film.outputStream))
      : fail({ what: made.failure });
  };
  return plans.map((plan, i) => (plan.watchFrameData ? look(plan, i) : undefined));
}
