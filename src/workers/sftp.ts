import type { Client, SFTPWrapper } from "ssh2";
import SftpClient from "ssh2-sftp-client";
import { fail, ok, type Result } from "../lib/result.js";
import { cancelled, messageOf, transferFailure } from "./failures.js";
import type { Link } from "./link.js";
import type { TransportFailure } from "./transport.js";

/**
 * SFTP channels of one connection that are in use at the same time. OpenSSH allows 10 channels in all (MaxSessions),
 * programs need theirs too, and more transfers side by side are no faster: they share one connection's bandwidth.
 */
const CHANNELS = 2;

/** How long a broken-off transfer may take to let go of its files, milliseconds. */
const LET_GO = 2000;

/** An SFTP channel: the comfortable client, and ssh2's own for what that one does not offer. */
export interface SftpChannel {
  readonly client: SftpClient;
  readonly raw: SFTPWrapper;
  /** Whether the server has closed it. */
  readonly isClosed: () => boolean;
}

/**
 * The SFTP channels of a link, opened when needed and used again. A channel serves one operation at a time:
 * breaking off a transfer means closing its channel, the only way ssh2 has.
 */
export class SftpChannels {
  readonly #link: Link;
  readonly #idle: SftpChannel[] = [];
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /**
   * Does `work` with a channel. What it throws becomes a "transfer" failure whose words are `what`;
   * a lost link and the signal end it at once, as "connection" and "cancelled". Work that calls `moved` less often than
   * every `stall` milliseconds, or takes longer altogether without it, costs the link: whatever holds it up there holds
   * up all else.
   */
  async use<T>(
    what: string,
    work: (channel: SftpChannel, moved: () => void) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<Result<T, TransportFailure>> {
    if (!(await this.#enter(signal))) return cancelled(this.#link.worker);
    if (this.#link.lost) {
      this.#leave();
      return fail(this.#link.lost);
    }
    const patience = this.#link.awaits(what);
    try {
      const opened = await this.#take(signal);
      if (!opened.ok) return opened;
      return await this.#do(opened.value, what, (channel) => work(channel, () => patience.renew()), signal);
    } finally {
      patience.end();
      this.#leave();
    }
  }

  async #do<T>(
    channel: SftpChannel,
    what: string,
    work: (channel: SftpChannel) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<Result<T, TransportFailure>> {
    const working = work(channel).then(ok, (error: unknown) => this.#failed(what, error));
    const result = await this.#link.race<T>(working, signal);
    if (result.ok || result.failure.kind === "transfer") {
      if (!channel.isClosed()) this.#idle.push(channel);
      return result;
    }
    channel.raw.end();
    // The local file must not be touched by a late write after the caller has cleaned up.
    await Promise.race([working, new Promise((resolve) => setTimeout(resolve, LET_GO).unref())]);
    return result;
  }

  #failed(what: string, error: unknown): Result<never, TransportFailure> {
    // ssh2-sftp-client puts the names of its own functions before the words of the server.
    const detail = messageOf(error).replace(/^(?:_?\w+(?:->|: ))+/, "");
    return fail(transferFailure(`${this.#link.worker}: ${what}`, { detail }));
  }

  async #take(signal: AbortSignal | undefined): Promise<Result<SftpChannel, TransportFailure>> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (!idle.isClosed()) return ok(idle);
    }
    const opening = openChannel(this.#link.client).then(ok, (error: unknown) =>
      fail(
        transferFailure(`${this.#link.worker}: the SSH server opens no SFTP channel`, {
          detail: messageOf(error),
          fix: 'look for "Subsystem sftp" and MaxSessions in /etc/ssh/sshd_config on the worker',
        }),
      ),
    );
    const opened = await this.#link.race<SftpChannel>(opening, signal);
    if (!opened.ok) void opening.then((late) => late.ok && late.value.raw.end());
    return opened;
  }

  /** Waits for its turn; false when the signal came first. */
  #enter(signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    if (this.#inUse < CHANNELS) {
      this.#inUse++;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const turn = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve(true);
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        resolve(false);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.push(turn);
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    // The place is handed over, not freed and taken again: nobody can slip in between.
    if (next) next();
    else this.#inUse--;
  }
}

/** ssh2-sftp-client's two fields that its types leave out (src/index.js of 12.1). */
interface Internals {
  client: Client;
  sftp: SFTPWrapper;
}

/** Bytes that a server may send ahead. With ssh2's own window, topped up when half of it is used, half of a long line's time is waiting. */
const WINDOW = 4 * 1024 * 1024;

/** Fields of ssh2's channels that its types leave out (lib/Channel.js of 1.17). */
interface Windowed {
  readonly incoming?: { window: number };
  readonly outgoing?: { readonly id: number };
  readonly _protocol?: { channelWindowAdjust?(channel: number, bytes: number): void };
}

/** Lets the server send more ahead than ssh2 does by itself; to be called as data comes in. */
export function keepWide(raw: SFTPWrapper): void {
  const { incoming, outgoing, _protocol } = raw as unknown as Windowed;
  // Another ssh2 is only slower.
  if (!incoming || !outgoing || !_protocol?.channelWindowAdjust) return;
  const more = WINDOW - incoming.window;
  if (more < WINDOW / 8) return;
  incoming.window += more;
  _protocol.channelWindowAdjust(outgoing.id, more);
}

const silent = { error: () => undefined, end: () => undefined, close: () => undefined };

/**
 * A client on a new SFTP channel of an existing connection; ssh2-sftp-client itself would open a connection for each.
 * One object for each channel, because it also keeps its flags of the connection's events for one operation only.
 */
async function openChannel(connection: Client): Promise<SftpChannel> {
  const raw = await new Promise<SFTPWrapper>((resolve, reject) => {
    connection.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
  });
  // An "error" that nobody listens to would end the program; a broken channel fails its operations by itself.
  raw.on("error", () => raw.end());
  let closed = false;
  raw.on("close", () => {
    closed = true;
  });
  const client = new SftpClient("sftp", silent);
  Object.assign<SftpClient, Internals>(client, { client: connection, sftp: raw });
  return { client, raw, isClosed: () => closed };
}
