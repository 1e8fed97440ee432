import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { OWN_PROGRAM } from "../lib/own-package.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** Programs that were started as ffmpeg or ffprobe by a distffmpeg further up: one that finds itself among them is not real. */
const STARTED = "DISTFFMPEG_STARTED";

/** True when a distffmpeg has taken this process for the real ffmpeg, as it must where a script stands between the two. */
export function takenForReal(env: NodeJS.ProcessEnv): boolean {
  return (env[STARTED] ?? "") !== "";
}

/**
 * The program to start for `bin` (a path, or a name that is looked up in PATH): `bin` as it stands where that is fine,
 * the next one of that name on the PATH where the first is distffmpeg itself under that name. Fails when all that is
 * there leads back to distffmpeg; a program that is not there at all is left to whoever starts it. Notes in `env` what
 * is going to be started, for a script between us and ourselves.
 */
export function realProgram(bin: string, env: NodeJS.ProcessEnv, self = OWN_PROGRAM): Result<string, Problem> {
  const found = placesOf(bin, env).filter(isProgram);
  const started = (env[STARTED] ?? "").split(delimiter).filter((path) => path !== "");
  const own = canonical(self);
  const real = found.find((path) => canonical(path) !== own && !started.includes(path));
  if (real === undefined) {
    return found.length === 0 ? ok(bin) : fail({ what: `${found[0] ?? bin} is distffmpeg itself`, fix: fixFor(bin) });
  }
  if (!started.includes(real)) env[STARTED] = [...started, real].join(delimiter);
  return ok(real === found[0] ? bin : real);
}

/**
 * Which build of a program `bin` (see `realProgram`) is: its path, size in bytes and time of change, as workers are asked
 * for theirs. "" where it is not there.
 */
export function programBuild(bin: string, env: NodeJS.ProcessEnv): string {
  const path = placesOf(bin, env).find(isProgram);
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return found ? `${path} ${found.size} ${found.mtimeMs}` : "";
}

/** Forgets what was started: for a further command of this very process. */
export function forgetStarted(env: NodeJS.ProcessEnv): void {
  env[STARTED] = "";
}

function fixFor(bin: string): string {
  if (bin.includes("/")) return "set ffmpeg_bin and ffprobe_bin to the real programs";
  return `install ${bin} further on in the PATH, or set ${bin}_bin in the configuration to its path`;
}

/** Where a program may be, the first place first. */
function placesOf(bin: string, env: NodeJS.ProcessEnv): string[] {
  if (bin.includes("/")) return [resolve(bin)];
  const folders = (env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => (isAbsolute(folder) ? join(folder, bin) : resolve(folder, bin)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function canonical(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
