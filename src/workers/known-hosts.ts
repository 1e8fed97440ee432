import { createHmac, timingSafeEqual } from "node:crypto";

/** One line of a known_hosts file that could be read (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  /** Comma-separated patterns, or one hashed name "|1|salt|hash". */
  readonly hosts: string;
  readonly marker: "revoked" | "cert-authority" | undefined;
  readonly type: string;
  /** The key as it goes over the wire, base64. */
  readonly key: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Reads a known_hosts file. Comments, broken lines and unknown markers are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  const entries: KnownHost[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const words = line.split(/[ \t]+/);
    const mark = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [hosts, type, key] = words;
    if (hosts === undefined || type === undefined || key === undefined) continue;
    if (mark !== undefined && mark !== "@revoked" && mark !== "@cert-authority") continue;
    const blob = Buffer.from(key, "base64");
    // A key on the wire begins with its own type: a mismatch is a mangled line.
    if (keyType(blob) !== type) continue;
    entries.push({
      hosts,
      marker: mark === "@revoked" ? "revoked" : mark === "@cert-authority" ? "cert-authority" : undefined,
      type,
      key: blob.toString("base64"),
      file,
      line: index + 1,
    });
  }
  return entries;
}

/** The type that a public key on the wire names ("ssh-ed25519"), undefined when it is no key (RFC 4253, 6.6). */
export function keyType(blob: Buffer): string | undefined {
  if (blob.length < 5) return undefined;
  const length = blob.readUInt32BE(0);
  if (length === 0 || length > 64 || blob.length < 4 + length) return undefined;
  return blob.toString("latin1", 4, 4 + length);
}

/** The name under which OpenSSH files a host: bare on port 22, else `[host]:port`; always lower case. */
export function knownHostName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

/** Whether an entry speaks of `name` (as `knownHostName` writes it). */
export function entryMatches(entry: KnownHost, name: string): boolean {
  if (entry.hosts.startsWith("|")) return hashMatches(entry.hosts, name);
  let matched = false;
  for (const pattern of entry.hosts.toLowerCase().split(",")) {
    const negated = pattern.startsWith("!");
    if (!isLike(name, negated ? pattern.slice(1) : pattern)) continue;
    // One negated match takes the whole line out, whatever else matches (match_pattern_list in OpenSSH's match.c).
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/** "|1|salt|hash": HMAC-SHA1 of the name, salt and hash in base64 (OpenSSH's hostfile.c, host_hash). */
function hashMatches(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split("|");
  if (version !== "1" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** Whether a name is like a pattern, in which `*` stands for any characters and `?` for one (OpenSSH's match.c, match_pattern). */
function isLike(name: string, pattern: string): boolean {
  let [at, place] = [0, 0];
  // Where to go on when what follows the last star does not fit: one character later. No earlier star need be tried again.
  let [star, from] = [-1, 0];
  while (at < name.length) {
    const char = pattern.charAt(place);
    if (char === "*") {
      star = place++;
      from = at;
    } else if (char === "?" || char === name.charAt(at)) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++from;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(place));
}
