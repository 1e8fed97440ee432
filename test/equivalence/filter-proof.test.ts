/**
 * Is the table of filters true? For every filter it calls frame, window or grid, the frames
 * that the filter makes of a whole film are compared with those it makes of pieces of the
 * film, widened and trimmed as the table says: pixels, times, flags, aspect and metadata.
 * Plain and pieces are run with different numbers of threads, unless the trait asks for the same.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseFiltergraph } from "../../src/ffmpeg/filtergraph.js";
import { DEFINITIONS } from "../../src/plan/filters/filter-trait.js";
import { filterTrait, optionsInput, type Condition, type FilterTrait } from "../../src/plan/filters/index.js";
import { GRIDS, SAMPLES, WITHOUT_SAMPLE } from "./filter-proof-samples.js";
import { ALL } from "../thorough.js";

const FRAMES = 64;
const TICKS = 12_800;
/** Many rates have whole ticks here, halves of TICKS among them. */
const OUT_TICKS = 76_800_000;
/** First frames of the pieces but the first: pieces of one frame at both ends and within. */
const SEAMS = [1, 14, 15, 37, FRAMES - 1];
const EVERYTHING: ReadonlySet<Condition> = new Set<Condition>([
  "same-filter-threads",
  "same-fonts",
  "subtitles-apart",
  "steady-textfile",
]);

const listed = spawnSync("ffmpeg", ["-hide_banner", "-filters"], { encoding: "utf8" }).stdout ?? "";
/** Names of filters that take or give pictures. */
const installed = new Set(
  [...listed.matchAll(/^ *[T.][S.][C.] +(\S+) +(\S+->\S+)/gm)]
    .filter(([, , pads = ""]) => /V|N->N|^\|->\||N->V|V->N/.test(pads))
    .map(([, name = ""]) => name),
);
const dir = mkdtempSync(join(tmpdir(), "filter-proof-"));
const source = join(dir, "source.nut");
let pts: readonly number[] = [];

function ffmpeg(args: readonly string[]): { readonly stdout: string; readonly stderr: string } {
  const run = spawnSync("ffmpeg", ["-hide_banner", "-nostdin", "-nostats", "-y", ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 60_000,
  });
  if (run.status !== 0) throw new Error(`ffmpeg ${args.join(" ")}: ${run.stderr.slice(-1000)}`);
  return run;
}

