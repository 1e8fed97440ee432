import { readFileSync } from "node:fs";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { parseJson } from "./json.js";
import type { Environment } from "./places.js";
import { toProblems } from "./problems.js";
import { type FileSettings, fileSchema, NUMBER_KEYS, SCALAR_KEYS, scalarSchema } from "./schema.js";
import type { ConfigKey } from "./types.js";

/** One place settings come from: the command line, the environment or a file. */
export interface Layer {
  readonly settings: FileSettings;
  readonly originOf: (key: ConfigKey) => string;
  /** The file, when it is one. */
  readonly file?: string;
  readonly notes: readonly Problem[];
}

/** The scalar settings among the `-df_` flags. */
export function flagLayer(flags: ReadonlyMap<string, string>): Result<Layer, Problem[]> {
  return textLayer(
    (key) => flags.get(key),
    (key) => `-df_${key}`,
  );
}

/** The scalar settings among the `DISTFFMPEG_*` variables; an empty variable is as good as none. */
export function environmentLayer(env: Environment): Result<Layer, Problem[]> {
  return textLayer((key) => env[variable(key)], variable);
}

/** The environment variable that sets `key`. */
export function variable(key: string): string {
  return `DISTFFMPEG_${key.toUpperCase()}`;
}

function textLayer(
  read: (key: string) => string | undefined,
  originOf: (key: string) => string,
): Result<Layer, Problem[]> {
  const raw: Record<string, unknown> = {};
  for (const key of SCALAR_KEYS) {
    const text = read(key);
    if (text === undefined || text === "") continue;
    raw[key] = NUMBER_KEYS.has(key) && /^\d+$/.test(text) ? Number(text) : text;
  }
  const checked = scalarSchema.safeParse(raw);
  if (checked.success) return ok({ settings: checked.data, originOf, notes: [] });
  return fail(toProblems(checked.error.issues, raw, (path) => originOf(String(path[0]))));
}

export interface FileSource {
  readonly path: string;
  /** Named by the user: a failure when it is not there. Holds the flag or variable that named it. */
  readonly namedBy?: string;
  /** DistrFFmpeg's file: that tool read over keys it did not know, so they are only noted. */
  readonly old?: boolean;
}

/** Reads and checks a config file; undefined when there is none (and nobody named it). */
export function fileLayer(source: FileSource): Result<Layer | undefined, Problem[]> {
  const { path } = source;
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (source.namedBy === undefined && (code === "ENOENT" || code === "ENOTDIR")) return ok(undefined);
    const by = source.namedBy === undefined ? "" : ` (named by ${source.namedBy})`;
    return fail([{ what: `cannot read the config file ${path}${by}`, detail: (error as Error).message }]);
  }
  return textAsLayer(content, source);
}

/** Checks the text of a config file. */
export function textAsLayer(content: string, source: FileSource): Result<Layer, Problem[]> {
  const { path } = source;
  const parsed = parseJson(content);
  if (!parsed.ok) {
    const { line, column, what } = parsed.failure;
    return fail([{ what: `${path}, line ${line}, column ${column}: ${what}` }]);
  }
  const { value, lineOf } = parsed.value;
  const input = withoutComments(value);
  const where = (at: readonly (string | number)[]): string => (at.length === 0 ? path : `${path}:${lineOf(at)}`);
  const suffix = source.old === true ? " (DistrFFmpeg's config)" : "";
  const originOf = (key: ConfigKey): string => `${where([key])}${suffix}`;
  const checked = fileSchema.safeParse(input);
  if (checked.success) return ok({ settings: checked.data, originOf, file: path, notes: [] });

  const { issues } = checked.error;
  const tolerated = source.old === true ? issues.filter((issue) => issue.code === "unrecognized_keys") : [];
  if (tolerated.length < issues.length) return fail(toProblems(issues, input, where));
  for (const issue of tolerated) {
    const parent = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], input);
    for (const key of issue.keys) Reflect.deleteProperty(parent as object, key);
  }
  return ok({ settings: fileSchema.parse(input), originOf, file: path, notes: toProblems(tolerated, value, where) });
}

/** A copy without the keys that start with "//", JSON's stand-in for comments, when they hold text or lines of text. */
function withoutComments(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutComments);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, inner]) => !(key.startsWith("//") && isComment(inner)));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutComments(inner)]));
}

function isComment(value: unknown): boolean {
  return typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string"));
}
