import { describe, expect, it } from "vitest";
import { eta, outputFrames, share, sourceFrames, speed, workerFps, workerFrames } from "../../../src/ui/measure.js";
import { initialState, reduce } from "../../../src/ui/state.js";
import { at, done, FILM, play, progress, ready, type Script, until } from "./script.js";

describe("reduce", () => {
  it("follows each slot", () => {
    const state = play(until(3));
    const alpha = state.workers.get("alpha");
    expect(alpha?.busy.get(0)).toEqual({ activity: "encode", chunk: 0, frames: 50, fps: 50, bytes: 0 });
    expect(alpha?.busy.get(1)).toEqual({ activity: "encode", chunk: 1, frames: 20, fps: 10, bytes: 0 });
    expect(alpha && workerFps(alpha)).toBe(60);
    expect(alpha && workerFrames(alpha)).toBe(70);
    expect(sourceFrames(state)).toBe(100);
    expect(share(state)).toBe(0.25);
    expect(state.phase).toBe("running");
  });

  it("keeps a chunk's frames while it comes back", () => {
    const state = play([...until(3), [4, { type: "chunk-download", ...at(0, "alpha") }]]);
    expect(state.workers.get("alpha")?.busy.get(0)).toBeUndefined();
    expect(state.workers.get("alpha")?.busy.get("download 0")).toEqual({
      activity: "download",
      chunk: 0,
      frames: 50,
      fps: 0,
      bytes: 0,
    });
    expect(sourceFrames(state)).toBe(100);
  });

  it("counts chunks, retries, drops and who did what", () => {
    const state = play(FILM);
    expect(state.phase).toBe("done");
    expect(state.done).toEqual({ chunks: 4, source: 400, output: 400, bytes: 4000 });
    expect(state.retries).toBe(1);
    expect(state.dropped).toEqual([{ name: "beta", reason: "connection lost" }]);
    expect(state.workers.get("alpha")).toMatchObject({ chunks: 4, frames: 400, seconds: 8, dropped: undefined });
    expect(state.workers.get("beta")).toMatchObject({ chunks: 0, frames: 0, dropped: "connection lost" });
    expect(state.endedAt).toBe(12_000);
  });

  it("does not touch the state before", () => {
    const before = play(until(3));
    const copy = structuredClone(before);
    reduce(before, done(0, "alpha", 100), 4000);
    reduce(before, { type: "fell-back", reason: "x" }, 4000);
    expect(before).toEqual(copy);
  });

  it("counts a chunk once when two workers race for it", () => {
    const race: Script = [
      ...ready(100),
      [0, { type: "chunk-encode", ...at(0, "alpha") }],
      [1, { type: "chunk-encode", ...at(0, "beta") }],
      [2, progress(0, "alpha", 60)],
      [2, progress(0, "beta", 40)],
    ];
    expect(sourceFrames(play(race))).toBe(60);
    const state = play([...race, [3, done(0, "beta", 100)], [4, done(0, "alpha", 100, 0, 4)]]);
    expect(state.done.chunks).toBe(1);
    expect(state.workers.get("beta")).toMatchObject({ chunks: 1, frames: 100 });
    expect(state.workers.get("alpha")).toMatchObject({ chunks: 0, frames: 0, seconds: 4 });
  });

  it("keeps a done chunk when the loser of a race is stopped", () => {
    const state = play([
      ...ready(100),
      [0, { type: "chunk-encode", ...at(0, "alpha") }],
      [1, { type: "chunk-encode", ...at(0, "beta") }],
      [3, done(0, "beta", 100)],
      [3, { type: "chunk-failed", ...at(0, "alpha"), attempt: 1, reason: "stopped", retry: false }],
    ]);
    expect(state.done.chunks).toBe(1);
    expect(state.retries).toBe(0);
    expect(state.workers.get("alpha")?.busy.size).toBe(0);
  });

  it("takes a chunk back that a later check finds bad", () => {
    const bad: Script = [
      ...ready(100, 50),
      [0, { type: "chunk-encode", ...at(0, "alpha") }],
      [1, done(0, "alpha", 100)],
      [2, { type: "chunk-failed", ...at(0, "alpha"), attempt: 1, reason: "other headers", retry: true }],
    ];
    const state = play(bad);
    expect(state.done).toEqual({ chunks: 0, source: 0, output: 0, bytes: 0 });
    expect(state.workers.get("alpha")).toMatchObject({ chunks: 0, frames: 0, seconds: 2 });
    expect(play([...bad, [3, done(0, "beta", 100)]]).done.chunks).toBe(1);
  });

  it("is not made busy by a report that comes late", () => {
    const state = play([...until(4), [4, progress(0, "alpha", 99)], [4, progress(7, "gamma", 1)]]);
    expect(state.workers.get("alpha")?.busy.has(0)).toBe(false);
    expect(state.workers.has("gamma")).toBe(false);
  });

  it("knows a worker that never came up, and one that comes back", () => {
    const gone = play([[0, { type: "worker-dropped", worker: "beta", reason: "no route to host" }]]);
    expect(gone.workers.get("beta")).toMatchObject({ slots: 0, dropped: "no route to host" });
    const back = play([[1, { type: "worker-up", worker: "beta", slots: 3, detail: "" }]], gone);
    expect(back.workers.get("beta")).toMatchObject({ slots: 3, dropped: undefined });
    expect(back.dropped).toHaveLength(1);
  });

  it("runs whole after a fall back", () => {
    const state = play([...until(5), [6, { type: "fell-back", reason: "no worker is left" }]]);
    expect(state).toMatchObject({ phase: "whole", route: "local", reason: "no worker is left" });
    expect(state.workers.get("alpha")?.busy.size).toBe(0);
  });
});

