import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type FilterGraph,
  type FilterOption,
  formatArgs,
  makeFilter,
  parseFiltergraph,
  printFiltergraph,
} from "../../../src/ffmpeg/filtergraph.js";

function parse(text: string): FilterGraph {
  const result = parseFiltergraph(text);
  if (!result.ok) throw new Error(result.failure.detail);
  return result.value;
}

function optionsOf(text: string): [string | undefined, string][] {
  return (parse(text).chains[0]?.[0]?.options ?? []).map(({ name, value }) => [name, value]);
}

const REAL = [
  "yadif",
  "fps=15",
  "crop=640:480,scale=320:240,fade=t=in:st=3:d=9",
  "select='not(mod(n,3))',setpts=N/8/TB",
  "drawbox=x=10:y=10:w=100:h=50:color=red:t=fill:enable='between(t,2,7)'",
  "scale_cuda=w=1920:h=1080,tonemap_cuda=format=yuv420p:p=bt709:t=bt709:m=bt709",
  "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable,zscale=t=bt709:m=bt709:r=tv,format=yuv420p",
  "subtitles=f='/d/s.ass':fontsdir='/d/fonts'",
  "subtitles=in.mkv:si=1",
  "[0:v][1:v]overlay=10:10",
  "[0:v]split=2[a][b];[a]scale=-2:1080[v1];[b]scale=-2:720[v2]",
  "[0:v]setpts=0.5*PTS[v];[0:a]atempo=2[a]",
  "sws_flags=bicubic+accurate_rnd;[in] scale@main = 2 : 2 [mid] ; [mid] null [out]",
  "drawtext=text='it'\\\\\\''s %{pts\\:hms}':x=1",
];

describe("parseFiltergraph", () => {
  test("chains, labels and instance names", () => {
    const graph = parse("sws_flags=bicubic;[0:v] [ b ]overlay@o=1:2[x][y] ,null;\n[x]split = 2 [c];");
    expect(graph).toEqual({
      swsFlags: "bicubic",
      trailing: ";",
      chains: [
        [
          {
            name: "overlay",
            id: "o",
            args: "1:2",
            options: [
              { name: undefined, value: "1" },
              { name: undefined, value: "2" },
            ],
            inputs: ["0:v", "b"],
            outputs: ["x", "y"],
          },
          { name: "null", id: undefined, args: undefined, options: [], inputs: [], outputs: [] },
        ],
        [
          {
            name: "split",
            id: undefined,
            args: " 2 ",
            options: [{ name: undefined, value: "2" }],
            inputs: ["x"],
            outputs: ["c"],
          },
        ],
      ],
    });
  });

  test("positional and named options", () => {
    expect(optionsOf("scale=320:240:flags=lanczos")).toEqual([
      [undefined, "320"],
      [undefined, "240"],
      ["flags", "lanczos"],
    ]);
    expect(optionsOf("scale= w = 2 : h=a=b")).toEqual([
      ["w", "2"],
      ["h", "a=b"],
    ]);
    expect(optionsOf("scale=2::3:")).toEqual([
      [undefined, "2"],
      [undefined, ""],
      [undefined, "3"],
    ]);
    expect(optionsOf("scale=")).toEqual([]);
    // Not a name, since "(" cannot be in one.
    expect(optionsOf("select=eq(n)=1")).toEqual([[undefined, "eq(n)=1"]]);
  });

  test("two levels of escaping", () => {
    expect(optionsOf("select='not(mod(n,3))'")).toEqual([[undefined, "not(mod(n,3))"]]);
    expect(optionsOf("select=not(mod(n\\,3))")).toEqual([[undefined, "not(mod(n,3))"]]);
    // The manual's example: "this is a 'string': may contain one, or more, special characters".
    expect(
      optionsOf("drawtext=text=this is a \\\\\\'string\\\\\\'\\\\: may contain one\\, or more\\, special characters"),
    ).toEqual([["text", "this is a 'string': may contain one, or more, special characters"]]);
    // Quotes of the first level are gone at the second, so the colon splits.
    expect(optionsOf("subtitles='C:/a'")).toEqual([
      [undefined, "C"],
      [undefined, "/a"],
    ]);
    expect(optionsOf("subtitles='C\\:/a'")).toEqual([[undefined, "C:/a"]]);
    expect(optionsOf("drawtext=text=\\\\\\ x\\\\\\ ")).toEqual([["text", " x "]]);
    expect(optionsOf("null='abc, ")).toEqual([[undefined, "abc,"]]);
    expect(optionsOf("null=a\\")).toEqual([[undefined, "a\\"]]);
  });

  test.each([
    ["", "No filters specified"],
    [" \n", "No filters specified"],
    ["null;;null", "No such filter: ''"],
    ["null,,null", "No such filter: ''"],
    [";null", "No such filter: ''"],
    ["[a", "Mismatched '['"],
    ["[]null", "Bad (empty?) label"],
    ["scale=2:2[a", `Mismatched '[' found in the following: "[a".`],
    ["[in]scale=2:2]", `Unable to parse graph description substring: "]"`],
    ["[a]null[b]null", "Unable to parse graph description substring"],
    ["sws_flags=bicubic", "sws_flags not terminated"],
    ["scale=w=2:3", "No option name near '3'"],
  ])("%j is refused with ffmpeg's words", (text, words) => {
    const result = parseFiltergraph(text);
    expect(!result.ok && result.failure.detail).toContain(words);
  });
});

