import { resolve } from "node:path";
import {
  type Command,
  fileOptions,
  globalOptions,
  lastOption,
  type OptionUse,
  type OutputFile,
} from "../ffmpeg/command.js";
import { parseFiltergraph, printFiltergraph } from "../ffmpeg/filtergraph.js";
import { fail, ok, type Result } from "../lib/result.js";
import { type GraphEndLabel, endsOf, sliceGraph, unlinked } from "./graph-slices.js";
import { localPath } from "./local-path.js";
import type { Findings } from "./prepare.js";
import { passAsked } from "./rate-control/first-pass.js";
import { isDiscarded } from "./muxers.js";
import { mayBeSplit } from "./route.js";
import { filesOf } from "./tee.js";

/** Some of a command's outputs, as a command of their own. */
export interface OutputsView {
  readonly command: Command;
  /** Their numbers in the whole command. */
  readonly outputs: readonly number[];
  /** The numbers that its graphs of `-filter_complex` have in the whole command. */
  readonly graphs: readonly number[];
}

/**
 * The command that writes these outputs as the whole command does, and no others: ffmpeg makes each output by itself,
 * and of its graphs only what leads to them is kept. Fails where a filter serves several outputs at once.
 */
export function viewOutputs(command: Command, outputs: readonly number[]): Result<OutputsView, string> {
  const all = command.outputs.map((_, i) => i);
  const globals = globalOptions(command);
  if (outputs.length === all.length) {
    const graphs = globals.filter((use) => use.name === "filter_complex").map((_, i) => i);
    return ok({ command, outputs: all, graphs });
  }
  const ends = new Set<GraphEndLabel>(outputs.flatMap((i) => mappedLabels(command, i)));
  // What has no label goes to the first output (fftools/ffmpeg_opt.c open_output_file).
  if (outputs.includes(0)) ends.add(undefined);
  const graphs: number[] = [];
  const kept: OptionUse[] = [];
  let seen = 0;
  for (const use of globals) {
    if (use.name !== "filter_complex") {
      kept.push(use);
      continue;
    }
    const own = slice(use, ends);
    if (!own.ok) return own;
    if (own.value !== undefined) {
      graphs.push(seen);
      kept.push({ ...use, value: own.value });
    }
    seen++;
  }
  const files = outputs
    .flatMap((i) => command.outputs[i] ?? [])
    .map((file) => ({ ...file, options: fileOptions(file) }));
  const inputs = command.inputs.map((file) => ({ ...file, options: fileOptions(file) }));
  const trailing = [...kept, ...command.trailing.filter((use) => use.scope === "file")];
  return ok({ command: { inputs, outputs: files, trailing, order: [] }, outputs, graphs });
}

/** Which outputs of a command may be split, by its words alone, and why the others may not: a sentence for the user. */
export interface SharedOutputs {
  readonly split: readonly number[];
  /** By the output's number. */
  readonly reasons: Map<number, string>;
}

/** Sorts a command's outputs; fails when none may be split. */
export function shareOutputs(command: Command): Result<SharedOutputs, string> {
  // Its log's name counts the streams of all outputs (fftools/ffmpeg_opt.c new_video_stream).
  const pass = command.outputs.length > 1 && command.outputs.some((output) => passAsked(output) !== undefined);
  if (pass) return fail("-pass with several outputs is not split");
  const split: number[] = [];
  const reasons = new Map<number, string>();
  const files = command.outputs
    .filter((output) => !isDiscarded(output))
    .flatMap(filesOf)
    .map(({ url }) => resolve(localPath(url) ?? url));
  if (new Set(files).size < files.length) return fail("two outputs are one file");
  for (const i of command.outputs.keys()) {
    const view = viewOutputs(command, [i]);
    const may = view.ok ? mayBeSplit(view.value.command) : view;
    if (may.ok) split.push(i);
    else reasons.set(i, may.failure);
  }
  if (split.length > 0) return ok({ split, reasons });
  const [only = "there is no output"] = command.outputs.length === 0 ? whyNone(command) : reasons.values();
  return fail(only);
}

function whyNone(command: Command): string[] {
  const may = mayBeSplit(command);
  return may.ok ? [] : [may.failure];
}

/** Muxers whose files cannot be told from the output's name (libavformat). */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "tee",
  "smoothstreaming",
  "fifo",
  "sdl",
  "sdl2",
  "alsa",
  "pulse",
  "oss",
  "v4l2",
  "fbdev",
]);

/** Whether an output that is not split is of files, which can be put in place when all is done, or of nothing. */
export function isWrittenApart(output: OutputFile): boolean {
  const path = localPath(output.url);
  const format = lastOption(fileOptions(output), "f")?.value ?? "";
  return isDiscarded(output) || (path !== undefined && path !== "-" && !ELSEWHERE.has(format));
}

/** The labels of graphs that an output takes by `-map`. */
function mappedLabels(command: Command, output: number): readonly string[] {
  const file = command.outputs[output];
  const maps = file ? fileOptions(file).filter((use) => use.name === "map") : [];
  return maps.flatMap(({ value = "" }) => /^\[(.*)\]$/.exec(value)?.[1] ?? []);
}

/** What of a graph leads to these ends; undefined where nothing does. */
function slice(use: OptionUse, wanted: ReadonlySet<GraphEndLabel>): Result<string | undefined, string> {
  const parsed = parseFiltergraph(use.value ?? "");
  if (!parsed.ok || use.flag.startsWith("-/")) return fail("a filter graph is not understood");
  const own = endsOf(unlinked(parsed.value.chains)).filter((end) => wanted.has(end));
  if (own.length === 0) return ok(undefined);
  const chains = sliceGraph(parsed.value.chains, new Set(own));
  return chains.ok ? ok(printFiltergraph({ ...parsed.value, chains: chains.value, trailing: "" })) : chains;
}

/** What was found out about the whole command, as far as it is about one output of it; that becomes output 0. */
export function findingsOf(findings: Findings, view: OutputsView): Findings {
  const own = <T extends { readonly outputFile: number }>(all: readonly T[]): T[] =>
    all.filter((one) => view.outputs.includes(one.outputFile)).map((one) => ({ ...one, outputFile: 0 }));
  const ofGraphs = <T extends { readonly graph: number }>(all: readonly T[]): T[] =>
    all.flatMap((one) => {
      const graph = view.graphs.indexOf(one.graph);
      return graph === -1 ? [] : [{ ...one, graph }];
    });
  return {
    ...findings,
    mappings: own(findings.mappings),
    feeds: ofGraphs(findings.feeds),
    yields: ofGraphs(own(findings.yields)),
  };
}
