import { type Command, globalOptions, type OptionUse } from "../ffmpeg/command.js";
import { parseFiltergraph } from "../ffmpeg/filtergraph.js";

/** The words of a command that decided its route. */
export interface Decider {
  readonly kind: "option" | "filter";
  /** As typed: the option with its value, or the filter's name. */
  readonly words: string;
}

/** Finds in a command what a reason (see `mayBeSplit`, `prepare`) speaks of; undefined when that is the film itself. */
export function deciderOf(command: Command, reason: string): Decider | undefined {
  const files = [...command.inputs, ...command.outputs].flatMap(({ options }) => options);
  const uses = [...new Set([...globalOptions(command), ...files, ...command.trailing])];
  const spoken = new Set(reason.split(/\s+/).map((word) => word.replace(/^[('"]+|[)'",;:.]+$/g, "")));
  const option = uses.find((use) => spoken.has(use.flag));
  if (option) return { kind: "option", words: [option.flag, option.value ?? ""].join(" ").trim() };
  const filter = uses.flatMap(filterNames).find((name) => spoken.has(name));
  return filter === undefined ? undefined : { kind: "filter", words: filter };
}

function filterNames(use: OptionUse): string[] {
  if (use.name !== "filter" && use.name !== "filter_complex") return [];
  const graph = parseFiltergraph(use.value ?? "");
  return graph.ok ? graph.value.chains.flat().map((filter) => filter.name) : [];
}
