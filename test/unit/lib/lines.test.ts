import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSplitter, Tail } from "../../../src/lib/lines.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function linesOf(chunks: readonly Uint8Array[], limit?: number): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), limit);
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

describe("LineSplitter", () => {
  test("newline, carriage return and both end a line", () => {
    expect(linesOf([bytes("a\nb\rc\r\nd\n\ne")])).toEqual(["a", "b", "c", "d", "", "e"]);
  });

  test("lines come as soon as they are whole", () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.push(bytes("fra"));
    expect(lines).toEqual([]);
    splitter.push(bytes("me=1\rfr"));
    expect(lines).toEqual(["frame=1"]);
    splitter.end();
    splitter.end();
    expect(lines).toEqual(["frame=1", "fr"]);
  });

  test("a line end cut in two is one line end", () => {
    expect(linesOf([bytes("a\r"), bytes("\nb\r"), bytes(""), bytes("\n"), bytes("\nc\r"), bytes("d")])).toEqual([
      "a",
      "b",
      "",
      "c",
      "d",
    ]);
  });

  test("nothing gives nothing", () => {
    expect(linesOf([])).toEqual([]);
    expect(linesOf([bytes(""), bytes("")])).toEqual([]);
    expect(linesOf([bytes("\n")])).toEqual([""]);
  });

  test("letters cut in two are put together; what is no UTF-8 is no failure", () => {
    const [one, two, ...rest] = bytes("é\n");
    expect(linesOf([Uint8Array.of(one ?? 0), Uint8Array.of(two ?? 0), Uint8Array.from(rest)])).toEqual(["é"]);
    expect(linesOf([Uint8Array.of(0x61, 0xff, 0x0a, 0xc3)])).toEqual(["a\ufffd", "\ufffd"]);
  });

  test("a line too long comes in pieces, newline or not", () => {
    expect(linesOf([bytes("abcdefgh\nij")], 3)).toEqual(["abc", "def", "gh", "ij"]);
    expect(linesOf([bytes("abcd"), bytes("efgh"), bytes("\n")], 3)).toEqual(["abc", "def", "gh"]);
    expect(linesOf([bytes("abc\n")], 3)).toEqual(["abc"]);
  });

  test("how the stream is cut makes no difference", () => {
    const text = fc.string({ unit: fc.constantFrom("\r", "\n", "\r\n", "a", "é", "𝄞", " "), maxLength: 40 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (whole, places) => {
        const all = bytes(whole);
        const cuts = [0, ...places.map((p) => Math.min(p, all.length)).sort((a, b) => a - b), all.length];
        const chunks = cuts.slice(1).map((to, i) => all.slice(cuts[i], to));
        const wanted = whole.split(/\r\n|\n|\r/);
        if (wanted.at(-1) === "") wanted.pop();
        expect(linesOf(chunks)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  test("no piece is longer than the limit, and none is lost", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 50 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, n) => {
          const lines = linesOf(parts.map(bytes), n);
          expect(lines.every((line) => line.length <= n)).toBe(true);
          expect(lines.join("")).toBe(new TextDecoder().decode(bytes(parts.join(""))).replace(/[\r\n]/g, ""));
        },
      ),
    );
  });
});

describe("Tail", () => {
  test("keeps the last ones in order", () => {
    const tail = new Tail(3);
    expect(tail.items).toEqual([]);
    for (const item of ["1", "2", "3", "4", "5"]) tail.push(item);
    expect(tail.items).toEqual(["3", "4", "5"]);
  });

  test("forty unless told otherwise", () => {
    const tail = new Tail();
    for (let i = 0; i < 100; i++) tail.push(`${i}`);
    expect(tail.items).toHaveLength(40);
    expect(tail.items[0]).toBe("60");
  });
});
