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
export function checkCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const usage = [
    "distffmpeg workers check [--json] [NAME …]\n",
    "Connects to all workers, or those named, at the same time; has each encoder that matters encode a few frames;",
    "measures the line. Ends with status 1 when one of them cannot be used.",
  ];
  return lookAt("check", words, flags, {
    ...{ usage, look: checkWorkers, text: renderChecks, json: checksAsJson, problems: renderUnfit },
    isWell: (checks) => !checks.some(({ unfit }) => unfit),
  });
}

/** How workers are looked at, and how what was found is shown. */
export interface Look<T> {
  readonly usage: readonly string[];
  readonly look: (workers: readonly WorkerConfig[], timeout: number, signal: AbortSignal) => Promise<T>;
  readonly text: (found: T) => string;
  readonly json: (found: T) => string;
  /** What goes to standard error beside the text. */
  readonly problems: (found: T) => string;
  readonly isWell: (found: T) => boolean;
}

/** A subcommand that looks at all workers, or those named, until Ctrl-C; gives the exit status: 1 when not all is well. */
export async function lookAt<T>(
  verb: string,
  words: readonly string[],
  flags: ReadonlyMap<string, string>,
  { usage, look, text, json: asJson, problems, isWell }: Look<T>,
): Promise<number> {
  const asked = await chooseWorkers(verb, words, flags, usage);
  if ("status" in asked) return asked.status;
  const { chosen, json, config } = asked;
  if (chosen.length === 0 && !json) {
    process.stdout.write(renderWorkers([], ""));
    return 0;
  }
  const stop = stopOnSignals();
  try {
    const found = await look(chosen, config.worker_timeout, stop.signal);
    process.stdout.write(json ? asJson(found) : text(found));
    if (!json) process.stderr.write(problems(found));
    return isWell(found) ? 0 : FAILED;
  } finally {
    stop.off();
  }
}

/** What a subcommand is to look at. */
interface Chosen {
  readonly chosen: readonly WorkerConfig[];
  readonly json: boolean;
  readonly config: Config;
}

/** Reads the words of a subcommand that takes names of workers, none for all; or a status, once it was said why. */
async function chooseWorkers(
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
