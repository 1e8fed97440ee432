import type { Problem } from "../lib/result.js";
import { unknownKey } from "./problems.js";
import { allowedAt, SCALAR_KEYS } from "./schema.js";
import { ON, SWITCHES } from "./take-flags.js";
import { table } from "../lib/table.js";

/** Flags that exist on the command line only: what they take, in words. */
const COMMAND_LINE_ONLY: Readonly<Record<string, string>> = table({
  workers: "names or hosts of the workers to use, with commas between, or none",
  config: "a config file to read instead of the usual ones",
  summary: "a file to write a summary of the job to, as JSON",
  log: "a file to write every event of the job to, a line of JSON each",
  report: "a file to write a report of the job to, as a page of HTML",
  plan: "true or false: show the plan and do nothing",
  help: "true or false: show these flags",
});

const OFF = /^(?:false|no|off|0)$/i;

const FLAG_KEYS: readonly string[] = [...SCALAR_KEYS, ...Object.keys(COMMAND_LINE_ONLY)];

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

/** Every flag with what it takes, in words, for `-df_help`: settings first, then those of the command line only. */
export function describeFlags(): readonly { readonly flag: string; readonly takes: string }[] {
  return FLAG_KEYS.map((key) => ({ flag: SWITCHES.has(key) ? `-df_${key}` : `-df_${key}=`, takes: describe(key) }));
}

function describe(key: string): string {
  return COMMAND_LINE_ONLY[key] ?? allowedAt([key]);
}
