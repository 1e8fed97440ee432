import { basename, dirname, join } from "node:path";
import type { OutputFile } from "../ffmpeg/command.js";
import { concatenate } from "../lib/concatenate.js";
import {
  dashNames,
  hasFragments,
  moveInto,
  placeIn,
  playlistOf,
  streamingKind,
  variantsOf,
} from "../plan/streaming.js";
import { headOptions } from "../plan/stages.js";
import { filesOf, isTee, printTee } from "../plan/tee.js";
import type { HostTools } from "./probing.js";
import { filesInTree, isList, makeTree, segmentsOf } from "./tree.js";

/** An output in the job's folder, and where that is. */
export interface Scratch {
  readonly output: OutputFile;
  readonly path: string;
  /** The folder of an output of many files. */
  readonly tree?: string;
  /** The files of a tee, in their order. */
  readonly slaves?: readonly Scratch[];
}

/** Where the head of an output is written; `name` is no other head's of the job. */
export async function scratchFor(output: OutputFile, tools: HostTools, name: string): Promise<Scratch> {
  if (isTee(output)) {
    const slaves = await Promise.all(filesOf(output).map((file, i) => scratchFor(file, tools, `${name}-${i}`)));
    const files = slaves.map(({ output: { options }, path: url }) => ({ url, options }));
    const path = printTee(files.map((file) => ({ ...file, options: [...file.options, ...headOptions(file)] })));
    return { output, path, slaves };
  }
  if (!streamingKind(output)) {
    return { output, path: join(tools.folder, `rehearsal-${name}${extensionOf(output.url)}`) };
  }
  const tree = join(tools.folder, `rehearsal-${name}`);
  await makeTree(tree, output);
  const own = moveInto(output, tree);
  return { output: own, path: own.url, tree };
}

/** The extension of a name, with its dot; "" where it has none that a container would have. */
export const extensionOf = (url: string): string => /\.[A-Za-z0-9]{1,10}$/.exec(url)?.[0] ?? "";

/** One of an output's films: by its order among these, and its stream. */
export interface FilmPlace {
  readonly film: number;
  readonly stream: number;
}

/** What is written of the head of one of the output's films: of many files the first that stands for itself. */
export async function headFile({ output, path, tree }: Scratch, film: FilmPlace): Promise<string> {
  if (tree === undefined) return path;
  if (variantsOf(output) || streamingKind(output) === "dash") {
    return standingAlone(output, film, { list: path, tree, joined: `${tree}-${film.stream}.mp4` });
  }
  if (hasFragments(output)) return path;
  return (await filesInTree(tree)).find((file) => !isList(file)) ?? path;
}

/** An output of several playlists or manifests: the one that it names, and the folder in which all are. */
export interface ListedOutput {
  readonly list: string;
  readonly tree: string;
  /** Where files are put together that mean nothing by themselves. */
  readonly joined: string;
}

/**
 * A file that shows how a film is in such an output: its playlist, or its segments with the head they need. Read through
 * a manifest, a stream does not show all that its own files say.
 */
export async function standingAlone(
  output: OutputFile,
  { film, stream }: FilmPlace,
  { list, tree, joined }: ListedOutput,
): Promise<string> {
  if (streamingKind(output) === "dash") {
    const { head, segment } = dashNames(output, stream);
    const files = (await filesInTree(tree)).filter((file) => dirname(file) === dirname(list));
    const parts = [head, segment].flatMap((like) => files.find((file) => like.test(basename(file))) ?? []);
    return parts.length === 2 ? putTogether(parts, joined) : list;
  }
  const own = placeIn(tree, playlistOf({ ...output, url: list.slice(tree.length) }, film));
  // Of a head, which is short, the film may begin in any segment.
  return hasFragments(output) ? own : putTogether((await segmentsOf(own)).slice(0, SEGMENTS), joined);
}

/** So many segments of MPEG-TS show what is in them all. */
const SEGMENTS = 8;

async function putTogether(parts: readonly string[], joined: string): Promise<string> {
  await concatenate(
    parts.map((path) => ({ path })),
    joined,
  );
  return joined;
}
