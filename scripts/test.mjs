#!/usr/bin/env node
// All checks: set up, types, lint, tests. Arguments go to vitest: npm test -- test/unit
// The last line on stdout counts them: each test is one, types and lint are one each.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { become, root } from "./proc.mjs";
import { SetupProblem, setup } from "./setup.mjs";

const count = { passed: 0, failed: 0, skipped: 0 };

if (prepare()) {
  await Promise.all([check("types", "typecheck"), check("lint", "lint")]);
  await tests(process.argv.slice(2));
}
if (count.failed > 0) process.exitCode = 1;
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);

/** Whether the checks can run at all. A failed build is no reason to stop: the check of the types counts it. */
function prepare() {
  try {
    setup({ test: true });
    return true;
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(error.message);
    if (error.step === "build") return true;
    count.failed++;
    return false;
  }
}

async function check(name, script) {
  const status = await become("npm", ["run", "--silent", script], { cwd: root });
  console.log(`${name}: ${status === 0 ? "ok" : "failed"}`);
  count[status === 0 ? "passed" : "failed"]++;
}

async function tests(args) {
  const folder = mkdtempSync(join(tmpdir(), "distffmpeg-test-"));
  const report = join(folder, "report.json");
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const status = await become(process.execPath, [vitest, "run", ...reporters, ...args], { cwd: root });
  const before = count.failed;
  try {
    tally(JSON.parse(readFileSync(report, "utf8")));
  } catch (error) {
    console.error(`no report of the tests: ${error.message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  // Errors outside of any test (one thrown late, a worker process that died) show in the exit status alone.
  if (status !== 0 && count.failed === before) count.failed++;
}

function tally({ testResults }) {
  for (const { status, assertionResults } of testResults) {
    for (const test of assertionResults) {
      if (test.status === "passed") count.passed++;
      else if (test.status === "failed") count.failed++;
      else count.skipped++;
    }
    // A file that broke before its tests ran, or around them, is a failure that no test stands for.
    if (status === "failed" && !assertionResults.some((test) => test.status === "failed")) count.failed++;
  }
}
