import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bestLength, type CutFrame } from "../../../src/plan/scene-cuts.js";
import { type FrameDifference, SceneLines, type SceneRun, SceneScores } from "../../../src/plan/scenes.js";

const run = (until: number, packets = 10): SceneRun => ({
  ...{ index: 0, firstSegment: 0, lastSegment: 1, until, packets },
});

describe("what a worker says", () => {
  const read = (text: string, packets = 2): unknown => {
    const lines = new SceneLines(run(100, packets));
    for (const line of text.split("\n")) lines.push(line);
    const end = lines.end();
    return end.ok ? end.value : end.failure;
  };
  const frame = (n: number, pts: number, value: string): string =>
    `frame:${n}    pts:${pts}       pts_time:0.04\nlavfi.scd.mafd=${value}\n`;

  test("is a number for each frame", () => {
    expect(read(frame(0, -5, "0.000") + frame(1, 35, "12.345"))).toEqual([
      { pts: -5, difference: 0 },
      { pts: 35, difference: 12.345 },
    ]);
  });

  test.each([
    ["nothing at all", "", "it tells of no frames"],
    ["no number", frame(0, 1, "nan"), "its answer is none"],
    ["less than nothing", frame(0, 1, "-1.0"), "its answer is none"],
    ["more than all", frame(0, 1, "100.001"), "its answer is none"],
    ["another language", `${frame(0, 1, "1.0")}hello`, "its answer is none"],
    ["a number of no frame", "lavfi.scd.mafd=1.000", "its answer is none"],
    ["two numbers of one", `${frame(0, 1, "1.0")}lavfi.scd.mafd=1.000`, "its answer is none"],
    [
      "a time beyond all counting",
      frame(0, 1, "1.0").replace("pts:1", "pts:12345678901234567890"),
      "its answer is none",
    ],
    ["frames that go back", frame(0, 9, "1.0") + frame(1, 8, "1.0"), "its frames are not in order of time"],
    [
      "more than there are",
      [0, 1, 2, 3, 4].map((n) => frame(n, n, "1.0")).join(""),
      "it tells of more frames than there are",
    ],
  ])("is refused: %s", (_, text, reason) => {
    expect(read(text)).toBe(reason);
  });
});

describe("scores", () => {
  const scores = (differences: readonly number[]): number[] => {
    const frames = differences.map((difference, pts) => ({ pts, difference }));
    const { scores: found } = new SceneScores().add(run(1000), frames);
    return frames.map(({ pts }) => found.get(pts) ?? 0);
  };

  test("a change that stands alone counts, motion that goes on does not", () => {
    expect(scores([0, 1, 30, 1, 20, 21, 20])).toEqual([0, 0, 0.29, 0, 0.19, 0, 0]);
  });

  test("what is as small as motion is none", () => {
    expect(scores([0, 3.4, 0, 4.1, 0])).toEqual([0, 0, 0, 0.04, 0]);
  });

  test("are the same however the film is put together to runs", () => {
    const film = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(film, fc.array(fc.nat(59)), (thousandths, ends) => {
        const frames = thousandths.map((n, pts): FrameDifference => ({ pts, difference: n / 1000 }));
        const whole = new SceneScores().add(run(frames.length), frames).scores;
        const parts = new SceneScores();
        const found = new Map<number, number>();
        let from = 0;
        for (const end of [...new Set(ends)].sort((a, b) => a - b).filter((n) => n < frames.length)) {
          // A run begins anew with the frame that ended the one before, which it compares with nothing.
          const own = frames.slice(from, end + 1).map((f, i) => (i === 0 && from > 0 ? { ...f, difference: 0 } : f));
          for (const [pts, score] of parts.add(run(end), own).scores) found.set(pts, score);
          from = end;
        }
        const rest = frames.slice(from).map((f, i) => (i === 0 && from > 0 ? { ...f, difference: 77 } : f));
        for (const [pts, score] of parts.add(run(frames.length), rest).scores) found.set(pts, score);
        expect(found).toEqual(whole);
      }),
    );
  });
});

describe("the length of a chunk", () => {
  /** "..3k" is four frames: two of no score, one of three tenths, a keyframe. */
  const frames = (text: string): CutFrame[] =>
    [...text].map((c) => ({ score: /\d/.test(c) ? Number(c) / 10 : 0, key: c === "k" }));

  test.each([
    ["the highest score", ".k.3.5..k", 2, 8, 4, 5],
    ["not before the least, not behind the most", "9.9.2...9", 3, 7, 5, 4],
    ["at the bounds, too", "...4...3", 3, 7, 5, 3],
    ["of equal ones what is nearest to the target", "..4...4.4", 2, 8, 7, 6],
    ["of two as near the earlier", "..4...4..", 2, 8, 4, 2],
    ["without any a keyframe", "..k......", 2, 8, 6, 2],
    ["and without that the target", ".........", 2, 8, 6, 6],
  ])("%s", (_, film, from, to, target, length) => {
    expect(bestLength(frames(film), from, to, target)).toBe(length);
  });
});
