/**
 * The kind of a filter as it is used: may chunks of a film be filtered by themselves,
 * and what has to be given to each so that no frame can tell the difference?
 */
import { readOptions } from "./arguments.js";
import { CONDITIONAL_FILTERS } from "./conditional.js";
import { whole, words, type Definition, type Options, type Verdict } from "./define.js";
import { countingIdentifier } from "./expressions.js";
import { FRAME_FILTERS } from "./frame.js";
import { GRID_FILTERS } from "./grid.js";
import { PAIR_FILTERS, PICTURE_SOURCES, pictureInputs } from "./pairs.js";
import type { Condition, FilterOptionsInput, FilterTrait } from "./types.js";
import { deviceFilter, WHOLE_FILTERS } from "./whole.js";
import { WINDOW_FILTERS } from "./window.js";

const NOTHING: ReadonlySet<Condition> = new Set();

/** Every filter that may be of another kind than whole. */
export const DEFINITIONS: ReadonlyMap<string, Definition> = new Map([
  ...FRAME_FILTERS,
  ...CONDITIONAL_FILTERS,
  ...WINDOW_FILTERS,
  ...GRID_FILTERS,
]);

/**
 * The trait of one use of a filter. `granted` is what the caller vouches for; with
 * nothing granted, every trait but "whole" holds on any machine whose ffmpeg gives the
 * same pictures. An unknown filter, or an unknown option of one whose options matter,
 * is whole; so is one whose arguments ffmpeg would refuse, more often than not.
 */
export function filterTrait(use: FilterOptionsInput, granted: ReadonlySet<Condition> = NOTHING): FilterTrait {
  const definition = DEFINITIONS.get(use.name);
  if (definition === undefined) {
    const reason = WHOLE_FILTERS.get(use.name);
    if (reason !== undefined) return whole(reason);
    return whole(deviceFilter(use.name) ? "works on a device of its own" : "is an unknown filter");
  }
  return traitBy(definition, use, granted);
}

/** The trait of a filter of two inputs whose second is a picture; `endless`: one that comes again and again. */
export function pairTrait(use: FilterOptionsInput, endless: boolean): FilterTrait {
  const definition = PAIR_FILTERS[endless ? "endless" : "once"].get(use.name);
  return definition ? traitBy(definition, use, NOTHING) : whole("takes several inputs");
}

/** The trait of a source of pictures: whether it gives what its file holds, and no more. */
export function sourceTrait(use: FilterOptionsInput): FilterTrait {
  const definition = PICTURE_SOURCES.get(use.name);
  return definition ? traitBy(definition, use, NOTHING) : whole("is a source or a sink");
}

/** How many inputs a filter has that makes pictures of pictures; undefined for all other filters. */
export function inputsOf(name: string): number | undefined {
  return pictureInputs(name, DEFINITIONS);
}

/** Why no chunk can run this filter, whatever its options; undefined for those of `inputsOf` and for unknown ones. */
export function neverSplit(name: string): string | undefined {
  if (inputsOf(name) !== undefined) return undefined;
  return WHOLE_FILTERS.get(name) ?? (deviceFilter(name) ? "works on a device of its own" : undefined);
}

function traitBy(definition: Definition, use: FilterOptionsInput, granted: ReadonlySet<Condition>): FilterTrait {
  const read = readOptions(use, definition);
  if (!read.ok) return whole(read.reason);
  const { options } = read;

  const counting = countingExpression(definition, options);
  if (counting !== undefined) return whole(counting);
  const trait = settle(definition.judge(options), granted);
  if (trait.kind === "whole") return trait;
  // Whether and how a filter keeps collecting frames while it is disabled differs from one to the next.
  if (trait.kind !== "frame" && options.has("enable") && definition.switched !== true)
    return whole("is switched on and off over time");
  const files = words(definition.files ?? "").filter((file) => options.has(file));
  return files.length === 0 ? trait : { ...trait, files };
}

/** The parser's options (`name` undefined: positional) as `filterTrait` takes them. */
export function optionsInput(
  name: string,
  options: readonly { readonly name: string | undefined; readonly value: string }[],
): FilterOptionsInput {
  const named = new Map<string, string>();
  for (const option of options) if (option.name !== undefined) named.set(option.name, option.value);
  return { name, positional: options.filter((o) => o.name === undefined).map((o) => o.value), named };
}

/** An argument that names a file: its place among the filter's, and the option it stands for. */
export interface FileArgument {
  readonly at: number;
  readonly option: string;
  readonly value: string;
}

/** The arguments of a filter that name files to read; where one option is given twice, the last one counts. */
export function fileArguments(
  name: string,
  options: readonly { readonly name: string | undefined; readonly value: string }[],
): readonly FileArgument[] {
  const definition = DEFINITIONS.get(name) ?? PICTURE_SOURCES.get(name);
  const files = words(definition?.files ?? "");
  const places = words(definition?.options ?? "").map((place) => place.split("/"));
  const found = new Map<string, FileArgument>();
  for (const [at, { name: given, value }] of options.entries()) {
    const place = given === undefined ? places[at] : places.find((aliases) => aliases.includes(given));
    const option = place?.[0];
    if (option !== undefined && files.includes(option)) found.set(option, { at, option, value });
  }
  return [...found.values()];
}

/**
 * The value a use gives to an option, by any of its names or by its place; undefined if
 * it gives none. Meant for the paths in a trait's `files`.
 */
export function filterOption(use: FilterOptionsInput, option: string): string | undefined {
  const definition = DEFINITIONS.get(use.name);
  const read = definition && readOptions(use, definition);
  return read?.ok === true ? read.options.get(option) : undefined;
}

/** Why an expression among the options depends on more than one frame and its time. */
function countingExpression(definition: Definition, options: Options): string | undefined {
  // "x/a,b": in option x the identifiers a and b count as well.
  const scanned = new Map<string, readonly string[]>([["enable", []]]);
  for (const entry of words(definition.expressions ?? "")) {
    const [option = "", also] = entry.split("/");
    if (option === "*") for (const name of options.keys()) scanned.set(name, []);
    else scanned.set(option, also?.split(",") ?? []);
  }
  for (const [option, also] of scanned) {
    const found = countingIdentifier(options.get(option) ?? "", also);
    if (found !== undefined) return `has "${found}" in its option "${option}"`;
  }
  return undefined;
}

function settle(verdict: Verdict, granted: ReadonlySet<Condition>): FilterTrait {
  if (verdict.kind !== "conditional") return verdict;
  const missing = verdict.conditions.filter((condition) => !granted.has(condition));
  return missing.length === 0 ? verdict.then : { kind: "whole", reason: verdict.reason, unless: verdict.conditions };
}
