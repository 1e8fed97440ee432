import { Chalk } from "chalk";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { renderLive } from "../../../src/ui/live.js";
import { initialState } from "../../../src/ui/state.js";
import { width } from "../../../src/ui/text.js";
import { FILM, play, type Script, until } from "./script.js";

const lines = (text: string): readonly string[] => stripVTControlCharacters(text).split("\n");

describe("renderLive", () => {
  it("shows the film, the counters and each slot", () => {
    const [film, counted, first, second, beta] = lines(renderLive(play(until(3)), 120, 6000));
    expect(film).toMatch(/^Encoding {2}#+-+ {2}25% {2}16\.7 fps {2}ETA 0:18 {2}100\/400 frames$/);
    expect(counted).toBe("0/4 chunks");
    expect(first).toMatch(/^alpha 1 {2}encode 0 50% +50\.0 fps +50 frames$/);
    expect(second).toMatch(/^alpha 2 {2}encode 1 20% +10\.0 fps +20 frames$/);
    expect(beta).toMatch(/^beta {5}encode 2 30% +15\.0 fps +30 frames$/);
  });

  it("shows what comes and goes in an idle slot, or beside one at work", () => {
    const script: Script = [
      [0, { type: "worker-up", worker: "alpha", slots: 2, detail: "" }],
      [0, { type: "chunk-encode", chunk: 0, worker: "alpha", slot: 0 }],
      ...[3, 4].map((chunk) => [0, { type: "chunk-upload", chunk, worker: "alpha", slot: 0 }] as const),
    ];
    const shown = (columns: number, events: Script): readonly string[] =>
      lines(renderLive(play(events), columns, 0)).slice(1);
    expect(shown(80, script)).toEqual([expect.stringMatching(/^alpha 1 {2}encode 0 +upload 4$/), "alpha 2  upload 3"]);
    expect(shown(30, script)).toEqual(["alpha 1  encode 0", "alpha 2  upload 3"]);
    const sent: Script = [...script, [1, { type: "chunk-uploaded", chunk: 3, worker: "alpha" }]];
    expect(shown(80, sent)).toEqual(["alpha 1  encode 0", "alpha 2  upload 4"]);
  });

  it("says what went wrong and what is written", () => {
    const text = renderLive(play(until(8)), 120, 8000);
    expect(text).toContain("2/4 chunks, about 3.9 KiB in the end, 0:08 of film written, 1 retry, 1 worker dropped");
    expect(text).toMatch(/^beta +dropped: connection lost$/m);
  });

  it("promises no total while the source is read", () => {
    const reading: Script = [
      [0, { type: "route", route: "chunks", reason: "" }],
      [0, { type: "chunk-ready", chunk: 0, frames: 50 }],
      [0, { type: "split-progress", frames: 70 }],
    ];
    expect(lines(renderLive(play(reading), 80, 0))).toEqual(["Reading  0/70+ frames", "0/1+ chunks"]);
  });

  it("is never wider than the terminal, whatever its width", () => {
    const long = "a-rather-long-host-name.example.org";
    const wide: Script = [
      ...until(5),
      [5, { type: "worker-up", worker: long, slots: 40, detail: "" }],
      [5, { type: "worker-up", worker: "\u001b[31m映画\nserver", slots: 1, detail: "" }],
      ...(Array.from({ length: 40 }, (_, slot) => [
        5,
        { type: "chunk-encode", chunk: 100 + slot, worker: long, slot },
      ]) as Script),
    ];
    const state = play(wide);
    for (let columns = 1; columns <= 200; columns += 1) {
      const look = { chalk: new Chalk({ level: 1 }), unicode: true };
      const [first = "", ...rest] = lines(renderLive(state, columns, 9000, look));
      expect(width(first) + 2).toBeLessThanOrEqual(Math.max(columns, 3));
      for (const line of rest) expect(width(line)).toBeLessThanOrEqual(Math.max(columns, 3));
    }
  });

  it("condenses what many slots do", () => {
    const many = play([
      [0, { type: "worker-up", worker: "alpha", slots: 30, detail: "" }],
      ...(Array.from({ length: 30 }, (_, slot) => [
        0,
        { type: slot < 20 ? "chunk-encode" : "chunk-upload", chunk: slot, worker: "alpha", slot },
      ]) as Script),
    ]);
    expect(renderLive(many, 80, 0)).toContain("upload 10, encode 20");
    expect(renderLive(many, 20, 0)).toContain("20/30");
  });

  it("fits a low terminal, busy workers first", () => {
    const fleet: Script = Array.from({ length: 50 }, (_, i) => [
      0,
      { type: "worker-up", worker: `w${i}`, slots: 1, detail: "" },
    ]);
    const state = play([...fleet, [0, { type: "chunk-encode", chunk: 0, worker: "w40", slot: 0 }]]);
    const shown = lines(renderLive(state, 80, 0, { chalk: new Chalk({ level: 0 }), unicode: false, rows: 10 }));
    expect(shown.length).toBeLessThanOrEqual(10);
    expect(shown.join("\n")).toContain("w40");
    expect(shown.at(-1)).toMatch(/^and \d+ more workers$/);
  });

  it("has no escape sequences without colour, and some with it", () => {
    expect(renderLive(play(until(8)), 80, 8000)).toBe(stripVTControlCharacters(renderLive(play(until(8)), 80, 8000)));
    expect(renderLive(play(until(8)), 80, 8000, { chalk: new Chalk({ level: 1 }), unicode: true })).toContain(
      "\u001b[",
    );
  });

  it("has words for the beginning and the end", () => {
    expect(renderLive(initialState(0), 80, 0)).toBe("Starting");
    expect(renderLive(play(FILM.slice(0, -1)), 80, 11_000)).toMatch(/^Verifying .*100%/);
    expect(renderLive(play(FILM), 80, 12_000)).toMatch(/^Done /);
  });
});
