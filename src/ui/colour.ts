import { Chalk, type ChalkInstance, type ColorSupportLevel } from "chalk";

/** The environment as the views see it: `process.env`, or a test's own. */
export type Env = Readonly<Record<string, string | undefined>>;

function forcedLevel(force: string): ColorSupportLevel {
  if (force === "false") return 0;
  const level = Number.parseInt(force, 10);
  if (level === 0 || level === 2 || level === 3) return level;
  return 1;
}

/**
 * How many colours a stream gets: FORCE_COLOR decides over all, then NO_COLOR (not empty), TERM=dumb
 * and whether the stream is a terminal. Asked for each stream, since stderr may be a terminal when stdout is not.
 * chalk 5 looks at its own process only and ignores NO_COLOR on a terminal.
 */
export function colourLevel(env: Env, isTTY: boolean): ColorSupportLevel {
  if (env["FORCE_COLOR"] !== undefined) return forcedLevel(env["FORCE_COLOR"]);
  if ((env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb" || !isTTY) return 0;
  return 1;
}

/** A chalk for one stream. */
export function chalkFor(env: Env, isTTY: boolean): ChalkInstance {
  return new Chalk({ level: colourLevel(env, isTTY) });
}

/** A chalk that leaves text as it is. */
export const noColour: ChalkInstance = new Chalk({ level: 0 });

/** True when the terminal can show more than ASCII: by its locale, as C programs decide it; Windows by its terminal. */
export function hasUnicode(env: Env, platform: NodeJS.Platform = process.platform): boolean {
  if (platform === "win32") return env["WT_SESSION"] !== undefined;
  if (env["TERM"] === "linux") return false;
  // The first one set wins (locale(7)); macOS terminals are UTF-8 even without any.
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => value !== undefined && value !== "");
  return locale === undefined ? platform === "darwin" : /utf-?8/i.test(locale);
}
