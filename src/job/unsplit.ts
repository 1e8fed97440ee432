import type { Command } from "../ffmpeg/command.js";
import { type JobInput, refuse } from "./job-input.js";
import type { Spool } from "./spool.js";
import { runWhole } from "./whole.js";

/** Runs a command that is not split, for `reason`, where it is expected to be done first; gives the exit status. */
export async function runUnsplit(
  input: JobInput,
  command: Command | undefined,
  reason: string,
  spool?: Spool,
): Promise<number> {
  const { config, events } = input;
  if (config.route === "chunks") {
    return refuse(input, {
      what: "the command cannot be split, as -df_route=chunks wants it",
      detail: reason,
      fix: "-df_route=auto",
    });
  }
  const here = (why: string, from = spool): Promise<number> => {
    events.emit({ type: "route", route: "local", reason: why });
    return runWhole(config.ffmpeg_bin, input.argv, from?.read());
  };
  const forced = config.route === "offload";
  if (!command || config.route === "local" || (config.workers.length === 0 && !forced)) return here(reason);
  // Loaded by those who have workers.
  const { runElsewhere } = await import("./offload.js");
  return runElsewhere(input, command, reason, here, spool);
}
