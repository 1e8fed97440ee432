import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { cliPath, type Ended, run } from "../equivalence/programs.js";
import { type Lab, type LabWorker, startLab } from "../lab/lab.mjs";
import { fewEncoders, newcomer } from "../lab/newcomer.js";
import { until } from "../lab/sessions.js";
import { expectNothingLeft } from "../lab/with-lab.js";

vi.setConfig({ testTimeout: 600_000 });

let lab: Lab;
let one: LabWorker;
let two: LabWorker;

beforeAll(async () => {
  lab = await startLab({ workers: 2 });
  const [first, second] = lab.workers;
  if (!first || !second) throw new Error("no workers");
  [one, two] = [first, second];
});
afterAll(() => lab.close());

const placeOf = ({ config, port }: LabWorker): string => `${config.user}@127.0.0.1:${port}`;

const keygen = (...args: string[]): string => spawnSync("ssh-keygen", args, { encoding: "utf8" }).stdout;

test("a key that is known: tried out and saved, once; a host key is trusted only when somebody says so", async () => {
  const { home, knownHosts, saved, alone, asked } = newcomer(lab, "known");
  const few = fewEncoders(join(lab.folder, "few"), ["ffv1", "mpeg4"]);
  const words = ["workers", "add", placeOf(one), "--identity", lab.identity, "--work-path", one.workPath];
  const add = (...more: string[]): Promise<Ended> => alone(...words, ...more);

  const print = keygen("-lf", `${one.hostKey}.pub`).split(" ")[1] ?? "?";
  const nobody = await add("--ffmpeg", few);
  expect(nobody).toMatchObject({ code: 1, stdout: "" });
  expect(nobody.stderr).toContain(print);
  expect(nobody.stderr).toContain("Try: the same with --accept-host-key");

  const refused = await asked([["[y/N] ", "n"]], ...words);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain(print);
  expect(refused.stdout).toContain("the host key was not trusted, nothing was done");
  expect(existsSync(knownHosts)).toBe(false);

  const unfit = await add("--accept-host-key", "--ffmpeg", "/no/ffmpeg");
  expect(unfit).toMatchObject({ code: 1, stdout: "" });
  expect(unfit.stderr).toMatch(/there is no \/no\/ffmpeg on the worker\n.*\nTry: [^#\n]*ffmpeg[^#\n]*\n.*--force/);
  expect(existsSync(saved)).toBe(false);

  const added = await add("--json", "--name", "tower", "--slots", "2", "--ffmpeg", few);
  expect(added.code, added.stderr).toBe(0);
  expect(JSON.parse(added.stdout)).toMatchObject({
    version: 1,
    worker: { name: "tower", reachable: true, fit: true },
    clip: { frames: 50 },
    problem: null,
    saved: { path: saved, isNew: true, name: "tower" },
  });
  const { user, port } = one.config;
  const entry = {
    host: "127.0.0.1",
    user,
    port,
    name: "tower",
    slots: 2,
    work_path: one.workPath,
    identity_file: lab.identity,
    ffmpeg_bin: few,
  };
  expect(JSON.parse(readFileSync(saved, "utf8"))).toEqual({ workers: [entry] });
  expect(statSync(saved).mode & 0o777).toBe(0o600);

  const again = await add("--force", "--ffmpeg", "/no/ffmpeg");
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("already there") });
  expect(JSON.parse(readFileSync(saved, "utf8"))).toEqual({ workers: [{ ...entry, ffmpeg_bin: "/no/ffmpeg" }] });

  expect(await alone("workers", "add", "a b")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"a b" is not USER@HOST[:PORT]'),
  });
  expect(existsSync(join(home, ".ssh", "id_ed25519"))).toBe(false);
  await expectNothingLeft(lab);
});

