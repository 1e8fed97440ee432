import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Socket } from "node:net";
import { userInfo } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../src/workers/connect.js";
import { noEncoder, probeWorker } from "../../src/workers/probe.js";
import type { Launch } from "../../src/workers/dialect.js";
import { POSIX } from "../../src/workers/posix.js";
import { runRemote } from "../../src/workers/remote-run.js";
import { readHostSettings } from "../../src/workers/ssh-config.js";
import type { Result } from "../../src/lib/result.js";
import type { RunOptions, Session, TransportFailure } from "../../src/workers/transport.js";
import { type Lab, type LabWorker, startLab } from "../lab/lab.mjs";
import { failure, lives, openSession, sha, transportTo, until, value } from "../lab/sessions.js";

let lab: Lab;
let one: LabWorker;
let two: LabWorker;
let session: Session;

beforeAll(async () => {
  lab = await startLab({ workers: [{ ffmpeg: { lacks: ["libx264"] } }, {}] });
  const [first, second] = lab.workers;
  if (!first || !second) throw new Error("no lab");
  [one, two] = [first, second];
  session = await openSession(transportTo(lab, one));
});
afterAll(async () => {
  await session?.close();
  await lab?.close();
});

/** Starts a program that says its pid and then sleeps; resolves with the pid and the promise of its end. */
async function sleeper(on: Session["run"], options: RunOptions = {}, script = "echo $$; exec sleep 600") {
  let tell: (pid: number) => void = () => undefined;
  const pid = new Promise<number>((resolve) => {
    tell = resolve;
  });
  const end = on(["sh", "-c", script], { ...options, onStdoutLine: (line) => tell(Number(line)) });
  return { pid: await pid, end };
}

