#!/usr/bin/env node
// npm run test:faults [-- --times N] [VITEST'S OWN]
// Does harm to workers in the middle of jobs, each kind so many times (3 by default), and prints a table of what came of it:
// made from what each try has written down itself, not from the list of tests.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { become, root } from "./proc.mjs";
import { setupOrExit } from "./setup.mjs";

const rest = process.argv.slice(2);
const times = Number(take("--times") ?? 3);
if (!Number.isInteger(times) || times < 1) {
  console.error("usage: npm run test:faults -- [--times N] [VITEST'S OWN]");
  process.exit(2);
}

setupOrExit({ test: true });

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-faults-report-"));
const report = join(folder, "report.jsonl");
Object.assign(process.env, { DISTFFMPEG_TEST_ALL: "1", FAULTS_TIMES: String(times), FAULTS_REPORT: report });
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
// One at a time: a machine that is too busy would be a fault of its own.
const args = [vitest, "run", "--no-file-parallelism", "--reporter=verbose", "test/faults", ...rest];
const status = await become(process.execPath, args, { cwd: root });
const tries = existsSync(report) ? readFileSync(report, "utf8").trim().split("\n").map(JSON.parse) : [];
rmSync(folder, { recursive: true, force: true });
console.log(table(tries));
const bad = tries.filter(({ identical, leftovers, happened }) => !identical || leftovers !== 0 || !happened);
process.exitCode = status !== 0 || tries.length === 0 || bad.length > 0 ? 1 : 0;

/** A row a fault, in the order in which they were tried first. */
function table(all) {
  const rows = new Map();
  for (const { fault, identical, leftovers, happened } of all) {
    const row = rows.get(fault) ?? { tried: 0, happened: 0, identical: 0, leftovers: 0 };
    row.tried++;
    row.happened += happened ? 1 : 0;
    row.identical += identical ? 1 : 0;
    // A try that broke off before it looked cannot say that there was nothing.
    row.leftovers = row.leftovers === "?" || leftovers < 0 ? "?" : row.leftovers + leftovers;
    rows.set(fault, row);
  }
  const head = ["fault", "times tried", "seen to happen", "results as they should be", "leftovers"];
  const lines = [...rows].map(([fault, row]) => [fault, row.tried, row.happened, row.identical, row.leftovers]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Takes `NAME VALUE` or `NAME=VALUE` out of the arguments. */
function take(name) {
  const at = rest.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const [found] = rest.splice(at, 1);
  return found === name ? (rest.splice(at, 1)[0] ?? "") : found.slice(name.length + 1);
}
