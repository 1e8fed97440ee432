import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a program ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd?: string;
  /** Laid over the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** A file to come in on standard input; nothing by default. */
  readonly stdin?: string;
  /** Standard input stays a pipe that is open, for keys. */
  readonly keys?: boolean;
  /** Ends the program (of a test that has run out of time). */
  readonly signal?: AbortSignal;
  /** In a process group of its own, so that it can be sent what a terminal sends to all of them. */
  readonly group?: boolean;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts a program; what it says on standard output is kept byte for byte (as latin1). */
export function start(file: string, args: readonly string[], options: StartOptions = {}): Started {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...environment(), ...options.env },
    stdio: [options.stdin === undefined && !options.keys ? "ignore" : "pipe", "pipe", "pipe"],
    detached: options.group === true,
    ...(options.signal ? { signal: options.signal, killSignal: "SIGTERM" } : {}),
  });
  if (options.stdin !== undefined && child.stdin) {
    child.stdin.on("error", () => undefined);
    createReadStream(options.stdin).pipe(child.stdin);
  }
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on("data", (block: Buffer) => out.push(block));
  child.stderr?.on("data", (block: Buffer) => errors.push(block));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const stdout = Buffer.concat(out).toString("latin1");
      resolve({ code, signal, stdout, stderr: Buffer.concat(errors).toString("utf8") });
    });
  });
  return { child, ended };
}

/** Runs a program to its end. */
export function run(file: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return start(file, args, options).ended;
}

/** Runs a program that must succeed; gives its standard output. */
export async function must(file: string, args: readonly string[], options: StartOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, options);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${code}: ${stderr.slice(-2000)}`);
  return stdout;
}

/** The environment of the tests without settings of distffmpeg that the developer may have. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DISTFFMPEG_")));
}

export function startCli(args: readonly string[], options: StartOptions = {}): Started {
  return start(process.execPath, [cliPath(), ...args], options);
}

export function runCli(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return startCli(args, options).ended;
}

export function runFfmpeg(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return run("ffmpeg", args, options);
}

let built: string | undefined;

/** The built program, made anew first when it is older than its sources. `CLI_UNDER_TEST` names another one. */
export function cliPath(): string {
  built ??= process.env.CLI_UNDER_TEST ?? build();
  return built;
}

/** Builds as `npm test` does, which takes no time when there is nothing to do. Test files run side by side: one at a time. */
function build(): string {
  const modules = join(ROOT, "node_modules");
  const lock = join(modules, ".building");
  while (!taken(lock)) {
    // Left behind by one that was killed.
    if ((statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < Date.now() - 120_000) remove(lock);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    const done = spawnSync(process.execPath, [join(ROOT, "scripts", "setup.mjs")], { encoding: "utf8" });
    const cli = join(ROOT, "dist", "cli.js");
    const words = `${done.stdout}${done.stderr}`;
    if (!existsSync(cli)) throw new Error(`dist cannot be built: ${words}`);
    // With errors in the types it is built all the same; the check of the types counts them.
    if (done.status !== 0) process.stderr.write(words);
    return cli;
  } finally {
    remove(lock);
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function remove(lock: string): void {
  try {
    rmdirSync(lock);
  } catch {
    // Somebody else did.
  }
}
