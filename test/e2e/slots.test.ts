import { readFileSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { runBoth } from "../equivalence/compare.js";
import { Sources } from "../equivalence/sources.js";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

test("a worker's slots share its processors, keep to a NUMA node and are nice", async () => {
  const log = join(sources.folder, "seen");
  const script = `{ echo "nice=$(nice) $(numactl --show | sed -n 's/^membind: */membind=/p') $*"; } >> '${log}'`;
  await withLab({ workers: [{ slots: 3, numa: 0, nice: 7, ffmpeg: { script } }] }, async (lab) => {
    const config = join(lab.home, "slots.json");
    writeFileSync(config, JSON.stringify(lab.config()));
    const encode = "-c:v libx264 -qp 0 -preset ultrafast -an o.mp4".split(" ");
    const { differences, summary } = await runBoth(["-i", await sources.get("long.mp4"), ...encode], {
      df: [`-df_config=${config}`, "-df_keyint_min=24", "-df_segment_frames=24", "-df_keyint_max=48"],
      env: { ...lab.env },
    });
    expect(differences, summary?.reason).toEqual([]);
    expect(summary?.route, summary?.reason).toBe("chunks");
    await expectNothingLeft(lab);
  });
  const seen = readFileSync(log, "utf8").trim().split("\n");
  expect(seen.length).toBeGreaterThan(3);
  for (const line of seen) {
    // On top of what the tests themselves are run with.
    expect(line).toContain(`nice=${getPriority() + 7} membind=0`);
    expect(line).toMatch(/ -threads:v \d+ /);
  }
});

test("unasked, a worker has as many slots as fit", async () => {
  await withLab({ workers: [{ slots: "auto" }] }, async (lab) => {
    const config = join(lab.home, "slots.json");
    writeFileSync(config, JSON.stringify(lab.config()));
    const encode = "-c:v mpeg4 -q:v 2 -an o.mkv".split(" ");
    const { differences, summary } = await runBoth(["-i", await sources.get("long.mp4"), ...encode], {
      df: [`-df_config=${config}`, "-df_keyint_min=24", "-df_segment_frames=24", "-df_keyint_max=48"],
      ...{ env: { ...lab.env }, keyframes: true, lossless: false, loose: 0.25 },
    });
    expect(differences, summary?.reason).toEqual([]);
    expect(summary?.workers.map(({ name }) => name)).toEqual(["w1"]);
  });
});
