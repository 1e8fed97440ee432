import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Places {
  readonly home: string;
  /** The user's own config file. */
  readonly userConfig: string;
  /** Where DistrFFmpeg, the tool this one replaces, keeps its config: a fixed place, whatever XDG_CONFIG_HOME says. */
  readonly oldConfig: string;
  /** Default of server_work_path. */
  readonly jobs: string;
  /** For what can be found out again. */
  readonly cache: string;
}

/** The user's folders, after the XDG Base Directory Specification: relative paths in its variables are ignored. */
export function findPlaces(env: Environment): Places {
  const home = env.HOME !== undefined && isAbsolute(env.HOME) ? env.HOME : homedir();
  const base = (variable: string, usual: string): string => {
    const set = env[variable];
    return set !== undefined && isAbsolute(set) ? set : join(home, usual);
  };
  return {
    home,
    userConfig: join(base("XDG_CONFIG_HOME", ".config"), "distffmpeg", "config.json"),
    oldConfig: join(home, ".config", "distrffmpeg", "config.json"),
    jobs: join(base("XDG_STATE_HOME", ".local/state"), "distffmpeg", "jobs"),
    cache: join(base("XDG_CACHE_HOME", ".cache"), "distffmpeg"),
  };
}

/**
 * True when the configuration may name another ffmpeg or ffprobe than the one on the PATH. A look at the text is enough:
 * a program that only asks ffmpeg for its version need not wait until the whole configuration is read and checked.
 */
export function mayNamePrograms(env: Environment, cwd: string): boolean {
  if (["DISTFFMPEG_CONFIG", "DISTFFMPEG_FFMPEG_BIN", "DISTFFMPEG_FFPROBE_BIN"].some((name) => env[name])) return true;
  const { userConfig, oldConfig } = findPlaces(env);
  return [join(cwd, "distffmpeg.json"), userConfig, oldConfig].some((path) => /ff(mpeg|probe)_bin/.test(textOf(path)));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A leading "~/" replaced by the home folder: no shell does it for a path in a file. */
export function expandHome(path: string, home: string): string {
  if (path === "~") return home;
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}
