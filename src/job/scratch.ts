import { join } from "node:path";
import type { OutputFile } from "../ffmpeg/command.js";
import { hasFragments, moveInto, playlistOf, streamingKind, variantsOf } from "../plan/streaming.js";
import type { HostTools } from "./probing.js";
import { filesInTree, firstSegment, isList, makeTree } from "./tree.js";

/** An output in the job's folder, and where that is. */
export interface Scratch {
  readonly output: OutputFile;
  readonly path: string;
  /** The folder of an output of many files. */
  readonly tree?: string;
}

/** Where the head of an output is written; `name` is no other head's of the job. */
export async function scratchFor(output: OutputFile, tools: HostTools, name: string): Promise<Scratch> {
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

/** What is written of the head of one of the output's films: of many files the first that stands for itself. */
export async function headFile({ output, path, tree }: Scratch, film: number): Promise<string> {
  if (variantsOf(output)) return standingAlone(output, playlistOf(output, film));
  if (tree === undefined || hasFragments(output)) return path;
  return (await filesInTree(tree)).find((file) => !isList(file)) ?? path;
}

/** A file that shows the streams of a playlist: its first segment, unless that means nothing without the playlist. */
export async function standingAlone(output: OutputFile, list: string): Promise<string> {
  return hasFragments(output) ? list : firstSegment(list);
}
