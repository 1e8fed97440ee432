import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fingerprint, hostKeyAlgorithms, hostKeyFailure, judgeHostKey } from "../../../src/workers/host-keys.js";
import { entryMatches, type KnownHost, knownHostName, parseKnownHosts } from "../../../src/workers/known-hosts.js";
import { mergeSettings, parseSshConfig } from "../../../src/workers/ssh-config.js";
import { worker } from "./worker-config.js";

/** A key on the wire: its type, then anything. */
function key(type: string, body: string): Buffer {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.from(body)]);
}

const ed = key("ssh-ed25519", "one");
const ed2 = key("ssh-ed25519", "two");
const rsa = key("ssh-rsa", "three");
const line = (hosts: string, blob: Buffer, type: string): string =>
  `${hosts} ${type} ${blob.toString("base64")} comment`;
const known = (...lines: string[]) => parseKnownHosts(lines.join("\n"), "/h/.ssh/known_hosts");
const hashed = (name: string): string => {
  const salt = Buffer.from("01234567890123456789");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
};

describe("known_hosts", () => {
  test("passes over comments, broken lines and keys that are not of their type", () => {
    const entries = known(
      "# comment",
      "",
      "host",
      "host ssh-ed25519 AAAA",
      line("host", ed, "ssh-rsa"),
      "@odd h ssh-rsa AAAA",
      line("a,b", ed, "ssh-ed25519"),
    );
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ hosts: "a,b", type: "ssh-ed25519", line: 7, marker: undefined });
  });

  test.each([
    ["host", "host", true],
    ["HOST", "host", true],
    ["other", "host", false],
    ["a,host", "host", true],
    ["*.lan", "w1.lan", true],
    ["w?.lan", "w1.lan", true],
    ["w?.lan", "w12.lan", false],
    ["*.lan,!w1.lan", "w1.lan", false],
    ["!w1.lan,*.lan", "w2.lan", true],
    ["!w1.lan", "w2.lan", false],
    ["[host]:2222", "[host]:2222", true],
    ["host", "[host]:2222", false],
    ["[fe80::1]:22", "[fe80::1]:22", true],
    ["w.lan", "wxlan", false],
    [hashed("host"), "host", true],
    [hashed("[host]:2222"), "[host]:2222", true],
    [hashed("host"), "other", false],
    ["|1|broken", "host", false],
    ["|2|a|b", "host", false],
  ])("%s speaks of %s: %s", (hosts, name, expected) => {
    const [entry] = known(line(hosts, ed, "ssh-ed25519"));
    expect(entry && entryMatches(entry, name)).toBe(expected);
  });

  test("names carry the port unless it is 22", () => {
    expect(knownHostName("Host.LAN", 22)).toBe("host.lan");
    expect(knownHostName("Host.LAN", 2222)).toBe("[host.lan]:2222");
  });
});

describe("the verdict", () => {
  test("known, changed, unknown, revoked", () => {
    const entries = known(line("host", ed, "ssh-ed25519"));
    expect(judgeHostKey(entries, ["host"], ed).kind).toBe("known");
    expect(judgeHostKey(entries, ["host"], ed2).kind).toBe("changed");
    expect(judgeHostKey(entries, ["other"], ed)).toEqual({ kind: "unknown", otherTypes: [], authority: undefined });
    expect(judgeHostKey(entries, ["host"], rsa)).toMatchObject({ kind: "unknown", otherTypes: ["ssh-ed25519"] });
    const revoked = known(line("host", ed, "ssh-ed25519"), `@revoked ${line("*", ed, "ssh-ed25519")}`);
    expect(judgeHostKey(revoked, ["host"], ed).kind).toBe("revoked");
  });

  test("one right key among several of its type is enough", () => {
    const entries = known(line("host", ed2, "ssh-ed25519"), line("host", ed, "ssh-ed25519"));
    expect(judgeHostKey(entries, ["host"], ed).kind).toBe("known");
  });

  test("a certificate authority vouches for nobody here", () => {
    const verdict = judgeHostKey(known(`@cert-authority ${line("*", ed, "ssh-ed25519")}`), ["host"], ed);
    expect(verdict).toMatchObject({ kind: "unknown", authority: { line: 1 } });
  });

  test("the bare name may vouch for a host behind another port, but not accuse it", () => {
    const entries = known(line("host", ed, "ssh-ed25519"));
    expect(judgeHostKey(entries, ["[host]:2222", "host"], ed).kind).toBe("known");
    expect(judgeHostKey(entries, ["[host]:2222", "host"], ed2).kind).toBe("unknown");
  });

  test("types that are known are offered first", () => {
    expect(hostKeyAlgorithms(known(line("host", rsa, "ssh-rsa")), ["host"]).slice(0, 4)).toEqual([
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-rsa",
      "ssh-ed25519",
    ]);
    expect(hostKeyAlgorithms([], ["host"])[0]).toBe("ssh-ed25519");
  });
});

