import { type Command, fileOptions, lastOption, type OptionUse } from "../ffmpeg/command.js";
import type { FilterUse } from "../ffmpeg/filtergraph.js";
import type { GraphFeed, StreamMapping } from "../ffmpeg/log.js";
import { divide, type Rational, rational } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { FilmGraph, GraphEnd, GraphNode, SidePicture } from "./film-graph.js";
import { optionsInput, sourceTrait } from "./filters/index.js";
import { type FilterFacts, type FilterPlan, FRAME_BY_FRAME, graphOutput, planFilters } from "./graph.js";
import { localPath } from "./local-path.js";
import type { Findings } from "./prepare.js";
import { sameStream, streamOf } from "./routing.js";
import { factKey, grantedBy, type SideFile, SideFiles, sideUses } from "./sides.js";
import { specifierMatches } from "./streams.js";

/** A picture in a file that a worker is given as one more input. */
export interface PictureInput {
  /** The link of the graph that it feeds. */
  readonly link: number;
  /** The user's options before its `-i`. */
  readonly options: readonly OptionUse[];
  /** Its number among the side files. */
  readonly side: number;
}

/** The film's filters with all that they need on a worker. */
export interface PlannedFilters {
  /** From `-filter_complex`, else from `-vf`. */
  readonly complex: boolean;
  /**
   * True for a graph of one input: ffmpeg then takes the output for that input's (fftools/ffmpeg.c transcode_init, 5.1),
   * which shows in the rate and in what the encoder is told.
   */
  readonly ofInput: boolean;
  readonly graph: FilmGraph;
  /** The side files that a filter reads: place of the argument to number of the file. */
  readonly files: ReadonlyMap<GraphNode, ReadonlyMap<number, number>>;
  readonly pictures: readonly PictureInput[];
  /** Filters of two inputs that are given once what the user's command gives without end. */
  readonly once: ReadonlySet<GraphNode>;
  /** What switches filters of two inputs on and off over time. */
  readonly switches: readonly string[];
}

/** What came of a film's filters. */
export interface FiltersOutcome {
  readonly filters: PlannedFilters;
  readonly plan: FilterPlan;
  readonly sides: readonly SideFile[];
}

/** Plans the film's filters; `index`: place of its graph among those of `-filter_complex`, undefined for `-vf`. */
export function planFilmFilters(
  command: Command,
  findings: Findings,
  graph: FilmGraph,
  index: number | undefined,
  timeBase: Rational,
): Result<FiltersOutcome, string> {
  const sides = new SideFiles(findings.sides);
  const once = new Set<GraphNode>();
  const inputs: PictureInput[] = [];
  const bases = new Map<GraphNode, Rational>();
  const facts: FilterFacts = {
    granted: (use) => grantedBy(use, findings.sides, findings.alone),
    endless: (node) => once.has(node),
  };
  for (const picture of graph.pictures) {
    const side = picture.from.kind === "movie" ? readMovie(picture.from.node, findings) : undefined;
    const input =
      picture.from.kind === "input" ? readInput(command, findings, graph, index, picture.from.end) : undefined;
    const found = side ?? input;
    if (!found) continue;
    if (!found.ok) return found;
    bases.set(picture.into, found.value.timeBase);
    if (found.value.endless) once.add(picture.into);
    if (input?.ok)
      inputs.push({ link: input.value.link, options: input.value.options, side: sides.add(input.value.path) });
    const reason = checkWay(picture, facts);
    if (reason !== undefined) return fail(reason);
  }
  const plan = planFilters(graph.line, facts);
  if (!plan.ok) return plan;
  const reason = checkBases(graph, facts, timeBase, bases);
  if (reason !== undefined) return fail(reason);
  const files = new Map<GraphNode, ReadonlyMap<number, number>>();
  for (const node of graph.nodes) {
    const numbers = sides.addOf(node.use);
    if (typeof numbers === "string") return fail(numbers);
    if (numbers.size > 0) files.set(node, numbers);
  }
  const switches = graph.pictures.flatMap(({ into: { use } }) => filterEnable(use) ?? []);
  if (switches.length > 0 && inputs.some((i) => lastOption(i.options, "itsoffset"))) {
    return fail("-itsoffset of a picture that is switched on and off");
  }
  const ofInput = index === undefined || findings.feeds.filter((f) => f.graph === index).length === 1;
  const filters = { complex: index !== undefined, ofInput, graph, files, pictures: inputs, once, switches };
  return ok({ filters, plan: plan.value, sides: sides.files });
}

