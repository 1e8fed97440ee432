import { type Command, fileOptions, globalOptions } from "../ffmpeg/command.js";
import { type FilterUse, makeFilter, parseFiltergraph } from "../ffmpeg/filtergraph.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { type Condition, fileArguments, filterOption, optionsInput, steadyText } from "./filters/index.js";
import { localPath } from "./local-path.js";

/** What has to be known of a file that a filter reads. */
export type SideKind = "picture" | "subtitles" | "text" | "plain";

/** A file that a filter reads, as the command names it. */
export interface SideUse {
  readonly kind: SideKind;
  /** On this machine; a relative one counts from the current folder. Undefined for what is no local file. */
  readonly path: string | undefined;
  readonly at: number;
}

/** What was found in a file that a filter reads. */
export interface SideFact {
  /** Of a picture: what ffprobe says, when it holds one picture and no more. */
  readonly picture?: MediaInfo;
  /** Of subtitles: no two of them are on screen at once. */
  readonly apart?: boolean;
  readonly text?: string;
  /** A file with just the subtitles and fonts of this one, and how many subtitles these are. */
  readonly extract?: { readonly path: string; readonly streams: number };
}

export type SideFacts = ReadonlyMap<string, SideFact>;

/** A file that goes up to the workers with the chunks. */
export interface SideFile {
  /** On this machine. */
  readonly path: string;
  /** In a worker's folder. */
  readonly name: string;
}

const KINDS: Readonly<Record<string, SideKind>> = {
  "movie filename": "picture",
  "subtitles filename": "subtitles",
  "ass filename": "subtitles",
  "drawtext textfile": "text",
};

/** Options that libavformat opens: a protocol may stand before the path. */
const URLS = new Set(["movie filename", "subtitles filename", "removelogo filename"]);

/** The files that a filter reads. */
export function sideUses({ name, options }: FilterUse): readonly SideUse[] {
  return fileArguments(name, options).map(({ at, option, value }) => {
    const path = URLS.has(`${name} ${option}`) ? localPath(value) : value;
    return { kind: KINDS[`${name} ${option}`] ?? "plain", path: path === "-" || path === "" ? undefined : path, at };
  });
}

/** Under what name a file's fact is kept. */
export const factKey = (kind: SideKind, path: string): string => `${kind} ${path}`;

/** Every file that filters of the command read and that something has to be found out about, by its fact's name. */
export function filesToInspect(
  command: Command,
): ReadonlyMap<string, { readonly kind: SideKind; readonly path: string }> {
  const options = [...globalOptions(command), ...command.outputs.flatMap(fileOptions)];
  const found = new Map<string, { kind: SideKind; path: string }>();
  for (const { name, value } of options) {
    if (name !== "filter" && name !== "filter_complex") continue;
    const graph = parseFiltergraph(value ?? "");
    for (const use of graph.ok ? graph.value.chains.flat() : []) {
      for (const { kind, path } of sideUses(use)) {
        if (kind !== "plain" && path !== undefined) found.set(factKey(kind, path), { kind, path });
      }
    }
  }
  return found;
}

/** What the files of a filter vouch for; `sameFonts`: all chunks are made on this machine. */
export function grantedBy(use: FilterUse, facts: SideFacts, sameFonts: boolean): ReadonlySet<Condition> {
  const granted = new Set<Condition>(sameFonts ? ["same-fonts"] : []);
  for (const { kind, path } of sideUses(use)) {
    const fact = path === undefined ? undefined : facts.get(factKey(kind, path));
    if (fact?.apart) granted.add("subtitles-apart");
    if (fact?.text !== undefined && steadyText(fact.text)) granted.add("steady-textfile");
  }
  return granted;
}

/** Gathers the files of a film's filters under names of their own. */
export class SideFiles {
  readonly files: SideFile[] = [];

  constructor(private readonly facts: SideFacts) {}

  /** The number of a file; every path has one. */
  add(path: string): number {
    const known = this.files.findIndex((file) => file.path === path);
    if (known !== -1) return known;
    // Some filters and demuxers go by the extension.
    const extension = /\.[A-Za-z0-9]{1,10}$/.exec(path)?.[0] ?? "";
    return this.files.push({ path, name: `side${this.files.length}${extension}` }) - 1;
  }

  /** Adds the files that a filter reads; gives their numbers by the place of the argument, or why there are none. */
  addOf(use: FilterUse): ReadonlyMap<number, number> | string {
    const numbers = new Map<number, number>();
    for (const { kind, path, at } of sideUses(use)) {
      if (path === undefined) return `filter ${use.name} reads what is no local file`;
      const extract = this.facts.get(factKey(kind, path))?.extract;
      // Which of several ffmpeg picks may hang on what else the file holds.
      const named = filterOption(optionsInput(use.name, use.options), "stream_index") !== undefined;
      numbers.set(at, this.add(extract && (named || extract.streams === 1) ? extract.path : path));
    }
    return numbers;
  }
}

/** The filter with other paths in the place of those at these arguments. */
export function withPaths(use: FilterUse, paths: ReadonlyMap<number, string>): FilterUse {
  if (paths.size === 0) return use;
  const options = use.options.map((option, i) => ({ ...option, value: paths.get(i) ?? option.value }));
  return makeFilter(use.name, options, { inputs: use.inputs, outputs: use.outputs, ...(use.id ? { id: use.id } : {}) });
}