beforeAll(() => {
  // Moving, with noise of its own in each frame, two cuts, and frames not quite evenly spaced.
  ffmpeg([
    ..."-v error -f lavfi -i testsrc2=s=128x96:r=25:d=4 -f lavfi -i mandelbrot=s=128x96:rate=25:end_pts=40".split(" "),
    ..."-f lavfi -i life=s=128x96:r=25:seed=7:mold=10:ratio=0.3:death_color=#204060:life_color=#e0c080".split(" "),
    "-filter_complex",
    "[0:v][1:v]overlay=x=30:y=20:enable='between(t,0.6,1.5)':shortest=1[ab];[ab][2:v]blend=all_mode=average:" +
      "enable='gt(t,1.3)':shortest=1,noise=alls=14:allf=t:all_seed=5,format=yuv420p,settb=1/12800," +
      "setpts='PTS+128*mod(floor(N*7/3)\\,3)'[o]",
    ...`-map [o] -frames:v ${FRAMES} -fps_mode passthrough -enc_time_base 1/12800 -c:v rawvideo`.split(" "),
    source,
  ]);
  const { stdout } = ffmpeg(
    `-v error -copyts -i ${source} -fps_mode passthrough -enc_time_base 1/${TICKS} -f framecrc -`.split(" "),
  );
  pts = [...stdout.matchAll(/^0, *-?\d+, *(-?\d+),/gm)].map((match) => Number(match[1]));
  expect(pts).toHaveLength(FRAMES);

  const steps = [0, 0.25, 0.5, 0.75, 1];
  const cube = steps.flatMap((b) => steps.flatMap((g) => steps.map((r) => `${r ** 1.2} ${g ** 0.9} ${b}`)));
  writeFileSync(join(dir, "lut3d.cube"), `LUT_3D_SIZE 5\n${cube.join("\n")}\n`);
  writeFileSync(
    join(dir, "lut1d.cube"),
    `LUT_1D_SIZE 5\n${steps.map((v) => `${v ** 1.2} ${v} ${v ** 0.9}`).join("\n")}\n`,
  );
  const event = (n: number, from: string, to: string) => `${n}\n00:00:0${from} --> 00:00:0${to}\nline ${n}\n\n`;
  writeFileSync(join(dir, "apart.srt"), event(1, "0,200", "0,900") + event(2, "0,900", "2,300"));
  writeFileSync(join(dir, "overlapping.srt"), event(1, "0,200", "1,400") + event(2, "0,900", "2,300"));
  ffmpeg([
    ..."-v error -f lavfi -i color=black:s=128x96,drawbox=20:20:30:20:white:fill -frames:v 1 -pix_fmt gray".split(" "),
    join(dir, "logo.pgm"),
  ]);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A frame with all that is told of it but its number: "pts ...", then its metadata. */
type Frames = readonly string[];

/** Runs each chain on the source, all in one process, and returns what each put out. */
function outputs(before: string, chains: readonly string[]): readonly Frames[] {
  const pads = chains.map((_, i) => `[i${i}]`).join("");
  const parts = chains.map((chain, i) => `[i${i}]${chain},metadata@${i}=print,showinfo@${i}[o${i}]`);
  const graph = `[0:v]settb=1/${TICKS},${before === "" ? "" : `${before},`}split=${chains.length}${pads};${parts.join(";")}`;
  const sinks = chains.flatMap((_, i) => ["-map", `[o${i}]`, "-fps_mode", "passthrough", "-f", "null", "-"]);
  const { stderr } = ffmpeg([
    "-filter_complex_threads",
    "3",
    "-copyts",
    "-i",
    source,
    "-filter_complex",
    graph,
    ...sinks,
  ]);

  const found: string[][] = chains.map(() => []);
  const tags: string[] = chains.map(() => "");
  for (const line of stderr.split("\n")) {
    const [, filter, index = "", text = ""] = /^\[(showinfo|metadata)@(\d+) @ \w+\] (.*)$/.exec(line) ?? [];
    const at = Number(index);
    const shown = /^n: *\d+ pts: *(\S+) pts_time:\S+ +(?:duration: *\S+ duration_time:\S+ +)?(?:pos: *\S+ )?(.*)$/.exec(
      text,
    );
    if (filter === "metadata") tags[at] += /^frame:/.test(text) ? "" : ` ${text}`;
    else if (filter === "showinfo" && shown) {
      found[at]?.push(`${shown[1]} ${shown[2]}${tags[at]}`);
      tags[at] = "";
    }
  }
  return found;
}

/** Input frames [from, to) of the source. */
function trimFrames(from: number, to: number): string {
  return trim(from <= 0 ? undefined : pts[from], pts[to]);
}

function trim(start: number | undefined, end: number | undefined): string {
  if (start === undefined && end === undefined) return "null";
  return `trim=${[start === undefined ? [] : [`start_pts=${start}`], end === undefined ? [] : [`end_pts=${end}`]].flat().join(":")}`;
}

function traitOf(chain: string, granted?: ReadonlySet<Condition>): FilterTrait {
  const parsed = parseFiltergraph(chain);
  if (!parsed.ok) throw new Error(`${chain} cannot be read`);
  const use = parsed.value.chains[0]?.[0];
  if (use === undefined) throw new Error(`${chain} is empty`);
  return filterTrait(optionsInput(use.name, use.options), granted);
}

/** Filters without options of their own refuse even the common ones (libavfilter/avfilter.c); none of them has slices. */
const WITHOUT_OPTIONS = new Set([
  ..."alphaextract copy null pixdesctest separatefields showpalette super2xsai".split(" "),
]);

/** `chain` with its first filter held to so many threads. */
function withThreads(chain: string, threads: number): string {
  if (WITHOUT_OPTIONS.has(firstFilter(chain))) return chain;
  return chain.replace(/^(\w+)(=?)((?:'[^']*'|[^,'])*)/, (_, name: string, equals: string, args: string) =>
    equals === "" ? `${name}=threads=${threads}` : `${name}=${args}:threads=${threads}`,
  );
}