describe("printFiltergraph", () => {
  test.each([...REAL, "a;", "a,", "\\sws_flags=1;b", "\\[x=1", "[\\]]a\\,b@'c,'[' x ']"])("%s", (text) => {
    const graph = parse(text);
    expect(parse(printFiltergraph(graph))).toEqual(graph);
  });

  test("prints plain graphs as they were", () => {
    for (const text of REAL.slice(0, 12)) expect(printFiltergraph(parse(text))).toBe(text);
  });

  test("property: parse(print(parse(x))) equals parse(x), and nothing throws", () => {
    const piece = fc.constantFrom(
      "scale",
      "a",
      "sws_flags",
      "=",
      ":",
      ",",
      ";",
      "[",
      "]",
      "'",
      "\\",
      " ",
      "@",
      "x=1",
      "[in]",
      "\t",
      "é",
      "😀",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
        ),
        (text) => {
          const first = parseFiltergraph(text);
          if (!first.ok) return;
          expect(parseFiltergraph(printFiltergraph(first.value))).toEqual(first);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("property: options and labels survive makeFilter", () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom("a", "=", ":", ",", ";", "[", "]", "'", "\\", " ")).map((chars) => chars.join("")),
    );
    const label = text.filter((name) => name !== "");
    const unnamed = text.map((value): FilterOption => ({ name: undefined, value }));
    const named = fc
      .tuple(fc.stringMatching(/^[a-z0-9_./-]+$/), text)
      .map(([name, value]): FilterOption => ({ name, value }));
    const options = fc
      .tuple(fc.array(unnamed, { maxLength: 3 }), fc.array(named, { maxLength: 3 }))
      .map((lists) => lists.flat());
    fc.assert(
      fc.property(
        options,
        fc.array(label, { maxLength: 2 }),
        fc.array(label, { maxLength: 2 }),
        (list, inputs, outputs) => {
          const filter = makeFilter("scale", list, { inputs, outputs, id: "x,y" });
          const text = printFiltergraph({ swsFlags: undefined, chains: [[filter, makeFilter("null")]], trailing: "" });
          expect(parse(text).chains).toEqual([[filter, makeFilter("null")]]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("formatArgs leaves ordinary values alone", () => {
    expect(
      formatArgs([
        { name: undefined, value: "320" },
        { name: "flags", value: "lanczos" },
      ]),
    ).toBe("320:flags=lanczos");
    expect(formatArgs([{ name: undefined, value: "a,b:c" }])).toBe("a\\,b\\\\:c");
  });
});

describe.skipIf(spawnSync("ffmpeg", ["-version"]).status !== 0)("against the installed ffmpeg", () => {
  test.each([
    " a:b,c;[d]=e 'f' \\g ",
    "it's \\\\ \\'x",
    "x=1",
    "a,b",
    "'",
    "\\",
    "é 😀 ",
  ])("it reads back %j", (value) => {
    const add = makeFilter("metadata", [
      { name: undefined, value: "add" },
      { name: "key", value: "k" },
      { name: "value", value },
    ]);
    const print = makeFilter("metadata", [
      { name: undefined, value: "print" },
      { name: "file", value: "-" },
    ]);
    const graph = printFiltergraph({ swsFlags: undefined, chains: [[add, print]], trailing: "" });
    const argv = ["-v", "error", "-f", "lavfi", "-i", "color=s=16x16:d=0.04", "-vf", graph, "-f", "null", "-"];
    const run = spawnSync("ffmpeg", argv, { encoding: "utf8", timeout: 60_000 });
    expect(run.stdout.split("\n")[1], run.stderr).toBe(`k=${value}`);
  });
});
