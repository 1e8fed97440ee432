import { type FilterUse, formatArgs, printFilter } from "../ffmpeg/filtergraph.js";
import { divide, equal, formatRational, type Rational, rational } from "../lib/rational.js";
import { type FilmPlan, shiftTicks } from "./film.js";
import type { GraphNode } from "./film-graph.js";
import { ONCE_INSTEAD } from "./filters/index.js";
import { FRAME_BY_FRAME } from "./graph.js";
import type { PlannedFilters } from "./planned-filters.js";
import { rotationFilters } from "./rotation.js";
import { withPaths } from "./sides.js";
import type { ChunkPart } from "./chunk.js";

/** Where a rendition's filters find what they need in a worker's command. */
export interface FilterPlace {
  /** The paths of the side files where the chunk is encoded. */
  readonly sides: readonly string[];
  /** The number of the input that is the first of its pictures. */
  readonly firstPicture: number;
  /** What comes out of the graph, where the user's is one of `-filter_complex`. */
  readonly output: string;
}

/** The chunk's filters: back on the source's clock, the frames it needs, the user's filters, its own frames' ticks. */
export function chunkFilters(plan: FilmPlan, chunk: ChunkPart, place: FilterPlace): string {
  const { filters } = plan;
  const before = filmFilters(plan, chunk);
  const behind = ownFilters(plan, chunk);
  const flags = filters?.graph.swsFlags === undefined ? "" : `sws_flags=${filters.graph.swsFlags};`;
  const [start, end] = filters?.complex ? ["[0:v:0]", `[${place.output}]`] : ["", ""];
  if (filters && filters.graph.pictures.length > 0) return flags + withPictures(filters, chunk, before, behind, place);
  const user = filters?.graph.nodes.map((node) => printNode(filters, node, chunk, place.sides, [], [])) ?? [];
  const second = filters?.ofInput === false ? SECOND_INPUT : "";
  return `${flags}${start}${[...before, ...user, ...behind].join(",")}${end}${second}`;
}

/** Makes a graph of one input one of two, as the user's is: ffmpeg treats what comes out differently (`ofInput`). */
const SECOND_INPUT = ";[0:v:0]nullsink";

/** The user's filters as typed, every link under a name of its own. */
function withPictures(
  filters: PlannedFilters,
  chunk: ChunkPart,
  before: readonly string[],
  behind: readonly string[],
  { sides, firstPicture, output }: FilterPlace,
): string {
  const { graph, pictures, complex } = filters;
  const name = (link: number): string => {
    const picture = pictures.findIndex((p) => p.link === link);
    return picture === -1 ? `link${link}` : `${picture + firstPicture}:v:0`;
  };
  const last = complex ? [output] : [];
  const ends = behind.length === 0 ? last : [name(graph.output.link)];
  const nodes = graph.nodes.map((node) => {
    const outputs = node.output === graph.output.link ? ends : [name(node.output)];
    return printNode(filters, node, chunk, sides, node.inputs.map(name), outputs);
  });
  const tail = behind.length === 0 ? [] : [`[${ends.join()}]${behind.join(",")}${last.map((l) => `[${l}]`).join("")}`];
  const head = `[${complex ? "0:v:0" : "in"}]${before.join(",")}[${name(graph.input.link)}]`;
  return [head, ...nodes, ...tail].join(";");
}

/** A filter of the user's with its files' paths on the worker, and these links. */
function printNode(
  { files, once }: PlannedFilters,
  node: GraphNode,
  chunk: ChunkPart,
  sides: readonly string[],
  inputs: readonly string[],
  outputs: readonly string[],
): string {
  const paths = [...(files.get(node) ?? [])].map(([at, number]): [number, string] => [at, sides[number] ?? ""]);
  const use = withPaths(node.use, new Map(paths));
  const args = once.has(node) ? formatArgs([...use.options, ...ONCE_INSTEAD]) : withStart(use, chunk);
  return printFilter({ ...use, args, inputs, outputs });
}

/** To a chunk `STARTPTS` would be its own first frame. */
function withStart({ name, args, options }: FilterUse, { start = 0 }: ChunkPart): string | undefined {
  if (name !== "setpts" || !options.some((o) => /\bSTARTPTS\b/.test(o.value))) return args;
  return formatArgs(options.map((o) => ({ ...o, value: o.value.replace(/\bSTARTPTS\b/g, `(${start})`) })));
}

