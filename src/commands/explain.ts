import yargs from "yargs";
import type { LoadedConfig } from "../config/types.js";
import { explain } from "../job/explain.js";
import { planAsJson, renderPlan } from "../ui/plan.js";
import { setUp } from "./setup.js";
import { stopOnSignals } from "./stop.js";
import { wrongUse } from "./words.js";

const INTERRUPTED = 255;

/**
 * `distffmpeg explain [--json] ARGS`: what would be done for an ffmpeg command line, and why; nothing is. Its own options
 * stand directly behind the word; from the first that does not begin with `--` on (or behind a `--`) all is ffmpeg's.
 */
export async function explainCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const at = words.findIndex((word) => !word.startsWith("--") || word === "--");
  const own = words.slice(0, at === -1 ? words.length : at);
  const argv = at === -1 ? [] : words.slice(words[at] === "--" ? at + 1 : at);
  const parser = yargs([...own])
    .scriptName("distffmpeg explain")
    .usage(
      "distffmpeg explain [--json] FFMPEG'S ARGUMENTS\n\nSays what would be done for an ffmpeg command line, and why.",
    )
    .option("json", { type: "boolean", describe: "as JSON (version 1)", default: false })
    .version(false)
    .strict()
    .exitProcess(false)
    .fail(false)
    .help(false)
    .option("help", { type: "boolean", describe: "this text" });
  let parsed: Awaited<ReturnType<typeof parser.parseAsync>>;
  try {
    parsed = await parser.parseAsync();
  } catch (error) {
    return wrongUse("explain", error instanceof Error ? error.message : String(error));
  }
  const { json, help } = parsed;
  if (help === true) {
    process.stdout.write(`${await parser.getHelp()}\n`);
    return 0;
  }
  if (argv.length === 0) return wrongUse("explain", "ffmpeg's arguments are missing");
  const setup = setUp(flags);
  return "status" in setup ? setup.status : showPlan(argv, setup.loaded, json);
}

/** Shows the plan of a command on standard output; gives the status. */
export async function showPlan(argv: readonly string[], loaded: LoadedConfig, json: boolean): Promise<number> {
  const stop = stopOnSignals();
  try {
    const plan = await explain(argv, loaded.config, stop.signal);
    if (stop.signal.aborted) return INTERRUPTED;
    process.stdout.write(json ? planAsJson(plan) : renderPlan(plan));
    return 0;
  } finally {
    stop.off();
  }
}
