import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { cliPath, type Ended, run, runCli } from "../equivalence/programs.js";
import type { Lab } from "../lab/lab.mjs";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";

vi.setConfig({ testTimeout: 600_000 });

const ANSWER = fileURLToPath(new URL("../lab/answer.py", import.meta.url));

/** An ffmpeg that lists two encoders only, so that not each of a full build is tried. */
const FEW = `#!/bin/sh
case "$*" in *-encoders*) printf 'V....D ffv1 x\\nV....D mpeg4 x\\n'; exit 0;; esac
exec /usr/bin/env -i PATH="$PATH" HOME="$HOME" ffmpeg "$@"
`;

/** A home of its own: no key, no known hosts, no configuration. */
function freshHome(lab: Lab): { readonly home: string; readonly env: Record<string, string> } {
  const home = join(lab.folder, "fresh");
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  const config = join(home, ".ssh", "config");
  writeFileSync(
    config,
    `UserKnownHostsFile ${home}/.ssh/known_hosts\nGlobalKnownHostsFile /dev/null\nIdentityFile ${home}/.ssh/id_ed25519\n`,
  );
  const xdg = {
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_CACHE_HOME: join(home, "cache"),
  };
  return { home, env: { HOME: home, DISTFFMPEG_SSH_CONFIG: config, SSH_AUTH_SOCK: "", ...xdg } };
}

const saved = (home: string): string => join(home, ".config", "distffmpeg", "config.json");

test("a key that is known: tried out and saved, once; a host key is trusted only when somebody says so", async () => {
  await withLab({ workers: 1 }, async (lab) => {
    const [worker] = lab.workers;
    if (!worker) throw new Error("no worker");
    const { home, env } = freshHome(lab);
    const ffmpeg = join(lab.folder, "few");
    writeFileSync(ffmpeg, FEW);
    chmodSync(ffmpeg, 0o755);
    const place = `${worker.config.user}@127.0.0.1:${worker.port}`;
    const add = (...more: string[]): Promise<Ended> =>
      run(
        "setsid",
        [
          "-w",
          process.execPath,
          cliPath(),
          "workers",
          "add",
          place,
          "--identity",
          lab.identity,
          "--work-path",
          worker.workPath,
          ...more,
        ],
        {
          cwd: home,
          env,
        },
      );

    const print =
      spawnSync("ssh-keygen", ["-lf", `${worker.hostKey}.pub`], { encoding: "utf8" }).stdout.split(" ")[1] ?? "?";
    const asked = await add("--ffmpeg", ffmpeg);
    expect(asked).toMatchObject({ code: 1, stdout: "" });
    expect(asked.stderr).toContain(print);
    expect(asked.stderr).toContain("Try: the same with --accept-host-key");
    expect(existsSync(join(home, ".ssh", "known_hosts"))).toBe(false);

    const unfit = await add("--accept-host-key", "--ffmpeg", "/no/ffmpeg");
    expect(unfit).toMatchObject({ code: 1, stdout: "" });
    expect(unfit.stderr).toMatch(/there is no \/no\/ffmpeg on the worker\nTry: .*ffmpeg.*\n.*--force/);
    expect(existsSync(saved(home))).toBe(false);

    const added = await add("--json", "--name", "tower", "--slots", "2", "--ffmpeg", ffmpeg);
    expect(added.code, added.stderr).toBe(0);
    expect(JSON.parse(added.stdout)).toMatchObject({
      version: 1,
      worker: { name: "tower", reachable: true, fit: true },
      clip: { frames: 50 },
      problem: null,
      saved: { path: saved(home), isNew: true, name: "tower" },
    });
    const { user, port } = worker.config;
    const entry = {
      host: "127.0.0.1",
      user,
      port,
      name: "tower",
      slots: 2,
      work_path: worker.workPath,
      identity_file: lab.identity,
      ffmpeg_bin: ffmpeg,
    };
    expect(JSON.parse(readFileSync(saved(home), "utf8"))).toEqual({ workers: [entry] });
    expect(statSync(saved(home)).mode & 0o777).toBe(0o600);

    const again = await add("--force", "--ffmpeg", "/no/ffmpeg");
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("already there") });
    expect(JSON.parse(readFileSync(saved(home), "utf8"))).toEqual({
      workers: [{ ...entry, ffmpeg_bin: "/no/ffmpeg" }],
    });

    expect(await runCli(["workers", "add", "a b"], { cwd: home, env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"a b" is not USER@HOST[:PORT]'),
    });
    await expectNothingLeft(lab);
  });
});

const isRoot = process.getuid?.() === 0 && existsSync("/usr/sbin/useradd");

// sshd looks a password up in /etc/shadow, which is root's, and so is making a user of one's own.
test.skipIf(!isRoot)(
  "no key at all: asks once for the host key, once for the password, and copies a new key",
  async () => {
    const user = `dflab${process.pid}`;
    const home = `/tmp/${user}`;
    const password = 'Käse \'n "Wein" $1';
    const must = (file: string, args: string[], input = ""): void => {
      const done = spawnSync(file, args, { input, encoding: "utf8" });
      if (done.status !== 0) throw new Error(`${file}: ${done.stderr}`);
    };
    must("/usr/sbin/useradd", ["-M", "-d", home, "-s", "/bin/sh", user]);
    try {
      must("/usr/sbin/chpasswd", [], `${user}:${password}\n`);
      must("install", ["-d", "-o", user, "-m", "755", home, join(home, "bin")]);
      const ffmpeg = join(home, "bin", "ffmpeg");
      writeFileSync(ffmpeg, FEW);
      chmodSync(ffmpeg, 0o755);
      const match = [
        `Match User ${user}`,
        "PasswordAuthentication yes",
        "AuthorizedKeysFile .ssh/authorized_keys",
        `SetEnv HOME=${home}`,
      ];
      await withLab({ workers: [{ sshd: match }] }, async (lab) => {
        const fresh = freshHome(lab);
        const [worker] = lab.workers;
        const words = [
          "workers",
          "add",
          `${user}@127.0.0.1:${worker?.port}`,
          "--work-path",
          "~/work",
          "--ffmpeg",
          ffmpeg,
        ];
        const answers = JSON.stringify([
          ["[y/N] ", "y"],
          ["password: ", "wrong"],
          ["password: ", password],
        ]);
        const ended = await run("python3", [ANSWER, answers, process.execPath, cliPath(), ...words], {
          cwd: fresh.home,
          env: fresh.env,
        });
        expect(ended.code, ended.stdout).toBe(0);
        expect(ended.stdout).toContain("that was not the password");
        expect(ended.stdout).not.toContain("Wein");
        const key = readFileSync(join(fresh.home, ".ssh", "id_ed25519.pub"), "utf8");
        expect(readFileSync(join(home, ".ssh", "authorized_keys"), "utf8")).toBe(key);
        expect(statSync(join(home, ".ssh", "authorized_keys")).mode & 0o777).toBe(0o600);
        expect(JSON.parse(readFileSync(saved(fresh.home), "utf8")).workers).toMatchObject([
          { host: "127.0.0.1", user },
        ]);
      });
    } finally {
      spawnSync("/usr/sbin/userdel", [user]);
      rmSync(home, { recursive: true, force: true });
    }
  },
);
