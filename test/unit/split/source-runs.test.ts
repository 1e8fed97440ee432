import { describe, expect, test } from "vitest";
import type { Packet } from "../../../src/ffmpeg/packets.js";
import { RunProof, SourceRuns } from "../../../src/split/source-runs.js";

const packet = (pts: number, key: boolean, size = 100): Packet => {
  return { stream: 0, dts: pts, pts, duration: 1, size, crc: `0x${size}`, key, discard: false, beside: [] };
};
/** Three segments of three packets each, the second packet of each shown last. */
const FILM = [0, 3, 6].flatMap((at) => [packet(at, true), packet(at + 2, false), packet(at + 1, false)]);

function runs(): SourceRuns {
  const known = new SourceRuns();
  for (const one of FILM) known.push(one);
  return known;
}

test("a run is known when its last segment has ended, and as long as it is not forgotten", () => {
  const known = runs();
  const last = { index: 1, firstSegment: 1, lastSegment: 2 };
  expect(known.run(last, "")).toBeUndefined();
  known.end();
  expect(known.run(last, "47,0x1")).toMatchObject({ before: 3, packets: 6, keyPts: 3, extradata: "47,0x1" });
  known.forget(2);
  expect(known.run(last, "")).toBeUndefined();
});

test("what does not begin with a keyframe cannot be found", () => {
  const known = new SourceRuns();
  for (const one of [packet(-1, false), ...FILM]) known.push(one);
  known.end();
  expect(known.run({ index: 0, firstSegment: 0, lastSegment: 0 }, "")).toBeUndefined();
  expect(known.run({ index: 0, firstSegment: 1, lastSegment: 1 }, "")).toMatchObject({ before: 1, packets: 3 });
});

describe("the proof", () => {
  const holds = (packets: readonly Packet[], shift = 0): boolean => {
    const run = runs().run({ index: 0, firstSegment: 0, lastSegment: 1 }, "");
    if (!run) throw new Error("the run is not known");
    const proof = new RunProof(run, shift);
    for (const one of packets) proof.push(one);
    return proof.holds;
  };
  const right = FILM.slice(0, 6);
  test.each([
    ["the same packets", right, 0, true],
    ["the same packets, moved as is known", right.map((p) => ({ ...p, pts: (p.pts ?? 0) + 1000 })), 1000, true],
    ["moved otherwise", right.map((p) => ({ ...p, pts: (p.pts ?? 0) + 1000 })), 999, false],
    ["one too few", right.slice(0, 5), 0, false],
    ["one too many", FILM.slice(0, 7), 0, false],
    ["another order", [...right.slice(0, 4), ...right.slice(4).reverse()], 0, false],
    ["another size", [...right.slice(0, 5), packet(4, false, 101)], 0, false],
    ["none", [], 0, false],
  ])("%s", (_, packets, shift, expected) => {
    expect(holds(packets, shift)).toBe(expected);
  });
});
