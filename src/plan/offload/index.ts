import { basename, dirname, join } from "node:path";
import {
  type Command,
  fileOptions,
  globalOptions,
  lastOption,
  type OptionUse,
  type OutputFile,
  toArgv,
} from "../../ffmpeg/command.js";
import { findOption, makeOption } from "../../ffmpeg/options.js";
import { fail, ok, type Result } from "../../lib/result.js";
import { readsStandardInput } from "../local-path.js";
import {
  Bound,
  bound,
  Cargo,
  type Files,
  folderTyped,
  type Freight,
  NO_SHARE,
  type Renaming,
  type Share,
} from "./cargo.js";
import { looksLikePath, moveGraph } from "./filters.js";
import { moveInput } from "./inputs.js";
import { Needs } from "./needs.js";
import { isStandardOutput, moveOutput, type OutputWay, type Target } from "./outputs.js";

export type { Files, Freight, Renaming, Share } from "./cargo.js";
export { NO_SHARE } from "./cargo.js";
export type { Kind, Needs, Stock } from "./needs.js";
export type { OutputWay, Target } from "./outputs.js";

/** A whole command as another machine runs it. */
export interface OffloadPlan {
  /** ffmpeg's arguments there; names count from the work folder. */
  readonly argv: readonly string[];
  /** Folders to make first, in this order. */
  readonly folders: readonly string[];
  readonly freight: readonly Freight[];
  /** Output by output. */
  readonly outputs: readonly OutputWay[];
  /** The logs of a first pass: those that a folder there holds belong into this one here. */
  readonly logs:
    | { readonly name: string; readonly folder: string; readonly isLog: (file: string) => boolean }
    | undefined;
  /** How messages of ffmpeg are to be told, longest names first. */
  readonly renamings: readonly Renaming[];
  /** True where the film, or one of them, comes from standard input. */
  readonly film: "file" | "stdin";
  /** Where the blocks of `-progress` belong that come through standard output. */
  readonly progress: boolean;
  readonly needs: Needs;
}

/** Global options that write files on the machine, or belong to it. */
const BOUND_GLOBALS = new Set(["report", "vstats", "vstats_file", "sdp_file", "print_graphs_file"]);

/** Options of files of the same kind. */
const BOUND_OPTIONS = /^(pre|stats_enc_pre|stats_enc_post|stats_mux_pre)$/;

/** Keys of encoders' parameter strings that name a file to write. */
const WRITING_KEYS = /(?:^|:)(?:stats|csv|recon|dump-yuv|analysis-save|analysis-reuse-file|log-file)=/;

/** What a plan depends on beside the command. */
export interface OffloadFacts {
  readonly files: Files;
  readonly share?: Share;
  /** Output by output, once they have their places. */
  readonly targets?: readonly (Target | undefined)[];
}

/** Maps a command to what another machine is to run, or says why it is bound to this one: a sentence for the user. */
export function planOffload(command: Command, facts: OffloadFacts): Result<OffloadPlan, string> {
  try {
    return ok(plan(command, facts));
  } catch (error) {
    if (error instanceof Bound) return fail(error.message);
    throw error;
  }
}

function plan(command: Command, { files, share = NO_SHARE, targets }: OffloadFacts): OffloadPlan {
  const cargo = new Cargo(files, share);
  const needs = new Needs();
  checkOptions(command, files);
  needs.addNamed(command);
  const logs = passLogs(command, cargo);
  const progress = awayProgress(command);
  const move = (use: OptionUse): OptionUse => {
    if (use.name === "progress" && progress) return { ...use, value: "pipe:1" };
    return moveFilters(use, cargo, needs);
  };
  const moveAll = <T extends { readonly options: readonly OptionUse[] }>(file: T): T => ({
    ...file,
    options: file.options.map(move),
  });
  const inputs = command.inputs.map((input) => moveInput(moveAll(input), cargo, needs));
  const outputs = command.outputs.map((output, i) => moveOutput(command, output, targets?.[i], cargo));
  const moved: Command = {
    ...command,
    inputs,
    outputs: outputs.map(({ output }) => withLog(moveAll(output), logs)),
    trailing: command.trailing.map(move),
  };
  return {
    argv: toArgv(moved),
    folders: cargo.folders,
    freight: cargo.freight,
    outputs: outputs.map(({ way }) => way),
    logs: logs && { name: logs.name, folder: logs.folder, isLog: logs.isLog },
    renamings: [...cargo.renamings].sort(([a], [b]) => b.length - a.length),
    film: readsStandardInput(command) ? "stdin" : "file",
    progress,
    needs,
  };
}

