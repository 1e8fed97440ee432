import { nearest } from "../lib/did-you-mean.js";
import { table } from "../lib/table.js";

type Flags = ReadonlyMap<string, string>;

/** A subcommand: a line about it, and what it does; gives the exit status. Loaded only when it is used. */
export interface Subcommand {
  readonly about: string;
  readonly run: (words: readonly string[], flags: Flags) => Promise<number>;
}

/** Every subcommand, in the order in which help lists them. For ffmpeg each of these words would be an output without an input. */
export const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = table({
  explain: {
    about: "says what would be run where, and why; does nothing",
    run: async (words, flags) => (await import("./explain.js")).explainCommand(words, flags),
  },
  workers: {
    about: "adds, lists, checks and changes the machines that encode",
    run: async (words, flags) => (await import("./workers/index.js")).workersCommand(words, flags),
  },
  doctor: {
    about: "looks at this machine, the configuration and all workers: what to type where something is amiss",
    run: async (words, flags) => (await import("./doctor.js")).doctorCommand(words, flags),
  },
  jobs: {
    about: "lists jobs that were stopped, goes on with one, or gives it up",
    run: async (words, flags) => (await import("./jobs.js")).jobsCommand(words, flags),
  },
  clean: {
    about: "removes what killed jobs have left, here and on the workers",
    run: async (words, flags) => (await import("./clean.js")).cleanCommand(words, flags),
  },
  config: {
    about: "shows and checks the settings, and where they come from",
    run: async (words, flags) => (await import("./config.js")).configCommand(words, flags),
  },
  help: {
    about: "explains a topic, a subcommand or a setting",
    run: async (words) => (await import("./help/index.js")).helpCommand(words),
  },
  completion: {
    about: "prints the script that completes words in bash, zsh or fish",
    run: async (words, flags) => (await import("./completion/index.js")).completionCommand(words, flags),
  },
});

/**
 * The subcommand that a command line was most likely meant for, where it is none of ffmpeg's: a single plain word in
 * front, and no input anywhere.
 */
export function meantSubcommand(argv: readonly string[]): string | undefined {
  const [first = "", ...rest] = argv;
  if (!/^[a-z]{3,}$/i.test(first) || rest.includes("-i")) return undefined;
  return nearest(first, Object.keys(SUBCOMMANDS));
}
