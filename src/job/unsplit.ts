import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { isRefused } from "../plan/reasons.js";
import { type Before, type JobInput, refuse } from "./job-input.js";
import { runWhole } from "./whole.js";

/** The configuration without other machines, unless chunks are insisted on. */
export const boundHere = (config: Config): Config => ({
  ...config,
  route: config.route === "chunks" ? "chunks" : "local",
});

/** The command as it stands, by plain ffmpeg on this machine; gives the exit status. */
export function runHere({ config, argv, tellsWords }: JobInput, { spool, agreed, said = [] }: Before): Promise<number> {
  const stdin = spool?.read();
  return runWhole(config.ffmpeg_bin, agreed ? ["-y", ...argv] : argv, {
    ...(stdin ? { stdin } : {}),
    ...(tellsWords && said.length > 0 ? { said } : {}),
  });
}

/** Runs a command that is not split, for `reason`, where it is expected to be done first; gives the exit status. */
export async function runUnsplit(
  input: JobInput,
  command: Command | undefined,
  reason: string,
  before: Before = {},
): Promise<number> {
  const { config, events } = input;
  if (config.route === "chunks") {
    return refuse(input, {
      what: "the command cannot be split, as -df_route=chunks wants it",
      detail: reason,
      fix: "-df_route=auto",
    });
  }
  const here = (why: string, more: Before = {}): Promise<number> => {
    events.emit({ type: "route", route: "local", reason: why, refused: isRefused(why) });
    return runHere(input, { ...before, ...more });
  };
  const forced = config.route === "offload";
  if (!command || config.route === "local" || (config.workers.length === 0 && !forced)) return here(reason);
  // Another ffmpeg would say once more what the user has been told.
  if (!forced && input.tellsWords && (before.said ?? []).length > 0) return here(reason);
  // Loaded by those who have workers.
  const { runElsewhere } = await import("./offload.js");
  return runElsewhere(input, command, reason, here, before);
}
