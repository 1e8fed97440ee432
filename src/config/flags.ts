import type { Problem } from "../lib/result.js";
import { unknownKey } from "./problems.js";
import { variable } from "./layers.js";
import { FLAGS_ONLY, SETTINGS } from "./meanings.js";
import { allowedAt, SCALAR_KEYS } from "./schema.js";
import { ON, SWITCHES } from "./take-flags.js";

const OFF = /^(?:false|no|off|0)$/i;

/** Every key that `-df_KEY` may have: settings first, then those of the command line only. */
export const FLAG_KEYS: readonly string[] = [...SCALAR_KEYS, ...Object.keys(FLAGS_ONLY)];

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

/** A flag in words: what it takes, its default (empty where it has none), what it is for, and the variable that does the same. */
export interface FlagInWords {
  readonly key: string;
  readonly flag: string;
  readonly takes: string;
  readonly usual: string;
  readonly says: string;
  readonly variable: string | undefined;
}

/** Every flag in words: settings first, then those of the command line only. */
export function describeFlags(): readonly FlagInWords[] {
  return FLAG_KEYS.map((key) => {
    const setting = SCALAR_KEYS.find((known) => known === key);
    const about = setting === undefined ? FLAGS_ONLY[key] : SETTINGS[setting];
    const named = setting !== undefined || FLAGS_ONLY[key]?.variable === true;
    return {
      key,
      flag: SWITCHES.has(key) ? `-df_${key}` : `-df_${key}=`,
      takes: describe(key),
      usual: setting === undefined ? "" : SETTINGS[setting].usual,
      says: about?.says ?? "",
      variable: named ? variable(key) : undefined,
    };
  });
}

function describe(key: string): string {
  return FLAGS_ONLY[key]?.takes ?? allowedAt([key]);
}
