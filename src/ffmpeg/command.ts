/**
 * The shape of an ffmpeg command line, and the way back to argv.
 *
 * ffmpeg has one flat list of arguments; fftools/cmdutils.c groups it into
 * files with the options that stand before each of them. `Command` keeps that
 * grouping and as much of the order as is needed to print the very same words.
 */

/** One option as it was typed, with its name made canonical (`-vcodec x` is `c` with specifier `v`). */
export interface OptionUse {
  /** As typed, with the leading dash: `-c:v`, `-nostdin`, `-/filter`. */
  readonly flag: string;
  /** Canonical name without dash, specifier and negation: `c`, `stdin`, `filter`. */
  readonly name: string;
  /** The text after the first colon, or what an alias implies (`v` for `-vcodec`). */
  readonly spec: string | undefined;
  /** The following argument, if the option takes one. */
  readonly value: string | undefined;
  /** True for `-nofoo`. */
  readonly negated: boolean;
  /** Whether ffmpeg applies it to the whole program or to the file it stands before. */
  readonly scope: "global" | "file";
}

/** A file with the options that stood before it; global ones among them stay where they were typed. */
export interface FileUse {
  readonly options: readonly OptionUse[];
  readonly url: string;
}

/** An input: the options before its `-i`, and the argument of `-i`. */
export type InputFile = FileUse;

/** An output: the options before its name, and the name. */
export type OutputFile = FileUse;

/** What stood where: the next input, the next output, or a `--` before the next output (or at the end). */
export type OrderItem = "input" | "output" | "--";

/**
 * A whole command line without the program's name.
 *
 * `order` says how inputs and outputs alternate in argv. A command that was
 * built rather than parsed may leave it empty: all inputs come first then.
 */
export interface Command {
  readonly inputs: readonly InputFile[];
  readonly outputs: readonly OutputFile[];
  /** Options after the last file. ffmpeg heeds the global ones and ignores the rest with a warning. */
  readonly trailing: readonly OptionUse[];
  readonly order: readonly OrderItem[];
}

/**
 * The arguments of `command`, without the program's name.
 *
 * For a parsed command these are exactly the parsed arguments. Files which
 * `order` does not mention follow it, inputs first; mentions of files that are
 * gone are skipped, so a changed copy of a command needs no new `order`.
 */
export function toArgv(command: Command): string[] {
  const argv: string[] = [];
  let dashes = 0;
  for (const step of steps(command)) {
    if (step === "--") {
      dashes += 1;
      continue;
    }
    const { kind, file } = step;
    argv.push(...file.options.flatMap(optionWords));
    if (kind === "input") {
      argv.push("-i", file.url);
    } else {
      const needed = looksLikeOption(file.url) ? 1 : 0;
      argv.push(...dashDashes(Math.max(dashes, needed)), file.url);
      dashes = 0;
    }
  }
  argv.push(...command.trailing.flatMap(optionWords), ...dashDashes(dashes));
  return argv;
}

/** Every global option of the command, in the order typed, wherever it stood. */
export function globalOptions(command: Command): OptionUse[] {
  const uses = [...steps(command)].flatMap((step) => (step === "--" ? [] : step.file.options));
  return [...uses, ...command.trailing].filter((use) => use.scope === "global");
}

/** The options that apply to this file alone. */
export function fileOptions(file: FileUse): OptionUse[] {
  return file.options.filter((use) => use.scope === "file");
}

/**
 * The last use of the option with the canonical name `name`; for most options
 * the one that counts (fftools: the last match wins).
 *
 * @param spec omitted: with any specifier or none; a string: with exactly that
 *   specifier; null: only without one.
 */
export function lastOption(options: readonly OptionUse[], name: string, spec?: string | null): OptionUse | undefined {
  return options.findLast((use) => use.name === name && (spec === undefined || use.spec === (spec ?? undefined)));
}

/** True if the option's value is the name of a file that holds the real value (`-/filter:v graph.txt`, ffmpeg 7). */
export function readsValueFromFile(use: OptionUse): boolean {
  return use.flag.startsWith("-/");
}

type Step = "--" | { readonly kind: "input" | "output"; readonly file: FileUse };

/** The files in the order of argv, those that `order` does not mention at the end. */
function* steps(command: Command): Generator<Step> {
  const left = { input: command.inputs.values(), output: command.outputs.values() };
  for (const item of command.order) {
    if (item === "--") {
      yield item;
      continue;
    }
    const next = left[item].next();
    if (next.done !== true) yield { kind: item, file: next.value };
  }
  for (const file of left.input) yield { kind: "input", file };
  for (const file of left.output) yield { kind: "output", file };
}

function optionWords(use: OptionUse): string[] {
  return use.value === undefined ? [use.flag] : [use.flag, use.value];
}

/** An output of this name would be taken for an option unless `--` stands before it. */
function looksLikeOption(url: string): boolean {
  return url.startsWith("-") && url !== "-";
}

function dashDashes(count: number): string[] {
  return Array.from({ length: count }, () => "--");
}
