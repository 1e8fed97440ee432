import yargs from "yargs";

/** The status for a command that is not used as it should be. */
export const WRONG_USE = 2;

/** What stands behind a subcommand: its words, and which switches are on. */
export interface ReadWords {
  readonly words: readonly string[];
  readonly on: ReadonlySet<string>;
  /** What was given to options that take a value. */
  readonly values: ReadonlyMap<string, string>;
}

/** What a subcommand takes: its lines of help, and its options with a line for each; those of `values` take a value. */
export interface Usage {
  readonly usage: string;
  readonly switches: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, string>>;
}

/** Reads what stands behind a subcommand; or gives a status, because the help was asked for or something is wrong. */
export async function readWords(
  name: string,
  argv: readonly string[],
  { usage, switches, values = {} }: Usage,
): Promise<ReadWords | { readonly status: number }> {
  const parser = yargs([...argv])
    .scriptName(`distffmpeg ${name}`)
    .usage(usage)
    .version(false)
    .strictOptions()
    .exitProcess(false)
    .fail(false)
    .help(false)
    // An id of digits alone is no number.
    .parserConfiguration({ "parse-positional-numbers": false })
    .option("help", { type: "boolean", describe: "this text" });
  for (const [key, describe] of Object.entries(switches)) parser.option(key, { type: "boolean", describe });
  for (const [key, describe] of Object.entries(values))
    parser.option(key, { type: "string", describe, requiresArg: true });
  try {
    const told: Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] } =
      await parser.parseAsync();
    if (told["help"] === true) {
      process.stdout.write(`${await parser.getHelp()}\n`);
      return { status: 0 };
    }
    const given = Object.keys(values).flatMap((key): [string, string][] => {
      // Given twice, the last counts, as with ffmpeg's options.
      const value = [told[key]].flat().at(-1);
      return typeof value === "string" ? [[key, value]] : [];
    });
    return {
      words: told._.map(String),
      on: new Set(Object.keys(switches).filter((key) => told[key] === true)),
      values: new Map(given),
    };
  } catch (error) {
    return { status: wrongUse(name, error instanceof Error ? error.message : String(error)) };
  }
}

/** Says what is wrong with the words of a subcommand (`""`: of distffmpeg itself); gives the status. */
export function wrongUse(name: string, what: string): number {
  process.stderr.write(`distffmpeg: ${what}\nTry: distffmpeg ${name === "" ? "" : `${name} `}--help\n`);
  return WRONG_USE;
}
