import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownerTag, thisProcess } from "../../src/lib/owner.js";
import { runCli } from "../equivalence/programs.js";
import { withLab } from "../lab/with-lab.js";

/** Twelve bytes at the end of each folder's name. */
const RANDOM = "0123456789abcdef01234567";

test("clean takes from a worker what a dead job of this machine has left there, and ends its programs", async () => {
  await withLab({ workers: 1 }, async (lab) => {
    const work = lab.workers[0]?.workPath ?? "";
    const folder = (owner: object): string => {
      const path = join(work, `distffmpeg-${ownerTag({ ...thisProcess(), ...owner })}${RANDOM}`);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "source0.nut"), "x");
      return path;
    };
    const dead = folder({ start: "gone" });
    const running = folder({});
    const others = folder({ host: "0123456789abcdef" });
    const programs = [dead, running].map((cwd) => spawn("sleep", ["300"], { cwd, stdio: "ignore" }));
    const [left, used] = programs;
    if (!left || !used) throw new Error("no programs");
    try {
      const config = join(lab.home, "clean.json");
      writeFileSync(config, JSON.stringify(lab.config()));
      const ended = once(left, "exit");
      const flags = [`-df_config=${config}`, `-df_server_work_path=${join(lab.home, "jobs")}`];
      const { code, stdout, stderr } = await runCli([...flags, "clean", "--json"], { env: { ...lab.env } });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        workers: [{ worker: "w1", removed: [dead], ended: [left.pid] }],
        failures: [],
      });
      expect((await ended)[1]).toBe("SIGKILL");
      expect([dead, running, others].map((path) => existsSync(path))).toEqual([false, true, true]);
      expect([used.exitCode, used.signalCode]).toEqual([null, null]);
    } finally {
      for (const program of programs) program.kill("SIGKILL");
    }
  });
});
