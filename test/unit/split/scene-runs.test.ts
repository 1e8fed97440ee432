import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Packet } from "../../../src/ffmpeg/packets.js";
import { fail, ok, type Result } from "../../../src/lib/result.js";
import type { FrameDifference, RunScores } from "../../../src/plan/scenes.js";
import { type ReadyRun, SceneRuns } from "../../../src/split/scene-runs.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-scene-runs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SYNCPOINT = Buffer.from("4e4be4adeeca4569", "hex");
/** Segments that say their number. */
for (let i = 0; i < 9; i++) {
  writeFileSync(join(folder, `g00000${i}.nut`), Buffer.concat([Buffer.from("head"), SYNCPOINT, Buffer.from(`${i}`)]));
}

const packet = (pts: number, key: boolean): Packet => ({
  ...{ stream: 0, dts: pts, pts, duration: 1, size: 1, crc: "0x1", key, discard: false, beside: [] },
});

/** A split whose segments have a hundred packets each. */
function rig(answer: (ready: ReadyRun) => Promise<Result<readonly FrameDifference[], { what: string }>>) {
  const asked: ReadyRun[] = [];
  const told: (RunScores | undefined)[] = [];
  const runs = new SceneRuns({
    ...{ folder, x264Build: () => Promise.resolve(163), onScores: (scores) => told.push(scores) },
    analyst: {
      analyse: (ready) => {
        asked.push(ready);
        return answer(ready);
      },
    },
  });
  const feed = (segments: number, from = 0, start = from * 100): void => {
    for (let i = 0; i < segments; i++) {
      for (let n = 0; n < 100; n++) runs.push(packet(start + i * 100 + n, n === 0));
      runs.complete(from + i);
    }
  };
  return { runs, asked, told, feed };
}

const shape = ({ run }: ReadyRun): string => `${run.firstSegment}-${run.lastSegment} to ${run.until}`;
const change = ({ run }: ReadyRun) => Promise.resolve(ok([{ pts: run.until, difference: 50 }]));

test("runs tile the film, each up to the keyframe behind it, and are told in their order", async () => {
  const answers: (() => void)[] = [];
  const { runs, asked, told, feed } = rig(
    (ready) => new Promise((resolve) => answers.push(() => void change(ready).then(resolve))),
  );
  feed(8);
  // The segment behind the second run is not complete yet.
  await Promise.resolve();
  await Promise.resolve();
  expect(asked.map(shape)).toEqual(["0-3 to 300", "3-6 to 600"]);
  runs.complete(8);
  const ended = runs.end();
  while (answers.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const answer of answers.reverse()) answer();
  await ended;
  expect(asked.map(shape)).toEqual(["0-3 to 300", "3-6 to 600", "6-7 to 799"]);
  expect(told.map((scores) => scores?.until)).toEqual([300, 600, 799]);
  expect(asked[0]?.x264Build).toBe(163);
});

test("a run's file is made when it is asked for, once, and removed when it is known", async () => {
  const { runs, feed } = rig(async (ready) => {
    const paths = await Promise.all([ready.write(), ready.write()]);
    expect(new Set(paths).size).toBe(1);
    expect(readFileSync(paths[0] ?? "", "latin1")).toBe(
      `head${[0, 1, 2].map((i) => `${SYNCPOINT.toString("latin1")}${i}`).join("")}`,
    );
    return change(ready);
  });
  feed(3);
  runs.complete(3);
  await runs.end();
  expect(readdirSync(folder).filter((name) => !name.startsWith("g0"))).toEqual([]);
});

test("what lies behind the end of interest is not asked for", async () => {
  const { runs, asked, feed } = rig(change);
  feed(6);
  await runs.end(runs.begun);
  expect(asked.map(shape)).toEqual(["0-3 to 300", "3-4 to 499"]);
});

test("the part of an edit list that follows is no neighbour", async () => {
  const { runs, asked, feed } = rig(change);
  feed(2);
  feed(2, 2, 100);
  runs.complete(4);
  await runs.end();
  expect(asked.map(shape)).toEqual(["0-1 to 199", "2-3 to 299"]);
});

test("behind a failure nothing is told any more, nor asked", async () => {
  const { runs, asked, told, feed } = rig((ready) =>
    ready.run.index === 1 ? Promise.resolve(fail({ what: "nobody can" })) : change(ready),
  );
  feed(7);
  runs.complete(7);
  await new Promise((resolve) => setTimeout(resolve, 10));
  feed(2, 7);
  runs.complete(9);
  await runs.end();
  expect(told.map((scores) => scores?.until)).toEqual([300, undefined]);
  expect(asked).toHaveLength(2);
});
