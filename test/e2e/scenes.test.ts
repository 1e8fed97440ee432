import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { make, runBoth } from "../equivalence/compare.js";
import {
  CHANGES,
  FRAMES,
  KEYLESS,
  keyframesOf,
  makeSceneFilm,
  openGops,
  SCENE_LENGTHS,
} from "../equivalence/scene-film.js";
import { differences, Host, packets, plainly } from "../faults/host-rig.js";
import type { FfmpegKind } from "../lab/lab.mjs";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";
import { ALL } from "../thorough.js";

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 600_000 });

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-scenes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const FILM = join(folder, "film.mkv");
beforeAll(() => makeSceneFilm(FILM, openGops(48)));

describe("workers look for scene changes", () => {
  async function encode(workers: readonly FfmpegKind[], film = FILM, changes: readonly number[] = CHANGES) {
    const begun: number[][] = [];
    let both: Awaited<ReturnType<typeof runBoth>> | undefined;
    await withLab({ workers: workers.map((ffmpeg) => ({ ffmpeg })) }, async (lab) => {
      const config = join(lab.home, "scenes.json");
      writeFileSync(config, JSON.stringify(lab.config({ split: "scene" })));
      both = await runBoth(["-i", film, ...KEYLESS, "o.mkv"], {
        ...{ df: [`-df_config=${config}`, ...SCENE_LENGTHS], lossless: true, env: { ...lab.env } },
        before: ["-y", "-v", "warning", "-nostdin"],
        inspect: async (_, ours) => {
          begun.push(await keyframesOf(ours));
          return [];
        },
      });
      await expectNothingLeft(lab);
    });
    if (!both) throw new Error("the lab was not used");
    expect(both.differences, both.ours.stderr).toEqual([]);
    expect(begun).toEqual([changes]);
    const compared = new Map(both.summary?.workers.map((worker) => [worker.name, worker.compared]));
    return { ...both, compared };
  }

  test("side by side, and before they encode", async () => {
    // Neither goes on before the other has begun.
    const meeting = `case "$*" in *scdet*) : > '${folder}/'$$; n=0
until [ $(ls '${folder}' | grep -c '^[0-9]*$') -ge 2 ]; do n=$((n+1)); [ $n -gt 900 ] && { : > '${folder}/vain'; exit 1; }; sleep 0.1; done;; esac`;
    // Three times over: who is there first may take one run and have another one sent.
    const film = join(folder, "thrice.mkv");
    await make(["-stream_loop", "2", "-i", FILM, ...openGops(48), film]);
    const changes = [0, 1, 2].flatMap((time) => CHANGES.map((change) => change + time * FRAMES));
    const { compared, summary } = await encode([{ script: meeting }, { script: meeting }], film, changes);
    expect(existsSync(join(folder, "vain"))).toBe(false);
    expect(compared.get("w1")).toBeGreaterThan(0);
    expect(compared.get("w2")).toBeGreaterThan(0);
    // The frame at which their parts meet is both's.
    expect((compared.get("w1") ?? 0) + (compared.get("w2") ?? 0)).toBeLessThanOrEqual(3 * FRAMES + 20);
    expect(summary).toMatchObject({ chunks: changes.length, retries: 0, dropped: [] });
  });

  const BAD: [string, string][] = [
    ["cannot do it", "exit 1"],
    ["says something else", "printf 'frame:0 pts:0 pts_time:0\\nlavfi.scd.mafd=nan\\n'; exit 0"],
    ["says too much", "yes 'frame:0 pts:0 pts_time:0' & y=$!; sleep 2; kill $y; exit 0"],
  ];
  test.skipIf(!ALL).each(BAD)("what one %s the other one does", async (_, script) => {
    const { compared, ours } = await encode([{ script: `case "$*" in *scdet*) ${script};; esac` }, {}]);
    expect(compared.get("w1")).toBe(0);
    expect(compared.get("w2")).toBeGreaterThanOrEqual(FRAMES);
    expect(ours.stderr).toBe("");
  });
});

test.skipIf(!ALL)(
  "a job that was killed goes on: chunks begin where they began, and those that are kept are taken",
  async () => {
    const host = new Host(folder, ["-df_split=scene", ...SCENE_LENGTHS]);
    try {
      const words = ["-y", "-v", "warning", "-nostdin", "-i", FILM, ...KEYLESS, "o.mkv"];
      host.hold("remote", 3);
      const job = host.start(words);
      await host.held(3);
      await host.kill(job);
      const { code, stderr } = await host.run(words);
      expect({ code, kept: host.summary?.kept, encoded: host.encoded }, stderr).toEqual({
        ...{ code: 0, kept: 3, encoded: CHANGES.length - 3 },
      });
      expect(await keyframesOf(join(host.out, "o.mkv"))).toEqual(CHANGES);
      const plain = await plainly(folder, ["-i", FILM, "-c:v", "ffv1", "o.mkv"]);
      const decoded = await plainly(folder, ["-i", join(host.out, "o.mkv"), "-c:v", "ffv1", "o.mkv"]);
      expect(await differences(plain, decoded)).toEqual([]);
      expect(await packets(join(decoded, "o.mkv"))).toBe(await packets(join(plain, "o.mkv")));
      // Other cuts are another job.
      const other = await host.run(["-df_split=keyframe", ...words]);
      expect(other.code, other.stderr).toBe(0);
      expect(host.summary?.kept).toBe(0);
    } finally {
      host.remove();
    }
  },
);
