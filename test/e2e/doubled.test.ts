import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { runBoth } from "../equivalence/compare.js";
import { Sources } from "../equivalence/sources.js";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

test("what a worker is stuck with is done by another, with the same frames, and nothing of either is left", async () => {
  const place = mkdtempSync(join(sources.folder, "place-"));
  // The first program of the one worker never gets to its work; the others have no such hurdle.
  const stuck = { script: `mkdir '${place}/taken' 2>/dev/null && sleep 100000` };
  await withLab({ workers: [{ ffmpeg: stuck }, {}] }, async (lab) => {
    const config = join(lab.home, "farm.json");
    // As a worker that is silent it would be noticed much later.
    writeFileSync(config, JSON.stringify({ ...lab.config(), worker_timeout: 3600 }));
    const encode = "-c:v libx264 -qp 0 -preset ultrafast -c:a aac -b:a 64k o.mp4".split(" ");
    const both = await runBoth(["-i", await sources.get("long.mp4"), ...encode], {
      df: [`-df_config=${config}`, "-df_keyint_min=24", "-df_segment_frames=24", "-df_keyint_max=48"],
      before: ["-y", "-nostdin", "-v", "verbose"],
      env: { ...lab.env },
    });
    await expectNothingLeft(lab);
    expect(both.differences, both.ours.stderr).toEqual([]);
    expect(both.summary, both.ours.stderr).toMatchObject({ route: "chunks", retries: 0, dropped: [], frames: 200 });
    expect(both.summary?.doubled).toBeGreaterThanOrEqual(1);
    expect(both.ours.stderr).toMatch(/^distffmpeg: chunk \d+ is started a second time, on w2: w1 would take longer$/m);
  });
});
