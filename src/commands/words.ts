import yargs from "yargs";

/** The status for a command that is not used as it should be. */
export const WRONG_USE = 2;

/** What stands behind a subcommand: its words, and which switches are on. */
export interface ReadWords {
  readonly words: readonly string[];
  readonly on: ReadonlySet<string>;
}

/** Reads what stands behind a subcommand; or gives a status, because the help was asked for or something is wrong. */
export async function readWords(
  name: string,
  argv: readonly string[],
  { usage, switches }: { readonly usage: string; readonly switches: Readonly<Record<string, string>> },
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
  try {
    const told: Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] } =
      await parser.parseAsync();
    if (told["help"] === true) {
      process.stdout.write(`${await parser.getHelp()}\n`);
      return { status: 0 };
    }
    return { words: told._.map(String), on: new Set(Object.keys(switches).filter((key) => told[key] === true)) };
  } catch (error) {
    return { status: wrongUse(name, error instanceof Error ? error.message : String(error)) };
  }
}

/** Says what is wrong with the words of a subcommand; gives the status. */
export function wrongUse(name: string, what: string): number {
  process.stderr.write(`distffmpeg: ${what}\nTry: distffmpeg ${name} --help\n`);
  return WRONG_USE;
}