describe("files", () => {
  test("20 MB there and back are the same, and the folder is private", async () => {
    expect(session.folder).toMatch(new RegExp(`^${one.workPath}/distffmpeg-[0-9a-f]{56}$`));
    expect(statSync(session.folder).mode & 0o777).toBe(0o700);
    const film = join(lab.folder, "a film.bin");
    writeFileSync(film, randomBytes(20_000_000));
    const there = value(await session.put(film, "chunk 1.nut"));
    expect(there).toBe(join(session.folder, "chunk 1.nut"));
    expect(value(await session.get("chunk 1.nut", join(lab.folder, "back.bin")))).toBe(20_000_000);
    expect(sha(join(lab.folder, "back.bin"))).toBe(sha(film));
    expect(readdirSync(session.folder)).toEqual(["chunk 1.nut"]);
    expect(value(await session.remove("chunk 1.nut"))).toBeUndefined();
    expect(value(await session.remove("chunk 1.nut"))).toBeUndefined();
    expect(readdirSync(session.folder)).toEqual([]);
  });

  test("empty files, files that are replaced, and several at once", async () => {
    const files = Array.from({ length: 6 }, (_, index) => join(lab.folder, `many${index}`));
    for (const [index, file] of files.entries()) writeFileSync(file, randomBytes(index * 300_000));
    for (let round = 0; round < 2; round++) {
      const put = await Promise.all(files.map((file) => session.put(file, basename(file))));
      expect(put.every((result) => result.ok)).toBe(true);
    }
    await Promise.all(files.map((file) => session.get(basename(file), `${file}.back`)));
    for (const file of files) expect(sha(`${file}.back`)).toBe(sha(file));
  });

  test("failures leave nothing half-made behind", async () => {
    const missing = failure(await session.get("missing", join(lab.folder, "missing")));
    expect(missing).toMatchObject({ kind: "transfer", detail: expect.stringContaining("No such file") });
    expect(failure(await session.put(join(lab.folder, "none"), "none")).kind).toBe("transfer");
    writeFileSync(join(session.folder, "huge"), "");
    truncateSync(join(session.folder, "huge"), 64 * 1024 ** 3 + 1);
    expect(failure(await session.get("huge", join(lab.folder, "huge")))).toMatchObject({
      kind: "transfer",
      detail: expect.stringContaining("bytes"),
    });
    expect(readdirSync(lab.folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("an aborted transfer ends soon and leaves no .part on either side; others go on", async () => {
    const film = join(lab.folder, "big");
    writeFileSync(film, "");
    truncateSync(film, 2 * 1024 ** 3);
    for (const way of ["put", "get"] as const) {
      if (way === "get") truncateSync(join(session.folder, "big"), 2 * 1024 ** 3);
      else writeFileSync(join(session.folder, "big"), "");
      const stop = new AbortController();
      const to = join(lab.folder, "big.back");
      const put = (): Promise<Result<unknown, TransportFailure>> => session.put(film, "big2", stop.signal);
      const big = way === "put" ? put() : session.get("big", to, stop.signal);
      const part = way === "put" ? join(session.folder, "big2.part") : `${to}.part`;
      await until(() => existsSync(part) && statSync(part).size > 0, 20);
      stop.abort();
      const began = Date.now();
      expect(failure(await big).kind).toBe("cancelled");
      expect(Date.now() - began).toBeLessThan(5000);
      expect(existsSync(part)).toBe(false);
    }
    expect(value(await session.run(["true"])).code).toBe(0);
  });
});

describe("programs", () => {
  test("get their arguments untouched, and work in the folder", async () => {
    const odd = ["a b", "", "it's", '"', "$(id)", "`id`", "a\nb", "é😀", "\\", "!x", "*", "~", "-n", ";&|<>"];
    expect(value(await session.run(["printf", "[%s]", ...odd])).stdout).toBe(odd.map((word) => `[${word}]`).join(""));
    expect(value(await session.run(["pwd"])).stdout.trim()).toBe(session.folder);
    expect(value(await session.run(["cat"]))).toMatchObject({ code: 0, stdout: "" });
  });

  test("tell their status, signal and last words", async () => {
    const lines: string[] = [];
    const end = await session.run(["sh", "-c", "for i in $(seq 50); do echo line $i >&2; done; exit 3"], {
      onStderrLine: (line) => lines.push(line),
    });
    expect(value(end)).toMatchObject({ code: 3, signal: undefined });
    expect(value(end).stderrTail).toHaveLength(40);
    expect(lines).toHaveLength(50);
    expect(value(await session.run(["sh", "-c", "kill -SEGV $$"]))).toMatchObject({
      code: undefined,
      signal: "SIGSEGV",
    });
    expect(value(await session.run(["no-such-program"])).code).toBe(127);
    expect(failure(await session.run(["true", "x".repeat(200_000)])).kind).toBe("transfer");
  });

  test("an abort ends them on the worker", async () => {
    const stop = new AbortController();
    const { pid, end } = await sleeper((argv, options) => session.run(argv, options), { signal: stop.signal });
    expect(lives(pid)).toBe(true);
    stop.abort();
    expect(failure(await end).kind).toBe("cancelled");
    expect(lives(pid)).toBe(false);
  });

  test("an abort kills those that do not listen, after 5 s", async () => {
    const stop = new AbortController();
    const script = "trap '' TERM; echo $$; while :; do sleep 1; done";
    const { pid, end } = await sleeper((argv, options) => session.run(argv, options), { signal: stop.signal }, script);
    const began = Date.now();
    stop.abort();
    expect(failure(await end).kind).toBe("cancelled");
    expect(Date.now() - began).toBeGreaterThan(4000);
    expect(lives(pid)).toBe(false);
  });
});

describe("a connection that ends", () => {
  test.each([
    "cut",
    "kill",
  ] as const)("by the worker (%s): programs end, all pending fails once, the folder goes", async (way) => {
    const doomed = await openSession(transportTo(lab, two));
    const { pid, end } = await sleeper((argv, options) => doomed.run(argv, options));
    writeFileSync(join(doomed.folder, "big"), "");
    truncateSync(join(doomed.folder, "big"), 4 * 1024 ** 3);
    const back = join(lab.folder, `doomed-${way}`);
    const get = doomed.get("big", back);
    await until(() => existsSync(`${back}.part`), 20);
    const began = Date.now();
    if (way === "cut") two.cut();
    else await two.kill();
    expect(failure(await end).kind).toBe("connection");
    expect(failure(await get).kind).toBe("connection");
    expect(Date.now() - began).toBeLessThan(5000);
    expect(existsSync(`${back}.part`)).toBe(false);
    expect(failure(await doomed.run(["true"])).kind).toBe("connection");
    expect(failure(await doomed.put(join(lab.folder, "many1"), "x")).kind).toBe("connection");
    await until(() => !lives(pid), 8);
    await until(() => !existsSync(doomed.folder), 15);
    await doomed.close();
    await doomed.close();
    await two.start();
  });

  test("by this side (socket destroyed): programs end", async () => {
    const env = { ...process.env, ...lab.env };
    const settings = await readHostSettings(
      { numa: "auto", nice: 0, shared_paths: [], connect_timeout: undefined, ...two.config },
      env,
    );
    const link = value(
      await connect({ worker: "w2", settings, env, times: { ready: 8000, keepalive: 15_000, stall: 60_000 } }),
    );
    const started = (argv: readonly string[]): Launch => {
      const asked = POSIX.launch("/", argv);
      if (!asked.ok) throw new Error(asked.failure);
      return asked.value;
    };
    const { pid, end } = await sleeper((argv, options) => runRemote(link, started(argv), options ?? {}));
    link.client.destroy();
    expect(failure(await end).kind).toBe("connection");
    await until(() => !lives(pid), 8);
  });

  test("without a word (a machine that hangs): noticed by keepalive", async () => {
    const frozen = await openSession(transportTo(lab, two));
    const { pid, end } = await sleeper((argv, options) => frozen.run(argv, options));
    two.freeze();
    try {
      const began = Date.now();
      expect(failure(await end)).toMatchObject({ kind: "connection", detail: expect.stringMatching(/keepalive/i) });
      expect(Date.now() - began).toBeLessThan(8000);
      expect(failure(await transportTo(lab, two).openSession()).what).toMatch(/no answer/);
    } finally {
      two.resume();
    }
    await until(() => !lives(pid), 8);
  });

  test("by close: programs end and the folder is removed", async () => {
    const closed = await openSession(transportTo(lab, two, { work_path: join(two.folder, "deep", "work") }));
    const { pid, end } = await sleeper((argv, options) => closed.run(argv, options));
    mkdirSync(join(closed.folder, "sub"));
    await closed.close();
    expect(failure(await end).kind).toBe("cancelled");
    expect(lives(pid)).toBe(false);
    expect(existsSync(closed.folder)).toBe(false);
    expect(existsSync(dirname(closed.folder))).toBe(true);
  });
});

describe("who is refused, and what to type", () => {
  /** A home of its own, with what is in `known_hosts` given. */
  function home(name: string, known: string): Record<string, string> {
    const ssh = join(lab.folder, name, ".ssh");
    mkdirSync(ssh, { recursive: true });
    writeFileSync(join(ssh, "known_hosts"), known);
    writeFileSync(
      join(ssh, "config"),
      `UserKnownHostsFile ${join(ssh, "known_hosts")}\nGlobalKnownHostsFile /dev/null\n`,
    );
    return { HOME: join(lab.folder, name), DISTFFMPEG_SSH_CONFIG: join(ssh, "config") };
  }
  const scan = (): string => `ssh-keyscan -p ${two.port} 127.0.0.1 >> ~/.ssh/known_hosts`;

  test("a host key that is not known", async () => {
    const env = home("unknown", one.knownHostsLine());
    const refused = failure(await transportTo(lab, two, {}, env).openSession());
    expect(refused).toMatchObject({ kind: "connection", fix: scan() });
    const print =
      spawnSync("ssh-keygen", ["-lf", `${two.hostKey}.pub`], { encoding: "utf8" }).stdout.split(" ")[1] ?? "?";
    expect(refused.detail).toContain(print);
    // What it says to type does mend it.
    expect(spawnSync("sh", ["-c", refused.fix ?? ""], { env: { ...process.env, ...env } }).status).toBe(0);
    await (await openSession(transportTo(lab, two, {}, env))).close();
  });

  test("a host key that has changed, and a hashed entry", async () => {
    const wrong = one.knownHostsLine().replace(String(one.port), String(two.port));
    const env = home("changed", wrong);
    spawnSync("ssh-keygen", ["-q", "-H", "-f", join(env["HOME"] ?? "", ".ssh", "known_hosts")]);
    const refused = failure(await transportTo(lab, two, {}, env).openSession());
    expect(refused).toMatchObject({ kind: "connection", what: expect.stringContaining("has changed") });
    expect(refused.fix).toBe(`ssh-keygen -R '[127.0.0.1]:${two.port}' && ${scan()}`);
  });

  test("not a host of which one key of several is known, whichever type that is", async () => {
    const rsa = join(two.folder, "host_rsa");
    spawnSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "3072", "-N", "", "-f", rsa]);
    await two.stop();
    appendFileSync(join(two.folder, "sshd_config"), `HostKey ${rsa}\n`);
    await two.start();
    const env = home("rsa", `[127.0.0.1]:${two.port} ${readFileSync(`${rsa}.pub`, "utf8")}`);
    await (await openSession(transportTo(lab, two, {}, env))).close();
  });

  test("a user key that the worker does not know, with the keys that were tried and those that were not", async () => {
    const other = join(lab.folder, "other");
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
    const locked = join(lab.folder, "unknown", ".ssh", "id_rsa");
    mkdirSync(dirname(locked), { recursive: true });
    spawnSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "secret", "-f", locked]);
    const env = home("unknown", two.knownHostsLine());
    const refused = failure(await transportTo(lab, two, { identity_file: other }, env).openSession());
    expect(refused.kind).toBe("connection");
    expect(refused.detail).toContain(`tried: ${other}`);
    expect(refused.detail).toContain(`${locked}: needs a passphrase`);
    expect(refused.fix).toContain(`ssh-copy-id -i ${other} -p ${two.port} `);
  });

  test("nobody there, a name that is not known, and a work path that cannot be made", async () => {
    await two.stop();
    expect(failure(await transportTo(lab, two).openSession())).toMatchObject({
      kind: "connection",
      what: expect.stringContaining("nothing answers"),
    });
    await two.start();
    expect(failure(await transportTo(lab, two, { host: "no-such-host.invalid" }).openSession()).what).toContain(
      "not known",
    );
    const unusable = failure(await transportTo(lab, two, { work_path: "/proc/none" }).openSession());
    expect(unusable).toMatchObject({ kind: "connection", what: expect.stringContaining("/proc/none") });
    expect(failure(await transportTo(lab, two).openSession(AbortSignal.abort())).kind).toBe("cancelled");
  });

  test("a server that says nothing can be given up at once", async () => {
    const held: Socket[] = [];
    const mute = createServer((socket) => held.push(socket));
    const port = await new Promise<number>((resolve) =>
      mute.listen(0, "127.0.0.1", () => resolve(Number((mute.address() as { port: number }).port))),
    );
    const began = Date.now();
    const given = transportTo(lab, two, { port }).openSession(AbortSignal.timeout(1000));
    expect(failure(await given).kind).toBe("cancelled");
    expect(Date.now() - began).toBeLessThan(3000);
    for (const socket of held) socket.destroy();
    mute.close();
  });
});

