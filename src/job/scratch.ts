import { join } from "node:path";
import type { OutputFile } from "../ffmpeg/command.js";
import { ok, type Result } from "../lib/result.js";
import { moveInto, streamingKind } from "../plan/streaming.js";
import { headOptions } from "../plan/stages.js";
import { filesOf, isTee, printTee } from "../plan/tee.js";
import type { HostTools } from "./probing.js";
import { type FilmPlace, filmSegments, writeBeginning } from "./segments.js";
import { filesInTree, isList, makeTree } from "./tree.js";

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

/** What is written of the head of one of the output's films: of many files, those that show it as one. */
export async function headFile({ output, path, tree }: Scratch, film: FilmPlace): Promise<Result<string, string>> {
  if (tree === undefined) return ok(path);
  if (streamingKind(output) === "segment") return ok((await filesInTree(tree)).find((file) => !isList(file)) ?? path);
  const joined = `${tree}-${film.stream}.beginning`;
  const segments = await filmSegments(output, film, { list: path, tree });
  const written = segments.ok ? await writeBeginning(segments.value, joined) : segments;
  return written.ok ? ok(joined) : written;
}
