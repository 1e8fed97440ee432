import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeOption } from "../../../src/ffmpeg/options.js";
import { memoryFor, type Machine, planSlots, type Workload } from "../../../src/plan/slots.js";

const GB = 1e9;

function work(encoder: string, options: readonly string[] = [], width = 1920, height = 1080): Workload {
  const uses = options.map((word) => {
    const [flag = "", value] = word.split(" ");
    return makeOption(flag, value);
  });
  const size = { width, height, deep: false };
  return { source: size, renditions: [{ ...size, encoder, options: uses }] };
}

const machine = (cores: number, memory = 1000 * GB, nodes: Machine["nodes"] = []): Machine => ({
  cores,
  memory,
  nodes,
});
const AUTO = { slots: "auto", bind: true } as const;
const count = (m: Machine, w: Workload): number => planSlots(m, w, AUTO).length;

describe("slots by plan", () => {
  test.each<[string, number, Workload, number]>([
    ["x264 uses a single processor by itself", 1, work("libx264"), 1],
    ["with more, one chunk starts while another ends", 2, work("libx264"), 2],
    ["and so up to what it uses well", 8, work("libx264"), 2],
    ["x264 at 1080p uses 16", 64, work("libx264"), 4],
    ["at 480p it has fewer rows to share out", 64, work("libx264", [], 854, 480), 8],
    ["at faster presets something else holds it up", 64, work("libx264", ["-preset veryfast"]), 8],
    ["x265 at 2160p uses more than at 1080p", 64, work("libx265", [], 3840, 2160), 3],
    ["x265 at 1080p", 64, work("libx265"), 6],
    ["SVT at fast presets", 64, work("libsvtav1", ["-preset 8"]), 8],
    ["SVT at slow presets does not", 64, work("libsvtav1", ["-preset 3"]), 16],
    ["nor libaom", 64, work("libaom-av1", ["-cpu-used 4"]), 21],
    ["nor libvpx", 64, work("libvpx-vp9"), 32],
    ["but more with row-mt", 64, work("libvpx-vp9", ["-row-mt 1"]), 16],
    ["VP9 without tiles", 8, work("libvpx-vp9", [], 480, 270), 8],
    ["nor rav1e", 16, work("librav1e"), 16],
    ["rav1e with tiles", 16, work("librav1e", ["-tiles 4"]), 4],
    ["who gives a number of threads, gets slots for it", 16, work("libx264", ["-threads 2"]), 8],
    ["`-threads 0` is none", 64, work("libx264", ["-threads 0"]), 4],
    ["an encoder that nobody knows has one thread", 4, work("libnew"), 4],
  ])("%s", (_, cores, load, expected) => {
    expect(count(machine(cores), load)).toBe(expected);
  });

  test("renditions of one decoding are encoded side by side", () => {
    const [first] = work("libx264").renditions;
    if (!first) throw new Error("no rendition");
    const ladder = { ...work("libx264"), renditions: [first, first, first] };
    expect(count(machine(64), ladder)).toBe(2);
  });

  test("no more than the memory holds, but one in any case", () => {
    const load = work("libaom-av1", [], 3840, 2160);
    const slots = count(machine(64, 16 * GB), load);
    expect(slots).toBeGreaterThan(1);
    expect(slots * memoryFor(load, Math.ceil(64 / slots), 64)).toBeLessThan(0.7 * 16 * GB);
    expect(count(machine(64, 1000 * GB), load)).toBeGreaterThan(slots);
    expect(count(machine(64, 0.1 * GB), load)).toBe(1);
  });

  test("each works with its share of the processors; one alone is left to the encoder", () => {
    expect(planSlots(machine(8), work("libvpx-vp9"), AUTO)).toEqual(Array(4).fill({ node: undefined, cores: 2 }));
    expect(planSlots(machine(1), work("libx264"), AUTO)).toEqual([{ node: undefined, cores: undefined }]);
    expect(planSlots(machine(2), work("libx264"), { slots: 2, bind: true })).toEqual(
      Array(2).fill({ node: undefined, cores: 1 }),
    );
  });
});

describe("NUMA nodes", () => {
  const node = (id: number, cores: number, memory = 500 * GB) => ({ id, cores, memory });
  const two = machine(32, 1000 * GB, [node(0, 16), node(1, 16)]);
  const nodesOf = (m: Machine, slots: number | "auto", bind = true): (number | undefined)[] =>
    planSlots(m, work("libsvtav1", ["-preset 8"]), { slots, bind }).map((slot) => slot.node);

  test("slots are spread over them, in turns", () => {
    expect(nodesOf(two, "auto")).toEqual([0, 1, 0, 1]);
    expect(nodesOf(two, 3)).toHaveLength(3);
    expect(new Set(nodesOf(two, 3))).toEqual(new Set([0, 1]));
    expect(nodesOf(machine(24, 0, [node(3, 16), node(5, 8)]), 6)).toEqual([3, 5, 3, 5, 3, 3]);
  });

  test("one that has a node to itself is told its processors: not all encoders heed what they are bound to", () => {
    expect(planSlots(two, work("libx264"), { slots: 2, bind: true })).toEqual([
      { node: 0, cores: 16 },
      { node: 1, cores: 16 },
    ]);
  });

  test("nothing is bound where that is not wanted, where there is one, and where slots are fewer than nodes", () => {
    for (const nodes of [nodesOf(two, "auto", false), nodesOf(machine(16, 0, [node(0, 16)]), 4), nodesOf(two, 1)]) {
      expect(new Set(nodes)).toEqual(new Set([undefined]));
    }
  });

  test("a node's memory bounds its own slots", () => {
    const uneven = machine(32, 1000 * GB, [node(0, 16), node(1, 16, 0.1 * GB)]);
    expect(nodesOf(uneven, "auto")).toEqual([0, 1, 0]);
  });
});

test("any machine and any number of slots: so many, with all processors shared out and no node idle", () => {
  const nodes = fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 6 });
  fc.assert(
    fc.property(nodes, fc.integer({ min: 1, max: 100 }), fc.boolean(), (sizes, slots, bind) => {
      const cores = Math.max(
        1,
        sizes.reduce((a, b) => a + b, 0),
      );
      const m = machine(
        cores,
        undefined,
        sizes.map((own, id) => ({ id, cores: own, memory: undefined })),
      );
      const planned = planSlots(m, work("libx264"), { slots, bind });
      expect(planned).toHaveLength(slots);
      if (bind && sizes.length > 1 && slots >= sizes.length) {
        expect(new Set(planned.map((slot) => slot.node)).size).toBe(sizes.length);
      }
      for (const slot of planned) expect(slot.cores ?? 1).toBeGreaterThanOrEqual(1);
      expect(planSlots(m, work("libaom-av1"), { slots: "auto", bind }).length).toBeLessThanOrEqual(64);
    }),
  );
});
