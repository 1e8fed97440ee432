import type { Config } from "../config/types.js";
import { forgetStarted } from "../ffmpeg/real.js";
import { findKept, listKept, removeKept } from "../job/resume/state.js";
import type { Problem } from "../lib/result.js";
import { renderError } from "../ui/errors.js";
import { jobsAsJson, renderJobs } from "../ui/jobs.js";
import { setUp } from "./setup.js";
import { readWords, wrongUse } from "./words.js";

const FAILED = 1;

/** `distffmpeg jobs`: lists what is kept of jobs that were stopped, goes on with one, or gives some up. */
export async function jobsCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const read = await readWords("jobs", words, {
    usage: [
      "distffmpeg jobs [--json]          what is kept of jobs that were stopped",
      "distffmpeg jobs resume [-y] JOB   goes on with one",
      "distffmpeg jobs remove JOB …      gives up what is kept",
    ].join("\n"),
    switches: { json: "the list as JSON (version 1)", y: "with resume: over what stands in the output's place" },
  });
  if ("status" in read) return read.status;
  const [verb = "list", ...ids] = read.words;
  const setup = setUp(flags);
  if ("status" in setup) return setup.status;
  const { config } = setup.loaded;
  const [id] = ids;
  if (verb === "list" && ids.length === 0) {
    const jobs = (await listKept(config)).filter(({ chunks, holder }) => chunks > 0 || holder);
    process.stdout.write(read.on.has("json") ? jobsAsJson(jobs) : renderJobs(jobs, Date.now()));
    return 0;
  }
  if (verb === "resume" && id !== undefined && ids.length === 1) return resume(config, id, flags, read.on.has("y"));
  if (verb === "remove" && ids.length > 0) return remove(config, ids);
  return wrongUse("jobs", `jobs ${[verb, ...ids].join(" ")} is not known`);
}

/** The command as it was typed, where it was typed; flags given now go before those of then. */
async function resume(config: Config, id: string, flags: ReadonlyMap<string, string>, over: boolean): Promise<number> {
  const found = await findKept(config, id);
  if (!found.ok) return failed(found.failure);
  const { argv, cwd, useless, flags: then } = found.value;
  if (useless !== undefined)
    return failed({ what: `job ${id} cannot go on: ${useless}`, fix: `distffmpeg jobs remove ${id}` });
  try {
    process.chdir(cwd);
  } catch (error) {
    return failed({ what: `job ${id} was begun in ${cwd}, which cannot be entered`, detail: String(error) });
  }
  const { run } = await import("./run.js");
  // It was looked for here, and is to be looked for once more.
  forgetStarted(process.env);
  // Where it is kept is known by now, whatever the configuration of that folder says.
  const where = new Map([...Object.entries(then), ["server_work_path", config.server_work_path] as const, ...flags]);
  return run(over ? ["-y", ...argv] : argv, where, false);
}

async function remove(config: Config, ids: readonly string[]): Promise<number> {
  let status = 0;
  for (const id of ids) {
    const found = await findKept(config, id);
    const removed = found.ok ? await removeKept(found.value) : found;
    if (!removed.ok) status = failed(removed.failure);
  }
  return status;
}

function failed(problem: Problem): number {
  process.stderr.write(renderError(problem));
  return FAILED;
}