function filterEnable(use: FilterUse): string | undefined {
  return use.options.findLast((option) => option.name === "enable")?.value;
}

/** A picture that was found to be one, and how its time is counted. */
interface FoundPicture {
  readonly timeBase: Rational;
  readonly endless: boolean;
}

function readMovie(node: GraphNode, { sides }: Findings): Result<FoundPicture, string> {
  const trait = sourceTrait(optionsInput(node.use.name, node.use.options));
  if (trait.kind === "whole") return fail(`filter ${node.use.name}: ${trait.reason}`);
  const [file] = sideUses(node.use);
  const picture = file?.path === undefined ? undefined : sides.get(factKey("picture", file.path))?.picture;
  const timeBase = picture?.streams[0]?.timeBase;
  if (!timeBase || file?.path?.includes("%")) return fail(`filter ${node.use.name} reads more than a picture`);
  return ok({ timeBase, endless: false });
}

/** Options before the `-i` of a picture that changes nothing on its way to a worker. */
const PICTURE_OPTIONS = new Set(["f", "framerate", "loop", "itsoffset", "thread_queue_size"]);

function readInput(
  command: Command,
  findings: Findings,
  graph: FilmGraph,
  index: number | undefined,
  end: GraphEnd,
): Result<FoundPicture & Omit<PictureInput, "side"> & { readonly path: string }, string> {
  const feed = feedOf(graph, index, end, findings);
  const input = feed && command.inputs[feed.inputFile];
  if (!input) return fail("the filter graph's inputs are not followed");
  const path = localPath(input.url);
  if (!findings.stills.includes(feed.inputFile) || path === undefined || path.includes("%")) {
    return fail("the filter graph takes several films");
  }
  const options = fileOptions(input);
  const odd = options.find((use) => !PICTURE_OPTIONS.has(use.name));
  if (odd) return fail(`${odd.flag} before -i of a picture is not split`);
  const loop = lastOption(options, "loop")?.value ?? "0";
  if (!/^[01]$/.test(loop)) return fail(`-loop ${loop} is not understood`);
  if (loop === "1" && lastOption(options, "itsoffset")) return fail("-itsoffset with -loop is not split");
  const timeBase = findings.graphInputs.find((g) => sameStream(g, feed))?.timeBase;
  if (!timeBase) return fail("ffmpeg did not say how it decodes a picture");
  const kept = options.filter((use) => use.name !== "loop");
  return ok({ timeBase, endless: loop === "1", link: end.link, options: kept, path });
}

/** Filters that make the same of a picture whenever they see it, unless an option speaks of time. */
const TIMELESS = new Set(
  `scale format crop pad hflip vflip transpose rotate colorchannelmixer lut lutrgb lutyuv negate setsar setdar null copy
  eq hue colorkey chromakey colorbalance curves gblur boxblur`.split(/\s+/),
);

/** Why the filters that a picture goes through cannot be given it in each chunk anew. */
function checkWay({ filters, into }: SidePicture, facts: FilterFacts): string | undefined {
  const plan = planFilters(filters, facts);
  if (!plan.ok) return plan.failure;
  if (plan.value !== FRAME_BY_FRAME) return "the filter graph changes the rate of a picture";
  if (!facts.endless(into)) return undefined;
  const moved = filters.find(
    ({ use }) => !TIMELESS.has(use.name) || use.options.some((o) => o.name === "enable" || /\b[tT]\b/.test(o.value)),
  );
  return moved && `filter ${moved.use.name} may move a picture that has no end`;
}