describe("speed and ETA", () => {
  /** One worker at 10 frames a second, told every half second. */
  const steady = (seconds: number, total?: number): Script => [
    [0, { type: "route", route: "chunks", reason: "" }],
    ...ready(10_000),
    [0, { type: "split-progress", frames: 1000, ...(total === undefined ? {} : { total }) }],
    [0, { type: "chunk-encode", ...at(0, "alpha") }],
    ...Array.from({ length: seconds * 2 }, (_, i) => [(i + 1) / 2, progress(0, "alpha", (i + 1) * 5)] as const),
  ];

  it("knows nothing before anything was measured", () => {
    expect(speed(initialState(0), 5000)).toBeUndefined();
    expect(eta(initialState(0), 5000)).toBeUndefined();
  });

  it("measures over the window, and keeps few samples", () => {
    const state = play(steady(100, 2000));
    expect(speed(state, 100_000)).toBeCloseTo(10);
    expect(eta(state, 100_000)).toBeCloseTo(100);
    expect(state.samples.length).toBeLessThan(40);
  });

  it("sinks when all stand still, to zero and no ETA", () => {
    const state = play(steady(30, 2000));
    expect(speed(state, 37_500)).toBeCloseTo(5, 0);
    expect(speed(state, 60_000)).toBe(0);
    expect(eta(state, 60_000)).toBeUndefined();
  });

  it("has no ETA while the source is read, in the first seconds, or when nothing is left", () => {
    expect(eta(play(steady(30)), 30_000)).toBeUndefined();
    expect(eta(play(steady(3, 1000)), 3000)).toBeUndefined();
    expect(eta(play(steady(30, 300)), 30_000)).toBeUndefined();
  });

  it("is never below zero when work is lost", () => {
    const state = play([
      ...steady(10, 1000),
      [11, { type: "chunk-failed", ...at(0, "alpha"), attempt: 1, reason: "lost", retry: true }],
    ]);
    expect(speed(state, 11_000)).toBe(0);
  });

  it("converts when filters make more frames than come in", () => {
    const state = play([
      ...ready(100, 100),
      [0, { type: "split-progress", frames: 200, total: 200 }],
      [0, { type: "chunk-encode", ...at(0, "alpha") }],
      [1, done(0, "alpha", 200)],
      [1, { type: "chunk-encode", ...at(1, "alpha") }],
      [2, progress(1, "alpha", 100)],
    ]);
    expect(sourceFrames(state)).toBe(150);
    expect(outputFrames(state)).toBe(300);
    expect(share(state)).toBe(0.75);
  });
});
