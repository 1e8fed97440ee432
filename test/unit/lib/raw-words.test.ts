import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasRawWords, withRawWords } from "../../../src/lib/raw-words.js";

/** Words of any bytes that an argument can carry: arbitrary ones, and text with something broken in it. */
const part = fc.oneof(
  fc.constantFrom(..."'\"`$()\\%-. \n\t;&|<>*?!~#=".split("").map((char) => Buffer.from(char))),
  fc.constantFrom("é", "😀", "\uFFFD", "x.", "-i", "$(id)", "%s", "\\0").map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 4, min: 1 }).map((bytes) => Buffer.from(bytes)),
);
const word = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.concat(parts));

/** What a program started in this way is given, as printf(1) sees it. */
function received(words: readonly Buffer[], shell: string | undefined, env: Record<string, string>): Buffer[] {
  const told = words.map((bytes) => bytes.toString("utf8"));
  const { bin, argv } = withRawWords("/usr/bin/printf", ["%s\\0", ...told], () => words);
  const start = bin === "/bin/sh" && shell !== undefined ? [...shell.split(" "), ...argv] : [bin, ...argv];
  const out = execFileSync(start[0] ?? "", start.slice(1), {
    env: { PATH: process.env.PATH ?? "", HOME: "/", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ends = [...out.keys()].filter((at) => out[at] === 0);
  return ends.map((end, i) => out.subarray((ends[i - 1] ?? -1) + 1, end));
}

describe.each([
  [undefined, {}],
  ["bash --norc --posix", { LC_ALL: "C.UTF-8" }],
] as const)("through %s", (shell, env) => {
  test("a program is given every word byte for byte", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        // Nothing distinguishes the same word given twice otherwise than by its order.
        expect(received(words, shell, env)).toEqual(words);
      }),
      { numRuns: 150, examples: [[[Buffer.from([194, 92]), Buffer.from([])]]] },
    );
  });
});

test("words that are valid, U+FFFD among them, are none that are lost", () => {
  const words = ["a", "\uFFFD", "é"].map((text) => Buffer.from(text));
  expect(hasRawWords(["a", "\uFFFD", "é"], () => words)).toBe(false);
  expect(withRawWords("x", ["\uFFFD"], () => words)).toEqual({ bin: "x", argv: ["\uFFFD"] });
  expect(hasRawWords(["a\uFFFD"], () => [Buffer.from([97, 0xff])])).toBe(true);
  // Where the system does not tell the words, they are taken as they are.
  expect(hasRawWords(["a\uFFFD"], () => [])).toBe(false);
});
