import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfig } from "../config/load.js";
import { findPlaces } from "../config/places.js";
import { nearest } from "../lib/did-you-mean.js";
import { configAsJson, placesAsJson, renderConfig, renderPlaces, type ShownPlace } from "../ui/config.js";
import { renderError } from "../ui/errors.js";
import { readWords, wrongUse } from "./words.js";

const BAD_CONFIG = 3;
const VERBS = ["path", "show", "check"];

/** `distffmpeg config path|show|check [--json]`: 3 when the configuration cannot be used. */
export async function configCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const read = await readWords("config", words, {
    usage: [
      "distffmpeg config path [--json]    the files that settings may come from, the strongest first",
      "distffmpeg config show [--json]    every setting, and where its value comes from",
      "distffmpeg config check [--json]   whether the configuration can be used; status 3 when not",
    ].join("\n"),
    switches: { json: "as JSON (version 1)" },
  });
  if ("status" in read) return read.status;
  const [verb, ...more] = read.words;
  if (verb === undefined || !VERBS.includes(verb) || more.length > 0) {
    const near = verb === undefined || more.length > 0 ? undefined : nearest(verb, VERBS);
    const said =
      verb === undefined ? "config needs one of path, show and check" : `config ${read.words.join(" ")} is not known`;
    return wrongUse("config", near === undefined ? said : `${said}; did you mean ${near}?`);
  }
  const json = read.on.has("json");
  const loaded = loadConfig({ flags, env: process.env, cwd: process.cwd() });
  if (verb === "path") {
    const places = placesOf(flags, loaded.ok ? loaded.value.files : []);
    process.stdout.write(json ? placesAsJson(places) : renderPlaces(places));
    return 0;
  }
  if (!loaded.ok) {
    if (json && verb === "check")
      process.stdout.write(`${JSON.stringify({ version: 1, problems: loaded.failure }, null, 2)}\n`);
    else for (const problem of loaded.failure) process.stderr.write(renderError(problem));
    return BAD_CONFIG;
  }
  const { value } = loaded;
  if (verb === "show") {
    process.stdout.write(json ? configAsJson(value) : renderConfig(value));
    return 0;
  }
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ version: 1, problems: [], notes: value.notes, files: value.files }, null, 2)}\n`,
    );
    return 0;
  }
  for (const note of value.notes) process.stderr.write(renderError(note));
  const from = value.files.length === 0 ? "no file is read, all is as by default" : `read: ${value.files.join(", ")}`;
  process.stdout.write(`the configuration can be used; ${from}\n`);
  return 0;
}

/** The files that are looked at, in the order in which they count. */
function placesOf(flags: ReadonlyMap<string, string>, files: readonly string[]): ShownPlace[] {
  const { userConfig, oldConfig } = findPlaces(process.env);
  const usual = [resolve("distffmpeg.json"), userConfig, oldConfig];
  const named = flags.get("config") || process.env["DISTFFMPEG_CONFIG"];
  const all =
    named === undefined || named === "" ? usual : [...files.filter((file) => !usual.includes(file)), ...usual];
  return all.map((path) => ({ path, exists: existsSync(path), read: files.includes(path) }));
}
