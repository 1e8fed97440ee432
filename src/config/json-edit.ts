import { isDeepStrictEqual } from "node:util";
import { type JsonPath, type JsonSpan, type JsonText, parseJson } from "./json.js";

/*
 * Changes a JSON text by hand's breadth: what is not touched stays byte for byte, with the blanks, the order and the
 * comments that somebody has given it.
 */

/** Sets the value at `path`, whose parents are there; an item behind the last of its list is added. Undefined when the text does not allow it. */
export function setAt(text: string, path: JsonPath, value: unknown): string | undefined {
  return edited(
    text,
    (source, json) => {
      const found = spanAt(json, path);
      if (!found) return insert(source, json, path, value);
      const written = write(source, value, indentAt(source, found.key));
      return source.slice(0, found.start) + written + source.slice(found.end);
    },
    (whole) => change(whole, path, (parent, key) => put(parent, key, value)),
  );
}

/** Takes out what stands at `path`, and a comma with it. Undefined when nothing does, or the text does not allow it. */
export function removeAt(text: string, path: JsonPath): string | undefined {
  return edited(
    text,
    (source, json) => {
      const parent = path.slice(0, -1);
      const siblings = childrenOf(json, parent);
      const at = siblings.findIndex(({ path: other }) => isDeepStrictEqual(other, path));
      const [own, before, next] = [siblings[at], siblings[at - 1], siblings[at + 1]];
      if (!own) return undefined;
      if (next) return source.slice(0, own.key) + source.slice(next.key);
      if (before) return source.slice(0, before.end) + source.slice(own.end);
      const around = spanAt(json, parent) ?? rootSpan(source);
      return source.slice(0, around.start + 1) + source.slice(around.end - 1);
    },
    (whole) => change(whole, path, drop),
  );
}

/** Does an edit, and sees that it has changed what it was to change and nothing else (a key that is there twice …). */
function edited(
  text: string,
  edit: (source: string, json: JsonText) => string | undefined,
  expect: (whole: unknown) => void,
): string | undefined {
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const bare = text.slice(mark.length);
  const source = bare.trim() === "" ? "{}\n" : bare;
  const before = parseJson(source);
  if (!before.ok) return undefined;
  const done = edit(source, before.value);
  if (done === undefined) return undefined;
  const after = parseJson(done);
  const wanted = structuredClone(before.value.value);
  expect(wanted);
  return after.ok && isDeepStrictEqual(after.value.value, wanted) ? mark + done : undefined;
}

function insert(source: string, json: JsonText, path: JsonPath, value: unknown): string | undefined {
  const parent = path.slice(0, -1);
  const around = spanAt(json, parent) ?? (parent.length === 0 ? rootSpan(source) : undefined);
  if (!around) return undefined;
  const last = childrenOf(json, parent).at(-1);
  const name = path.at(-1);
  const key = typeof name === "string" ? `${JSON.stringify(name)}: ` : "";
  const line = source.includes("\r\n") ? "\r\n" : "\n";
  if (last) {
    const indent = indentAt(source, last.key);
    // On a line with others it is put behind them.
    const alone =
      /^[ \t]*$/.test(source.slice(lineStart(source, last.key), last.key)) && lineStart(source, last.key) > 0;
    const body = alone ? `${line}${indent}${key}${write(source, value, indent)}` : ` ${key}${JSON.stringify(value)}`;
    return `${source.slice(0, last.end)},${body}${source.slice(last.end)}`;
  }
  const outer = indentAt(source, around.start);
  const inner = outer + unitOf(source, json);
  const body = `${line}${inner}${key}${write(source, value, inner)}${line}${outer}`;
  return source.slice(0, around.start + 1) + body + source.slice(around.end - 1);
}

/** A value as text, its lines behind the first indented. */
function write(source: string, value: unknown, indent: string): string {
  const line = source.includes("\r\n") ? "\r\n" : "\n";
  return JSON.stringify(value, null, indent.includes("\t") ? "\t" : 2).replaceAll("\n", line + indent);
}

const lineStart = (source: string, at: number): number => source.lastIndexOf("\n", at - 1) + 1;
const indentAt = (source: string, at: number): string =>
  /^[ \t]*/.exec(source.slice(lineStart(source, at), at))?.[0] ?? "";

/** What the file indents by. */
function unitOf(source: string, json: JsonText): string {
  const [first] = childrenOf(json, []);
  return (first && indentAt(source, first.key)) || "  ";
}

function spanAt({ spans }: JsonText, path: JsonPath): JsonSpan | undefined {
  return spans.findLast((span) => isDeepStrictEqual(span.path, path));
}

/** In the order of the text. */
function childrenOf({ spans }: JsonText, path: JsonPath): JsonSpan[] {
  return spans.filter((span) => span.path.length === path.length + 1 && path.every((key, i) => span.path[i] === key));
}

function rootSpan(source: string): { readonly start: number; readonly end: number } {
  return { start: source.indexOf("{"), end: source.lastIndexOf("}") + 1 };
}

function change(whole: unknown, path: JsonPath, act: (parent: unknown, key: string | number) => void): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], whole);
  act(parent, path.at(-1) ?? "");
}

function put(parent: unknown, key: string | number, value: unknown): void {
  (parent as Record<string | number, unknown>)[key] = value;
}

function drop(parent: unknown, key: string | number): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent as object, key);
}
