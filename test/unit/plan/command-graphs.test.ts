import { describe, expect, test } from "vitest";
import type { GraphYield } from "../../../src/ffmpeg/log.js";
import { findOutlets, readGraphs } from "../../../src/plan/command-graphs.js";
import { command, findings } from "./rig.js";

const graphsOf = (words: string) => {
  const graphs = readGraphs(command(words));
  if (!graphs.ok) throw new Error(graphs.failure);
  return graphs.value;
};

describe("film and sound in graphs", () => {
  test("are told apart; what makes sound is kept for FINAL, with a label on every output", () => {
    const { films, sound } = graphsOf(
      "-i a -filter_complex [0:a]volume=2[x];[0:v]hflip[v];[x][1:a]amix -filter_complex [2:a]atempo=2[y] -map [v] o.mkv",
    );
    expect(films).toHaveLength(1);
    expect(films[0]).toMatchObject({ index: 0, graph: { output: { label: "v", filter: "hflip" } } });
    expect(sound.map((one) => one.description)).toEqual([
      "[0:a]volume=2[x];[x][1:a]amix[sound0-0]",
      "[2:a]atempo=2[y]",
    ]);
    expect(sound.flatMap((one) => one.outlets.map((o) => o.name))).toEqual(["sound0-0", "y"]);
  });

  test.each([
    ["-filter_complex [0:v]split[a][b];[a][b]overlay[c]", "the ways behind filter split meet again"],
    ["-filter_complex [0:a]showwaves[v]", "filter showwaves: draws what it hears"],
    ["-filter_complex [0:v][0:a]concat=a=1", "filter concat: joins films"],
  ])("%s: %s", (words, reason) => {
    const graphs = readGraphs(command(`-i a ${words} o.mkv`));
    expect(graphs.ok ? "split" : graphs.failure).toBe(reason);
  });

  test("every picture that comes out is a film, and a split on its way gives it alone", () => {
    const { films } = graphsOf(
      "-i a -filter_complex [0:v]hflip,split=3[a][b][c];[b]scale=8:8[d];[c]negate,split[e][f] o.mkv",
    );
    expect(films.map(({ graph }) => graph.line.map(({ use }) => `${use.name}=${use.args ?? ""}`).join())).toEqual([
      "hflip=,split=1",
      "hflip=,split=1,scale=8:8",
      "hflip=,split=1,negate=,split=1",
      "hflip=,split=1,negate=,split=1",
    ]);
    expect(films.map(({ graph }) => graph.output.label)).toEqual(["a", "d", "e", "f"]);
  });

  const yields = (...out: [graph: number, filter: string][]): { yields: GraphYield[] } => ({
    yields: out.map(([graph, filter], outputStream) => ({ graph, filter, outputStream, outputFile: 0, encoder: "x" })),
  });

  test("outputs without a label come first, the others as -map takes them", () => {
    const words = "-i a -filter_complex [0:v]hflip;[0:a]volume[a];[1:a]volume[b] -map [b] -map 0:s -map [a] o.mkv";
    const said = yields([0, "hflip"], [0, "volume"], [0, "volume"]);
    const outlets = findOutlets(command(words), graphsOf(words), { ...findings(), ...said });
    expect(outlets).toMatchObject({
      ok: true,
      value: {
        films: [{ outputStream: 0 }],
        sound: [
          { outputStream: 2, label: "a" },
          { outputStream: 1, label: "b" },
        ],
      },
    });
  });

  test("what ffmpeg says must agree", () => {
    const words = "-i a -filter_complex [0:v]hflip[v] -map [v] o.mkv";
    for (const said of [yields(), yields([0, "vflip"]), yields([1, "hflip"]), yields([0, "hflip"], [0, "hflip"])]) {
      expect(findOutlets(command(words), graphsOf(words), { ...findings(), ...said }).ok).toBe(false);
    }
  });
});
