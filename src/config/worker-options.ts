import { resolve } from "node:path";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { allowedAt, shapeAt } from "./schema.js";

/** The options of `distffmpeg workers add` and `edit`, with the setting each stands for. */
const OPTIONS: Readonly<Record<string, string>> = {
  name: "name",
  slots: "slots",
  "work-path": "work_path",
  identity: "identity_file",
  ffmpeg: "ffmpeg_bin",
  nice: "nice",
  numa: "numa",
  "connect-timeout": "connect_timeout",
  platform: "platform",
};

/** More of them, for `edit` alone: `add` has them in the place that it is given. */
const PLACE: Readonly<Record<string, string>> = { host: "host", user: "user", port: "port" };

/** Every option with what it takes, for the help of a subcommand. */
export function workerOptions(withPlace: boolean): Record<string, string> {
  const all = { ...(withPlace ? PLACE : {}), ...OPTIONS };
  return Object.fromEntries(Object.entries(all).map(([option, key]) => [option, allowedAt(["workers", 0, key])]));
}

/**
 * Checks what was given to options, and gives the settings of a worker; undefined for one that is to be as by default
 * (the word `default`). Files of this machine count from `cwd`.
 */
export function workerSettings(
  given: ReadonlyMap<string, string>,
  cwd: string,
): Result<ReadonlyMap<string, unknown>, Problem> {
  const settings = new Map<string, unknown>();
  for (const [option, text] of given) {
    const key = OPTIONS[option] ?? PLACE[option];
    if (key === undefined) continue;
    if (text === "default" && key !== "host") {
      settings.set(key, undefined);
      continue;
    }
    const path = key === "identity_file" && !text.startsWith("~") ? resolve(cwd, text) : text;
    const value = /^\d+$/.test(path) && key !== "name" && key !== "user" && key !== "host" ? Number(path) : path;
    const checked = shapeAt(["workers", 0])?.[key]?.safeParse(value);
    if (checked?.success !== true) {
      const allowed = allowedAt(["workers", 0, key]);
      return fail({ what: `--${option} is ${JSON.stringify(text)}, but must be ${allowed}` });
    }
    settings.set(key, value);
  }
  return ok(settings);
}