function checkOptions(command: Command, files: Files): void {
  if (command.inputs.length === 0 || command.outputs.length === 0) bound("there is no input or no output");
  if (command.inputs.filter((input) => /^(-|pipe:0?)$/.test(input.url)).length > 1)
    bound("standard input is read twice");
  const globals = globalOptions(command);
  for (const use of globals) {
    if (BOUND_GLOBALS.has(use.name)) bound(`${use.flag} writes a file where ffmpeg runs`);
    if (findOption(use.name)?.information) bound(`${use.flag} only prints`);
  }
  for (const file of [...command.inputs, ...command.outputs]) {
    for (const use of fileOptions(file)) {
      const value = use.value ?? "";
      if (use.flag.startsWith("-/") && use.name !== "filter") bound(`${use.flag} reads its value from a file`);
      if (BOUND_OPTIONS.test(use.name)) bound(`${use.flag} concerns files of this machine`);
      if (findOption(use.name)) continue;
      if (WRITING_KEYS.test(value.replaceAll("_", "-"))) bound(`${use.flag} ${value} writes a file of its own`);
      const odd = [value, ...value.split(/[:=]/)].find((part) => looksLikePath(part) && files.kind(part) === "file");
      if (odd !== undefined) bound(`${use.flag} ${value} names a file of this machine`);
    }
  }
  if (command.outputs.filter(isStandardOutput).length > 1) bound("standard output is written twice");
}

/** Graphs, and files that hold graphs, which go up with the worker's names in them. */
function moveFilters(use: OptionUse, cargo: Cargo, needs: Needs): OptionUse {
  const { name, value = "" } = use;
  const plain = name.replace(/_script$/, "");
  if (plain !== "filter" && plain !== "filter_complex") return use;
  if (name === plain && !use.flag.startsWith("-/")) return { ...use, value: moveGraph(value, cargo, needs) };
  const text = cargo.files.text(value);
  if (text === undefined) return bound(`${use.flag} ${value} cannot be read`);
  const moved = join(cargo.folder(folderTyped(value)), basename(value));
  cargo.freight.push({ name: moved, text: moveGraph(text, cargo, needs) });
  return { ...use, value: moved };
}

interface PassLogs {
  readonly name: string;
  /** Here. */
  readonly folder: string;
  readonly prefix: string;
  /** Whether a name is one of them. */
  readonly isLog: (file: string) => boolean;
}

/** The logs of two passes (fftools/ffmpeg_opt.c: PREFIX-N.log, and what x264 puts beside them) come into one folder. */
function passLogs(command: Command, cargo: Cargo): PassLogs | undefined {
  const options = command.outputs.flatMap(fileOptions);
  if (!options.some((use) => use.name === "pass")) return undefined;
  const prefixes = new Set(
    command.outputs.map((output) => lastOption(fileOptions(output), "passlogfile")?.value ?? "ffmpeg2pass"),
  );
  const [prefix = "ffmpeg2pass"] = prefixes;
  if (prefixes.size > 1) return bound("-passlogfile has several values");
  const [folder, stem] = [dirname(prefix), basename(prefix)];
  const second = options.some((use) => use.name === "pass" && use.value !== "1");
  const name = cargo.folder(folderTyped(prefix));
  const isLog = (file: string): boolean =>
    file.startsWith(`${stem}-`) && /^\d+\.log(\.\w+)?$/.test(file.slice(stem.length + 1));
  for (const file of second ? cargo.files.names(folder) : []) {
    if (isLog(file)) {
      cargo.freight.push({ name: join(name, file), path: join(folder, file) });
    }
  }
  return { name, folder, prefix: join(name, stem), isLog };
}

function withLog(output: OutputFile, logs: PassLogs | undefined): OutputFile {
  if (!logs) return output;
  const others = output.options.filter((use) => use.name !== "passlogfile");
  return { ...output, options: [...others, makeOption("-passlogfile", logs.prefix)] };
}

/** Whether `-progress` goes somewhere that only this machine reaches. It comes here through standard output then. */
function awayProgress(command: Command): boolean {
  const url = lastOption(globalOptions(command), "progress")?.value;
  if (url === undefined || /^(-|pipe:[12]?)$/.test(url)) return false;
  if (command.outputs.some(isStandardOutput)) bound(`-progress ${url} with a film on standard output`);
  return true;
}
