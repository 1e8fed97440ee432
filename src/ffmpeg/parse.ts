/**
 * argv to Command, grouped as split_commandline() in fftools/cmdutils.c does it.
 */
import { fail, ok, type Result } from "../lib/result.js";
import type { Command, InputFile, OptionUse, OrderItem, OutputFile } from "./command.js";
import { interpretFlag, type OptionInfo } from "./options.js";

/** Why a command line cannot be split; `message` is ffmpeg's own line. */
export type ParseFailure =
  | { readonly kind: "missing-argument"; readonly option: string; readonly message: string }
  | { readonly kind: "unrecognized-option"; readonly option: string; readonly message: string };

/**
 * Splits the arguments of ffmpeg (without the program's name) into files with
 * their options.
 *
 * Options that are not ffmpeg's own are taken for AVOptions with a value; only
 * the binary knows whether they exist. `toArgv` of the result gives `argv` back.
 *
 * @param major ffmpeg's major version; `-autorotate` and `-autoscale` take a
 *   value before 7 and none since.
 */
export function parseCommand(argv: readonly string[], major = 5): Result<Command, ParseFailure> {
  const inputs: InputFile[] = [];
  const outputs: OutputFile[] = [];
  const order: OrderItem[] = [];
  let options: OptionUse[] = [];
  let afterDashes = false;

  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (word === "--") {
      order.push("--");
      afterDashes = true;
      continue;
    }
    // "--" protects the next argument alone: options may follow again after it.
    if (afterDashes || word === "-" || !word.startsWith("-")) {
      afterDashes = false;
      outputs.push({ options, url: word });
      order.push("output");
      options = [];
      continue;
    }
    const next = argv[index + 1];
    // Only the bare word opens an input: `-i:v` is no separator (match_group_separator() uses strcmp).
    if (word === "-i") {
      if (next === undefined) return missingArgument(word);
      inputs.push({ options, url: next });
      order.push("input");
      options = [];
      index += 1;
      continue;
    }
    const { info, name, spec, negated } = interpretFlag(word);
    const wanted = valueWanted(info, negated, major);
    if (wanted === "always" && next === undefined) {
      // opt_default() is not asked about an option at the very end, so even a good AVOption is "unrecognized".
      return info === undefined ? unrecognizedOption(word) : missingArgument(word);
    }
    const value = wanted === "never" ? undefined : next;
    options.push({ flag: word, name, spec, value, negated, scope: info?.scope ?? "file" });
    if (value !== undefined) index += 1;
  }
  return ok({ inputs, outputs, trailing: options, order });
}

function valueWanted(info: OptionInfo | undefined, negated: boolean, major: number): "always" | "if-any" | "never" {
  if (info === undefined) return "always";
  // `ffmpeg -version -i x` takes "-i" for the argument of -version.
  if (info.information) return "if-any";
  if (negated || !info.takesValue) return "never";
  return info.flagSince !== undefined && major >= info.flagSince ? "never" : "always";
}

function missingArgument(flag: string): Result<never, ParseFailure> {
  const option = flag.slice(1);
  return fail({ kind: "missing-argument", option, message: `Missing argument for option '${option}'.` });
}

function unrecognizedOption(flag: string): Result<never, ParseFailure> {
  const option = flag.slice(1);
  return fail({ kind: "unrecognized-option", option, message: `Unrecognized option '${option}'.` });
}
