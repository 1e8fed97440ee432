import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { Sources } from "../equivalence/sources.js";
import { until } from "../lab/sessions.js";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";
import { ALL } from "../thorough.js";
import { differences, hostsIn, plainly, reportFault } from "./host-rig.js";

/** Jobs that are killed while others have a hand in them: workers, and those who look on. */

vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());
const newHost = hostsIn(() => sources.folder);

const LOSSLESS = ["-c:v", "ffv1", "-c:a", "copy", "o.mkv"];

test.runIf(ALL)("chunks that workers have encoded: nothing is left there, and the same command goes on", async () => {
  // Slow, so that it is killed in the middle.
  await withLab({ workers: [{ ffmpeg: { script: "sleep 1" } }, { ffmpeg: { script: "sleep 1" } }] }, async (lab) => {
    const host = newHost();
    const config = join(lab.home, "farm.json");
    writeFileSync(config, JSON.stringify(lab.config()));
    const path = await sources.get("long.mp4");
    const command = ["-y", "-v", "warning", "-nostdin", "-i", path, ...LOSSLESS];
    const words = [`-df_config=${config}`, "-df_workers=w1,w2", "-df_local_slots=0", ...command];
    const options = { env: { ...lab.env } };
    const job = host.start(words, options);
    await until(() => host.journal().length >= 3, 100);
    await host.kill(job);
    const kept = host.journal().length;
    await until(() => lab.workers.every(({ workPath }) => readdirSync(workPath).length === 0), 90);
    await expectNothingLeft(lab);
    const { code, stderr } = await host.run(words, options);
    expect(code, stderr).toBe(0);
    expect(host.summary).toMatchObject({ route: "chunks", kept });
    expect(await differences(await plainly(sources.folder, ["-i", path, ...LOSSLESS]), host.out)).toEqual([]);
    expect(host.leftovers()).toEqual([]);
    await expectNothingLeft(lab);
    reportFault("host killed while workers encode", true, 0);
  });
});

test.runIf(ALL)("HLS that is seen while it is made", async () => {
  const host = newHost();
  const path = await sources.get("long.mp4");
  const encode =
    "-c:v libx264 -qp 0 -preset ultrafast -g 24 -sc_threshold 0 -c:a aac -f hls -hls_time 1 -hls_list_size 0";
  const command = ["-i", path, ...encode.split(" "), "o.m3u8"];
  host.hold("remote", 4);
  const job = host.start(["-y", "-v", "warning", "-nostdin", ...command]);
  await host.held(4);
  await until(() => readdirSync(host.out).includes("o.m3u8"), 60);
  await host.kill(job);
  const { code, stderr } = await host.run(["-y", "-v", "warning", "-nostdin", ...command]);
  expect(code, stderr).toBe(0);
  expect(host.summary).toMatchObject({ route: "chunks", kept: 4 });
  const plain = await plainly(sources.folder, command);
  expect(await differences(plain, host.out, ["o.m3u8"])).toEqual([]);
  expect(readdirSync(host.out).sort()).toEqual(readdirSync(plain).sort());
  reportFault("host killed while HLS is seen", true, 0);
});
