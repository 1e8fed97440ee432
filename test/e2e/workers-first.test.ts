import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type Ended, must, runFfmpeg } from "../equivalence/programs.js";
import { fewEncoders, newcomer } from "../lab/newcomer.js";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";

vi.setConfig({ testTimeout: 600_000 });

// sshd looks a password up in /etc/shadow, which is root's, and so is making a user of one's own; and only PAM asks by
// keyboard-interactive on Linux.
const isRoot = process.getuid?.() === 0 && existsSync("/usr/sbin/useradd") && existsSync("/etc/pam.d/sshd");

const PASSWORD = 'Käse \'n "Wein" $1';

const hashes = async (path: string): Promise<string> =>
  must("ffmpeg", ["-v", "error", "-i", path, "-f", "framemd5", "-"]);

test.skipIf(!isRoot)(
  "from nothing: two machines with a password each, then a film over both, as plain ffmpeg makes it",
  async () => {
    const user = `dflab${process.pid}`;
    const home = `/tmp/${user}`;
    const folders = ["one", "two"].map((name) => join(home, name));
    const [first = "", second = ""] = folders;
    const [useradd, userdel] = ["/usr/sbin/useradd", "/usr/sbin/userdel"];
    await must(useradd, ["-M", "-d", home, "-s", "/bin/sh", user]);
    try {
      const set = spawnSync("/usr/sbin/chpasswd", { input: `${user}:${PASSWORD}\n`, encoding: "utf8" });
      expect(set.status, set.stderr).toBe(0);
      await must("install", ["-d", "-o", user, "-m", "755", home, ...folders]);
      // Each has a home of its own, so that each has to be given the key.
      const match = (folder: string, ...more: string[]): string[] => [
        `Match User ${user}`,
        `AuthorizedKeysFile ${folder}/.ssh/authorized_keys`,
        `SetEnv HOME=${folder}`,
        ...more,
      ];
      const workers = [
        { sshd: match(first, "PasswordAuthentication yes") },
        { sshd: ["UsePAM yes", ...match(second, "KbdInteractiveAuthentication yes")] },
      ];
      await withLab({ workers }, async (lab) => {
        // Held back a little, so that a short film is not done before the second one has begun.
        const ffmpeg = fewEncoders(
          join(home, "ffmpeg"),
          ["ffv1", "mpeg4"],
          ['case "$*" in *"-f nut"*) sleep 0.3;; esac'],
        );
        const me = newcomer(lab, "fresh");
        const add = (i: number, name: string, ...answers: (readonly [string, string])[]): Promise<Ended> => {
          const place = `${user}@127.0.0.1:${lab.workers[i]?.port}`;
          const words = ["--name", name, "--slots", "1", "--work-path", "~/work", "--ffmpeg", ffmpeg];
          return me.asked([["[y/N] ", "y"], ...answers], "workers", "add", place, ...words);
        };
        const one = await add(0, "one", ["password: ", "wrong"], ["password: ", PASSWORD]);
        expect(one.code, one.stdout).toBe(0);
        expect(one.stdout).toContain("made a key");
        expect(one.stdout).toContain("that was not the password");
        const key = readFileSync(join(me.home, ".ssh", "id_ed25519.pub"), "utf8");
        expect(readFileSync(join(first, ".ssh", "authorized_keys"), "utf8")).toBe(key);
        expect(statSync(join(first, ".ssh", "authorized_keys")).mode & 0o777).toBe(0o600);
        expect(readFileSync(join(me.home, ".ssh", "known_hosts"), "utf8")).toBe(lab.workers[0]?.knownHostsLine());

        const two = await add(1, "two", ["password: ", PASSWORD]);
        expect(two.code, two.stdout).toBe(0);
        expect(two.stdout).not.toContain("made a key");
        expect(readFileSync(join(second, ".ssh", "authorized_keys"), "utf8")).toBe(key);
        expect(`${one.stdout}${two.stdout}`).not.toContain("Wein");
        expect(await must("grep", ["-rc", "Wein", me.home]).catch(() => "nowhere")).toBe("nowhere");
        expect(JSON.parse(readFileSync(me.saved, "utf8")).workers).toMatchObject([{ name: "one" }, { name: "two" }]);

        const film = join(me.home, "film.mkv");
        const source = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=4", "-f", "lavfi", "-i", "sine=d=4"];
        await must("ffmpeg", ["-v", "error", ...source, "-c:v", "mpeg4", "-g", "10", "-c:a", "aac", film]);
        const command = ["-y", "-i", film, "-vf", "hflip", "-c:v", "ffv1", "-c:a", "copy"];
        const plain = await runFfmpeg([...command, join(me.home, "plain.mkv")]);
        expect(plain.code, plain.stderr).toBe(0);
        const lengths = ["-df_keyint_min=10", "-df_segment_frames=10", "-df_keyint_max=10", "-df_route=chunks"];
        const ended = await me.alone(...lengths, "-df_fallback=fail", "-df_summary=sum.json", ...command, "ours.mkv");
        expect(ended.code, ended.stderr).toBe(0);
        const summary = JSON.parse(readFileSync(join(me.home, "sum.json"), "utf8"));
        expect(summary.workers.map(({ name }: { name: string }) => name).sort()).toEqual(["one", "two"]);
        for (const { chunks } of summary.workers) expect(chunks).toBeGreaterThan(0);
        expect(await hashes(join(me.home, "ours.mkv"))).toBe(await hashes(join(me.home, "plain.mkv")));
        await expectNothingLeft(lab);
      });
    } finally {
      spawnSync(userdel, [user]);
      rmSync(home, { recursive: true, force: true });
    }
  },
);
