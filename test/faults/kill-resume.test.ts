import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import type { Ended } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { ALL } from "../thorough.js";
import { Host, packets, reportFault } from "./host-rig.js";

vi.setConfig({ testTimeout: 3 * 3_600_000 });

const sources = new Sources();
afterAll(() => sources.close());

/** How many jobs are killed and started anew. */
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

/** How often a job that goes on is killed once more. */
const ONCE_MORE = 0.3;

test(`killed outright at a random moment, and started anew until it ends, ${ROUNDS} times`, async () => {
  const seed = Number(process.env["DISTFFMPEG_KILL_SEED"] ?? Date.now() % 1_000_000);
  const random = randomNumbers(seed);
  const path = await sources.get("long.mp4");
  const words = ["-y", "-v", "error", "-nostdin", "-i", path, "-c:v", "ffv1", "-c:a", "copy", "o.mkv"];
  const undisturbed = new Host(sources.folder);
  const began = performance.now();
  const first = await undisturbed.run(words);
  expect(first.code, first.stderr).toBe(0);
  let whole = performance.now() - began;
  const chunks = undisturbed.encoded;
  const wanted = await packets(join(undisturbed.out, "o.mkv"));
  undisturbed.remove();
  const found = { kills: 0, identical: 0, encoded: 0, leftovers: 0 };
  const faults: string[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const host = new Host(sources.folder);
    const before = { ...found };
    let ended: Ended | undefined;
    do {
      const started = performance.now();
      const job = host.start(words);
      const moment = random() * whole;
      ended = await Promise.race([job.ended, sleep(moment, undefined)]);
      if (ended && found.kills === before.kills) whole = Math.min(whole, performance.now() - started);
      if (ended) break;
      await host.kill(job);
      found.kills++;
      found.encoded += host.encoded;
      const left = host.leftovers().filter((name) => !name.startsWith("resume-"));
      found.leftovers += left.length;
      if (left.length > 0) faults.push(`round ${round}, after ${Math.round(moment)} ms: ${left.join(", ")}`);
    } while (random() < ONCE_MORE);
    if (found.kills === before.kills) {
      // It was through before it could be killed: such a round is none.
      expect(ended?.code, ended?.stderr).toBe(0);
      round--;
      host.remove();
      continue;
    }
    const { code, stderr } = ended ?? (await host.run(words));
    found.encoded += host.encoded;
    const same = code === 0 && (await packets(join(host.out, "o.mkv"))) === wanted;
    const left = host.leftovers();
    found.leftovers += left.length;
    if (same) found.identical++;
    if (!same || left.length > 0) faults.push(`round ${round}: ended with ${code}, left ${left.join(", ")}: ${stderr}`);
    reportFault("host killed at a random moment, and started anew", same, found.leftovers - before.leftovers);
    host.remove();
  }
  const summary = `seed ${seed}: ${JSON.stringify(found)}, ${chunks} chunks a job`;
  if (ROUNDS > 3) process.stderr.write(`${summary}\n`);
  expect(faults, summary).toEqual([]);
  expect(found, summary).toMatchObject({ identical: ROUNDS, leftovers: 0 });
  // At most three are made once more for each time it was killed: with its one slot there is a chunk that is being made,
  // while another is looked at, and one more written down.
  expect(found.encoded, summary).toBeLessThanOrEqual(ROUNDS * chunks + 3 * found.kills);
  expect(readdirSync(sources.folder).filter((name) => name.startsWith("host-"))).toEqual([]);
});