/** How far to widen the input at both ends, and whether to trim after. */
function piece(trait: FilterTrait, from: number, to: number): { readonly first: number; readonly end: number } {
  switch (trait.kind) {
    case "frame":
      return { first: from, end: to };
    case "window":
      return { first: from - trait.before, end: to + trait.after };
    case "grid": {
      const border = (pts[to] ?? 0) + (trait.afterPeriods * TICKS * Number(trait.rate.den)) / Number(trait.rate.num);
      const past = pts.findIndex((p, i) => i >= to && p >= border);
      return { first: from - trait.before, end: past < 0 ? FRAMES : past + trait.after };
    }
    case "move":
      throw new Error("what moves frames is proven with the film's own clock, in times.test.ts");
    case "whole":
      throw new Error(`whole: ${trait.reason}`);
  }
}

/** What the plain chain puts out, and what its pieces do, joined. */
function compare(sample: string): { readonly plain: Frames; readonly pieces: Frames } {
  const [before = "", chain = ""] = sample.includes("|") ? sample.split("|") : ["", sample];
  const text = chain.replace("{dir}", dir);
  const trait = traitOf(text, EVERYTHING);
  const threads = traitOf(text, EVERYTHING_BUT_THREADS).kind === "whole" ? [2, 2] : [1, 3];
  const borders = [0, ...SEAMS, FRAMES];
  const pieces = borders.slice(1).map((to, i) => {
    const from = borders[i] ?? 0;
    const { first, end } = piece(trait, from, to);
    const scale = OUT_TICKS / TICKS;
    const after =
      trait.kind === "frame"
        ? "null"
        : trim(from === 0 ? undefined : (pts[from] ?? 0) * scale, to === FRAMES ? undefined : (pts[to] ?? 0) * scale);
    return `${trimFrames(first, end)},${withThreads(text, threads[1] ?? 1)},settb=1/${OUT_TICKS},${after}`;
  });
  const [plain = [], ...parts] = outputs(before, [
    `${withThreads(text, threads[0] ?? 1)},settb=1/${OUT_TICKS}`,
    ...pieces,
  ]);
  return { plain, pieces: parts.flat() };
}

const EVERYTHING_BUT_THREADS = new Set([...EVERYTHING].filter((condition) => condition !== "same-filter-threads"));

function firstFilter(sample: string): string {
  return /^\w+/.exec(sample.slice(sample.indexOf("|") + 1))?.[0] ?? "";
}

test("every filter of the table has a sample", () => {
  const sampled = new Set([...SAMPLES, ...GRIDS].map(firstFilter));
  expect([...DEFINITIONS.keys()].filter((name) => !sampled.has(name) && !WITHOUT_SAMPLE.has(name))).toEqual([]);
});

test("every filter installed is in the table", () => {
  const unknown = (name: string) => {
    const trait = filterTrait(optionsInput(name, []));
    return trait.kind === "whole" && trait.reason === "is an unknown filter";
  };
  expect([...installed].filter(unknown)).toEqual([]);
});

describe.skipIf(installed.size === 0)("frames over seams are those of the plain filter", () => {
  for (const [i, sample] of [...SAMPLES, ...GRIDS].entries()) {
    const short = sample.replace(/^split\[.*\|/, "mixed|");
    // The table as a whole takes two minutes.
    const rests = !ALL && i % 5 !== 0;
    test.skipIf(rests || !installed.has(firstFilter(sample)))(short, () => {
      const { plain, pieces } = compare(sample);
      expect(plain.length).toBeGreaterThan(1);
      expect(pieces).toEqual(plain);
    });
  }
});

describe.skipIf(!installed.has("subtitles"))("the proof can tell", () => {
  test("subtitles that overlap across a seam from those that do not", () => {
    const { plain, pieces } = compare("subtitles={dir}/overlapping.srt");
    expect(pieces).toHaveLength(plain.length);
    expect(pieces).not.toEqual(plain);
  });
});
