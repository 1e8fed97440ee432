import { nearest } from "../../lib/did-you-mean.js";
import { editConfig, type Edit, workersFile } from "../../config/edit.js";
import type { FarmEntry } from "../../config/farm.js";
import { removeAt, setAt } from "../../config/json-edit.js";
import { workerOptions, workerSettings } from "../../config/worker-options.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { renderError } from "../../ui/errors.js";
import { setUp } from "../setup.js";
import { readWords, wrongUse } from "../words.js";

const FAILED = 1;
const JSON_OF_CHANGE = { json: "what was done as JSON (version 1)" };

type Flags = ReadonlyMap<string, string>;

/** `distffmpeg workers remove NAME …`: takes workers off the list; nothing is done on them. */
export function removeCommand(words: readonly string[], flags: Flags): Promise<number> {
  const usage = "Takes workers off the list. Nothing is done on them.";
  return changeEach("remove", usage, words, flags, (text, i) => removeAt(text, ["workers", i]));
}

/** `distffmpeg workers drain NAME …`: they stay in the list, and take no new jobs. */
export function drainCommand(words: readonly string[], flags: Flags): Promise<number> {
  const usage = "Workers stay in the list, but take no new jobs; jobs that run are not touched.";
  return changeEach("drain", usage, words, flags, (text, i) => setAt(text, ["workers", i, "drained"], true));
}

/** `distffmpeg workers undrain NAME …`: they take jobs again. */
export function undrainCommand(words: readonly string[], flags: Flags): Promise<number> {
  return changeEach("undrain", "Workers that were drained take jobs again.", words, flags, (text, i, { worker }) =>
    worker.drained ? removeAt(text, ["workers", i, "drained"]) : text,
  );
}

/** `distffmpeg workers edit NAME --KEY VALUE …`: changes what is said of a worker. */
export async function editCommand(words: readonly string[], flags: Flags): Promise<number> {
  const read = await readWords("workers edit", words, {
    usage: "distffmpeg workers edit NAME --OPTION VALUE …\n\nThe value `default` takes a setting out of the file.",
    switches: JSON_OF_CHANGE,
    values: workerOptions(true),
  });
  if ("status" in read) return read.status;
  const [name, ...more] = read.words;
  if (name === undefined || more.length > 0)
    return wrongUse("workers edit", "workers edit takes the name of one worker");
  if (read.values.size === 0) return wrongUse("workers edit", "workers edit needs an option that says what to change");
  const settings = workerSettings(read.values, process.cwd());
  if (!settings.ok) return wrongUse("workers edit", settings.failure.what);
  const wanted = read.values.get("name");
  return change("edit", [name], flags, read.on.has("json"), (text, farm) => {
    if (wanted !== undefined && wanted !== name && farm.some(({ worker }) => worker.name === wanted))
      return fail({ what: `there is a worker ${wanted} already`, fix: "distffmpeg workers list" });
    const entry = farm.find(({ worker }) => worker.name === name);
    if (!entry) return fail(noWorker(name, farm));
    return edited(editEntry(text, entry, settings.value));
  });
}

/** Entries that are one worker keep being one: each is changed alike; a number of slots is the sum of all, and said once. */
function editEntry(text: string, { at }: FarmEntry, settings: ReadonlyMap<string, unknown>): string | undefined {
  let now: string | undefined = text;
  const [first = 0, ...others] = at;
  if (settings.has("slots")) for (const i of others.reverse()) now &&= removeAt(now, ["workers", i]);
  for (const i of settings.has("slots") ? [first] : at) {
    for (const [key, value] of settings) {
      if (now === undefined) return undefined;
      now = value === undefined ? (removeAt(now, ["workers", i, key]) ?? now) : setAt(now, ["workers", i, key], value);
    }
  }
  return now;
}

async function changeEach(
  verb: string,
  usage: string,
  words: readonly string[],
  flags: Flags,
  act: Act,
): Promise<number> {
  const about = { usage: `distffmpeg workers ${verb} NAME …\n\n${usage}`, switches: JSON_OF_CHANGE };
  const read = await readWords(`workers ${verb}`, words, about);
  if ("status" in read) return read.status;
  if (read.words.length === 0) return wrongUse(`workers ${verb}`, `workers ${verb} needs the name of a worker`);
  return change(verb, read.words, flags, read.on.has("json"), (text, farm) => each(text, farm, read.words, act));
}

/** A change of the entry of that number. */
type Act = (text: string, i: number, entry: FarmEntry) => string | undefined;

/** Does something to each worker of these names; to all, or to none. */
function each(text: string, farm: readonly FarmEntry[], names: readonly string[], act: Act): Result<string, Problem> {
  const places: { readonly i: number; readonly entry: FarmEntry }[] = [];
  for (const name of new Set(names)) {
    const entry = farm.find(({ worker }) => worker.name === name);
    if (!entry) return fail(noWorker(name, farm));
    places.push(...entry.at.map((i) => ({ i, entry })));
  }
  let now: string | undefined = text;
  // From behind: what is taken out moves only what was dealt with.
  for (const { i, entry } of places.sort((a, b) => b.i - a.i)) now &&= act(now, i, entry);
  return edited(now);
}

function edited(text: string | undefined): Result<string, Problem> {
  return text === undefined ? fail({ what: "the file says a key twice, and can only be changed by hand" }) : ok(text);
}

function noWorker(name: string, farm: readonly FarmEntry[]): Problem {
  const near = nearest(
    name,
    farm.map(({ worker }) => worker.name),
  );
  return {
    what: `there is no worker ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean ${near}?`}`,
    fix: "distffmpeg workers list",
  };
}

async function change(
  verb: string,
  names: readonly string[],
  flags: Flags,
  json: boolean,
  edit: Edit,
): Promise<number> {
  const setup = setUp(flags);
  if ("status" in setup) return setup.status;
  const file = workersFile(setup.loaded, flags, process.env, process.cwd());
  const done = file.ok ? await editConfig(file.value, edit) : file;
  if (!file.ok || !done.ok) {
    if (!done.ok) process.stderr.write(renderError(done.failure));
    return FAILED;
  }
  const { path } = file.value;
  const said = json
    ? JSON.stringify({ version: 1, verb, workers: names, file: path }, null, 2)
    : `${verb}: ${names.join(", ")} (${path})`;
  process.stdout.write(`${said}\n`);
  return 0;
}
