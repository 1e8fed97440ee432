import { describe, expect, test } from "vitest";
import { mixed, runScenario, type Scenario } from "../../../scripts/bench/simulation.mjs";
import { chunkBounds } from "../../../src/plan/chunk-sizes.js";
import { Cuts } from "../../../src/plan/cuts.js";
import { LeastFirst } from "../../../src/lib/least-first.js";
import { Dispatcher } from "../../../src/schedule/dispatcher.js";

const MODULES = { Dispatcher, chunkBounds, Cuts, LeastFirst };

/** Within so much of what no scheduler could beat; all scenarios are in scripts/bench/simulate.mjs. */
describe("against the lower bound, in virtual time", () => {
  test.each<[Scenario, number]>([
    [{ name: "one worker", minutes: 10, workers: mixed(1) }, 1.02],
    [{ name: "ten of mixed speed", minutes: 100, workers: mixed(10) }, 1.05],
    [{ name: "slots", minutes: 100, workers: mixed(6, { slots: (random) => 1 + Math.floor(random() * 4) }) }, 1.05],
    [{ name: "encodes fail", minutes: 60, workers: mixed(6), failing: 0.02 }, 1.05],
    [{ name: "some die", minutes: 60, workers: mixed(6, { more: (i) => (i < 2 ? { diesAt: 100 } : {}) }) }, 1.05],
    [{ name: "slow networks", minutes: 60, workers: mixed(6, { mbits: (random) => 2 * 25 ** random() }) }, 1.05],
  ])("$name", async (scenario, most) => {
    const row = await runScenario(MODULES, scenario);
    expect(row.chunksPerSlot).toBeGreaterThanOrEqual(8);
    expect(row.ratio, JSON.stringify(row)).toBeLessThanOrEqual(most);
    expect(row.ratio).toBeGreaterThanOrEqual(1);
  });

  test("what a slow worker was sent ahead, before that was known of it, is done over while others wait", async () => {
    const workers = mixed(10, { more: (i) => (i === 0 ? { fps: 1.2 } : {}) });
    const row = await runScenario(MODULES, { name: "one is slow", minutes: 30, workers });
    expect(row.ratio, JSON.stringify(row)).toBeLessThanOrEqual(1.07);
  });

  test("one that freezes is found out, and its chunk is done by another", async () => {
    const workers = mixed(4, { more: (i) => (i === 0 ? { freezesAt: 200 } : {}) });
    const row = await runScenario(MODULES, { name: "freezes", minutes: 30, workers });
    expect(row.doubled).toBeGreaterThanOrEqual(1);
    expect(row.ratio, JSON.stringify(row)).toBeLessThanOrEqual(1.1);
  });
});