describe("the failure", () => {
  const env = { HOME: "/h" };
  const settings = mergeSettings(
    worker({ host: "film.lan", port: 2222 }),
    parseSshConfig("userknownhostsfile /h/.ssh/known_hosts"),
    env,
  );

  test("for an unknown key names the command, and the fingerprint to compare", () => {
    const failure = hostKeyFailure("w1", settings, judgeHostKey([], ["[film.lan]:2222"], ed), ed, env);
    expect(failure).toMatchObject({ kind: "connection", fix: "ssh-keyscan -p 2222 film.lan >> ~/.ssh/known_hosts" });
    expect(failure?.detail).toContain(fingerprint(ed));
  });

  test("for a changed key removes the old one first", () => {
    const verdict = judgeHostKey(known(line("[film.lan]:2222", ed2, "ssh-ed25519")), ["[film.lan]:2222"], ed);
    const failure = hostKeyFailure("w1", settings, verdict, ed, env);
    expect(failure?.fix).toBe("ssh-keygen -R '[film.lan]:2222' && ssh-keyscan -p 2222 film.lan >> ~/.ssh/known_hosts");
    expect(failure?.detail).toContain("/h/.ssh/known_hosts:1");
  });

  test("names another file where the entry is in another", () => {
    const [entry] = parseKnownHosts(line("[film.lan]:2222", ed2, "ssh-ed25519"), "/etc/ssh/ssh_known_hosts");
    if (!entry) throw new Error("not parsed");
    expect(hostKeyFailure("w1", settings, { kind: "changed", entry }, ed, env)?.fix).toContain(
      "-R '[film.lan]:2222' -f /etc/ssh/ssh_known_hosts",
    );
  });

  test("behind a jump host ssh itself has to ask", () => {
    const jumped = { ...settings, proxyJump: "gate" };
    expect(hostKeyFailure("w1", jumped, judgeHostKey([], ["x"], ed), ed, env)?.fix).toMatch(
      /^ssh -o StrictHostKeyChecking=ask /,
    );
  });

  test("none for a known key", () => {
    expect(hostKeyFailure("w1", settings, { kind: "known" }, ed, env)).toBeUndefined();
  });
});

test("patterns are OpenSSH's, and take no longer for many stars", () => {
  const entry = (hosts: string): KnownHost => ({ hosts, marker: undefined, type: "", key: "", file: "", line: 1 });
  const rows: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
    ["*", "", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*.example.*", "x.example.org", true],
    ["*b*c", "abcbc", true],
    ["*b*c", "abcb", false],
    ["a.c", "abc", false],
    ["[h]:22", "[h]:22", true],
    ["[h]:22", "h:22", false],
    ["*,!x*", "xy", false],
    [`${"*a".repeat(40)}b`, "a".repeat(200), false],
  ];
  for (const [pattern, name, matches] of rows)
    expect([pattern, entryMatches(entry(pattern), name)]).toEqual([pattern, matches]);
});
