import { existsSync } from "node:fs";
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
  };
}

/**
 * True when some setting may differ from its default: a variable of ours is set, or a config file exists. Without any,
 * a program that only asks ffmpeg for its version need not wait for the configuration to be read and checked.
 */
export function anySettings(env: Environment, cwd: string): boolean {
  if (Object.keys(env).some((name) => name.startsWith("DISTFFMPEG_"))) return true;
  const { userConfig, oldConfig } = findPlaces(env);
  return [join(cwd, "distffmpeg.json"), userConfig, oldConfig].some((path) => existsSync(path));
}

/** A leading "~/" replaced by the home folder: no shell does it for a path in a file. */
export function expandHome(path: string, home: string): string {
  if (path === "~") return home;
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}
