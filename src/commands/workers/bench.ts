import { benchWorkers } from "../../job/onboard/bench.js";
import { benchesAsJson, renderBenches, renderBenchProblems } from "../../ui/bench.js";
import { renderWorkers } from "../../ui/workers.js";
import { SPEED_CLIP } from "../../workers/speeds.js";
import { stopOnSignals } from "../stop.js";
import { chooseWorkers } from "./look.js";

const FAILED = 1;

/** `distffmpeg workers bench [--json] [NAME …]`: 1 when one of them could not be measured, or has an encoder that fails. */
export async function benchCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const asked = await chooseWorkers("bench", words, flags, [
    "distffmpeg workers bench [--json] [NAME …]\n",
    "Has all workers, or those named, encode a short clip at the same time by each of the usual encoders they have, one",
    "encoder after another, and measures the lines to them. A minute or so; better while they are idle.",
  ]);
  if ("status" in asked) return asked.status;
  const { chosen, json, config } = asked;
  if (chosen.length === 0 && !json) {
    process.stdout.write(renderWorkers([], ""));
    return 0;
  }
  const stop = stopOnSignals();
  try {
    const benches = await benchWorkers(chosen, config.worker_timeout, stop.signal);
    process.stdout.write(json ? benchesAsJson(benches, SPEED_CLIP) : renderBenches(benches, SPEED_CLIP));
    if (!json) process.stderr.write(renderBenchProblems(benches));
    const isWell = benches.every(({ measured }) => measured?.speeds.every(({ fps }) => fps !== undefined));
    return isWell ? 0 : FAILED;
  } finally {
    stop.off();
  }
}