test("a host key that has changed is not taken over, whatever is asked for", async () => {
  const { home, knownHosts, saved, alone } = newcomer(lab, "changed");
  mkdirSync(join(home, ".ssh"));
  const old = one.knownHostsLine().replace(String(one.port), String(two.port));
  writeFileSync(knownHosts, old);
  const ended = await alone("workers", "add", placeOf(two), "--accept-host-key", "--force", "--identity", lab.identity);
  expect(ended.stderr).toMatch(
    /the host key of \[127\.0\.0\.1\]:\d+ has changed: another machine, or someone in between\n/,
  );
  expect(ended.stderr).toContain(`Try: ssh-keygen -R '[127.0.0.1]:${two.port}' && ssh-keyscan`);
  expect(readFileSync(knownHosts, "utf8")).toBe(old);
  expect(existsSync(saved)).toBe(true);
});

/** That one was let in shows in what comes next: this ffmpeg is not there. */
const LET_IN = "there is no /no/ffmpeg on the worker";

test("a key with a passphrase: what to type, and in by the agent that has it", async () => {
  const { home, env, saved, alone } = newcomer(lab, "locked", ["IdentityFile ~/.ssh/id_ed25519"]);
  const key = join(home, ".ssh", "id_ed25519");
  keygen("-q", "-t", "ed25519", "-N", "open sesame", "-f", key);
  appendFileSync(one.authorizedKeys, readFileSync(`${key}.pub`));
  writeFileSync(join(home, ".ssh", "known_hosts"), one.knownHostsLine());
  const words = ["workers", "add", placeOf(one), "--ffmpeg", "/no/ffmpeg"];
  const locked = await alone(...words);
  expect(locked.code).toBe(1);
  expect(locked.stderr).toContain(`${key}: needs a passphrase`);
  expect(locked.stderr).toContain(`\nTry: eval "$(ssh-agent)" && ssh-add ${key}\n`);

  const socket = join(home, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  try {
    await until(() => existsSync(socket), 10);
    const typist = join(home, "typist");
    writeFileSync(typist, "#!/bin/sh\necho open sesame\n", { mode: 0o700 });
    const typed = { SSH_ASKPASS: typist, SSH_ASKPASS_REQUIRE: "force", SSH_AUTH_SOCK: socket };
    const taken = spawnSync("ssh-add", [key], { env: { ...process.env, ...env, ...typed }, encoding: "utf8" });
    expect(taken.status, taken.stderr).toBe(0);
    const letIn = await run("setsid", ["-w", process.execPath, cliPath(), ...words], {
      cwd: home,
      env: { ...env, SSH_AUTH_SOCK: socket },
    });
    expect(letIn.stderr).toContain(LET_IN);
    expect(existsSync(saved)).toBe(false);
  } finally {
    agent.kill();
  }
});

test("an alias of ~/.ssh/config behind another host is reached as ssh does it, and saved by its name", async () => {
  const { knownHosts, saved, asked } = newcomer(lab, "jump", [
    "Host gate",
    "  HostName 127.0.0.1",
    `  Port ${one.port}`,
    "Host attic",
    "  HostName 127.0.0.1",
    `  Port ${two.port}`,
    "  ProxyJump gate",
    "Host *",
    `  User ${one.config.user}`,
    `  IdentityFile ${lab.identity}`,
    `  UserKnownHostsFile ${join(lab.folder, "jump", ".ssh", "known_hosts")}`,
  ]);
  writeFileSync(knownHosts, one.knownHostsLine());
  const before = readFileSync(one.log, "utf8").length;
  const words = ["workers", "add", "attic", "--ffmpeg", "/no/ffmpeg", "--force"];
  const ended = await asked([["[y/N] ", "y"]], ...words);
  expect(ended.stdout).toContain(LET_IN);
  expect(ended.code).toBe(0);
  expect(readFileSync(one.log, "utf8").slice(before)).toContain("Accepted publickey");
  expect(readFileSync(knownHosts, "utf8")).toBe(`${one.knownHostsLine()}${two.knownHostsLine()}`);
  expect(JSON.parse(readFileSync(saved, "utf8"))).toEqual({ workers: [{ host: "attic", ffmpeg_bin: "/no/ffmpeg" }] });
});
