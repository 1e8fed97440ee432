import type { Problem } from "../lib/result.js";
import { unknownKey } from "./problems.js";
import { allowedAt, SCALAR_KEYS } from "./schema.js";

const PREFIX = /^--?df_/;

/** Flags that exist on the command line only: what they take, in words. */
const COMMAND_LINE_ONLY: Readonly<Record<string, string>> = {
  workers: "names or hosts of the workers to use, with commas between, or none",
  config: "a config file to read instead of the usual ones",
  summary: "a file to write a summary of the job to, as JSON",
  plan: "true or false: show the plan and do nothing",
  help: "true or false: show these flags",
};

/** Flags that may stand alone, meaning true. */
const SWITCHES: ReadonlySet<string> = new Set(["plan", "help"]);
const ON = /^(?:true|yes|on|1)$/i;
const OFF = /^(?:false|no|off|0)$/i;

const FLAG_KEYS: readonly string[] = [...SCALAR_KEYS, ...Object.keys(COMMAND_LINE_ONLY)];

export interface TakenFlags {
  /** The arguments without the flags, in order: ffmpeg's own command line. */
  readonly rest: string[];
  /** Key to value as written, the last one winning as with ffmpeg's options. A value left out is "". */
  readonly flags: Map<string, string>;
}

/**
 * Takes `-df_KEY=VALUE`, `--df_KEY=VALUE` and `-df_KEY` out of a command line, wherever they stand. Reads no config
 * and judges nothing, so that `-df_help` always works: `checkFlags` (which `loadConfig` calls) finds what is wrong.
 */
export function takeFlags(argv: readonly string[]): TakenFlags {
  const rest: string[] = [];
  const flags = new Map<string, string>();
  for (const arg of argv) {
    if (!PREFIX.test(arg)) {
      rest.push(arg);
      continue;
    }
    const [key = ""] = arg.replace(PREFIX, "").split("=", 1);
    const equals = arg.indexOf("=");
    const bare = SWITCHES.has(key) ? "true" : "";
    flags.set(key, equals === -1 ? bare : arg.slice(equals + 1));
  }
  return { rest, flags };
}

/** Problems of flags that no config is needed for: unknown keys, values left out, switches neither on nor off. */
export function checkFlags(flags: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = [];
  for (const [key, value] of flags) {
    const shown = `-df_${key}`;
    if (!FLAG_KEYS.includes(key)) {
      const problem = unknownKey(shown, key, FLAG_KEYS, "command line");
      const near = problem.fix?.replace(/(Did you mean )/, "$1-df_");
      problems.push(near === undefined ? problem : { ...problem, fix: near });
    } else if (value === "") {
      problems.push({ what: `command line: ${shown} needs a value: ${describe(key)}`, fix: `Write ${shown}=VALUE.` });
    } else if (SWITCHES.has(key) && !ON.test(value) && !OFF.test(value)) {
      problems.push({ what: `command line: ${shown} is ${JSON.stringify(value)}, but must be true or false` });
    }
  }
  return problems;
}

/** Whether a switch (`plan`, `help`) is given and on. */
export function flagIsOn(flags: ReadonlyMap<string, string>, key: "plan" | "help"): boolean {
  return ON.test(flags.get(key) ?? "");
}

/** Every flag with what it takes, in words, for `-df_help`: settings first, then those of the command line only. */
export function describeFlags(): readonly { readonly flag: string; readonly takes: string }[] {
  return FLAG_KEYS.map((key) => ({ flag: SWITCHES.has(key) ? `-df_${key}` : `-df_${key}=`, takes: describe(key) }));
}

function describe(key: string): string {
  return COMMAND_LINE_ONLY[key] ?? allowedAt([key]);
}
