import { type Command, globalOptions, type OptionUse } from "../ffmpeg/command.js";
import { parseFiltergraph } from "../ffmpeg/filtergraph.js";

/** The words of a command that decided its route. */
export interface Decider {
  readonly kind: "option" | "filter" | "input" | "output";
  /** As typed: the option with its value, the filter's name, or a file's. */
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
  if (filter !== undefined) return { kind: "filter", words: filter };
  // Encoders and containers are named without their option.
  const named = uses.find(
    ({ name, value }) => (name === "c" || name === "f") && value !== undefined && spoken.has(value),
  );
  if (named) return { kind: "option", words: `${named.flag} ${named.value ?? ""}` };
  for (const [kind, files] of [
    ["input", command.inputs],
    ["output", command.outputs],
  ] as const) {
    const file = files.find(({ url }) => reason.includes(url) && url.length > 1);
    if (file) return { kind, words: file.url };
  }
  return undefined;
}

function filterNames(use: OptionUse): string[] {
  if (use.name !== "filter" && use.name !== "filter_complex") return [];
  const graph = parseFiltergraph(use.value ?? "");
  return graph.ok ? graph.value.chains.flat().map((filter) => filter.name) : [];
}
