/**
 * Filtergraph descriptions (`-vf`, `-filter_complex`) to chains of filters and
 * back.
 *
 * Two levels of escaping, each undone by av_get_token() (libavutil/avstring.c):
 * the graph parser (libavfilter/graphparser.c) takes the arguments of a filter
 * out of the description, then the option parser (av_opt_get_key_value() in
 * libavutil/opt.c) takes the values out of the arguments.
 */
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { escapeToken, readToken, skipSpace } from "./token.js";

/** One argument of a filter; without a name it stands for the option of its place. */
export interface FilterOption {
  readonly name: string | undefined;
  /** After both levels of unescaping. */
  readonly value: string;
}

/** One filter as used in a graph. */
export interface FilterUse {
  readonly name: string;
  /** The instance's name, typed after `@`. */
  readonly id: string | undefined;
  /** The text after `=` exactly as typed; this is what is printed. */
  readonly args: string | undefined;
  /** What `args` means. To change it, build the filter anew with `makeFilter`. */
  readonly options: readonly FilterOption[];
  /** Labels of inputs, without brackets. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A whole description. */
export interface FilterGraph {
  /** What stood between `sws_flags=` and `;` at the very start. */
  readonly swsFlags: string | undefined;
  /** Chains (separated by `;`) of filters (separated by `,`); none is empty. */
  readonly chains: readonly (readonly FilterUse[])[];
  /** A separator at the very end: 6.0 and later allow one, 5.1 says "No such filter: ''". */
  readonly trailing: "" | "," | ";";
}

const NAME_ENDS = "=,;[";
const ARGS_END = "[],;";
/** get_key() in libavutil/opt.c: a name may have space around it; `/name` reads the value from a file (7.1). */
const KEY = /[ \n\t\r]*([A-Za-z0-9_./-]*)[ \n\t\r]*=/y;
const SWS_FLAGS = "sws_flags=";

/**
 * Parses a description. Failures carry the words of avfilter_graph_parse2() as
 * `detail`. Whether filters and options exist is not checked.
 */
export function parseFiltergraph(text: string): Result<FilterGraph, Problem> {
  let at = skipSpace(text, 0);
  let swsFlags: string | undefined;
  if (text.startsWith(SWS_FLAGS, at)) {
    const end = text.indexOf(";", at);
    if (end < 0) return bad("sws_flags not terminated with ';'.");
    swsFlags = text.slice(at + SWS_FLAGS.length, end);
    at = skipSpace(text, end + 1);
  }
  if (at === text.length) return bad("No filters specified in the graph description");

  const chains: FilterUse[][] = [];
  let chain: FilterUse[] = [];
  for (;;) {
    const filter = readFilter(text, at);
    if (!filter.ok) return filter;
    chain.push(filter.value.filter);
    at = filter.value.end;
    const separator = text.charAt(at);
    if (separator !== "" && separator !== "," && separator !== ";") {
      return bad(`Unable to parse graph description substring: "${text.slice(at)}"`);
    }
    at = skipSpace(text, at + 1);
    const last = at >= text.length;
    if (separator !== "," || last) {
      chains.push(chain);
      chain = [];
    }
    if (last) return ok({ swsFlags, chains, trailing: separator });
  }
}

/** The description of `graph`; parsing it gives an equal graph. */
export function printFiltergraph(graph: FilterGraph): string {
  const chains = graph.chains.map((chain) => chain.map(printFilter).join(",")).join(";");
  if (graph.swsFlags !== undefined) return `${SWS_FLAGS}${graph.swsFlags};${chains}${graph.trailing}`;
  // A filter of that name, however unlikely, must not turn into the prefix.
  const guard = chains.startsWith(SWS_FLAGS) ? "\\" : "";
  return `${guard}${chains}${graph.trailing}`;
}

/** The text of one filter with its labels, as it stands in a description. */
export function printFilter(filter: FilterUse): string {
  const id = filter.id === undefined ? "" : `@${filter.id}`;
  const args = filter.args === undefined ? "" : `=${filter.args}`;
  return `${labels(filter.inputs)}${escapeToken(filter.name + id, NAME_ENDS)}${args}${labels(filter.outputs)}`;
}

/** A filter with these options, escaped as needed. */
export function makeFilter(
  name: string,
  options: readonly FilterOption[] = [],
  links: { readonly inputs?: readonly string[]; readonly outputs?: readonly string[]; readonly id?: string } = {},
): FilterUse {
  return {
    name,
    id: links.id,
    args: options.length === 0 ? undefined : formatArgs(options),
    options,
    inputs: links.inputs ?? [],
    outputs: links.outputs ?? [],
  };
}

/** The text to stand after `=` for these options, escaped on both levels. */
export function formatArgs(options: readonly FilterOption[]): string {
  const words = options.map(({ name, value }) =>
    // In a value of no name, "=" is escaped lest the words before it be taken for one.
    name === undefined ? escapeToken(value, ":=") : `${name}=${escapeToken(value, ":")}`,
  );
  // A last empty value would not be seen without a colon after it.
  const last = options.at(-1);
  const colon = last?.name === undefined && last?.value === "" ? ":" : "";
  return escapeToken(words.join(":") + colon, ARGS_END);
}

function readFilter(text: string, start: number): Result<{ filter: FilterUse; end: number }, Problem> {
  const inputs = readLabels(text, start);
  if (!inputs.ok) return inputs;
  const word = readToken(text, inputs.value.end, NAME_ENDS);
  const at = word.value.indexOf("@");
  const name = at < 0 ? word.value : word.value.slice(0, at);
  const id = at < 0 ? undefined : word.value.slice(at + 1);
  if (name === "") return bad(`No such filter: '${word.value}'`);

  let end = word.end;
  let args: string | undefined;
  let options: readonly FilterOption[] = [];
  if (text.charAt(end) === "=") {
    const token = readToken(text, end + 1, ARGS_END);
    args = text.slice(end + 1, token.end);
    const split = splitArgs(token.value);
    if (!split.ok) return split;
    options = split.value;
    end = token.end;
  }
  const outputs = readLabels(text, end);
  if (!outputs.ok) return outputs;
  return ok({
    filter: { name, id, args, options, inputs: inputs.value.names, outputs: outputs.value.names },
    end: skipSpace(text, outputs.value.end),
  });
}

function readLabels(text: string, start: number): Result<{ names: string[]; end: number }, Problem> {
  const names: string[] = [];
  let at = start;
  while (text.charAt(at) === "[") {
    const label = readToken(text, at + 1, "]");
    if (label.value === "") {
      return bad(`Bad (empty?) label found in the following: "${text.slice(at)}".`);
    }
    if (text.charAt(label.end) !== "]") {
      return bad(`Mismatched '[' found in the following: "${text.slice(at)}".`);
    }
    names.push(label.value);
    at = skipSpace(text, label.end + 1);
  }
  return ok({ names, end: at });
}

/** Arguments after the first level of unescaping, as process_options() in libavfilter/avfilter.c reads them. */
function splitArgs(args: string): Result<FilterOption[], Problem> {
  const options: FilterOption[] = [];
  let at = 0;
  while (at < args.length) {
    KEY.lastIndex = at;
    const name = KEY.exec(args)?.[1];
    // Once an option was named, the ones after it have no place to go by.
    if (name === undefined && options.at(-1)?.name !== undefined) {
      return bad(`No option name near '${args.slice(at)}'`);
    }
    const value = readToken(args, name === undefined ? at : KEY.lastIndex, ":");
    options.push({ name, value: value.value });
    at = value.end + 1;
  }
  return ok(options);
}

function labels(names: readonly string[]): string {
  return names.map((name) => `[${escapeToken(name, "]")}]`).join("");
}

function bad(detail: string): Result<never, Problem> {
  return fail({ what: "The filtergraph cannot be parsed.", detail });
}