/** From the slices to the frames that the user's filters are given. */
function filmFilters(plan: FilmPlan, chunk: ChunkPart): string[] {
  return [
    `settb=${formatRational(plan.timeBase)}`,
    `setpts=${chunk.decoded ? byNumber(chunk.decoded, usualStep(chunk.decoded)) : `PTS-${shiftTicks(plan)}`}`,
    `trim=start_pts=${chunk.firstPts}:end_pts=${chunk.lastPts + 1}`,
    ...rotationFilters(plan.source),
  ];
}

/** From what the user's filters give to the frames that the encoder is given. */
function ownFilters(plan: FilmPlan, chunk: ChunkPart): string[] {
  return [
    ...(plan.graph === FRAME_BY_FRAME
      ? []
      : [
          `settb=${formatRational(plan.graphTimeBase)},trim=start_pts=${chunk.graph[0]}:end_pts=${(chunk.graph.at(-1) ?? 0) + 1}`,
        ]),
    ...tickFilters(plan, chunk),
  ];
}

/**
 * Puts the frames on their ticks by their number, drops and repeats what plain ffmpeg drops and repeats, and tells the
 * encoder the rate: the one that a worker's ffmpeg guesses from a part of the film need not be the film's.
 */
function tickFilters(plan: FilmPlan, chunk: ChunkPart): string[] {
  const { ticks } = chunk;
  const shown = ticks.flatMap((tick, i) => (tick.source === ticks[i - 1]?.source ? [] : [{ ...tick, i }]));
  const kept = new Set(shown.map(({ source }) => source));
  const dropped = chunk.graph.filter((pts) => !kept.has(pts)).map((pts) => `eq(pts,${pts})`);
  const period = divide(rational(1), plan.outputRate);
  const onGrid = equal(plan.encoderTimeBase, period);
  const end = onGrid ? (ticks.at(-1)?.tick ?? 0) + 1 : ticks.length;
  const gaps = ticks.flatMap(({ tick }, i) => {
    const before = (ticks[i - 1]?.tick ?? tick - 1) + 1;
    return onGrid && before < tick ? [`between(pts,${before},${tick - 1})`] : [];
  });
  const places = [...shown.map(({ tick, i }) => (onGrid ? tick : i)), end];
  const times = ticks.map(({ tick }) => tick);
  // The fps filter shows each frame until the next, and the last until the end, whose time setpts works out like that of
  // one more frame (libavfilter/setpts.c). It is the last that may touch the times: behind setpts, 7.1 knows no rate.
  return [
    ...leaveOut(dropped),
    ...atTimes(period, places),
    `fps=${formatRational(plan.outputRate)}`,
    ...leaveOut(gaps),
    ...(onGrid ? [] : atTimes(plan.encoderTimeBase, times)),
  ];
}

/** A filter that leaves the frames out for which one of these terms is 1. */
function leaveOut(terms: readonly string[]): string[] {
  return terms.length === 0 ? [] : [`select='not(${sum(terms)})'`];
}

/** Filters that give the frames these times by their number, in this time base. */
function atTimes(timeBase: Rational, times: readonly number[]): string[] {
  return [`settb=${formatRational(timeBase)}`, `setpts=${byNumber(times, 1)}`];
}

/** The times of frames by their number, as an expression; most are `usual` apart, and so is the end from the last. */
function byNumber(times: readonly number[], usual: number): string {
  const odd = times.slice(1).flatMap((time, i) => {
    const step = time - (times[i] ?? 0);
    return step === usual ? [] : [`gte(N,${i + 1})*${step - usual}`];
  });
  return `'${sum([`N*${usual}+${times[0] ?? 0}`, ...odd])}'`;
}

/** The step between most of them. */
function usualStep(times: readonly number[]): number {
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 1;
}

/** A sum in halves of halves: ffmpeg's expressions may not nest deeper than 100, and a + b + c nests (libavutil/eval.c). */
function sum(terms: readonly string[]): string {
  const half = Math.floor(terms.length / 2);
  return half === 0 ? (terms[0] ?? "0") : `(${sum(terms.slice(0, half))}+${sum(terms.slice(half))})`;
}
