import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cliPath, type Ended, run } from "../equivalence/programs.js";
import type { Lab } from "./lab.mjs";

const ANSWER = fileURLToPath(new URL("answer.py", import.meta.url));

/**
 * An ffmpeg that lists these encoders only, so that not each of a full build is tried; `more`: shell lines before the real
 * one is started.
 */
export function fewEncoders(path: string, names: readonly string[], more: readonly string[] = []): string {
  const listing = names.map((name) => `V....D ${name} x\\n`).join("");
  const lines = ["#!/bin/sh", `case "$*" in *-encoders*) printf '${listing}'; exit 0;; esac`, ...more];
  writeFileSync(path, [...lines, 'exec /usr/bin/env -i PATH="$PATH" HOME="$HOME" ffmpeg "$@"', ""].join("\n"));
  chmodSync(path, 0o755);
  return path;
}

/** Somebody who has never used distffmpeg, nor ssh unless `sshConfig` says something. */
export interface Newcomer {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly knownHosts: string;
  /** The user's own configuration file. */
  readonly saved: string;
  /** Runs distffmpeg where nobody can be asked. */
  alone(...words: string[]): Promise<Ended>;
  /** Runs it on a terminal where these questions are answered so. */
  asked(answers: readonly (readonly [string, string])[], ...words: string[]): Promise<Ended>;
}

/** A home folder of that name in the lab. `sshConfig`: lines of ~/.ssh/config; without any there is no ~/.ssh. */
export function newcomer(lab: Lab, name: string, sshConfig: readonly string[] = []): Newcomer {
  const home = join(lab.folder, name);
  mkdirSync(home, { mode: 0o700 });
  const ssh = join(home, ".ssh");
  if (sshConfig.length > 0) {
    mkdirSync(ssh, { mode: 0o700 });
    writeFileSync(join(ssh, "config"), [...sshConfig, ""].join("\n"));
  }
  const env = {
    HOME: home,
    // ssh looks for the account's own file, whatever HOME says.
    DISTFFMPEG_SSH_CONFIG: sshConfig.length > 0 ? join(ssh, "config") : "/dev/null",
    SSH_AUTH_SOCK: "",
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_CACHE_HOME: join(home, "cache"),
  };
  const cli = [process.execPath, cliPath()];
  return {
    ...{ home, env, knownHosts: join(ssh, "known_hosts"), saved: join(home, ".config", "distffmpeg", "config.json") },
    alone: (...words) => run("setsid", ["-w", ...cli, ...words], { cwd: home, env }),
    asked: (answers, ...words) =>
      run("python3", [ANSWER, JSON.stringify(answers), ...cli, ...words], { cwd: home, env }),
  };
}
