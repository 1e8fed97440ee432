#!/usr/bin/env node
/**
 * npm run bench [-- --only NAME]... [--times N] [--json FILE] [--write]
 *
 * Measures how near distffmpeg comes to what the machines can do, and prints a table: ratios of runs that were made in turn
 * on this machine, each the median of N (3). The rows go to FILE as JSON too (.tmp/bench.json). --write puts the table into
 * docs/performance.md, with the day and the machine. Status 1 when a goal is missed. Takes about an hour, and wants a
 * machine that does nothing else.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./proc.mjs";
import { setupOrExit } from "./setup.mjs";

const PARTS = ["encoders", "clip", "farm", "transfer", "memory", "quality", "simulated"];

const usage = `usage: npm run bench [-- --only ${PARTS.join("|")}]... [--times N] [--json FILE] [--write]`;
const { values } = read();

function read() {
  try {
    return parseArgs({
      options: {
        only: { type: "string", multiple: true, default: PARTS },
        times: { type: "string", default: "3" },
        json: { type: "string", default: join(root, ".tmp", "bench.json") },
        write: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

const times = Number(values.times);
if (!Number.isInteger(times) || times < 1 || values.only.some((part) => !PARTS.includes(part))) {
  console.error(usage);
  process.exit(2);
}

setupOrExit({ test: true });

// Only now is everything there that they need.
const { encoders, shortClip } = await import("./bench/encoders.mjs");
const { farm } = await import("./bench/farm.mjs");
const { memory } = await import("./bench/memory.mjs");
const { quality } = await import("./bench/quality.mjs");
const { simulated } = await import("./bench/simulate.mjs");
const { transfer } = await import("./bench/transfer.mjs");
const { must } = await import("./bench/measure.mjs");
const { meets, table } = await import("./bench/table.mjs");

const measure = { encoders, clip: shortClip, farm, transfer, memory, quality, simulated };
const rows = [];
for (const part of PARTS.filter((one) => values.only.includes(one))) {
  console.error(`${part} ...`);
  const measured = await measure[part]({ times });
  rows.push(...measured);
  // What is measured is measured, whatever becomes of the rest.
  console.error(`${table(measured)}\n`);
}

const [processor] = cpus();
const version =
  must("ffmpeg", ["-version"])
    .split("\n")[0]
    ?.replace(/ Copyright.*/, "") ?? "";
const machine = {
  date: new Date().toISOString().slice(0, 10),
  processors: availableParallelism(),
  processor: processor?.model ?? "",
  memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
  ffmpeg: version,
  node: process.version,
};
const { date, processors, processor: model, memory: room } = machine;
const where = `${date}; ${processors} processors (${model}), ${room} of memory; ${version}; Node ${process.version}`;
const text = table(rows);
console.log(`${where}\n\n${text}`);

const file = resolve(values.json);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
console.error(`written to ${file}`);

if (values.write) {
  const page = join(root, "docs", "performance.md");
  const [before, , after] = readFileSync(page, "utf8").split(/(?<=<!-- table -->\n)|(?=<!-- end of table -->)/);
  writeFileSync(page, `${before}\n${where}.\n\n${text}\n\n${after}`);
}
process.exitCode = rows.every(meets) ? 0 : 1;
