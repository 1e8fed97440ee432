import { type Command, fileOptions, globalOptions } from "../ffmpeg/command.js";
import { type FilterGraph, type FilterUse, parseFiltergraph, printFiltergraph } from "../ffmpeg/filtergraph.js";
import { fail, ok, type Result } from "../lib/result.js";
import { type FilmGraph, readFilmGraph } from "./film-graph.js";
import { inputsOf, neverSplit } from "./filters/index.js";
import { endsOf, sliceGraph, unlinked } from "./graph-slices.js";
import type { Routing } from "./routing.js";

/** The chain that `-vf` takes; it may have labels, and pictures that join it. */
export function readSimple(text: string): Result<FilmGraph, string> {
  const parsed = parseFiltergraph(text);
  if (!parsed.ok) return fail("the filter graph is not understood");
  const graph = readFilmGraph(parsed.value);
  if (!graph.ok) return graph;
  const second = graph.value.pictures.some((picture) => picture.from.kind === "input");
  return second ? fail("the filter graph has several inputs") : graph;
}

/** An output of one of the command's graphs. */
export interface GraphOutlet {
  /** Place of the graph among those of the command. */
  readonly graph: number;
  readonly filter: string;
  /** As typed, without brackets. */
  readonly label: string | undefined;
}

/** Parts of a graph that make sound, for FINAL: its own description, in which every output has a label. */
export interface SoundGraph {
  readonly description: string;
  /** Its outputs; `name` is the label in the description. */
  readonly outlets: readonly (GraphOutlet & { readonly name: string })[];
}

/** What a film goes through; `index`: place of the graph among those of the command. */
export interface GraphFilm {
  readonly graph: FilmGraph;
  readonly index: number;
}

/** The graphs of `-filter_complex`: what films go through, and what makes sound. */
export interface CommandGraphs {
  readonly films: readonly GraphFilm[];
  readonly sound: readonly SoundGraph[];
}

/**
 * Reads all graphs of `-filter_complex`, and parts films from sound: chains that share no label have nothing to do with
 * each other, and every picture that comes out is a film. Fails with a reason when a graph cannot be split.
 */
export function readGraphs(command: Command): Result<CommandGraphs, string> {
  const films: GraphFilm[] = [];
  const sound: SoundGraph[] = [];
  const texts = globalOptions(command).filter((use) => use.name === "filter_complex");
  for (const [index, { value }] of texts.entries()) {
    const parsed = parseFiltergraph(value ?? "");
    if (!parsed.ok) return fail("a filter graph is not understood");
    const heard: (readonly FilterUse[])[] = [];
    for (const part of parts(parsed.value.chains)) {
      const names = part.flat().map((use) => use.name);
      const never = names.find((name) => neverSplit(name) !== undefined);
      if (never !== undefined) return fail(`filter ${never}: ${neverSplit(never)}`);
      if (names.every((name) => inputsOf(name) === undefined)) {
        heard.push(...part);
        continue;
      }
      for (const end of endsOf(part)) {
        const way = sliceGraph(part, new Set([end]));
        const graph = way.ok ? readFilmGraph({ ...parsed.value, chains: way.value }) : way;
        if (!graph.ok) return graph;
        films.push({ graph: graph.value, index });
      }
    }
    if (heard.length > 0) sound.push(soundGraph({ ...parsed.value, chains: heard }, index));
  }
  return ok({ films, sound });
}

/** Chains in groups that are linked by labels; each keeps its order. */
function parts(chains: FilterGraph["chains"]): readonly (readonly FilterUse[])[][] {
  const groups: { labels: Set<string>; chains: (readonly FilterUse[])[] }[] = [];
  for (const chain of unlinked(chains)) {
    const labels = new Set(chain.flatMap((use) => [...use.inputs, ...use.outputs]));
    const linked = groups.filter((group) => [...group.labels].some((label) => labels.has(label)));
    const [first, ...others] = linked;
    const group = first ?? { labels: new Set<string>(), chains: [] };
    if (!first) groups.push(group);
    for (const other of others) {
      group.chains.push(...other.chains);
      for (const label of other.labels) group.labels.add(label);
      groups.splice(groups.indexOf(other), 1);
    }
    group.chains.push(chain);
    for (const label of labels) group.labels.add(label);
  }
  const order = unlinked(chains);
  const place = (chain: readonly FilterUse[]): number => order.findIndex((other) => other[0] === chain[0]);
  return groups.map((group) => group.chains.sort((a, b) => place(a) - place(b)));
}

