import type { WorkerConfig } from "../config/types.js";
import { fail, ok, type Result } from "../lib/result.js";
import { connect, DEFAULT_TIMES, type Times } from "./connect.js";
import { cancelled } from "./failures.js";
import { startJanitor } from "./janitor.js";
import { POSIX } from "./posix.js";
import { SftpChannels } from "./sftp.js";
import { type Environment, readHostSettings } from "./ssh-config.js";
import { SshSession } from "./ssh-session.js";
import type { LiveSession, Transport, TransportFailure } from "./transport.js";
import { WINDOWS } from "./windows/dialect.js";

/** What may be given from outside, for tests mostly. */
export interface SshDependencies {
  /** Where HOME, SSH_AUTH_SOCK and DISTFFMPEG_SSH_CONFIG are read; this process's environment by default. */
  readonly env?: Environment;
  /** Instead of the worker's connect_timeout and the defaults. */
  readonly times?: Partial<Times>;
}

/** A worker over SSH: OpenSSH's configuration and keys, known hosts only, no password. */
export class SshTransport implements Transport {
  readonly name: string;
  readonly sharesHostFiles = false;
  readonly #worker: WorkerConfig;
  readonly #env: Environment;
  readonly #times: Times;

  constructor(worker: WorkerConfig, dependencies: SshDependencies = {}) {
    this.name = worker.name;
    this.#worker = worker;
    this.#env = dependencies.env ?? process.env;
    const configured = worker.connect_timeout === undefined ? {} : { ready: worker.connect_timeout * 1000 };
    this.#times = { ...DEFAULT_TIMES, ...configured, ...dependencies.times };
  }

  /**
   * Connects and makes the private folder. Fails with "connection" (no way to the host, not let in, host key not known,
   * work path cannot be written), each with a command to type, or with "cancelled".
   *
   * A session can run 7 programs at the same time: OpenSSH allows 10 channels for a connection (MaxSessions), of which
   * files take two and the removal of the folder one. More need another session.
   */
  async openSession(signal?: AbortSignal): Promise<Result<LiveSession, TransportFailure>> {
    if (signal?.aborted) return cancelled(this.name);
    const settings = await readHostSettings(this.#worker, this.#env);
    const target = { worker: this.name, settings, env: this.#env, times: this.#times };
    const connected = await connect(target, signal);
    if (!connected.ok) return connected;
    const link = connected.value;
    const channels = new SftpChannels(link);
    const dialect = this.#worker.platform === "Windows" ? WINDOWS : POSIX;
    const folder = await dialect.makeFolder(link, channels, this.#worker.work_path, signal);
    if (!folder.ok) {
      await link.end();
      if (folder.failure.kind !== "transfer") return folder;
      // Without a folder the worker is of no use at all.
      return fail({
        ...folder.failure,
        kind: "connection",
        fix: folder.failure.fix ?? "choose another work_path for this worker",
      });
    }
    startJanitor(link, dialect.janitor(folder.value.folder));
    return ok(new SshSession(link, channels, folder.value, dialect));
  }
}
