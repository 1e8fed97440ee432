import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { FLAG_KEYS } from "../../config/flags.js";
import { loadConfig } from "../../config/load.js";
import { CHOICES } from "../../config/schema.js";
import { SWITCHES } from "../../config/take-flags.js";
import type { LoadedConfig } from "../../config/types.js";
import { listKept } from "../../job/resume/state.js";
import { OWN_PROGRAM } from "../../lib/own-package.js";
import { TOPICS } from "../help/topics.js";
import { SUBCOMMANDS } from "../subcommands.js";
import { SCRIPTS } from "./scripts.js";

type Flags = ReadonlyMap<string, string>;

const run = promisify(execFile);

/** Verbs of `workers` behind which the names of workers stand. */
const TAKES_WORKERS = new Set(["check", "edit", "drain", "undrain", "remove", "bench"]);
const TAKES_JOBS = new Set(["resume", "remove"]);

/**
 * The words that the last of `typed` (all behind `distffmpeg`, the last one perhaps empty) may become; none where it is a
 * file's name, or ffmpeg's. Never fails: a configuration that cannot be used has no workers.
 */
export async function candidates(typed: readonly string[], flags: Flags): Promise<readonly string[]> {
  const word = typed.at(-1) ?? "";
  const before = typed.slice(0, -1).filter((other) => !/^--?df_/.test(other));
  const all = await offered(word, before, flags);
  return [...new Set(all)].filter((one) => one.startsWith(word));
}

async function offered(word: string, before: readonly string[], flags: Flags): Promise<readonly string[]> {
  if (/^--?df_/.test(word)) return flagWords(word, flags);
  const [first, second] = before;
  if (first === undefined) return [...Object.keys(SUBCOMMANDS), "--help", "--version", ...flagStarts(word)];
  if (SUBCOMMANDS[first] === undefined) return flagStarts(word);
  // Behind the first word that is no option all is ffmpeg's.
  if (first === "explain" && before.slice(1).some((other) => !other.startsWith("--"))) return flagStarts(word);
  if (word.startsWith("-")) return [...(await optionsOf(before)), ...flagStarts(word)];
  if (first === "help" && second === undefined)
    return [...Object.keys(TOPICS), ...Object.keys(SUBCOMMANDS), "man", ...FLAG_KEYS];
  if (first === "completion" && second === undefined) return Object.keys(SCRIPTS);
  if (first === "workers" && TAKES_WORKERS.has(second ?? "")) return workerNames(flags);
  if (first === "jobs" && TAKES_JOBS.has(second ?? "")) return jobIds(flags);
  return second === undefined ? verbsOf(first) : [];
}

/** Flags once it is clear that one is meant: a lone `-` is ffmpeg's. */
function flagStarts(word: string): readonly string[] {
  return word.length > 1 && "-df_".startsWith(word) ? FLAG_KEYS.map((key) => flagOf("-df_", key)) : [];
}

function flagOf(dashes: string, key: string): string {
  return SWITCHES.has(key) ? `${dashes}${key}` : `${dashes}${key}=`;
}

/** `-df_KEY=`, or what may stand behind its equals sign. */
function flagWords(word: string, flags: Flags): readonly string[] {
  const [, dashes = "", key = "", value] = /^(--?df_)([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (value === undefined) return FLAG_KEYS.map((known) => flagOf(dashes, known));
  const given = `${dashes}${key}=`;
  if (key !== "workers") return (CHOICES[key] ?? []).map((choice) => given + choice);
  const listed = value.slice(0, value.lastIndexOf(",") + 1);
  const names = workerNames(flags).filter((name) => !listed.split(",").includes(name));
  return [...names, ...(listed === "" ? ["none"] : [])].map((name) => given + listed + name);
}

/** The configuration, whatever is typed so far in flags of it that say nothing of where it is. */
function loaded(flags: Flags): LoadedConfig | undefined {
  const place = flags.get("config");
  const only = new Map(place === undefined || place === "" ? [] : [["config", place] as const]);
  const config = loadConfig({ flags: only, env: { ...process.env, DISTFFMPEG_WORKERS: "" }, cwd: process.cwd() });
  return config.ok ? config.value : undefined;
}

function workerNames(flags: Flags): readonly string[] {
  const found = loaded(flags);
  return found ? [...found.config.workers, ...found.drained].map(({ name }) => name) : [];
}

async function jobIds(flags: Flags): Promise<readonly string[]> {
  const found = loaded(flags);
  return found ? (await listKept(found.config)).map(({ id }) => id) : [];
}

/** A subcommand's verbs, as its own help has them. */
async function verbsOf(name: string): Promise<readonly string[]> {
  const help = await helpOf([name]);
  return [...help.matchAll(new RegExp(`^distffmpeg ${name} \\[?([a-z]+(?:\\|[a-z]+)*)\\b`, "gm"))].flatMap(
    ([, verbs = ""]) => verbs.split("|"),
  );
}

/** The options of a subcommand and its verb, as their own help has them. */
async function optionsOf([name = "", verb]: readonly string[]): Promise<readonly string[]> {
  const verbs = verb === undefined ? [] : await verbsOf(name);
  const help = await helpOf(verb !== undefined && verbs.includes(verb) && name === "workers" ? [name, verb] : [name]);
  return [...help.matchAll(/^ *(?:-\w, )?(--[a-z][a-z-]*)/gm)].map(([, option = ""]) => option);
}

async function helpOf(words: readonly string[]): Promise<string> {
  try {
    return (await run(process.execPath, [OWN_PROGRAM, ...words, "--help"], { encoding: "utf8" })).stdout;
  } catch {
    return "";
  }
}