function soundGraph(graph: FilterGraph, index: number): SoundGraph {
  const taken = new Set(graph.chains.flat().flatMap((use) => use.inputs));
  const outlets: SoundGraph["outlets"][number][] = [];
  const chains = graph.chains.map((chain) =>
    chain.map((use, i) => {
      const open = use.outputs.filter((label) => !taken.has(label));
      const ends = i === chain.length - 1 && use.outputs.length === 0 && !/sink$/.test(use.name);
      for (const label of ends ? [undefined] : open) {
        outlets.push({ graph: index, filter: use.name, label, name: label ?? `sound${index}-${outlets.length}` });
      }
      return ends ? { ...use, outputs: [outlets.at(-1)?.name ?? ""] } : use;
    }),
  );
  return { description: printFiltergraph({ ...graph, chains, trailing: "" }), outlets };
}

/** A stream of the output that a sound graph makes. */
export interface SoundOutput {
  readonly outputStream: number;
  /** Its label in FINAL. */
  readonly label: string;
}

/** A stream of the output that is a film out of a graph. */
export interface FilmOutput {
  readonly outputStream: number;
  readonly encoder: string;
}

/** Which streams of the output come out of which graph. */
export interface Outlets {
  /** In the order of the graphs' films. */
  readonly films: readonly FilmOutput[];
  readonly sound: readonly SoundOutput[];
}

/**
 * Finds the graphs' outputs among the streams of the output: first come those without a label, then those that `-map`
 * takes, in its order (fftools/ffmpeg_opt.c open_output_file). What ffmpeg said of the filters must agree.
 */
export function findOutlets(command: Command, graphs: CommandGraphs, routing: Routing): Result<Outlets, string> {
  const { films, sound } = graphs;
  const known: (GraphOutlet & { readonly name?: string })[] = [
    ...sound.flatMap((graph) => graph.outlets),
    ...films.map(({ graph, index }) => ({ ...graph.output, graph: index })),
  ];
  const unlabelled = known.filter((outlet) => outlet.label === undefined);
  if (new Set(unlabelled.map((o) => `${o.graph} ${o.filter}`)).size !== unlabelled.length) {
    return fail("the filter graphs have outputs that cannot be told apart");
  }
  const maps = command.outputs.flatMap(fileOptions).filter((use) => use.name === "map");
  const labels = maps.flatMap(({ value = "" }) => /^\[(.*)\]$/.exec(value)?.[1] ?? []);
  const yields = [...routing.yields].sort((a, b) => a.outputStream - b.outputStream);
  const mapped = yields.slice(unlabelled.length).map((y, i) => ({ y, label: labels[i] }));
  if (yields.length !== known.length || labels.length !== mapped.length)
    return fail("the filter graphs are not followed");
  const found: Outlets["sound"][number][] = [];
  const filmOutputs: FilmOutput[] = [];
  for (const outlet of known) {
    const fits = (y: Routing["yields"][number]): boolean => y.graph === outlet.graph && y.filter === outlet.filter;
    const y =
      outlet.label === undefined
        ? yields.slice(0, unlabelled.length).find(fits)
        : mapped.find((m) => m.label === outlet.label && fits(m.y))?.y;
    if (!y) return fail("the filter graphs are not followed");
    if (outlet.name === undefined) filmOutputs.push({ outputStream: y.outputStream, encoder: y.encoder });
    else found.push({ outputStream: y.outputStream, label: outlet.name });
  }
  return ok({ films: filmOutputs, sound: found });
}
