import { describe, expect, test } from "vitest";
import { parseFiltergraph } from "../../../src/ffmpeg/filtergraph.js";
import { type FilmGraph, readFilmGraph } from "../../../src/plan/film-graph.js";
import type { Result } from "../../../src/lib/result.js";

function read(text: string): Result<FilmGraph, string> {
  const parsed = parseFiltergraph(text);
  if (!parsed.ok) throw new Error(parsed.failure.detail);
  return readFilmGraph(parsed.value);
}

/** "film's end > filters > output; picture > filters > filter it meets the film in" */
function shape(text: string): string {
  const graph = read(text);
  if (!graph.ok) return graph.failure;
  const { line, pictures, input, output } = graph.value;
  const names = (nodes: FilmGraph["line"]): string[] => nodes.map((n) => n.use.name);
  const ways = pictures.map(({ from, filters, into }) =>
    [from.kind === "input" ? (from.end.label ?? "?") : "file", ...names(filters), into.use.name].join(">"),
  );
  return [[input.label ?? "?", ...names(line), output.label ?? "?"].join(">"), ...ways].join("; ");
}

describe("the film's way through a graph", () => {
  test.each([
    ["hflip", "?>hflip>?"],
    ["[0:v]scale=80:-2,hflip[v]", "0:v>scale>hflip>v"],
    ["[0:v]scale[a];[a]hflip[v]", "0:v>scale>hflip>v"],
    ["[a]hflip[v];[0:v]scale[a]", "0:v>scale>hflip>v"],
    ["overlay", "?>overlay>?; ?>overlay"],
    ["[0:v][1:v]overlay=1:2[v]", "0:v>overlay>v; 1:v>overlay"],
    ["[1:v]scale,format=rgba[l];[0:v][l]overlay,hflip", "0:v>overlay>hflip>?; 1:v>scale>format>overlay"],
    ["movie=a.png,scale[l];[in][l]overlay", "in>overlay>?; file>scale>overlay"],
    // Labels come before what the filter before has left.
    ["[0:v]hflip,[1:v]overlay", "1:v>overlay>?; 0:v>hflip>overlay"],
    ["[0:v][1:v]overlay[a];[a][2:v]haldclut", "0:v>overlay>haldclut>?; 1:v>overlay; 2:v>haldclut"],
  ])("%s", (text, wanted) => expect(shape(text)).toBe(wanted));

  test.each([
    ["split[a][b];[a][b]hstack", "the ways behind filter split meet again"],
    ["[0:v]hflip[a];[1:v]vflip[b]", "the filter graph has several outputs"],
    ["no_such_filter", "filter no_such_filter: is an unknown filter"],
    ["movie=a.png,hflip", "the filter graph makes its picture by itself"],
    ["[1:v][2:v]overlay[l];[0:v][l]overlay", "the filter graph joins pictures before they meet the film"],
    ["[0:v]hflip[a][b]", "filter hflip has too many links"],
    ["[0:v][1:v]hflip", "filter hflip has too many links"],
    ["[a]hflip[v];[a]vflip[w]", "the filter graph uses a label twice"],
    ["[a]hflip[b];[b]vflip[a];[0:v]null", "the filter graph has parts that do not meet the film"],
  ])("%s: %s", (text, reason) => expect(shape(text)).toBe(reason));
});
