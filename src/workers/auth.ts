import { readFile } from "node:fs/promises";
import ssh2, {
  type BaseAgent,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from "ssh2";
import { codeOf, messageOf } from "./failures.js";
import type { HostSettings } from "./ssh-config.js";

// A CommonJS package, of whose exports node finds only some by name.
const { BaseAgent: Agent, createAgent, utils } = ssh2;

/** One way to prove who we are. `label` says afterwards what was offered; undefined when it came to nothing. */
export type Credential =
  | { readonly kind: "none" }
  | { readonly kind: "agent"; readonly agent: BaseAgent<ParsedKey>; readonly label: () => string | undefined }
  | { readonly kind: "key"; readonly key: ParsedKey; readonly label: () => string | undefined }
  /** A password that was typed for this one login: given to `password` and to the first question of `keyboard-interactive`. */
  | { readonly kind: "password"; readonly way: "password" | "keyboard-interactive"; readonly password: string };

/** What there is to try, in order, and what could not be (for the words of a failure). */
export interface Credentials {
  readonly list: readonly Credential[];
  readonly skipped: readonly string[];
}

/**
 * Collects what can be tried: nothing (some servers vouch by themselves, and the answer tells which methods are open at all),
 * the key named in the worker's configuration, the agent's keys, the key files. OpenSSH's order, but for the worker's own
 * key going first: sshd closes after six failures (MaxAuthTries), which a well-filled agent alone can use up.
 */
export async function collectCredentials(settings: HostSettings): Promise<Credentials> {
  const skipped: string[] = [];
  const files = [
    ...new Set([...(settings.ownIdentity === undefined ? [] : [settings.ownIdentity]), ...settings.identityFiles]),
  ];
  const keys = new Map<string, ParsedKey>();
  const publicKeys: Buffer[] = [];
  for (const file of files) {
    const isNamed = file === settings.ownIdentity;
    const read = await readKey(file);
    if (read.publicKey) publicKeys.push(read.publicKey);
    if (read.key) keys.set(file, read.key);
    else if (read.reason !== undefined || isNamed) skipped.push(`${file}: ${read.reason ?? "no such file"}`);
  }
  const list: Credential[] = [{ kind: "none" }];
  const own = settings.ownIdentity === undefined ? undefined : keys.get(settings.ownIdentity);
  if (own && settings.ownIdentity !== undefined) list.push(keyCredential(settings.ownIdentity, own));
  if (settings.agentSocket !== undefined) {
    const only = settings.identitiesOnly ? publicKeys : undefined;
    const agent = new PatientAgent(
      createAgent(settings.agentSocket) as BaseAgent<ParsedKey>,
      publicKeys,
      only,
      (reason) => skipped.push(`agent at ${settings.agentSocket}: ${reason}`),
    );
    list.push({ kind: "agent", agent, label: () => agent.offered });
  }
  for (const [file, key] of keys) {
    if (key !== own) list.push(keyCredential(file, key));
  }
  return { list, skipped };
}

function keyCredential(file: string, key: ParsedKey): Credential {
  return { kind: "key", key, label: () => file };
}

interface ReadKey {
  readonly key?: ParsedKey;
  /** On the wire; also known for an encrypted key that has its .pub beside it. */
  readonly publicKey?: Buffer;
  /** Why a file that is there cannot be used. */
  readonly reason?: string;
}

async function readKey(file: string): Promise<ReadKey> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    return codeOf(error) === "ENOENT" ? {} : { reason: messageOf(error) };
  }
  const key = firstKey(utils.parseKey(text));
  if (!(key instanceof Error)) {
    // A public key named as identity (IdentityFile key.pub) asks for that key of the agent.
    return key.isPrivateKey() ? { key, publicKey: key.getPublicSSH() } : { publicKey: key.getPublicSSH() };
  }
  const beside = firstKey(utils.parseKey(await readFile(`${file}.pub`).catch(() => Buffer.alloc(0))));
  const publicKey = beside instanceof Error ? {} : { publicKey: beside.getPublicSSH() };
  // ssh2 1.17 says so of a key that needs a passphrase (lib/protocol/keyParser.js).
  if (/passphrase|encrypted/i.test(key.message)) {
    return { ...publicKey, reason: `needs a passphrase; add it to the agent: ssh-add ${file}` };
  }
  return { ...publicKey, reason: `cannot be read as a key (${key.message})` };
}

/** ssh2's parseKey gives an array for OpenSSH's own format, against its type. */
function firstKey(parsed: ParsedKey | Error): ParsedKey | Error {
  const value: unknown = parsed;
  if (!Array.isArray(value)) return parsed;
  const first: unknown = value[0];
  return first === undefined ? new Error("no key in it") : (first as ParsedKey | Error);
}

/**
 * An agent that never ends the connection: ssh2 reports an agent that cannot be reached as an error of the whole
 * connection, though other keys may still do. It puts keys that are named as identities first, and keeps
 * back all others when only those are wanted (IdentitiesOnly).
 */
class PatientAgent extends Agent<ParsedKey> {
  readonly #agent: BaseAgent<ParsedKey>;
  readonly #first: readonly Buffer[];
  readonly #only: readonly Buffer[] | undefined;
  readonly #onFailure: (reason: string) => void;
  /** How many keys were offered, in words. */
  offered: string | undefined;

  constructor(
    agent: BaseAgent<ParsedKey>,
    first: readonly Buffer[],
    only: readonly Buffer[] | undefined,
    onFailure: (reason: string) => void,
  ) {
    super();
    this.#agent = agent;
    this.#first = first;
    this.#only = only;
    this.#onFailure = onFailure;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    this.#agent.getIdentities((error, identities) => {
      if (error) {
        this.#onFailure(error.message);
        callback(null, []);
        return;
      }
      // ssh2's own agents give parsed keys; its types also allow entries of other agents.
      const keys = (identities ?? []).filter((key): key is ParsedKey => "getPublicSSH" in key);
      const among = (key: ParsedKey, list: readonly Buffer[]): boolean =>
        list.some((blob) => blob.equals(key.getPublicSSH()));
      const allowed = this.#only === undefined ? keys : keys.filter((key) => among(key, this.#only ?? []));
      if (allowed.length > 0)
        this.offered = allowed.length === 1 ? "a key of the agent" : `${allowed.length} keys of the agent`;
      callback(null, [
        ...allowed.filter((key) => among(key, this.#first)),
        ...allowed.filter((key) => !among(key, this.#first)),
      ]);
    });
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    if (typeof options === "function") this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, callback);
  }
}
