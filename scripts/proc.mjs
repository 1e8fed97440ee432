// Small things the scripts share. Node's builtins only: these run before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The program's path, or undefined. Servers such as sshd stand in sbin, which is often not in a user's PATH. */
export function which(program) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
}

/** Runs a program to its end with this terminal; its exit status (127: it could not be started). */
export function run(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: "inherit", ...options });
  if (error !== undefined) return 127;
  return status ?? signalStatus(signal);
}

/**
 * Runs a program in our place: it has the terminal, and signals are its to answer; its exit status. The terminal's
 * Ctrl-C reaches it by itself; a SIGTERM sent to us alone is handed on.
 */
export function become(program, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(program, args, { stdio: "inherit", ...options });
    const ignore = () => undefined;
    const pass = (signal) => child.kill(signal);
    process.on("SIGINT", ignore);
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, pass);
    const finish = (status) => {
      process.off("SIGINT", ignore);
      for (const signal of ["SIGTERM", "SIGHUP"]) process.off(signal, pass);
      done(status);
    };
    child.on("error", (error) => {
      console.error(error.message);
      finish(127);
    });
    child.on("exit", (code, signal) => finish(code ?? signalStatus(signal)));
  });
}

/** The status shells give a program that a signal ended. */
function signalStatus(signal) {
  return 128 + (osConstants.signals[signal] ?? 0);
}
