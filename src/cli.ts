#!/usr/bin/env node
import { basename } from "node:path";
import { takeFlags } from "./config/take-flags.js";

/** The names that make a difference, as links to this file or given with `exec -a`. */
type Name = "ffmpeg" | "ffprobe" | "distffmpeg";

function calledAs(): Name {
  const names = [process.argv0, process.argv[1] ?? ""].map((path) => basename(path).replace(/\.(js|exe)$/, ""));
  return names.find((name) => name === "ffmpeg" || name === "ffprobe") ?? "distffmpeg";
}

/**
 * argv to a job and its exit status. Only what every start needs is imported here; the rest is loaded by those commands
 * that use it, so that a program that asks ffmpeg for its version gets the answer as quickly as from ffmpeg.
 */
async function main(name: Name, argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (name === "ffprobe") {
    const { runProbe } = await import("./commands/probe.js");
    return runProbe(argv);
  }
  if (name === "distffmpeg" && (first === undefined || first === "--help" || first === "--version")) {
    const { help, version } = await import("./commands/help/index.js");
    process.stdout.write(first === "--version" ? version() : help());
    return 0;
  }
  const { rest, flags } = takeFlags(argv);
  // For ffmpeg such a word would be the name of an output without an input, which it refuses.
  if (name === "distffmpeg" && /^[a-z]+$/i.test(rest[0] ?? "")) {
    const { SUBCOMMANDS, meantSubcommand } = await import("./commands/subcommands.js");
    const subcommand = SUBCOMMANDS[rest[0] ?? ""];
    if (subcommand) return subcommand.run(rest.slice(1), flags);
    const meant = meantSubcommand(rest);
    if (meant !== undefined) {
      const { wrongUse } = await import("./commands/words.js");
      return wrongUse("", `there is no command ${rest[0] ?? ""}; did you mean ${meant}?`);
    }
  }
  const { run } = await import("./commands/run.js");
  return run(rest, flags, name === "ffmpeg");
}

// A reader of our output that has seen enough, such as head(1), is no fault of anybody's.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
process.exitCode = await main(calledAs(), process.argv.slice(2));
