import { describe, expect, test } from "vitest";
import { toArgv } from "../../../src/ffmpeg/command.js";
import { shareOutputs, viewOutputs } from "../../../src/plan/outputs.js";
import { command } from "./rig.js";

const view = (words: string, ...outputs: number[]): string => {
  const seen = viewOutputs(command(words), outputs);
  return seen.ok ? toArgv(seen.value.command).join(" ") : seen.failure;
};

const LADDER =
  "-y -i a.mkv -filter_complex [0:v]split=3[a][b][c];[b]scale=8:8[d];[0:a]asplit[x][y] -map [a] -map [x] a.mp4 -map [d] b.mp4 -map [c] -map [y] c.mp4";

describe("a command seen as one command an output", () => {
  test("has of the graphs what leads to that output, and all global options", () => {
    expect(view(LADDER, 0)).toBe(
      "-i a.mkv -map [a] -map [x] a.mp4 -y -filter_complex [0:v]split=1[a];[0:a]asplit=1[x]",
    );
    expect(view(LADDER, 1)).toBe("-i a.mkv -map [d] b.mp4 -y -filter_complex [0:v]split=1[b];[b]scale=8:8[d]");
  });

  test("some of the outputs keep what they share", () => {
    expect(view(LADDER, 0, 2)).toContain("-filter_complex [0:v]split=2[a][c];[0:a]asplit[x][y]");
  });

  test("graphs that lead elsewhere go, and the others are known by their numbers", () => {
    const words = "-i a -filter_complex [0:v]hflip[a] -filter_complex [0:v]vflip[b] -map [a] a.mkv -map [b] b.mkv";
    const seen = viewOutputs(command(words), [1]);
    expect(seen).toMatchObject({ ok: true, value: { graphs: [1], outputs: [1] } });
    expect(view(words, 1)).toBe("-i a -map [b] b.mkv -filter_complex [0:v]vflip[b]");
  });

  test("what has no label is the first output's", () => {
    expect(view("-i a -filter_complex hflip a.mkv b.mkv", 0)).toContain("hflip");
    expect(view("-i a -filter_complex hflip a.mkv b.mkv", 1)).toBe("-i a b.mkv");
  });

  test("a filter that serves several outputs at once cannot be parted", () => {
    expect(view("-i a -filter_complex [0:v]extractplanes=y+u[y][u] -map [y] a.mkv -map [u] b.mkv", 0)).toBe(
      "filter extractplanes serves several outputs",
    );
  });

  test("all outputs together are the command as it stands", () => {
    expect(view(LADDER, 0, 1, 2)).toBe(LADDER);
  });
});

describe("which outputs may be split", () => {
  const shared = (words: string): unknown => {
    const found = shareOutputs(command(words));
    return found.ok ? [found.value.split, [...found.value.reasons]] : found.failure;
  };

  test.each([
    ["-i a -c:v ffv1 a.mkv -vn b.mp3", [[0], [[1, "no video is wanted"]]]],
    ["-i a -vf reverse a.mkv -c:v ffv1 b.mkv", [[1], [[0, expect.stringMatching(/reverse/)]]]],
    ["-i a -vf reverse a.mkv -vn b.mp3", expect.stringMatching(/reverse/)],
    ["-i a", "there is no output"],
    ["-i a a.mkv ./a.mkv", "two outputs are one file"],
  ])("%s", (words, found) => {
    expect(shared(words)).toEqual(found);
  });
});
