import { clean } from "../job/clean/index.js";
import { listKept } from "../job/resume/state.js";
import { renderError } from "../ui/errors.js";
import { renderSweep } from "../ui/swept.js";
import { setUp } from "./setup.js";
import { stopOnSignals } from "./stop.js";
import { readWords, wrongUse } from "./words.js";

const FAILED = 1;

/** `distffmpeg clean [--json]`: takes away what dead jobs have left; gives 1 where not all could be looked at. */
export async function cleanCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const read = await readWords("clean", words, {
    usage: [
      "distffmpeg clean [--json]\n",
      "Removes what jobs that were killed have left on this machine and on the workers, and ends their programs.",
      "What a running job uses is not touched, nor what `distffmpeg jobs` lists.",
    ].join("\n"),
    switches: { json: "what was done as JSON (version 1)" },
  });
  if ("status" in read) return read.status;
  if (read.words.length > 0) return wrongUse("clean", `clean takes no ${read.words.join(" ")}`);
  const setup = setUp(flags);
  if ("status" in setup) return setup.status;
  const { loaded } = setup;
  // What takes no new jobs may hold what old ones have left.
  const config = { ...loaded.config, workers: [...loaded.config.workers, ...loaded.drained] };
  const json = read.on.has("json");
  const stop = stopOnSignals();
  try {
    const swept = await clean(config, stop.signal);
    const kept = (await listKept(config)).filter(({ holder }) => !holder).length;
    const report = { version: 1, ...swept, kept };
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : renderSweep(swept, kept));
    if (!json) for (const failure of swept.failures) process.stderr.write(renderError(failure));
    return swept.failures.length > 0 ? FAILED : 0;
  } finally {
    stop.off();
  }
}
