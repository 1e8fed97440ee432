import { fail, ok, type Result } from "../lib/result.js";

export type JsonPath = readonly (string | number)[];

export interface JsonFault {
  readonly what: string;
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
}

export interface JsonText {
  readonly value: unknown;
  /** Line (from 1) of the key or array item at `path`, or of the nearest one around it. */
  readonly lineOf: (path: JsonPath) => number;
  /** Where each key or array item stands, in the order in which their values end. */
  readonly spans: readonly JsonSpan[];
}

/** A place in a JSON text, by offsets: the key's (an item's: its value's) begin, and begin and end of the value. */
export interface JsonSpan {
  readonly path: JsonPath;
  readonly key: number;
  readonly start: number;
  readonly end: number;
}

/** Deeper than any config; keeps a hostile file from overflowing the stack. */
const MAX_DEPTH = 100;

/**
 * Parses JSON and remembers on which line each key stands. JSON.parse cannot do this: Node 20's messages often
 * carry no position ("Unexpected end of JSON input"). A text of blanks only (also /dev/null) counts as {}.
 */
export function parseJson(text: string): Result<JsonText, JsonFault> {
  // Windows editors put a byte order mark in front, which JSON.parse refuses.
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (source.trim() === "") return ok({ value: {}, lineOf: () => 1, spans: [] });
  const scanner = new Scanner(source);
  if (!scanner.document()) return fail({ what: scanner.fault, ...position(source, scanner.offset) });
  return ok({
    value: JSON.parse(source) as unknown,
    lineOf: (path) => {
      for (let length = path.length; length > 0; length--) {
        const offset = scanner.marks.get(pathKey(path.slice(0, length)));
        if (offset !== undefined) return position(source, offset).line;
      }
      return 1;
    },
    spans: scanner.spans,
  });
}

function pathKey(path: JsonPath): string {
  return JSON.stringify(path);
}

function position(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: before.length, column: Array.from(before.at(-1) ?? "").length + 1 };
}

/** A checking pass after RFC 8259. Each method returns false when it stopped, with `fault` and `offset` set. */
class Scanner {
  readonly marks = new Map<string, number>();
  readonly spans: JsonSpan[] = [];
  fault = "";
  offset = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(): boolean {
    if (!this.#value([])) return false;
    this.#blanks();
    return this.offset === this.#text.length || this.#stop("text after the end of the JSON value");
  }

  #value(path: JsonPath): boolean {
    this.#blanks();
    if (path.length > MAX_DEPTH) return this.#stop("nested too deep");
    const char = this.#text[this.offset];
    if (char === "{") return this.#list(path, "}", true);
    if (char === "[") return this.#list(path, "]", false);
    if (char === '"') return this.#string();
    if (this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y)) return true;
    if (this.#match(/(?:true|false|null)(?!\w)/y)) return true;
    return this.#stop(this.#unexpected("a value"));
  }

  #list(path: JsonPath, close: "}" | "]", keyed: boolean): boolean {
    this.offset++;
    this.#blanks();
    if (this.#take(close)) return true;
    for (let index = 0; ; index++) {
      this.#blanks();
      const start = this.offset;
      let key: string | number = index;
      if (keyed) {
        if (this.#text[start] !== '"') return this.#stop(this.#unexpected('a key in double quotes ("...")'));
        if (!this.#string()) return false;
        key = JSON.parse(this.#text.slice(start, this.offset)) as string;
        this.#blanks();
        if (!this.#take(":")) return this.#stop(this.#unexpected('":" after the key'));
      }
      this.marks.set(pathKey([...path, key]), start);
      this.#blanks();
      const valueStart = this.offset;
      if (!this.#value([...path, key])) return false;
      this.spans.push({ path: [...path, key], key: start, start: valueStart, end: this.offset });
      this.#blanks();
      if (this.#take(close)) return true;
      const comma = this.offset;
      if (!this.#take(",")) return this.#stop(this.#unexpected(`"," or "${close}"`));
      this.#blanks();
      if (this.#text[this.offset] === close) return this.#stop(`no comma may stand before "${close}"`, comma);
    }
  }

  #string(): boolean {
    const start = this.offset;
    this.offset++;
    // The piece is matched in chunks: one regular expression over a long string could exhaust the engine's stack.
    while (this.#match(/[^"\\\p{Cc}]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})|[\u007f-\u009f]/uy));
    if (this.#take('"')) return true;
    const char = this.#text[this.offset];
    if (char === "\\") return this.#stop('a wrong escape: a backslash itself is written "\\\\"');
    if (char === undefined || char === "\n" || char === "\r")
      return this.#stop("a string without its end quote", start);
    return this.#stop('a control character in a string: a tab is written "\\t"');
  }

  #unexpected(wanted: string): string {
    const char = this.#text[this.offset];
    if (char === undefined) return `the file ends where ${wanted} should be`;
    if (char === "'") return `found ', expected ${wanted}: JSON has double quotes only`;
    if (char === "/" || char === "#") return `found a comment, expected ${wanted}: write comments as "//": "text"`;
    return `found ${JSON.stringify(char)}, expected ${wanted}`;
  }

  #blanks(): void {
    this.#match(/[ \t\r\n]*/y);
  }

  #take(char: string): boolean {
    if (this.#text[this.offset] !== char) return false;
    this.offset++;
    return true;
  }

  #match(sticky: RegExp): boolean {
    sticky.lastIndex = this.offset;
    const found = sticky.exec(this.#text);
    if (found === null) return false;
    this.offset += found[0].length;
    return true;
  }

  #stop(fault: string, offset = this.offset): false {
    this.fault = fault;
    this.offset = offset;
    return false;
  }
}
