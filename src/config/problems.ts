import type { z } from "zod";
import { nearest } from "../lib/did-you-mean.js";
import type { Problem } from "../lib/result.js";
import { allowedAt, CHOICES, shapeAt } from "./schema.js";

/** Says in which file and line, flag or variable the value at a path stands. */
export type Where = (path: readonly (string | number)[]) => string;

/** Zod's issues about `input` as problems that name the place, what is allowed and the nearest right name. */
export function toProblems(issues: readonly z.core.$ZodIssue[], input: unknown, where: Where): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key !== "symbol");
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(shapeAt(path) ?? {});
      return issue.keys.map((key) => unknownKey(formatPath([...path, key]), key, known, where([...path, key])));
    }
    return [wrongValue(path, valueAt(input, path), where(path))];
  });
}

/** A name nobody knows: the nearest one, or else all of them. `shown` is the name as the user wrote it. */
export function unknownKey(shown: string, key: string, known: readonly string[], where: string): Problem {
  const near = nearest(key, known);
  const fix = near === undefined ? `The settings here are: ${known.join(", ")}.` : `Did you mean ${near}?`;
  return { what: `${where}: unknown setting ${shown}`, fix };
}

function wrongValue(path: readonly (string | number)[], value: unknown, where: string): Problem {
  const allowed = allowedAt(path);
  const name = path.length === 0 ? "the file" : formatPath(path);
  const state = value === undefined ? "is missing" : `is ${show(value)}`;
  const last = path.at(-1);
  const near = typeof value === "string" ? nearest(value, CHOICES[String(last)] ?? []) : undefined;
  const what = `${where}: ${name} ${state}, but must be ${allowed}`;
  return near === undefined ? { what } : { what, fix: `Did you mean ${near}?` };
}

/** Settings as people write them: workers[2].params.port. */
function formatPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** A wrong value short and on one line. Objects are not spelled out: a list of workers may hold secrets. */
function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(input: unknown, path: readonly (string | number)[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return value;
}
