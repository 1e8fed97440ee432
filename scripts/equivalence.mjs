#!/usr/bin/env node
// npm run test:equivalence [-- --workers ssh] [--only REGEX] [VITEST'S OWN]
// All cases of ../shared/cases over the films of ../shared/media: is it what plain ffmpeg would have written?
// --workers ssh: encoded by three workers of a lab, not by this machine alone.
import { join } from "node:path";
import { become, root } from "./proc.mjs";
import { setupOrExit } from "./setup.mjs";

const rest = process.argv.slice(2);
const workers = take("--workers") ?? "local";
const only = take("--only");
if (!["local", "ssh"].includes(workers)) {
  console.error("usage: npm run test:equivalence -- [--workers local|ssh] [--only REGEX]");
  process.exit(2);
}

setupOrExit({ test: workers === "ssh" });
process.env.EQUIVALENCE_CASES = only ?? ".";
process.env.EQUIVALENCE_WORKERS = workers;
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const args = [vitest, "run", "test/equivalence/media.test.ts", "--reporter=verbose", ...rest];
process.exitCode = await become(process.execPath, args, { cwd: root });

/** Takes `NAME VALUE` or `NAME=VALUE` out of the arguments. */
function take(name) {
  const at = rest.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const [found] = rest.splice(at, 1);
  return found === name ? (rest.splice(at, 1)[0] ?? "") : found.slice(name.length + 1);
}
