import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import { Sources } from "../equivalence/sources.js";
import { ALL } from "../thorough.js";
import { Host, packets, reportFault } from "./host-rig.js";

vi.setConfig({ testTimeout: 3 * 3_600_000 });

const sources = new Sources();
afterAll(() => sources.close());

/** How often the host is killed and started anew. */
const ROUNDS = Number(process.env["DISTFFMPEG_KILL_ROUNDS"] ?? (ALL ? 100 : 3));

/** The same numbers for the same seed: a round that failed can be had again (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(`killed outright at any moment, ${ROUNDS} times, and started anew until it ends`, async () => {
  const seed = Number(process.env["DISTFFMPEG_KILL_SEED"] ?? Date.now() % 1_000_000);
  const random = randomNumbers(seed);
  const path = await sources.get("long.mp4");
  const words = ["-y", "-v", "error", "-nostdin", "-i", path, "-c:v", "ffv1", "-c:a", "copy", "o.mkv"];
  const undisturbed = new Host(sources.folder);
  const began = performance.now();
  const first = await undisturbed.run(words);
  expect(first.code, first.stderr).toBe(0);
  // How long a job takes, at the least so far: on a busy machine that changes, and most are to be killed.
  let whole = performance.now() - began;
  const chunks = undisturbed.encoded;
  const wanted = await packets(join(undisturbed.out, "o.mkv"));
  const found = { tried: 0, identical: 0, jobs: 0, encoded: 0, leftovers: 0 };
  const faults: string[] = [];
  /** What was left each time that the present job was killed. */
  const killed: number[] = [];
  let host = new Host(sources.folder);
  let encoded = 0;
  while (found.tried < ROUNDS || encoded > 0 || host.leftovers().length > 0) {
    const job = host.start(words);
    const started = performance.now();
    const moment = random() * whole;
    const ended =
      found.tried < ROUNDS && (await Promise.race([job.ended.then(() => "ended"), sleep(moment, "killed")]));
    if (ended === "killed") {
      found.tried++;
      await host.kill(job);
      encoded += host.encoded;
      const left = host.leftovers().filter((name) => !name.startsWith("resume-"));
      found.leftovers += left.length;
      killed.push(left.length);
      if (left.length > 0) faults.push(`round ${found.tried}, after ${Math.round(moment)} ms: ${left.join(", ")}`);
      continue;
    }
    const { code, stderr } = await job.ended;
    whole = Math.min(whole, performance.now() - started);
    encoded += host.encoded;
    const same = code === 0 && (await packets(join(host.out, "o.mkv"))) === wanted;
    const left = host.leftovers();
    found.leftovers += left.length;
    if (same) found.identical++;
    for (const leftovers of killed.splice(0)) {
      reportFault("host killed at a random moment, and started anew", same, leftovers + left.length);
    }
    if (!same || left.length > 0)
      faults.push(`job ${found.jobs}: ended with ${code}, left ${left.join(", ")}: ${stderr}`);
    found.jobs++;
    found.encoded += encoded;
    encoded = 0;
    host.remove();
    host = new Host(sources.folder);
  }
  host.remove();
  undisturbed.remove();
  const summary = `seed ${seed}: ${JSON.stringify(found)}, ${chunks} chunks a job`;
  if (ROUNDS > 3) process.stderr.write(`${summary}\n`);
  expect(faults, summary).toEqual([]);
  expect(found, summary).toMatchObject({ tried: ROUNDS, identical: found.jobs, leftovers: 0 });
  // At most the chunk that was being made, and the one just finished, are made once more for each time it was killed.
  expect(found.encoded, summary).toBeLessThanOrEqual(found.jobs * chunks + 2 * found.tried);
  expect(readdirSync(sources.folder).filter((name) => name.startsWith("host-"))).toEqual([]);
});