describe("ways in", () => {
  test("sessions that begin at once make a new work path together", async () => {
    const work_path = join(two.folder, "made", "at", "once");
    const begun = await Promise.all(
      Array.from({ length: 6 }, () => transportTo(lab, two, { work_path }).openSession()),
    );
    const sessions = begun.map((one) => value(one));
    expect(new Set(sessions.map(({ folder }) => dirname(folder)))).toEqual(new Set([work_path]));
    await Promise.all(sessions.map((one) => one.close()));
  });

  test.each(["", "~/"])("a name from ~/.ssh/config, a work path counted from home (%s)", async (start) => {
    const path = `${start}${relative(userInfo().homedir, join(two.folder, "from home"))}`;
    const over = { host: "w2", port: undefined, user: undefined, identity_file: undefined, work_path: path };
    const named = await openSession(transportTo(lab, two, over));
    expect(dirname(named.folder)).toBe(join(two.folder, "from home"));
    expect(value(await named.run(["pwd"])).stdout.trim()).toBe(named.folder);
    await named.close();
  });

  test.each(["ProxyJump w1", `ProxyCommand busybox nc %h %p`])("through %s", async (line) => {
    const file = join(lab.home, ".ssh", `config-${line.slice(0, 9)}`);
    copyFileSync(join(lab.home, ".ssh", "config"), file);
    const text = readFileSync(file, "utf8").replace("Host w2\n", `Host w2\n  ${line}\n`);
    writeFileSync(file, text);
    const over = { host: "w2", port: undefined, user: undefined };
    const through = await openSession(transportTo(lab, two, over, { DISTFFMPEG_SSH_CONFIG: file }));
    expect(value(await through.run(["echo", line])).stdout.trim()).toBe(line);
    const { pid, end } = await sleeper((argv, options) => through.run(argv, options));
    two.cut();
    expect(failure(await end).kind).toBe("connection");
    await until(() => !lives(pid), 8);
    await through.close();
  });

  test("a key that only the agent has", async () => {
    const agent = spawnSync("ssh-agent", ["-s", "-a", join(lab.folder, "agent.sock")], { encoding: "utf8" });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent.stdout)?.[1]);
    const env = { SSH_AUTH_SOCK: join(lab.folder, "agent.sock"), DISTFFMPEG_SSH_CONFIG: "/dev/null" };
    try {
      spawnSync("ssh-add", ["-q", lab.identity], { env: { ...process.env, ...env } });
      const bare = join(lab.folder, "agent-home");
      mkdirSync(join(bare, ".ssh"), { recursive: true });
      copyFileSync(lab.knownHosts, join(bare, ".ssh", "known_hosts"));
      const byAgent = await openSession(transportTo(lab, two, { identity_file: undefined }, { ...env, HOME: bare }));
      await byAgent.close();
      const gone = { ...env, HOME: bare, SSH_AUTH_SOCK: "/no/agent" };
      expect(failure(await transportTo(lab, two, { identity_file: undefined }, gone).openSession()).detail).toContain(
        "agent at /no/agent",
      );
    } finally {
      process.kill(pid);
    }
  });
});

test("the probe, on a worker whose ffmpeg lacks an encoder", async () => {
  const facts = await probeWorker(session, one.ffmpegBin);
  expect(facts).toMatchObject({
    ok: true,
    value: { ffmpegVersion: expect.stringMatching(/^\d/), machine: { cores: expect.any(Number) } },
  });
  if (!facts.ok) return;
  expect(noEncoder(facts.value, ["ffv1"])).toBeUndefined();
  expect(noEncoder(facts.value, ["ffv1", "libx264"])).toMatchObject({ kind: "no-encoder" });
  expect(await probeWorker(session, "/no/ffmpeg")).toMatchObject({ ok: false, failure: { kind: "no-ffmpeg" } });
});

test("in the end nothing runs on the workers but what belongs to the open session", async () => {
  // The folder's janitor, and what its watchdog waits by.
  const odd = (): string[] =>
    lab.programs().flatMap(({ command }) => (command.includes(session.folder) ? [] : [command]));
  await until(() => odd().join() === "sleep 10", 8).catch(() => undefined);
  expect(odd()).toEqual(["sleep 10"]);
});
