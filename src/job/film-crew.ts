import { dirname } from "node:path";
import type { FilmPlan } from "../plan/film.js";
import { workloadOf } from "../plan/slots.js";
import { Pace } from "../split/pace.js";
import type { FilmFailure } from "./film-failure.js";
import type { FilmJobInput } from "./film-job.js";
import { plannedSharing } from "./slot-places.js";
import { headFrameData } from "./head-facts.js";
import { resultsFolder } from "./lane-files.js";
import type { SplitSetting } from "./stages.js";
import { KeptCrew, type KeptCrewOptions } from "./resume/kept-crew.js";

export interface FilmCrewOptions extends Pick<KeptCrewOptions, "signal" | "pace" | "onDone"> {
  /** All films of all outputs, in their order. */
  readonly plans: readonly FilmPlan[];
  onFailure(failure: FilmFailure): void;
}

/** All that encode for a job of films. */
export function filmCrew(
  { config, tools, events, outputs, keeper, early }: FilmJobInput,
  options: FilmCrewOptions,
): KeptCrew {
  const { plans, signal, pace } = options;
  let numbers = 0;
  return new KeptCrew({
    ...{ config, signal, keeper, pace, early },
    job: {
      ...{ plans, tools, events, headers: new Map(), stall: config.worker_timeout },
      nextNumber: () => numbers++,
      resultsIn: resultsFolder(plans[0], outputs[0]?.place.path),
      frameData: outputs.flatMap(({ output }) => headFrameData(output, tools)),
    },
    onDone: (task, result) => options.onDone(task, result),
    onGivenUp: ({ kind, ...problem }) =>
      options.onFailure({ ...problem, kind: kind === "unfit" || kind === "refused" ? kind : "failed" }),
    onNobodyLeft: (problem) => options.onFailure({ ...problem, kind: "failed" }),
  });
}

/** What keeps a job's files below `scratch_limit`; `busy`: whether chunks are being made. */
export function filmPace({ config, keeper }: FilmJobInput, busy: () => boolean): Pace {
  const limit = config.scratch_limit === "none" ? undefined : config.scratch_limit;
  return new Pace({ limit, busy, evict: (bytes) => keeper?.evict(bytes) ?? 0 });
}

/** How the film is cut; a later run cuts it as the first did, for those who shared it then. */
export function splitSetting({ config, keeper, outputs }: FilmJobInput): SplitSetting {
  const plans = outputs.flatMap(({ output }) => output.plans);
  return { config, sharing: keeper?.sharing ?? plannedSharing(config, workloadOf(plans)) };
}

/** The folders in which a job writes. */
export function foldersOf({ tools, outputs }: FilmJobInput): string[] {
  const places = outputs.map(({ place }) => dirname(place.tree ?? place.slaves?.[0]?.path ?? place.path));
  return [tools.folder, ...places];
}
