import type { FilterGraph, FilterUse } from "../ffmpeg/filtergraph.js";
import { fail, ok, type Result } from "../lib/result.js";
import { inputsOf, neverSplit } from "./filters/index.js";

/** A filter with its links, which have numbers of their own in the graph. */
export interface GraphNode {
  readonly use: FilterUse;
  readonly inputs: readonly number[];
  readonly output: number;
}

/** An end of a graph: a link that nothing in the graph feeds, or takes from. */
export interface GraphEnd {
  readonly link: number;
  /** As typed, without brackets; undefined when ffmpeg is to find out by itself what belongs there. */
  readonly label: string | undefined;
  /** The filter at that end. */
  readonly filter: string;
}

/** A picture that joins the film on its way. */
export interface SidePicture {
  readonly from:
    | { readonly kind: "input"; readonly end: GraphEnd }
    | { readonly kind: "movie"; readonly node: GraphNode };
  /** What it goes through before it meets the film, in order. */
  readonly filters: readonly GraphNode[];
  /** The filter in which it meets the film. */
  readonly into: GraphNode;
}

/** The filters that the film goes through, from one input to one output. */
export interface FilmGraph {
  readonly swsFlags: string | undefined;
  /** All filters, in the order typed. */
  readonly nodes: readonly GraphNode[];
  /** Those that the film itself goes through, in the order in which it does. */
  readonly line: readonly GraphNode[];
  readonly pictures: readonly SidePicture[];
  readonly input: GraphEnd;
  readonly output: GraphEnd;
}

/** Reads a graph as the film's; fails with a reason when it is not one path with pictures beside it. */
export function readFilmGraph(graph: FilterGraph): Result<FilmGraph, string> {
  const linked = new Linker().link(graph.chains);
  if (!linked.ok) return linked;
  const { nodes, starts, ends } = linked.value;
  const [output, ...more] = ends;
  if (!output || more.length > 0) return fail("the filter graph has several outputs");
  const trace = (link: number): { readonly path: readonly GraphNode[]; readonly from: number } => {
    const path: GraphNode[] = [];
    let at = link;
    for (let node = nodes.find((n) => n.output === at); node; node = nodes.find((n) => n.output === at)) {
      path.unshift(node);
      if (node.inputs[0] === undefined || path.length > nodes.length) break;
      at = node.inputs[0];
    }
    return { path, from: at };
  };
  const film = trace(output.link);
  const input = starts.find((end) => end.link === film.from);
  if (!input) return fail("the filter graph makes its picture by itself");
  const pictures: SidePicture[] = [];
  for (const into of film.path) {
    const second = into.inputs[1];
    if (second === undefined) continue;
    const { path, from } = trace(second);
    if (path.some((n) => n.inputs.length > 1)) return fail("the filter graph joins pictures before they meet the film");
    const end = starts.find((e) => e.link === from);
    const [source] = path;
    if (end) pictures.push({ from: { kind: "input", end }, filters: path, into });
    else if (source) pictures.push({ from: { kind: "movie", node: source }, filters: path.slice(1), into });
  }
  const seen =
    film.path.length + pictures.reduce((sum, p) => sum + p.filters.length + (p.from.kind === "movie" ? 1 : 0), 0);
  if (seen !== nodes.length) return fail("the filter graph has parts that do not meet the film");
  return ok({ swsFlags: graph.swsFlags, nodes, line: film.path, pictures, input, output });
}

interface Linked {
  readonly nodes: readonly GraphNode[];
  readonly starts: readonly GraphEnd[];
  readonly ends: readonly GraphEnd[];
}

/** Links filters as libavfilter/graphparser.c does: those with labels first, then what the filter before has left. */
class Linker {
  readonly #nodes: GraphNode[] = [];
  readonly #labels = new Map<string, number>();
  #links = 0;

  link(chains: FilterGraph["chains"]): Result<Linked, string> {
    for (const chain of chains) {
      let before: number | undefined;
      for (const use of chain) {
        const count = inputsOf(use.name);
        if (count === undefined) {
          return fail(`filter ${use.name}: ${neverSplit(use.name) ?? "is an unknown filter"}`);
        }
        const inputs = [...use.inputs.map((label) => this.#labelled(label)), ...(before === undefined ? [] : [before])];
        while (inputs.length < count) inputs.push(this.#links++);
        if (use.outputs.length > 1 && use.name === "split") return fail("the ways behind filter split meet again");
        if (inputs.length > count || use.outputs.length > 1) return fail(`filter ${use.name} has too many links`);
        const [label] = use.outputs;
        const output = label === undefined ? this.#links++ : this.#labelled(label);
        before = label === undefined ? output : undefined;
        this.#nodes.push({ use, inputs, output });
      }
    }
    return this.#linked();
  }

  #labelled(label: string): number {
    const known = this.#labels.get(label);
    if (known !== undefined) return known;
    this.#labels.set(label, this.#links);
    return this.#links++;
  }

  #linked(): Result<Linked, string> {
    const nodes = this.#nodes;
    const taken = nodes.flatMap((n) => n.inputs);
    const given = nodes.map((n) => n.output);
    if (new Set(taken).size !== taken.length || new Set(given).size !== given.length) {
      return fail("the filter graph uses a label twice");
    }
    const labels = new Map([...this.#labels].map(([label, link]) => [link, label]));
    const end = (link: number, { use }: GraphNode): GraphEnd => ({ link, label: labels.get(link), filter: use.name });
    const starts = nodes.flatMap((n) => n.inputs.filter((l) => !given.includes(l)).map((l) => end(l, n)));
    const ends = nodes.filter((n) => !taken.includes(n.output)).map((n) => end(n.output, n));
    return ok({ nodes, starts, ends });
  }
}