/** Why the times of the film do not come out of its filters of two inputs as they went in. */
function checkBases(
  graph: FilmGraph,
  facts: FilterFacts,
  timeBase: Rational,
  bases: ReadonlyMap<GraphNode, Rational>,
): string | undefined {
  for (const [node, picture] of bases) {
    const before = planFilters(graph.line.slice(0, graph.line.indexOf(node)), facts);
    if (!before.ok) return before.failure;
    const film = graphOutput(before.value, timeBase, undefined).timeBase;
    if (divide(film, commonBase(film, picture)).den !== 1n) return `filter ${node.use.name} rounds the film's times`;
  }
  return undefined;
}

/** The time base in which two inputs are put in step (libavfilter/framesync.c ff_framesync_configure). */
function commonBase(a: Rational, b: Rational): Rational {
  const den = (a.den / gcd(a.den, b.den)) * b.den;
  return den < 500_000n ? rational(gcd(a.num, b.num), den) : rational(1, 1_000_000);
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

/** The stream that ffmpeg feeds an end of the film's graph with. */
function feedOf(graph: FilmGraph, index: number | undefined, end: GraphEnd, findings: Findings): GraphFeed | undefined {
  const feeds = findings.feeds.filter((f) => f.graph === index && streamOf(findings.inputs, f)?.type === "video");
  const all = [graph.input, ...graph.pictures.flatMap((p) => (p.from.kind === "input" ? [p.from.end] : []))];
  const labelled = new Map<number, GraphFeed | undefined>(
    all.filter((e) => e.label !== undefined).map((e) => [e.link, namedFeed(e, feeds, findings)]),
  );
  if (end.label !== undefined) return labelled.get(end.link);
  if (feeds.length !== all.length) return undefined;
  // An input without a label gets the first stream that nothing else has taken.
  const left = feeds.filter((f) => ![...labelled.values()].includes(f)).sort(byPlace);
  const places = all.filter((e) => e.label === undefined).sort((a, b) => a.link - b.link);
  const feed = left[places.indexOf(end)];
  return feed?.filter === end.filter ? feed : undefined;
}

function byPlace(a: GraphFeed, b: GraphFeed): number {
  return a.inputFile - b.inputFile || a.inputStream - b.inputStream;
}

function namedFeed(end: GraphEnd, feeds: readonly GraphFeed[], { inputs }: Findings): GraphFeed | undefined {
  const [, file, specifier] = /^(\d+)(?::(.*))?$/.exec(end.label ?? "") ?? [];
  if (file === undefined) return undefined;
  const fitting = feeds.filter((f) => {
    const stream = streamOf(inputs, f);
    if (f.inputFile !== Number(file) || f.filter !== end.filter || !stream) return false;
    const videos = inputs[f.inputFile]?.streams.filter((s) => s.type === "video") ?? [];
    const ref = { type: "video", index: stream.index, typeIndex: videos.indexOf(stream), attachedPicture: false };
    return specifierMatches(specifier, ref) !== false;
  });
  const [first] = fitting;
  return first && fitting.every((f) => sameStream(f, first)) ? first : undefined;
}

/** The film's way from an input through a graph to the output, as if it were a plain mapping. */
export function throughGraph(
  graph: FilmGraph,
  index: number,
  output: { readonly outputStream: number; readonly encoder: string },
  findings: Findings,
): Result<StreamMapping, string> {
  const feed = feedOf(graph, index, graph.input, findings);
  if (!feed) return fail("the filter graph's inputs are not followed");
  const { inputFile, inputStream, decoder } = feed;
  return ok({ inputFile, inputStream, decoder, outputFile: 0, ...output });
}
