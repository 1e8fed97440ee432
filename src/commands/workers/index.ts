import { wrongUse } from "../words.js";
import { nearest } from "../../lib/did-you-mean.js";
import { addCommand } from "./add.js";
import { drainCommand, editCommand, removeCommand, undrainCommand } from "./change.js";
import { benchCommand } from "./bench.js";
import { checkCommand, listCommand } from "./look.js";

type Verb = (words: readonly string[], flags: ReadonlyMap<string, string>) => Promise<number>;

const VERBS = new Map<string, Verb>([
  ["list", listCommand],
  ["add", addCommand],
  ["check", checkCommand],
  ["bench", benchCommand],
  ["remove", removeCommand],
  ["edit", editCommand],
  ["drain", drainCommand],
  ["undrain", undrainCommand],
]);

const HELP = `distffmpeg workers [list]                what is configured
distffmpeg workers add USER@HOST[:PORT]  sets a machine up, tries it out, and adds it to the list
distffmpeg workers check [NAME …]        whether they can be reached, and what they have
distffmpeg workers bench [NAME …]        how quick they are, and the lines to them
distffmpeg workers edit NAME --slots 4   changes what is said of one
distffmpeg workers drain NAME …          they take no new jobs, until undrain
distffmpeg workers undrain NAME …        they take jobs again
distffmpeg workers remove NAME …         takes them off the list

Each takes --json, and --help for what else it takes.
`;

/** `distffmpeg workers VERB …`: looks after the machines that encode. */
export async function workersCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const [verb = "list", ...rest] = words;
  if (verb === "--help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (verb.startsWith("-")) return listCommand(words, flags);
  const found = VERBS.get(verb);
  if (found) return found(rest, flags);
  const near = nearest(verb, [...VERBS.keys()]);
  return wrongUse("workers", `workers ${verb} is not known${near === undefined ? "" : `; did you mean ${near}?`}`);
}
