import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../src/config/json.js";

describe("parseJson", () => {
  test.each([
    ['{\n  "a": 1,\n}', 2, 9, 'no comma may stand before "}"'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'expected "," or "}"'],
    ["{'a': 1}", 1, 2, "double quotes only"],
    ["{a: 1}", 1, 2, "a key in double quotes"],
    ['{"a" 1}', 1, 6, '":" after the key'],
    ['{"a": }', 1, 7, 'found "}", expected a value'],
    ['{"a": [1, 2', 1, 12, "the file ends where"],
    ['{\n  // here\n  "a": 1\n}', 2, 3, "found a comment"],
    ['{"a": "open\n}', 1, 7, "a string without its end quote"],
    ['{"a": "C:\\temp\\x"}', 1, 15, "a wrong escape"],
    ['{"a": "tab\there"}', 1, 11, "a control character"],
    ['{"a": 01}', 1, 7, "expected a value"],
    ['{"a": truely}', 1, 7, "expected a value"],
    ["{} {}", 1, 4, "text after the end"],
    ['{"ü💡": x}', 1, 8, "expected a value"],
    ["[".repeat(500), 1, 102, "nested too deep"],
  ])("%j is wrong at line %i, column %i", (text, line, column, what) => {
    expect(parseJson(text)).toEqual({ ok: false, failure: { what: expect.stringContaining(what), line, column } });
  });

  test("knows the line of every key", () => {
    const parsed = parseJson('\uFEFF{\r\n  "a": 1,\r\n  "list": [\r\n    {"x": 1,\r\n     "y": [2]}\r\n  ]\r\n}');
    if (!parsed.ok) throw new Error(parsed.failure.what);
    const { lineOf, value } = parsed.value;
    expect(value).toEqual({ a: 1, list: [{ x: 1, y: [2] }] });
    expect([["a"], ["list"], ["list", 0], ["list", 0, "y"], ["list", 0, "y", 0]].map(lineOf)).toEqual([2, 3, 4, 5, 5]);
    expect(lineOf(["list", 0, "missing"])).toBe(4);
    expect(lineOf(["missing"])).toBe(1);
  });

  test("an empty text is an empty object", () => {
    expect(parseJson(" \n")).toMatchObject({ ok: true, value: { value: {} } });
  });

  test("takes what JSON.parse takes, and nothing else", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", '"', "\\", "0", " ", "\n"), (json, at, piece) => {
        const index = at % (json.length + 1);
        const text = json.slice(0, index) + piece + json.slice(index);
        let expected: unknown;
        try {
          expected = { ok: true, value: JSON.parse(text) };
        } catch {
          expected = { ok: false };
        }
        const parsed = parseJson(text);
        expect(parsed.ok ? { ok: true, value: parsed.value.value } : { ok: false }).toEqual(expected);
      }),
    );
  });
});
