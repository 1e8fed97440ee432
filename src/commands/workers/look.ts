import { selectWorkers } from "../../config/farm.js";
import type { Config, LoadedConfig, WorkerConfig } from "../../config/types.js";
import { checkWorkers } from "../../job/onboard/check.js";
import { renderError } from "../../ui/errors.js";
import { checksAsJson, renderChecks, renderUnfit, renderWorkers, workersAsJson } from "../../ui/workers.js";
import { setUp } from "../setup.js";
import { stopOnSignals } from "../stop.js";
import { readWords, wrongUse } from "../words.js";

const FAILED = 1;

/** All workers of the list, those that take no new jobs too. */
export function allWorkers({ config, drained }: LoadedConfig): readonly WorkerConfig[] {
  return [...config.workers, ...drained];
}

/** `distffmpeg workers list [--json]` */
export async function listCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const read = await readWords("workers list", words, {
    usage: "distffmpeg workers list [--json]\n\nThe workers of the configuration; none of them is asked.",
    switches: { json: "the list as JSON (version 1)" },
  });
  if ("status" in read) return read.status;
  if (read.words.length > 0) return wrongUse("workers list", `workers list takes no ${read.words.join(" ")}`);
  const setup = setUp(flags);
  if ("status" in setup) return setup.status;
  const { loaded } = setup;
  const show = read.on.has("json") ? workersAsJson : renderWorkers;
  process.stdout.write(show(allWorkers(loaded), loaded.origins.workers));
  return 0;
}

/** `distffmpeg workers check [--json] [NAME …]`: 1 when one of them cannot be used, or there is no such worker. */
export async function checkCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const asked = await chooseWorkers("check", words, flags, [
    "distffmpeg workers check [--json] [NAME …]\n",
    "Connects to all workers, or those named, at the same time; has each encoder that matters encode a few frames;",
    "measures the line. Ends with status 1 when one of them cannot be used.",
  ]);
  if ("status" in asked) return asked.status;
  const { chosen, json, config } = asked;
  if (chosen.length === 0 && !json) {
    process.stdout.write(renderWorkers([], ""));
    return 0;
  }
  const stop = stopOnSignals();
  try {
    const checks = await checkWorkers(chosen, config.worker_timeout, stop.signal);
    process.stdout.write(json ? checksAsJson(checks) : renderChecks(checks));
    if (!json) process.stderr.write(renderUnfit(checks));
    return checks.some(({ unfit }) => unfit) ? FAILED : 0;
  } finally {
    stop.off();
  }
}

/** What a subcommand is to look at. */
export interface Chosen {
  readonly chosen: readonly WorkerConfig[];
  readonly json: boolean;
  readonly config: Config;
}

/** Reads the words of a subcommand that takes names of workers, none for all; or a status, once it was said why. */
export async function chooseWorkers(
  verb: string,
  words: readonly string[],
  flags: ReadonlyMap<string, string>,
  usage: readonly string[],
): Promise<Chosen | { readonly status: number }> {
  const switches = { json: "what was found as JSON (version 1)" };
  const read = await readWords(`workers ${verb}`, words, { usage: usage.join("\n"), switches });
  if ("status" in read) return read;
  const setup = setUp(flags);
  if ("status" in setup) return setup;
  const { loaded } = setup;
  const all = allWorkers(loaded);
  const json = read.on.has("json");
  if (read.words.length === 0) return { chosen: all, json, config: loaded.config };
  const chosen = selectWorkers(all, read.words.join(","), "distffmpeg workers");
  if (chosen.ok) return { chosen: chosen.value, json, config: loaded.config };
  for (const problem of chosen.failure) process.stderr.write(renderError(problem));
  return { status: FAILED };
}
