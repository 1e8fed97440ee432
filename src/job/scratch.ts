import { join } from "node:path";
import type { Command } from "../ffmpeg/command.js";
import { hasFragments, intoFolder, streamingKind } from "../plan/streaming.js";
import type { HostTools } from "./probing.js";
import { filesInTree, isList, makeTree } from "./tree.js";

/** The command with its output in the job's folder, and where that is. */
export interface Scratch {
  readonly command: Command;
  readonly path: string;
  /** The folder of an output of many files. */
  readonly tree?: string;
}

/** Where the head of the output that this specifier names a stream of is written. */
export async function scratchFor(command: Command, tools: HostTools, stream: string): Promise<Scratch> {
  const [output] = command.outputs;
  const url = output?.url ?? "";
  if (!output || !streamingKind(output)) {
    return { command, path: join(tools.folder, `rehearsal-${stream}${extensionOf(url)}`) };
  }
  const tree = join(tools.folder, `rehearsal-${stream}`);
  await makeTree(tree, output);
  const own = intoFolder(command, tree);
  return { command: own, path: own.outputs[0]?.url ?? "", tree };
}

/** The extension of a name, with its dot; "" where it has none that a container would have. */
export const extensionOf = (url: string): string => /\.[A-Za-z0-9]{1,10}$/.exec(url)?.[0] ?? "";

/** What is written of the output's head: of many files the first that stands for itself. */
export async function headFile({ command, path, tree }: Scratch): Promise<string> {
  const [output] = command.outputs;
  if (tree === undefined || !output || hasFragments(output)) return path;
  return (await filesInTree(tree)).find((file) => !isList(file)) ?? path;
}
