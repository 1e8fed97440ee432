#!/usr/bin/env node
import { takeFlags } from "./config/take-flags.js";

/**
 * argv to a job and its exit status. Only what every start needs is imported here; the rest is loaded by those commands
 * that use it, so that a program that asks ffmpeg for its version gets the answer as quickly as from ffmpeg.
 */
async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (argv.length === 0 || first === "--help" || first === "--version") {
    const { help, version } = await import("./commands/help.js");
    process.stdout.write(first === "--version" ? version() : help());
    return 0;
  }
  const { rest, flags } = takeFlags(argv);
  const { run } = await import("./commands/run.js");
  return run(rest, flags);
}

// A reader of our output that has seen enough, such as head(1), is no fault of anybody's.
process.stdout.on("error", () => undefined);
process.exitCode = await main(process.argv.slice(2));
