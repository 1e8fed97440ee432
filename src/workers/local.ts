import { setMaxListeners } from "node:events";
import { constants } from "node:fs";
import { access, copyFile, link, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { makePrivateFolder } from "../lib/private-folder.js";
import { fail, ok, type Result } from "../lib/result.js";
import { watchPath, watchProcess } from "../lib/warden.js";
import { cancelled, codeOf, connectionFailure, messageOf, transferFailure } from "./failures.js";
import { assertFileName } from "./folder.js";
import { Output } from "./output.js";
import type { ProcessEnd, RunOptions, Session, Transport, TransportFailure } from "./transport.js";

/** How long a program may take to end after TERM, milliseconds; then it is killed. */
const KILL_AFTER = 5000;

/** This machine as a worker: the same files under the same paths, programs started directly. */
export class LocalTransport implements Transport {
  readonly name: string;
  readonly sharesHostFiles = true;
  readonly #workPath: string;

  /** `workPath`: where session folders are made; a relative one counts from the current folder, `~` is the home folder. */
  constructor(workPath: string, name = "this machine") {
    this.name = name;
    this.#workPath = resolve(workPath.replace(/^~(?=$|\/)/, () => homedir()));
  }

  /** Makes the private folder. Fails with "connection" when the work path cannot be written. */
  async openSession(signal?: AbortSignal): Promise<Result<Session, TransportFailure>> {
    if (signal?.aborted) return cancelled(this.name);
    let folder: string;
    try {
      folder = await makePrivateFolder(this.#workPath, "distffmpeg-");
      await access(folder, constants.W_OK);
    } catch (error) {
      return fail(
        connectionFailure(`${this.name}: cannot make a work folder in ${this.#workPath}`, {
          detail: messageOf(error),
          fix: "choose another server_work_path in the configuration",
        }),
      );
    }
    watchPath(folder);
    return ok(new LocalSession(this.name, folder));
  }
}

class LocalSession implements Session {
  readonly folder: string;
  readonly #worker: string;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(worker: string, folder: string) {
    this.#worker = worker;
    this.folder = folder;
    // Every program under way listens to it; many are no leak.
    setMaxListeners(0, this.#closing.signal);
  }

  /**
   * Copies nothing: returns the host's own absolute path, after looking whether the file can be read.
   * `name` is not made in the folder, so programs must be given the returned path; `remove(name)` never touches the host's file.
   */
  async put(hostPath: string, name: string, signal?: AbortSignal): Promise<Result<string, TransportFailure>> {
    assertFileName(name);
    if (signal?.aborted) return cancelled(this.#worker);
    const path = resolve(hostPath);
    try {
      await access(path, constants.R_OK);
      return ok(path);
    } catch (error) {
      return fail(transferFailure(`${this.#worker}: cannot read ${path}`, { detail: messageOf(error) }));
    }
  }

  /**
   * Makes the file appear under `hostPath` too: nothing to do when it is that very file, else a hard link
   * (no bytes are copied), else, across file systems, a copy. Returns bytes.
   */
  async get(name: string, hostPath: string, signal?: AbortSignal): Promise<Result<number, TransportFailure>> {
    assertFileName(name);
    if (signal?.aborted) return cancelled(this.#worker);
    const from = join(this.folder, name);
    const to = resolve(hostPath);
    const part = `${to}.part`;
    try {
      const { size } = await stat(from);
      if (from === to) return ok(size);
      await rm(part, { force: true });
      await link(from, part).catch(() => copyFile(from, part, constants.COPYFILE_FICLONE));
      const copied = await stat(part);
      if (copied.size !== size) throw new Error(`${copied.size} of ${size} bytes were copied`);
      await rename(part, to);
      // rename(2) does nothing when both names already are the same file, and leaves both.
      await rm(part, { force: true });
      return ok(size);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      return fail(transferFailure(`${this.#worker}: cannot take ${name} to ${to}`, { detail: messageOf(error) }));
    }
  }

  async remove(name: string): Promise<Result<void, TransportFailure>> {
    assertFileName(name);
    try {
      await rm(join(this.folder, name), { force: true });
      return ok(undefined);
    } catch (error) {
      return fail(transferFailure(`${this.#worker}: cannot remove ${name}`, { detail: messageOf(error) }));
    }
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Result<ProcessEnd, TransportFailure>> {
    const signal = options.signal ? AbortSignal.any([options.signal, this.#closing.signal]) : this.#closing.signal;
    if (signal.aborted) return cancelled(this.#worker);
    const running = this.#run(argv, options, signal);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #run(
    argv: readonly string[],
    options: RunOptions,
    signal: AbortSignal,
  ): Promise<Result<ProcessEnd, TransportFailure>> {
    const [file, ...args] = argv;
    if (file === undefined) throw new RangeError("run() without a program");
    const output = new Output(options);
    const child = execa(file, args, {
      cwd: this.folder,
      stdin: "ignore",
      // Lines are taken as they come; execa must not keep a second copy of everything.
      buffer: false,
      reject: false,
      detached: false,
      cancelSignal: signal,
      forceKillAfterDelay: KILL_AFTER,
    });
    child.stdout.on("data", (data: Buffer) => output.pushStdout(data));
    child.stderr.on("data", (data: Buffer) => output.pushStderr(data));
    const unwatch = watchProcess(child.pid);
    const end = await child;
    unwatch();
    if (signal.aborted) return cancelled(this.#worker);
    if (end.exitCode === undefined && end.signal === undefined) {
      // Never started: told as a shell tells it, so that callers see the same as from a worker over SSH.
      output.pushStderr(Buffer.from(`${file}: ${end.originalMessage ?? end.shortMessage ?? "cannot be started"}`));
      return ok(output.finish({ code: codeOf(end) === "ENOENT" ? 127 : 126, signal: undefined }));
    }
    return ok(output.finish({ code: end.exitCode, signal: end.signal }));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}
