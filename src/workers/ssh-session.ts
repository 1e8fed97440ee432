import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { rename, rm, stat } from "node:fs/promises";
import { posix } from "node:path";
import { fail, ok, type Result } from "../lib/result.js";
import type { Dialect, SessionFolder } from "./dialect.js";
import { messageOf, transferFailure } from "./failures.js";
import { assertNameInside } from "./folder.js";
import type { Link } from "./link.js";
import { STDOUT_BYTES } from "./output.js";
import { runRemote, runRemoteLive } from "./remote-run.js";
import type { ScriptWords } from "./script.js";
import { keepWide, type SftpChannel, type SftpChannels } from "./sftp.js";
import type { LiveOptions, LiveSession, ProcessEnd, RunOptions, TransportFailure } from "./transport.js";

/** A worker that announces a bigger file than this has gone astray; taking it would fill the host's disk. */
const LARGEST_GET = 64 * 1024 ** 3;

/** How long the removal of the folder may take at the end, milliseconds. */
const CLEANUP = 15_000;

/**
 * Requests under way at the same time, and bytes of each: 4 MiB together, twice what OpenSSH's window lets through
 * unanswered, so that on a long line something is always there to go out, or on its way in. Few large requests take a third less
 * processor time than ssh2's usual 64 of 32 KiB (measured). 255 KiB is the largest that OpenSSH takes (sftp-server.c
 * process_extended_limits); for servers that take only small ones ssh2 cuts them up itself.
 */
const TRANSFER = { concurrency: 16, chunkSize: 255 * 1024 };

/** What ssh2's fastGet takes (its SFTP.md), and the client's types leave out. */
type GetOptions = typeof TRANSFER & { readonly step: () => void; readonly fileSize: number };

/** A session over SSH: files through SFTP, programs through exec, all on one connection. */
export class SshSession implements LiveSession {
  readonly folder: string;
  readonly scriptWords: ScriptWords;
  /** The folder as SFTP has it. */
  readonly #files: string;
  readonly #dialect: Dialect;
  readonly #link: Link;
  readonly #channels: SftpChannels;
  readonly #closing = new AbortController();
  readonly #pending = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(link: Link, channels: SftpChannels, { folder, files }: SessionFolder, dialect: Dialect) {
    this.#link = link;
    this.#channels = channels;
    this.folder = folder;
    this.#files = files;
    this.#dialect = dialect;
    this.scriptWords = dialect.scriptWords;
    // Every operation under way listens to it; many are no leak.
    setMaxListeners(0, this.#closing.signal);
  }

