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

test("clean takes from workers, drained ones too, what a dead job of this machine has left there, and ends its programs", async () => {
  await withLab({ workers: 2 }, async (lab) => {
    const folder = (owner: object, work = lab.workers[0]?.workPath ?? ""): string => {
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
      const drained = folder({ start: "gone" }, lab.workers[1]?.workPath);
      const workers = lab.config().workers.map((one) => (one.name === "w2" ? { ...one, drained: true } : one));
      writeFileSync(config, JSON.stringify({ ...lab.config(), workers }));
      const ended = once(left, "exit");
      const flags = [`-df_config=${config}`, `-df_server_work_path=${join(lab.home, "jobs")}`];
      const { code, stdout, stderr } = await runCli([...flags, "clean", "--json"], { env: { ...lab.env } });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        workers: [
          { worker: "w1", removed: [dead], ended: [left.pid] },
          { worker: "w2", removed: [drained], ended: [] },
        ],
        failures: [],
      });
      expect((await ended)[1]).toBe("SIGKILL");
      expect([dead, running, others, drained].map((path) => existsSync(path))).toEqual([false, true, true, false]);
      expect([used.exitCode, used.signalCode]).toEqual([null, null]);
    } finally {
      for (const program of programs) program.kill("SIGKILL");
    }
  });
});
