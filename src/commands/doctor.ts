import { loadConfig } from "../config/load.js";
import type { LoadedConfig } from "../config/types.js";
import { checkWorkers } from "../job/onboard/check.js";
import { asFinding, examineHost, type Finding } from "../job/onboard/doctor.js";
import { checksAsFindings, findingsAsJson, renderFindings } from "../ui/doctor.js";
import { stopOnSignals } from "./stop.js";
import { readWords, wrongUse } from "./words.js";

const FAILED = 1;
const INTERRUPTED = 255;

/** `distffmpeg doctor [--json]`: looks at all that jobs need; 1 when something has to be mended. */
export async function doctorCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const read = await readWords("doctor", words, {
    usage: [
      "distffmpeg doctor [--json]\n",
      "Looks at this machine, the configuration and all workers, a line for each thing, with what to type where something",
      "is amiss. Ends with status 1 when something has to be mended.",
    ].join("\n"),
    switches: { json: "what was found as JSON (version 1)" },
  });
  if ("status" in read) return read.status;
  if (read.words.length > 0) return wrongUse("doctor", `doctor takes no ${read.words.join(" ")}`);
  const { loaded, findings } = configuration(flags);
  const stop = stopOnSignals();
  try {
    const workers = [...loaded.config.workers, ...loaded.drained];
    const [host, checks] = await Promise.all([
      examineHost(loaded.config, workers, process.env, stop.signal),
      checkWorkers(workers, loaded.config.worker_timeout, stop.signal),
    ]);
    if (stop.signal.aborted) return INTERRUPTED;
    const all = [...findings, ...host, ...checksAsFindings(checks)];
    process.stdout.write(read.on.has("json") ? findingsAsJson(all) : renderFindings(all));
    return all.some(({ state }) => state === "fail") ? FAILED : 0;
  } finally {
    stop.off();
  }
}

/** The configuration and what is to be said of it; where it cannot be used, the rest is looked at with the defaults. */
function configuration(flags: ReadonlyMap<string, string>): {
  readonly loaded: LoadedConfig;
  readonly findings: readonly Finding[];
} {
  const about = "config";
  const loaded = loadConfig({ flags, env: process.env, cwd: process.cwd() });
  if (loaded.ok) {
    const { files, notes } = loaded.value;
    const what = files.length === 0 ? "no file, all is as by default" : files.join(", ");
    const findings = [{ about, state: "ok" as const, what }, ...notes.map((note) => asFinding(about, note, "warn"))];
    return { loaded: loaded.value, findings };
  }
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DISTFFMPEG_")));
  const usual = loadConfig({ flags: new Map([["config", "/dev/null"]]), env, cwd: process.cwd() });
  if (!usual.ok) throw new Error("the defaults cannot be used");
  return { loaded: usual.value, findings: loaded.failure.map((problem) => asFinding(about, problem)) };
}
