// node scripts/bench/simulate.mjs: the scheduler against simulated workers, held against the lower bound.

import { pathToFileURL } from "node:url";
import { mixed, runScenario } from "./simulation.mjs";

const HOURS = 60;
const upTo = (most) => (random) => 1 + Math.floor(random() * most);

/** @type {readonly import("./simulation.d.mts").Scenario[]} */
const SCENARIOS = [
  { name: "one worker", minutes: 10, workers: mixed(1) },
  { name: "one worker, 4 slots", minutes: 10, workers: mixed(1, { slots: () => 4 }) },
  { name: "10 of equal speed", minutes: 10, workers: mixed(10, { slowest: 12, fastest: 12 }) },
  { name: "10 of mixed speed", minutes: 10, workers: mixed(10) },
  { name: "10 of mixed speed", minutes: 100, workers: mixed(10) },
  { name: "10 of mixed speed, 1 to 8 slots", minutes: 100, workers: mixed(10, { slots: upTo(8) }) },
  { name: "10, one ten times slower", minutes: 30, workers: mixed(10, { more: (i) => (i === 0 ? { fps: 1.2 } : {}) }) },
  { name: "10, 2 % of encodes fail", minutes: 100, workers: mixed(10), failing: 0.02 },
  { name: "10, 3 die", minutes: 100, workers: mixed(10, { more: (i) => (i < 3 ? { diesAt: 300 + 100 * i } : {}) }) },
  { name: "10, one freezes", minutes: 100, workers: mixed(10, { more: (i) => (i === 0 ? { freezesAt: 900 } : {}) }) },
  { name: "10, 3 come late", minutes: 100, workers: mixed(10, { more: (i) => (i < 3 ? { comesAt: 20 * i } : {}) }) },
  { name: "10 behind 20 Mbit/s", minutes: 100, workers: mixed(10, { mbits: 20 }) },
  { name: "10 behind 2 to 50 Mbit/s", minutes: 100, workers: mixed(10, { mbits: (random) => 2 * 25 ** random() }) },
  { name: "10, GOPs of 250", minutes: 100, workers: mixed(10), distance: 250 },
  { name: "100 of mixed speed", minutes: 2 * HOURS, workers: mixed(100) },
  { name: "100, keyint_min 48", minutes: 2 * HOURS, workers: mixed(100), keyintMin: 48 },
  { name: "100, 1 to 8 slots", minutes: 10 * HOURS, workers: mixed(100, { slots: upTo(8) }) },
  { name: "100, 2 % fail, 10 die", minutes: 5 * HOURS, workers: mixed(100, { more: dying(10, 500) }), failing: 0.02 },
  { name: "100 behind 20 Mbit/s", minutes: 5 * HOURS, workers: mixed(100, { mbits: 20 }) },
  { name: "1000 of mixed speed", minutes: 10 * HOURS, workers: mixed(1000) },
  { name: "1000 of equal speed", minutes: 10 * HOURS, workers: mixed(1000, { slowest: 12, fastest: 12 }) },
  { name: "1000 of mixed speed, short film", minutes: 10, workers: mixed(1000) },
  { name: "1000 of mixed speed", minutes: 20 * HOURS, workers: mixed(1000) },
];

function dying(count, within) {
  return (i, random) => (i < count ? { diesAt: within * random() } : {});
}

/** @param {(row: import("./simulation.d.mts").Row) => void} [onRow] @returns {Promise<import("./simulation.d.mts").Row[]>} */
export async function simulate(onRow = () => undefined) {
  const [{ Dispatcher }, { chunkBounds }, { Cuts }, { LeastFirst }] = await Promise.all([
    import("../../dist/schedule/dispatcher.js"),
    import("../../dist/plan/chunk-sizes.js"),
    import("../../dist/plan/cuts.js"),
    import("../../dist/lib/least-first.js"),
  ]);
  const rows = [];
  for (const scenario of SCENARIOS) {
    rows.push(await runScenario({ Dispatcher, chunkBounds, Cuts, LeastFirst }, scenario));
    onRow(rows.at(-1));
  }
  return rows;
}

/** The rows as the bench has them: the bound is what no scheduler could beat. @returns {Promise<import("./measure.mjs").Row[]>} */
export async function simulated() {
  return (await simulate()).map((row) => ({
    group: "scheduler, in virtual time",
    name: `${row.scenario}, film of ${row.minutes} min`,
    ...{ value: row.ratio, unit: "of the lower bound", ...(row.chunksPerSlot >= 8 ? { goal: 1.05 } : {}) },
    note: `${row.chunks} chunks for ${row.slots} slots; ${row.cpuPer1000.toFixed(0)} ms of this machine for 1000 chunks`,
  }));
}

/** The rows as a table. @param {readonly import("./simulation.d.mts").Row[]} rows */
export function simulationTable(rows) {
  const head = ["scenario", "minutes", "slots", "chunks", "a slot", "seconds", "bound", "ratio"];
  const more = ["doubled", "failed", "waiting", "CPU ms/1000"];
  const lines = rows.map((row) => [
    ...[row.scenario, row.minutes, row.slots, row.chunks, row.chunksPerSlot.toFixed(1), row.makespan.toFixed(0)],
    ...[row.bound.toFixed(0), row.ratio.toFixed(3), row.doubled, row.failed, `${(row.mostWaiting * 100).toFixed(0)} %`],
    row.cpuPer1000.toFixed(0),
  ]);
  const cells = [[...head, ...more], ...lines].map((line) => line.map(String));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const pad = (text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  return cells.map((line) => line.map(pad).join("  ")).join("\n");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(simulationTable(await simulate()));
}
