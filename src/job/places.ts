import type { Command } from "../ffmpeg/command.js";
import { ok, type Result } from "../lib/result.js";
import { isDiscarded } from "../plan/muxers.js";
import { isFirstPass } from "../plan/rate-control/plan.js";
import type { PlacedOutput } from "./film-job.js";
import { discard, type OutputPlace } from "./output.js";
import { type Asking, discardPlace, type NoPlace, outputPlace } from "./overwrite.js";
import type { PlannedJob } from "./stages.js";

/** Where all outputs of a command go. */
export interface Places {
  readonly outputs: readonly PlacedOutput[];
  /** Those of the outputs that are not split; undefined where nothing is written. */
  readonly plain: readonly (OutputPlace | undefined)[];
  /** All in which something is made, in the command's order. */
  readonly made: readonly OutputPlace[];
}

/** An output by its number, as a command of its own. */
interface Target {
  readonly number: number;
  readonly command: Command;
  /** Set where its film is not kept. */
  readonly discardedBy?: string;
}

/**
 * Finds the places of all outputs, in the command's order, as ffmpeg opens them. Fails with the first that has none;
 * nothing is left of the others then.
 */
export async function placeAll({ outputs, plain }: PlannedJob, asking: Asking): Promise<Result<Places, NoPlace>> {
  const split = outputs.map(({ number, command, plans: [plan] }): Target => {
    return { number, command, ...(plan && isFirstPass(plan.rate) ? { discardedBy: plan.muxer } : {}) };
  });
  const numbers = plain?.view.outputs ?? [];
  const others = (plain?.view.command.outputs ?? []).flatMap((file, i): Target[] => {
    const number = numbers[i];
    return plain && number !== undefined && !isDiscarded(file)
      ? [{ number, command: { ...plain.view.command, outputs: [file] } }]
      : [];
  });
  const found = new Map<number, OutputPlace>();
  const made: OutputPlace[] = [];
  for (const { number, command, discardedBy } of [...split, ...others].sort((a, b) => a.number - b.number)) {
    const place = await (discardedBy === undefined
      ? outputPlace(command, asking)
      : discardPlace(command, discardedBy, asking));
    if (!place.ok) {
      await Promise.all(made.map(discard));
      return place;
    }
    found.set(number, place.value);
    if (discardedBy === undefined) made.push(place.value);
  }
  return ok({
    outputs: outputs.flatMap((output) => {
      const place = found.get(output.number);
      return place ? [{ output, place }] : [];
    }),
    plain: numbers.map((number) => found.get(number)),
    made,
  });
}
