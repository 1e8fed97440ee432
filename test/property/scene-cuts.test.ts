import fc from "fast-check";
import { expect, test } from "vitest";
import type { Packet } from "../../src/ffmpeg/packets.js";
import { rational } from "../../src/lib/rational.js";
import { type Chunk, MAX_CUTS_IN_GOP } from "../../src/plan/chunk.js";
import { FrameClock } from "../../src/plan/frame-clock.js";
import { FRAME_BY_FRAME, graphClock } from "../../src/plan/graph.js";
import { PLAIN_HABITS } from "../../src/plan/habits.js";
import { type SceneBounds, SceneCuts } from "../../src/plan/scene-cuts.js";
import type { RunScores } from "../../src/plan/scenes.js";
import { Timeline } from "../../src/plan/timeline.js";

/** Films of random GOPs with random scores, whose scores come whenever they like: chunks are where the scores say. */
const BASE = rational(1, 25);

function timeline(bounds: SceneBounds): Timeline {
  return new Timeline({
    ...{ bounds, timeBase: BASE, habits: PLAIN_HABITS, scenes: new SceneCuts(bounds) },
    trim: { start: undefined, duration: undefined },
    tracks: [
      {
        filters: FRAME_BY_FRAME,
        graph: graphClock(FRAME_BY_FRAME, BASE),
        clock: new FrameClock({
          ...{ generation: "by-rate", mode: "passthrough", inputTimeBase: BASE, encoderTimeBase: BASE },
          ...{ frameRate: rational(25), outputRate: rational(25), usesFrameDuration: false },
          ...{ startMicroseconds: 0n, limitMicroseconds: undefined, maxFrames: undefined },
        }),
      },
    ],
  });
}

const packet = (pts: number, key: boolean): Packet => ({
  ...{ stream: 0, dts: pts, pts, duration: 1, size: 1, crc: "0x1", key, discard: false, beside: [] },
});

interface Film {
  readonly gops: readonly number[];
  readonly scores: readonly number[];
  /** When scores come: so many packets after the one that they reach up to. */
  readonly delays: readonly number[];
  readonly runs: readonly number[];
}

/** First frames of chunks, and the last frame of each. */
function cut(
  film: Film,
  bounds: SceneBounds,
): { readonly first: number; readonly last: number; readonly from: number }[] {
  const line = timeline(bounds);
  const packets = film.gops
    .flatMap((length) => Array.from({ length }, (_, i) => i === 0))
    .map((key, pts) => packet(pts, key));
  const chunks: Chunk[] = [];
  const take = (result: ReturnType<Timeline["push"]>): void => {
    if (!result.ok) throw new Error(result.failure);
    chunks.push(...result.value);
  };
  const due: { at: number; scores: RunScores }[] = [];
  let [from, at] = [0, 0];
  for (let i = 0; from < packets.length; i++) {
    const until = Math.min(packets.length - 1, from + (film.runs[i % film.runs.length] ?? 1) - 1);
    const scores = new Map<number, number>();
    for (let pts = from; pts <= until; pts++) if (film.scores[pts]) scores.set(pts, film.scores[pts] ?? 0);
    at = Math.max(at, until + (film.delays[i % film.delays.length] ?? 0));
    due.push({ at, scores: { until, scores } });
    from = until + 1;
  }
  for (const [i, one] of packets.entries()) {
    take(line.push(one));
    while (due[0] && due[0].at <= i) take(line.score(due.shift()?.scores));
  }
  for (const { scores } of due) take(line.score(scores));
  take(line.end());
  return chunks.map(({ firstSegment, parts: [part] }) => ({
    ...{ first: part?.firstPts ?? -1, last: part?.lastPts ?? -1, from: firstSegment },
  }));
}

const films: fc.Arbitrary<Film> = fc
  .array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 })
  .chain((gops) => {
    const frames = gops.reduce((sum, length) => sum + length, 0);
    return fc.record({
      gops: fc.constant(gops),
      scores: fc.array(fc.constantFrom(0, 0, 0, 0, 0.1, 0.2, 0.3), { minLength: frames, maxLength: frames }),
      delays: fc.array(fc.nat(80), { minLength: 1, maxLength: 4 }),
      runs: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }),
    });
  });

const bounds: fc.Arbitrary<SceneBounds> = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.nat(20), fc.nat(20))
  .map(([min, more, most]) => ({ min, target: min + more, max: min + more + most }));

test("chunks tile the film, and begin at the highest scores within their bounds, whenever scores come", () => {
  fc.assert(
    fc.property(films, bounds, (film, asked) => {
      const chunks = cut(film, asked);
      const frames = film.scores.length;
      expect(chunks.map(({ first }) => first)).toEqual([0, ...chunks.slice(0, -1).map(({ last }) => last + 1)]);
      expect(chunks.at(-1)?.last).toBe(frames - 1);
      expect(cut({ ...film, delays: [0] }, asked)).toEqual(chunks);
      expect(cut({ ...film, delays: [1000] }, asked)).toEqual(chunks);

      const starts: number[] = [];
      for (const length of film.gops)
        starts.push((starts.at(-1) ?? 0) + (starts.length === 0 ? 0 : (film.gops[starts.length - 1] ?? length)));
      const gopOf = (pts: number): number => starts.findLastIndex((start) => start <= pts);
      for (const { first, last, from } of chunks) {
        // It is decoded from the keyframe at or before its first frame.
        expect(from).toBe(gopOf(first));
        const least = Math.max(asked.min, Math.ceil((film.gops[gopOf(first)] ?? 0) / MAX_CUTS_IN_GOP));
        const [target, max] = [Math.max(asked.target, least), Math.max(asked.max, least)];
        expect(last - first + 1).toBeLessThanOrEqual(max);
        if (last === frames - 1) continue;
        expect(last - first + 1).toBeGreaterThanOrEqual(least);
        const left = frames - first;
        const to = left <= max ? left - least : max;
        const range = film.scores.slice(first + least, first + to + 1);
        expect(film.scores[last + 1]).toBe(Math.max(...range));
        if (left <= max) expect(left).toBeGreaterThan(target);
      }
      for (const gop of film.gops.keys()) {
        const inside = chunks.filter(({ first, from }) => from === gop && first !== starts[gop]);
        expect(inside.length).toBeLessThanOrEqual(MAX_CUTS_IN_GOP);
      }
    }),
  );
});

test("where no scores come, chunks begin at keyframes as far as there are any", () => {
  const film = { gops: [30, 30, 30, 200, 30], scores: [], delays: [0], runs: [1000] };
  expect(cut(film, { min: 20, target: 50, max: 70 }).map(({ first }) => first)).toEqual([
    ...[0, 60, 90, 140, 190, 240, 290],
  ]);
});
