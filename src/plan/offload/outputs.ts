import { basename, join, resolve } from "node:path";
import { type Command, fileOptions, lastOption, type OptionUse, type OutputFile } from "../../ffmpeg/command.js";
import { localPath } from "../local-path.js";
import { isDiscarded } from "../muxers.js";
import { isWrittenApart } from "../outputs.js";
import { moveInto, outputFolders, placeIn, PATHS, streamingKind, writesManyFiles } from "../streaming.js";
import { bound, type Cargo, folderTyped } from "./cargo.js";
import { table } from "../../lib/table.js";

/** Where an output is made on this machine before it is put in place: a file, or the folder of an output of many files. */
export interface Target {
  readonly temporary: string;
  readonly tree?: string;
}

/** What becomes of an output when the command has ended on the worker. */
export type OutputWay =
  /** Fetched: a file, or a folder's files, by the name in the work folder. */
  | { readonly kind: "file" | "tree"; readonly name: string }
  /** Written to its target, or for a live one to its very place, by the worker itself. */
  | { readonly kind: "shared" | "live" }
  /** It comes through standard output, or nothing is kept of it. */
  | { readonly kind: "none" };

export interface MovedOutput {
  readonly output: OutputFile;
  readonly way: OutputWay;
}

/** True for an output that goes to standard output. */
export function isStandardOutput({ url }: OutputFile): boolean {
  return url === "-" || url === "pipe:" || url === "pipe:1";
}

/** Options of muxers that name files in ways that are not followed, with the values that name none. */
const UNFOLLOWED: Readonly<Record<string, RegExp | undefined>> = table({
  hls_key_info_file: undefined,
  hls_subtitle_path: undefined,
  hls_flags: /^(?!.*append_list)/,
  strftime: /^(0|false)$/,
  hls_fmp4_init_filename: /^[^/]+$/,
  master_pl_name: /^[^/]+$/,
});

/** An output as the worker is given it. `target`: where it is to be made; any place will do to ask whether it can be. Throws `Bound`. */
export function moveOutput(
  command: Command,
  output: OutputFile,
  target: Target | undefined,
  cargo: Cargo,
): MovedOutput {
  const options = fileOptions(output);
  const own = { ...output, options: output.options.map((use) => moveOption(use, cargo)) };
  if (isDiscarded(output) || isStandardOutput(output)) return { output: own, way: { kind: "none" } };
  for (const use of options) {
    const harmless = UNFOLLOWED[use.name];
    if (
      use.name in UNFOLLOWED &&
      !(use.name === "strftime" && streamingKind(output)) &&
      !harmless?.test(use.value ?? "")
    ) {
      bound(`${use.flag} ${use.value ?? ""} names files in a way that is not followed`);
    }
    if (PATHS.has(use.name) && ["-", undefined].includes(localPath(use.value ?? ""))) {
      bound(`${use.flag} ${use.value ?? ""} is no local file`);
    }
  }
  const path = localPath(output.url);
  if (path === undefined || path === "-") return bound(`${output.url} is no local file`);
  if (cargo.files.kind(path) === "other") return bound(`${output.url} is no ordinary file`);
  if (!isWrittenApart(output)) return bound(`-f ${lastOption(options, "f")?.value ?? ""} is more than one file`);
  const live = liveReason(command, output);
  if (live !== undefined) {
    const moved = inPlace(own, cargo);
    return moved ? { output: moved, way: { kind: "live" } } : bound(live);
  }
  const { temporary, tree } = target ?? defaultTarget(output, path);
  if (tree !== undefined) return moveTree(own, tree, cargo);
  const shared = cargo.share(resolve(temporary));
  const prefix = output.url.slice(0, output.url.length - path.length);
  const name = shared ?? join(cargo.folder(folderTyped(path)), basename(path));
  if (shared !== undefined) cargo.renamings.push([shared, path]);
  return {
    output: { ...own, url: `${prefix}${name}` },
    way: shared === undefined ? { kind: "file", name } : { kind: "shared" },
  };
}

/** While nothing is made yet. */
function defaultTarget(output: OutputFile, path: string): Target {
  const temporary = resolve(path);
  return writesManyFiles(output)
    ? { temporary, tree: join(resolve(outputFolders(output)[0] ?? "."), ".tree") }
    : { temporary };
}

function moveTree(output: OutputFile, tree: string, cargo: Cargo): MovedOutput {
  const shared = cargo.share(tree);
  const root = shared ?? cargo.folder("/");
  const folders = outputFolders(output);
  if (shared !== undefined) cargo.renamings.push([`${shared}/`, "/"]);
  const typed = [output.url, ...output.options.flatMap((use) => (PATHS.has(use.name) ? (use.value ?? "") : []))];
  for (const [i, folder] of folders.entries()) {
    if (shared === undefined && cargo.files.kind(folder) === "folder") cargo.folders.push(placeIn(root, folder));
    // As the user named them; ffmpeg itself makes the rest of the names from that.
    const here = localPath(typed[i] ?? "") ?? "";
    if (!here.includes("%v")) cargo.renamings.push([`${placeIn(root, folder)}/`, folderTyped(here)]);
  }
  return {
    output: moveInto(output, root),
    way: shared === undefined ? { kind: "tree", name: root } : { kind: "shared" },
  };
}

/** A live output in its very place, as the worker sees that; undefined where it does not. */
function inPlace(output: OutputFile, cargo: Cargo): OutputFile | undefined {
  const move = (url: string): string => {
    const path = localPath(url) ?? url;
    const there = cargo.share(resolve(path));
    if (there === undefined) return "";
    cargo.renamings.push([there.slice(0, there.lastIndexOf("/") + 1), folderTyped(path)]);
    return there;
  };
  const options = output.options.map((use) =>
    PATHS.has(use.name) && use.value !== undefined ? { ...use, value: move(use.value) } : use,
  );
  const url = move(output.url);
  const whole = url !== "" && options.every((use) => !PATHS.has(use.name) || use.value !== "");
  return whole ? { url, options } : undefined;
}

/** Why an output is read while it is written, and so has to grow where it belongs. */
function liveReason(command: Command, output: OutputFile): string | undefined {
  const options = fileOptions(output);
  const said = (name: string): string => lastOption(options, name)?.value ?? "";
  const paced = command.inputs
    .flatMap(fileOptions)
    .find((use) => (use.name === "re" && !use.negated) || use.name === "readrate");
  const kind = streamingKind(output);
  if (paced && (kind === "hls" || kind === "dash")) return `${output.url} is read while it is written (${paced.flag})`;
  const live =
    (kind === "hls" && (/delete_segments/.test(said("hls_flags")) || said("hls_playlist_type") === "event")) ||
    (kind === "dash" && (/^[1-9]/.test(said("window_size")) || isOn(said("streaming")) || isOn(said("ldash")))) ||
    (kind === "segment" && /live/.test(said("segment_list_flags"))) ||
    isOn(said("update"));
  return live ? `${output.url} is read while it is written` : undefined;
}

const isOn = (value: string): boolean => /^(1|true)$/.test(value);

/** Options that name a file that goes along: attachments, presets. */
function moveOption(use: OptionUse, cargo: Cargo): OptionUse {
  if ((use.name !== "attach" && use.name !== "fpre") || use.value === undefined) return use;
  const path = localPath(use.value);
  if (path === undefined || path === "-" || cargo.files.kind(path) !== "file") {
    return bound(`${use.flag} ${use.value} is no ordinary file`);
  }
  return { ...use, value: cargo.read(path) };
}
