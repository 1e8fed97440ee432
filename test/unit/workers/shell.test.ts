import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quote, quoteAll } from "../../../src/lib/shell.js";

/** What a shell makes of the words, each ended by NUL. */
function readBack(shell: readonly string[], words: string): string[] {
  const [file = "sh", ...args] = shell;
  const printed = execFileSync(file, [...args, "-c", `printf '%s\\0' ${words}`], { encoding: "utf8" });
  return printed.split("\0").slice(0, -1);
}

const ODD = [
  "",
  " ",
  "a b",
  "'",
  "''",
  "\\",
  "\\'",
  "\\\\n",
  "$(touch x)",
  "`id`",
  "$HOME",
  "a\nb",
  "\n",
  "é😀",
  "-n",
  "*",
  "~",
  "!!",
  "a!b'c\\d",
  "%s",
  "#",
  "=",
  ";",
  "\t",
  "\r",
];

describe("quote", () => {
  test("leaves plain words readable", () => {
    expect(quoteAll(["ffmpeg", "-i", "/a/b.mkv", "-c:v", "libx264", "-b:v", "2.5M"])).toBe(
      "ffmpeg -i /a/b.mkv -c:v libx264 -b:v 2.5M",
    );
    expect(quote("")).toBe("''");
    expect(quote("a b")).toBe("'a b'");
  });

  test("keeps backslashes, quotes and exclamation marks outside the quotes, for fish and csh", () => {
    expect(quote("it's \\ !")).toBe("'it'\\''s '\\\\' '\\!");
  });

  test.each([["sh"], ["dash"], ["bash"], ["busybox", "sh"]])("reads back as it was in %s %s", (...shell) => {
    expect(readBack(shell.filter(Boolean), quoteAll(ODD))).toEqual(ODD);
  });

  test("any words read back as they were", () => {
    const word = fc
      .string({ unit: "binary", maxLength: 40 })
      .map((text) => Buffer.from(text.replaceAll("\0", "")).toString());
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        expect(readBack(["sh"], quoteAll(words))).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });

  test("refuses NUL, which no argument can hold", () => {
    expect(() => quote("a\0b")).toThrow(RangeError);
  });
});
