import ssh2, { type AnyAuthMethod, type AuthenticationType, type Client, type ConnectConfig } from "ssh2";
import { fail, ok, type Result } from "../lib/result.js";
import { type Credential, type Credentials, collectCredentials } from "./auth.js";
import { describeFailedConnect } from "./connect-failures.js";
import { cancelled } from "./failures.js";
import { filedNames, hostKeyAlgorithms, hostKeyFailure, judgeHostKey, readKnownHosts } from "./host-keys.js";
import type { KnownHost } from "./known-hosts.js";
import { Link } from "./link.js";
import { openProxy, type ProxyStream, proxyCommand } from "./proxy.js";
import type { Environment, HostSettings } from "./ssh-config.js";
import type { TransportFailure } from "./transport.js";

/** Times of a connection, milliseconds. */
export interface Times {
  /** From the first packet until the server has let us in. */
  readonly ready: number;
  /** Between two questions whether the other side is still there; three unanswered ones in a row are a loss. */
  readonly keepalive: number;
  /** How long a transfer or an answer may not move until the worker counts as lost. */
  readonly stall: number;
}

export const DEFAULT_TIMES: Times = { ready: 20_000, keepalive: 15_000, stall: 120_000 };

/** Times for a worker that counts as lost when nothing moves for so many seconds: a loss by silence shows at least as soon. */
export function timesWithin(seconds: number): Omit<Times, "ready"> {
  const stall = seconds * 1000;
  // Lost at the fourth unanswered question.
  return { stall, keepalive: Math.min(DEFAULT_TIMES.keepalive, stall / 4) };
}

interface Target {
  readonly worker: string;
  readonly settings: HostSettings;
  readonly env: Environment;
  readonly times: Times;
  /** In place of the keys that there are: what is tried to log in. */
  readonly logins?: readonly Credential[];
}

/** What somebody can do about a connection that was not made: vouch for a host key, or log in otherwise. */
export type Remedy =
  | { readonly kind: "host-key"; readonly blob: Buffer }
  /** `methods`: those that the server would take. */
  | { readonly kind: "login"; readonly methods: readonly string[] };

/** Why a connection was not made. */
export type ConnectFailure = TransportFailure & { readonly remedy?: Remedy };

/** Opens a connection whose host key was checked, with the first key that is let in. */
export async function connect(target: Target, signal?: AbortSignal): Promise<Result<Link, ConnectFailure>> {
  const [entries, credentials] = await Promise.all([
    readKnownHosts(target.settings),
    target.logins
      ? { list: [{ kind: "none" } as const, ...target.logins], skipped: [] }
      : collectCredentials(target.settings),
  ]);
  if (signal?.aborted) return cancelled(target.worker);
  return new Attempt(target, entries, credentials).run(signal);
}

/** One attempt to connect, and what came to light in its course. */
class Attempt {
  readonly #target: Target;
  readonly #entries: readonly KnownHost[];
  readonly #credentials: Credentials;
  readonly #client: Client = new ssh2.Client();
  readonly #tried: Credential[] = [];
  #proxy: ProxyStream | undefined;
  #methods: readonly string[] = [];
  #next = 0;
  #refused = false;
  #hostKey: TransportFailure | undefined;
  #remedy: Remedy | undefined;
  #error: unknown;

  constructor(target: Target, entries: readonly KnownHost[], credentials: Credentials) {
    this.#target = target;
    this.#entries = entries;
    this.#credentials = credentials;
  }

