/** A filter's arguments as options by name, the way libavfilter reads them. */
import { words, type Definition, type Options } from "./define.js";
import type { FilterOptionsInput } from "./types.js";

/** Options of every filter (libavfilter/avfilter.c, avfilter_options); they have no place among the positional ones. */
const COMMON = new Set(["enable", "threads", "thread_type", "extra_hw_frames"]);

/** Options by their first names, or why they cannot be told. */
export type Read = { readonly ok: true; readonly options: Options } | { readonly ok: false; readonly reason: string };

/**
 * An argument without a name stands for the next option in the filter's own order,
 * aliases counted once (process_options() in libavfilter/avfilter.c). Of two values
 * for one option the last one counts.
 */
export function readOptions(input: FilterOptionsInput, definition: Definition): Read {
  const named = [...input.named];
  // 7.1 and later: "/name=path" takes the option's value from a file.
  const fromFile = named.find(([name]) => name.startsWith("/"));
  if (fromFile) return { ok: false, reason: `reads its option "${fromFile[0].slice(1)}" from a file` };
  if (definition.options === undefined) return { ok: true, options: new Map(named) };

  const places = words(definition.options).map((place) => place.split("/"));
  const options = new Map<string, string>();
  for (const [index, value] of input.positional.entries()) {
    const first = places[index]?.[0];
    if (first === undefined) return { ok: false, reason: "has more arguments than are known" };
    options.set(first, value);
  }
  for (const [name, value] of named) {
    const first = places.find((aliases) => aliases.includes(name))?.[0];
    if (first === undefined && !COMMON.has(name) && definition.open !== true) {
      return { ok: false, reason: `has an option "${name}" that is not known` };
    }
    options.set(first ?? name, value);
  }
  return { ok: true, options };
}
