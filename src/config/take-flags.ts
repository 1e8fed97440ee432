/*
 * The part of the flags that every start needs. It imports nothing, and the schema least of all, so that a command that
 * is only handed on to ffmpeg starts as fast as it can.
 */

const PREFIX = /^--?df_/;

/** Flags that may stand alone, meaning true. */
export const SWITCHES: ReadonlySet<string> = new Set(["plan", "help"]);
export const ON = /^(?:true|yes|on|1)$/i;

export interface TakenFlags {
  /** The arguments without the flags, in order: ffmpeg's own command line. */
  readonly rest: string[];
  /** Key to value as written, the last one winning as with ffmpeg's options. A value left out is "". */
  readonly flags: Map<string, string>;
}

/**
 * Takes `-df_KEY=VALUE`, `--df_KEY=VALUE` and `-df_KEY` out of a command line, wherever they stand. Reads no config
 * and judges nothing, so that `-df_help` always works: `checkFlags` of flags.ts (which `loadConfig` calls) finds what is wrong.
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

/** Whether a switch (`plan`, `help`) is given and on. */
export function flagIsOn(flags: ReadonlyMap<string, string>, key: "plan" | "help"): boolean {
  return ON.test(flags.get(key) ?? "");
}
