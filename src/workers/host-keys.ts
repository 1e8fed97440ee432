import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerHostKeyAlgorithm } from "ssh2";
import { quote } from "../lib/shell.js";
import { connectionFailure } from "./failures.js";
import { entryMatches, type KnownHost, keyType, knownHostName, parseKnownHosts } from "./known-hosts.js";
import { type Environment, type HostSettings, homeFolder } from "./ssh-config.js";
import type { TransportFailure } from "./transport.js";

/** ssh2 1.17's own order (lib/protocol/constants.js), without DSS. */
const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
];

/** What is to be said of the key that a host showed. */
export type Verdict =
  | { readonly kind: "known" }
  /** `otherTypes`: types of keys that are known for this host; `authority`: a certificate authority is, which ssh2 cannot use. */
  | { readonly kind: "unknown"; readonly otherTypes: readonly string[]; readonly authority: KnownHost | undefined }
  | { readonly kind: "changed"; readonly entry: KnownHost }
  | { readonly kind: "revoked"; readonly entry: KnownHost };

/** All readable entries of the user's and the machine's known_hosts files; files that are missing hold none. */
export async function readKnownHosts(settings: HostSettings): Promise<KnownHost[]> {
  const files = [...settings.userKnownHosts, ...settings.globalKnownHosts];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts.flatMap((text, index) => parseKnownHosts(text, files[index] ?? ""));
}

/** The name a host's key is filed under. HostKeyAlias stands without a port (OpenSSH's sshconnect.c, get_hostfile_hostname_ipaddr). */
export function filedName(settings: HostSettings): string {
  return settings.hostKeyAlias?.toLowerCase() ?? knownHostName(settings.hostname, settings.port);
}

/**
 * All names under which the host may be filed: behind another port than 22, OpenSSH also takes a key that is
 * filed under the bare name (sshconnect.c, check_host_key: "checking without port identifier").
 */
export function filedNames(settings: HostSettings): string[] {
  const name = filedName(settings);
  const bare = knownHostName(settings.hostname, 22);
  return settings.hostKeyAlias !== undefined || bare === name ? [name] : [name, bare];
}

/** Compares the key that a host showed with the entries under its names (the first decides, the others can only vouch). */
export function judgeHostKey(entries: readonly KnownHost[], names: readonly string[], blob: Buffer): Verdict {
  const verdicts = names.map((name) => judgeUnderName(entries, name, blob));
  const [first] = verdicts;
  if (first === undefined) throw new RangeError("a host without a name");
  const revoked = verdicts.find((verdict) => verdict.kind === "revoked");
  if (revoked) return revoked;
  return first.kind === "unknown" ? (verdicts.find((verdict) => verdict.kind === "known") ?? first) : first;
}

/** A host that is not in the entries at all is "unknown". */
function judgeUnderName(entries: readonly KnownHost[], name: string, blob: Buffer): Verdict {
  const key = blob.toString("base64");
  const type = keyType(blob);
  const ours = entries.filter((entry) => entryMatches(entry, name));
  const revoked = ours.find((entry) => entry.marker === "revoked" && entry.key === key);
  if (revoked) return { kind: "revoked", entry: revoked };
  const plain = ours.filter((entry) => entry.marker === undefined);
  if (plain.some((entry) => entry.key === key)) return { kind: "known" };
  const sameType = plain.find((entry) => entry.type === type);
  if (sameType) return { kind: "changed", entry: sameType };
  return {
    kind: "unknown",
    otherTypes: [...new Set(plain.map((entry) => entry.type))],
    authority: ours.find((entry) => entry.marker === "cert-authority"),
  };
}

/**
 * The host key algorithms to offer, those of known keys first. A server shows the key of the first offered type it has:
 * offered in another order, it would show one that is not on file, and look changed.
 */
export function hostKeyAlgorithms(entries: readonly KnownHost[], names: readonly string[]): ServerHostKeyAlgorithm[] {
  const ofHost = entries.filter(
    (entry) => entry.marker === undefined && names.some((name) => entryMatches(entry, name)),
  );
  const types = new Set(ofHost.map((entry) => entry.type));
  const isKnown = (algorithm: string): boolean => types.has(algorithm.startsWith("rsa-") ? "ssh-rsa" : algorithm);
  return [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((algorithm) => !isKnown(algorithm))];
}

/** "SHA256:…", as ssh-keygen -l prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * The failure for a key that is not to be trusted, with the commands that mend it; undefined for a known key.
 * The key is never taken over silently: whoever types the command vouches for it.
 */
export function hostKeyFailure(
  worker: string,
  settings: HostSettings,
  verdict: Verdict,
  blob: Buffer,
  env: Environment,
): TransportFailure | undefined {
  const name = filedName(settings);
  const shown = `it shows the ${keyType(blob) ?? "unreadable"} key ${fingerprint(blob)}`;
  const file = settings.userKnownHosts[0] ?? join(homeFolder(env), ".ssh", "known_hosts");
  const scan = scanCommand(settings, file, env);
  switch (verdict.kind) {
    case "known":
      return undefined;
    case "unknown": {
      const notes = [
        `${shown}; compare it with the one on the worker: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
        ...(verdict.otherTypes.length > 0
          ? [`known of this host are keys of type ${verdict.otherTypes.join(", ")}`]
          : []),
        ...(verdict.authority
          ? [`${at(verdict.authority)} names a certificate authority, which is not supported here`]
          : []),
      ];
      return connectionFailure(`${worker}: the host key of ${name} is not known`, {
        detail: notes.join("; "),
        fix: scan,
      });
    }
    case "changed": {
      const other = isDefaultFile(verdict.entry.file, env) ? "" : ` -f ${fileWord(verdict.entry.file, env)}`;
      return connectionFailure(
        `${worker}: the host key of ${name} has changed: another machine, or someone in between`,
        {
          detail: `${shown}, ${at(verdict.entry)} has another`,
          fix: `ssh-keygen -R '${name}'${other} && ${scan}`,
        },
      );
    }
    case "revoked":
      return connectionFailure(`${worker}: the host key of ${name} is marked as revoked`, {
        detail: `${shown}, revoked in ${at(verdict.entry)}`,
        fix: "give the worker a new host key: ssh-keygen -A on the worker, after removing the old ones",
      });
  }
}

function at(entry: KnownHost): string {
  return `${entry.file}:${entry.line}`;
}

function isDefaultFile(file: string, env: Environment): boolean {
  return file === join(homeFolder(env), ".ssh", "known_hosts");
}

/** A path as people type it. */
function fileWord(file: string, env: Environment): string {
  const home = homeFolder(env);
  return file.startsWith(`${home}/`) ? `~/${quote(file.slice(home.length + 1))}` : quote(file);
}

function scanCommand(settings: HostSettings, file: string, env: Environment): string {
  // ssh-keyscan knows neither aliases of keys nor jump hosts; there ssh itself has to ask.
  if (settings.hostKeyAlias !== undefined || settings.proxyJump !== undefined || settings.proxyCommand !== undefined) {
    return `ssh -o StrictHostKeyChecking=ask ${quote(`${settings.user}@${settings.alias}`)} true`;
  }
  return `ssh-keyscan -p ${settings.port} ${quote(settings.hostname)} >> ${fileWord(file, env)}`;
}
