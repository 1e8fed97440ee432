import { benchWorkers } from "../../job/onboard/bench.js";
import { benchesAsJson, renderBenches, renderBenchProblems } from "../../ui/bench.js";
import { SPEED_CLIP } from "../../workers/speeds.js";
import { lookAt } from "./look.js";

/** `distffmpeg workers bench [--json] [NAME …]`: 1 when one of them could not be measured, or has an encoder that fails. */
export function benchCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  return lookAt("bench", words, flags, {
    usage: [
      "distffmpeg workers bench [--json] [NAME …]\n",
      "Has all workers, or those named, encode a short clip at the same time by each of the usual encoders they have, one",
      "encoder after another, and measures the lines to them. A minute or so; better while they are idle.",
    ],
    look: benchWorkers,
    text: (benches) => renderBenches(benches, SPEED_CLIP),
    json: (benches) => benchesAsJson(benches, SPEED_CLIP),
    problems: renderBenchProblems,
    isWell: (benches) => benches.every(({ measured }) => measured?.speeds.every(({ fps }) => fps !== undefined)),
  });
}