  put(hostPath: string, name: string, signal?: AbortSignal): Promise<Result<string, TransportFailure>> {
    return this.#track(signal, async (either) => {
      const put = await this.#put(hostPath, this.#path(name), either);
      return put.ok ? ok(posix.join(this.folder, name)) : this.#orGone(put);
    });
  }

  get(name: string, hostPath: string, signal?: AbortSignal): Promise<Result<number, TransportFailure>> {
    return this.#track(signal, async (either) => {
      const got = await this.#get(this.#path(name), hostPath, either);
      return got.ok ? got : this.#orGone(got);
    });
  }

  remove(name: string): Promise<Result<void, TransportFailure>> {
    return this.#track(undefined, (either) => {
      const path = this.#path(name);
      const work = async ({ client }: SftpChannel): Promise<void> => {
        await client.delete(path, true);
      };
      return this.#channels.use(`cannot remove ${path}`, work, either);
    });
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Result<ProcessEnd, TransportFailure>> {
    if (argv.length === 0) throw new RangeError("run() without a program");
    const launch = this.#dialect.launch(this.folder, argv);
    if (!launch.ok) return fail(transferFailure(`${this.#link.worker}: ${launch.failure}`));
    return this.#track(options.signal, async (signal) => {
      const end = await runRemote(this.#link, launch.value, { ...options, signal });
      return !end.ok || end.value.code === 0 ? end : this.#orGone(end);
    });
  }

  async runLive(argv: readonly string[], live: LiveOptions): Promise<Result<ProcessEnd, TransportFailure>> {
    if (!this.#dialect.isLive) return fail(transferFailure(`${this.#link.worker}: it runs no whole commands`));
    const pipe = live.stdin ? `stdin-${randomBytes(6).toString("hex")}` : undefined;
    if (pipe !== undefined) {
      const made = await this.run(["mkfifo", "-m", "600", pipe], live.signal ? { signal: live.signal } : {});
      if (!made.ok) return made;
      if (made.value.code !== 0) {
        const detail = made.value.stderrTail.join("\n");
        return fail(transferFailure(`${this.#link.worker}: no pipe can be made in ${this.folder}`, { detail }));
      }
    }
    return this.#track(live.signal, (signal) =>
      runRemoteLive(this.#link, this.folder, argv, { ...live, signal, pipe }),
    );
  }

  makeFolder(name: string): Promise<Result<void, TransportFailure>> {
    return this.#track(undefined, (either) => {
      const path = this.#path(name);
      const work = async ({ client }: SftpChannel): Promise<void> => {
        await client.mkdir(path, true);
      };
      return this.#channels.use(`cannot make the folder ${path}`, work, either);
    });
  }

  async list(name: string): Promise<Result<readonly string[], TransportFailure>> {
    const path = this.#path(name);
    const found = await this.run(["find", path, "-type", "f", "-print0"]);
    if (!found.ok) return found;
    // What is cut off would be missing without a word.
    if (Buffer.byteLength(found.value.stdout) >= STDOUT_BYTES) {
      return fail(transferFailure(`${this.#link.worker}: there are more files in ${path} than can be told`));
    }
    const names = found.value.stdout.split("\0").filter((file) => file.startsWith(`${path}/`));
    return ok(names.map((file) => file.slice(path.length + 1)).filter((file) => !file.split("/").includes("..")));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #put(hostPath: string, path: string, signal: AbortSignal): Promise<Result<void, TransportFailure>> {
    const what = `cannot copy ${hostPath} to the worker`;
    const part = `${path}.part`;
    let size: number;
    try {
      ({ size } = await stat(hostPath));
    } catch (error) {
      return fail(transferFailure(`${this.#link.worker}: ${what}`, { detail: messageOf(error) }));
    }
    const copy = async (channel: SftpChannel, step: () => void): Promise<void> => {
      await channel.client.fastPut(hostPath, part, { ...TRANSFER, step });
      const there = await channel.client.stat(part);
      if (there.size !== size) throw new Error(`${there.size} of ${size} bytes arrived`);
      await replace(channel, part, path);
    };
    const copied = await this.#channels.use(what, copy, signal);
    if (!copied.ok && copied.failure.kind !== "connection") {
      const removal = AbortSignal.timeout(CLEANUP);
      await this.#channels.use("cannot remove a half-copied file", ({ client }) => client.delete(part, true), removal);
    }
    return copied;
  }

  async #get(path: string, hostPath: string, signal: AbortSignal): Promise<Result<number, TransportFailure>> {
    const part = `${hostPath}.part`;
    const copy = async ({ client, raw }: SftpChannel, moved: () => void): Promise<number> => {
      const { size } = await client.stat(path);
      if (size > LARGEST_GET) throw new Error(`it has ${size} bytes, more than any chunk`);
      const step = (): void => {
        moved();
        keepWide(raw);
      };
      keepWide(raw);
      // Told its size, it does not ask once more.
      const options: GetOptions = { ...TRANSFER, step, fileSize: size };
      await client.fastGet(path, part, options);
      const here = await stat(part);
      if (here.size !== size) throw new Error(`${here.size} of ${size} bytes arrived`);
      // Looked at for the last time: a file that the caller gave up must not appear afterwards.
      signal.throwIfAborted();
      await rename(part, hostPath);
      return size;
    };
    const copied = await this.#channels.use(`cannot copy ${path} from the worker`, copy, signal);
    if (!copied.ok) await rm(part, { force: true }).catch(() => undefined);
    return copied;
  }

  /**
   * What failed because the folder is gone (a cleaner of temporary files, a disk that was unmounted) fails for all that
   * comes: the session is of no use any more, another one makes a folder of its own. Not asked after a transfer that went
   * well: on a long line the answer costs each of them a round trip.
   */
  async #orGone<T>(result: Result<T, TransportFailure>): Promise<Result<T, TransportFailure>> {
    if (!result.ok && result.failure.kind !== "transfer") return result;
    const look = ({ client }: SftpChannel): Promise<unknown> => client.exists(this.#files);
    const there = await this.#channels.use("cannot look for the work folder", look, AbortSignal.timeout(CLEANUP));
    if (!there.ok || there.value !== false) return result;
    this.#link.giveUp(`its work folder ${this.folder} was removed`);
    return this.#link.lost ? fail(this.#link.lost) : result;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#pending);
    if (!this.#link.lost) {
      const work = ({ client }: SftpChannel): Promise<string> => client.rmdir(this.#files, true);
      await this.#channels.use("cannot remove the work folder", work, AbortSignal.timeout(CLEANUP));
    }
    await this.#link.end();
  }

  #path(name: string): string {
    assertNameInside(name);
    return posix.join(this.#files, name);
  }

  /** Starts an operation that ends by the caller's signal or by `close`, whichever comes first. */
  async #track<T>(
    signal: AbortSignal | undefined,
    start: (signal: AbortSignal) => Promise<Result<T, TransportFailure>>,
  ): Promise<Result<T, TransportFailure>> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    const work = start(either);
    this.#pending.add(work);
    try {
      return await work;
    } finally {
      this.#pending.delete(work);
    }
  }
}

/** Gives a file its final name, in place of another one; SFTP's own rename refuses where the name is taken. */
async function replace({ client }: SftpChannel, from: string, to: string): Promise<void> {
  try {
    await client.posixRename(from, to);
  } catch {
    // Not OpenSSH's server: without its extension there is a moment without the file.
    await client.delete(to, true);
    await client.rename(from, to);
  }
}
