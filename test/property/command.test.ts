import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { globalOptions, toArgv } from "../../src/ffmpeg/command.js";
import { allOptions, makeOption } from "../../src/ffmpeg/options.js";
import { parseCommand } from "../../src/ffmpeg/parse.js";

const flags = allOptions().flatMap(({ name }) => [`-${name}`, `-${name}:v:0`, `-no${name}`, `-/${name}`]);
const word = fc.oneof(
  fc.constantFrom(...flags),
  fc.constantFrom("-crf", "-preset", "-x264-params", "-hls_time", "-metadata:s:a:0"),
  fc.constantFrom(
    "-i",
    "-i",
    "-i",
    "--",
    "-",
    "",
    "---",
    "-:",
    "-/",
    "-no",
    "-5",
    "a.mkv",
    "pipe:1",
    "[v]",
    "0:v?",
    "a 'b' $(c)",
  ),
  fc.string(),
  fc.string().map((text) => `-${text}`),
);
const argvs = fc.array(word, { maxLength: 25 });
const majors = fc.constantFrom(5, 6, 7, 8);

describe("parseCommand", () => {
  test("toArgv gives back every argv that parses, and nothing throws", () => {
    let parsed = 0;
    fc.assert(
      fc.property(argvs, majors, (argv, major) => {
        const result = parseCommand(argv, major);
        if (result.ok) {
          parsed += 1;
          expect(toArgv(result.value)).toEqual(argv);
        } else {
          expect(result.failure.message).toContain(result.failure.option);
        }
      }),
      { numRuns: 3000 },
    );
    expect(parsed).toBeGreaterThan(500);
  });

  test("every word is in one place: an option, its value, a file or a separator", () => {
    fc.assert(
      fc.property(argvs, (argv) => {
        const result = parseCommand(argv);
        if (!result.ok) return;
        const { inputs, outputs, trailing, order } = result.value;
        const uses = [...inputs, ...outputs].flatMap((file) => file.options).concat(trailing);
        const optionWords = uses.length + uses.filter((use) => use.value !== undefined).length;
        const separators = order.filter((item) => item === "--").length;
        expect(optionWords + 2 * inputs.length + outputs.length + separators).toBe(argv.length);
        expect(order.length).toBe(inputs.length + outputs.length + separators);
      }),
    );
  });

  test("options read one by one as makeOption makes them, globals in order", () => {
    fc.assert(
      fc.property(argvs, (argv) => {
        const result = parseCommand(argv);
        if (!result.ok) return;
        const { inputs, outputs, trailing } = result.value;
        const uses = [...inputs, ...outputs].flatMap((file) => file.options).concat(trailing);
        for (const use of uses) expect(makeOption(use.flag, use.value)).toEqual(use);
        const globals = globalOptions(result.value);
        expect(globals).toHaveLength(uses.filter((use) => use.scope === "global").length);
      }),
    );
  });

  test("only an option at the very end fails", () => {
    fc.assert(
      fc.property(argvs, (argv) => {
        const result = parseCommand(argv);
        if (!result.ok) expect(`-${result.failure.option}`).toBe(argv.at(-1));
        expect(parseCommand([...argv, "x"]).ok).toBe(true);
      }),
    );
  });
});