  run(signal: AbortSignal | undefined): Promise<Result<Link, ConnectFailure>> {
    const client = this.#client;
    return new Promise((resolve) => {
      let settled = false;
      const settle = (result: Result<Link, ConnectFailure>): void => {
        if (settled) return;
        settled = true;
        signal?.removeEventListener("abort", stop);
        if (!result.ok) {
          client.destroy();
          this.#proxy?.stream.destroy();
        }
        resolve(result);
      };
      const stop = (): void => settle(cancelled(this.#target.worker));
      // The last line of a helper comes a moment after the connection ended.
      const giveUp = (): void => void setTimeout(() => settle(fail(this.#failure())), this.#proxy ? 100 : 0);
      signal?.addEventListener("abort", stop, { once: true });
      client.on("connect", () => client.setNoDelay(true));
      client.on("ready", () => settle(ok(new Link(client, this.#target.worker, this.#target.times.stall))));
      // Stays for good: an "error" that nobody listens to would end the program.
      client.on("error", (error) => {
        // A key that cannot sign is told as an error, and the next one is tried (client.js, tryNextAuth).
        const level = error.level;
        if (level === "agent" || (level === "client-authentication" && !this.#refused)) return;
        // The first is the cause; after a timeout, say, ssh2 also reports a connection "lost before handshake".
        this.#error ??= error;
        giveUp();
      });
      client.on("close", giveUp);
      try {
        client.connect(this.#config());
      } catch (error) {
        this.#error = error;
        giveUp();
      }
    });
  }

  #config(): ConnectConfig {
    const { settings, env, times, worker } = this.#target;
    const names = filedNames(settings);
    const helper = proxyCommand(settings, env);
    if (helper) this.#proxy = openProxy(helper, env);
    return {
      host: settings.hostname,
      port: settings.port,
      username: settings.user,
      ...(this.#proxy ? { sock: this.#proxy.stream } : {}),
      readyTimeout: times.ready,
      keepaliveInterval: times.keepalive,
      keepaliveCountMax: 3,
      algorithms: {
        // Ciphers are left to ssh2 1.17: aes128-gcm@openssh.com first, the fastest by measure, but ChaCha20 where the
        // processor has no AES; and naming one that node's OpenSSL lacks (FIPS builds) would throw.
        serverHostKey: hostKeyAlgorithms(this.#entries, names),
      },
      hostVerifier: (blob: Buffer): boolean => {
        const verdict = judgeHostKey(this.#entries, names, blob);
        this.#hostKey = hostKeyFailure(worker, settings, verdict, blob, env);
        if (verdict.kind === "unknown") this.#remedy = { kind: "host-key", blob };
        return this.#hostKey === undefined;
      },
      authHandler: (left: AuthenticationType[] | null, _partial, next) => next(this.#nextMethod(left)),
    };
  }

  /** The next method that the server may take, false when there is none. */
  #nextMethod(left: readonly AuthenticationType[] | null): AnyAuthMethod {
    if (left) this.#methods = left;
    const { list } = this.#credentials;
    while (this.#next < list.length) {
      const credential = list[this.#next++];
      if (credential === undefined) break;
      const way = credential.kind === "password" ? credential.way : "publickey";
      if (credential.kind !== "none" && left && !left.includes(way)) continue;
      this.#tried.push(credential);
      return authMethod(credential, this.#target.settings.user);
    }
    this.#refused = true;
    // ssh2 takes `false` for "no more" (its documentation), its types do not know it.
    return false as unknown as AnyAuthMethod;
  }

  #failure(): ConnectFailure {
    const failure = this.#cause();
    const remedy = this.#remedy ?? (this.#refused ? { kind: "login" as const, methods: this.#methods } : undefined);
    return remedy ? { ...failure, remedy } : failure;
  }

  #cause(): TransportFailure {
    // Not tried again by itself: only the user can say whose key it is.
    if (this.#hostKey) return { ...this.#hostKey, kind: "connection", lasting: true };
    const tooMany = this.#error instanceof Error && /too many authentication failures/i.test(this.#error.message);
    return describeFailedConnect({
      worker: this.#target.worker,
      settings: this.#target.settings,
      error: this.#error,
      tried: this.#tried.flatMap((one) => ("label" in one ? (one.label() ?? []) : [])),
      skipped: this.#credentials.skipped,
      methods: this.#methods,
      refused: this.#refused || tooMany,
      proxyWords: this.#proxy?.lastWords(),
    });
  }
}

function authMethod(credential: Credential, username: string): AnyAuthMethod {
  switch (credential.kind) {
    case "none":
      return { type: "none", username };
    case "agent":
      return { type: "agent", username, agent: credential.agent };
    case "key":
      return { type: "publickey", username, key: credential.key };
    case "password":
      if (credential.way === "password") return { type: "password", username, password: credential.password };
      return {
        type: "keyboard-interactive",
        username,
        // Whatever else is asked (a code of one use) is not known here.
        prompt: (_name, _words, _language, prompts, finish) =>
          finish(prompts.map((_, i) => (i === 0 ? credential.password : ""))),
      };
  }
}
