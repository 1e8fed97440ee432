import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openProxy, proxyCommand } from "../../../src/workers/proxy.js";
import { mergeSettings, parseSshConfig, readHostSettings } from "../../../src/workers/ssh-config.js";
import { worker } from "./worker-config.js";

const account = userInfo();
/** As OpenSSH 9.2 prints it, shortened. */
const PRINTED = `host film
user anna
hostname 10.0.0.7
port 2200
identitiesonly yes
stricthostkeychecking ask
identityagent ~/agent.sock
identityfile ~/my key
identityfile %d/.ssh/id_%r
globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2
userknownhostsfile ${account.homedir}/.ssh/known_hosts "/with blank/known_hosts"
proxyjump gate:22,bob@inner
hostkeyalias farm
`;
const env = { HOME: "/home/of/env", SSH_AUTH_SOCK: "/run/agent" };

describe("parseSshConfig", () => {
  test("reads what ssh -G prints", () => {
    expect(parseSshConfig(PRINTED)).toMatchObject({
      hostname: "10.0.0.7",
      port: 2200,
      user: "anna",
      identityfile: ["~/my key", "%d/.ssh/id_%r"],
      identitiesonly: true,
      userknownhostsfile: [`${account.homedir}/.ssh/known_hosts`, "/with blank/known_hosts"],
      globalknownhostsfile: ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
      proxyjump: "gate:22,bob@inner",
      proxycommand: undefined,
      hostkeyalias: "farm",
      stricthostkeychecking: "ask",
    });
  });

  test("makes nothing of nonsense", () => {
    expect(parseSshConfig("")).toMatchObject({ hostname: undefined, port: undefined, identityfile: [] });
    expect(parseSshConfig("port banana\nport\n\0\nproxyjump none\nuserknownhostsfile none")).toMatchObject({
      port: undefined,
      proxyjump: undefined,
      userknownhostsfile: [],
    });
  });
});

describe("mergeSettings", () => {
  test("the configuration of the worker goes before OpenSSH's", () => {
    const merged = mergeSettings(
      worker({ user: "carl", port: 23, identity_file: "~/k" }),
      parseSshConfig(PRINTED),
      env,
    );
    expect(merged).toMatchObject({ hostname: "10.0.0.7", user: "carl", port: 23, ownIdentity: "/home/of/env/k" });
  });

  test("tokens and ~ are filled in, the account's .ssh becomes that of HOME", () => {
    const merged = mergeSettings(worker(), parseSshConfig(PRINTED), env);
    expect(merged.identityFiles).toEqual(["/home/of/env/my key", "/home/of/env/.ssh/id_anna"]);
    expect(merged.userKnownHosts).toEqual(["/home/of/env/.ssh/known_hosts", "/with blank/known_hosts"]);
    expect(merged.agentSocket).toBe("/home/of/env/agent.sock");
  });

  test("without ssh on this machine OpenSSH's defaults count", () => {
    expect(mergeSettings(worker(), parseSshConfig(""), { HOME: "/h" })).toMatchObject({
      hostname: "film",
      port: 22,
      user: account.username,
      userKnownHosts: ["/h/.ssh/known_hosts", "/h/.ssh/known_hosts2"],
      identitiesOnly: false,
      agentSocket: undefined,
      proxyJump: undefined,
    });
  });

  test.each([
    ["none", undefined],
    ["SSH_AUTH_SOCK", "/run/agent"],
    ["$OTHER", "/run/other"],
    ["/a/b", "/a/b"],
  ])("IdentityAgent %s", (option, socket) => {
    const parsed = parseSshConfig(`identityagent ${option}`);
    expect(mergeSettings(worker(), parsed, { ...env, OTHER: "/run/other" }).agentSocket).toBe(socket);
  });
});

test("readHostSettings falls back when ssh is missing, and takes no host for an option", async () => {
  expect(await readHostSettings(worker({ host: "film.lan" }), { HOME: "/h", PATH: "/nowhere" })).toMatchObject({
    hostname: "film.lan",
    port: 22,
  });
  const odd = await readHostSettings(worker({ host: "-oProxyCommand=x" }), { ...process.env });
  expect(odd.proxyCommand).toBeUndefined();
});

test("programs of OpenSSH are not given the libraries of who called distffmpeg", async () => {
  const folder = mkdtempSync(join(tmpdir(), "distffmpeg-ssh-"));
  try {
    const script = 'echo "hostname [$LD_LIBRARY_PATH$LD_PRELOAD$KEPT]"';
    writeFileSync(join(folder, "ssh"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    // The script's own shell would not start with a library that is not there to preload; an empty one is none.
    const brought = { LD_LIBRARY_PATH: "/media/lib", LD_PRELOAD: "", KEPT: "kept", PATH: `${folder}:/usr/bin:/bin` };
    expect((await readHostSettings(worker(), brought)).hostname).toBe("[kept]");
    const proxy = openProxy(["/bin/sh", "-c", `${script} >&2`], brought);
    proxy.stream.on("error", () => undefined).resume();
    await expect.poll(() => proxy.lastWords(), { timeout: 60_000 }).toBe("hostname [kept]");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("proxyCommand", () => {
  const settings = mergeSettings(worker(), parseSshConfig(PRINTED), env);

  test("goes through the last jump host, the others before it", () => {
    expect(proxyCommand(settings, { DISTFFMPEG_SSH_CONFIG: "/c" })).toEqual([
      "ssh",
      "-F",
      "/c",
      "-o",
      "BatchMode=yes",
      "-J",
      "gate:22",
      "-l",
      "bob",
      "-W",
      "10.0.0.7:2200",
      "--",
      "inner",
    ]);
  });

  test("brackets an IPv6 address and takes a jump host's port", () => {
    const six = { ...settings, hostname: "fe80::1", proxyJump: "ssh://anna@[::2]:2022" };
    expect(proxyCommand(six, {})).toEqual([
      "ssh",
      "-o",
      "BatchMode=yes",
      "-l",
      "anna",
      "-p",
      "2022",
      "-W",
      "[fe80::1]:2200",
      "--",
      "::2",
    ]);
  });

  test("fills in a ProxyCommand, and is undefined for a direct way", () => {
    const direct = mergeSettings(worker(), parseSshConfig("hostname h\nproxycommand nc %h %p"), env);
    expect(proxyCommand(direct, {})).toEqual(["/bin/sh", "-c", "exec nc h 22"]);
    expect(proxyCommand({ ...direct, proxyCommand: undefined }, {})).toBeUndefined();
  });
});
