import { type FilterGraph, type FilterUse, makeFilter } from "../ffmpeg/filtergraph.js";
import { fail, ok, type Result } from "../lib/result.js";
import { inputsOf } from "./filters/index.js";

type Chains = FilterGraph["chains"];

/** Filters that give what they take as often as they have outputs. */
const SPLITS = new Set(["split", "asplit"]);

/** How many outputs a split has (libavfilter/split.c); undefined where that is no plain number. */
function outputsOf({ options }: FilterUse): number | undefined {
  const text = options.at(-1)?.value ?? "2";
  return options.length < 2 && /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

/** Chains that share links by labels alone: a comma behind a filter all of whose outputs have labels links nothing. */
export function unlinked(chains: Chains): Chains {
  return chains.flatMap((chain) => {
    const own: FilterUse[][] = [[]];
    for (const [i, use] of chain.entries()) {
      own.at(-1)?.push(use);
      const all = SPLITS.has(use.name) ? outputsOf(use) : inputsOf(use.name) === undefined ? undefined : 1;
      if (use.outputs.length === all && i < chain.length - 1) own.push([]);
    }
    return own;
  });
}

/** An end of a graph: a label that no filter takes, or undefined for an output without a label. */
export type GraphEndLabel = string | undefined;

/** The ends of unlinked chains. */
export function endsOf(chains: Chains): readonly GraphEndLabel[] {
  const taken = new Set(chains.flat().flatMap((use) => use.inputs));
  return chains.flatMap((chain) => {
    const labelled = chain.flatMap((use) => use.outputs).filter((label) => !taken.has(label));
    return isOpen(chain) ? [...labelled, undefined] : labelled;
  });
}

function isOpen(chain: readonly FilterUse[]): boolean {
  const last = chain.at(-1);
  return last !== undefined && last.outputs.length === 0 && !/sink$/.test(last.name);
}

/**
 * The parts of a graph that lead to some of its ends. A split gives only what is wanted of it, and stays where it gives
 * one thing alone, for ffmpeg's words name it. Fails where another filter gives more than is wanted.
 */
export function sliceGraph(graph: Chains, ends: ReadonlySet<GraphEndLabel>): Result<Chains, string> {
  const chains = unlinked(graph);
  const wanted = new Set<GraphEndLabel>(ends);
  const kept = new Set<Chains[number]>();
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const chain of chains) {
      const leads =
        (isOpen(chain) && wanted.has(undefined)) || chain.some((use) => use.outputs.some((l) => wanted.has(l)));
      if (!leads || kept.has(chain)) continue;
      kept.add(chain);
      for (const label of chain.flatMap((use) => use.inputs)) wanted.add(label);
    }
  }
  const sliced: FilterUse[][] = [];
  for (const chain of chains.filter((c) => kept.has(c))) {
    const own: FilterUse[] = [];
    for (const use of chain) {
      const outputs = use.outputs.filter((label) => wanted.has(label));
      if (outputs.length === use.outputs.length) own.push(use);
      else if (!SPLITS.has(use.name)) return fail(`filter ${use.name} serves several outputs`);
      else own.push(splitInto(use, outputs));
    }
    sliced.push(own);
  }
  return ok(sliced);
}

function splitInto({ name, inputs, id }: FilterUse, outputs: readonly string[]): FilterUse {
  const links = { inputs, outputs, ...(id === undefined ? {} : { id }) };
  return makeFilter(name, [{ name: undefined, value: `${outputs.length}` }], links);
}
