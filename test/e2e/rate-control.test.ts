import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { readSummary } from "../equivalence/compare.js";
import { must, runCli } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { startLab } from "../lab/lab.mjs";

/** Logs of a first pass come from workers and go to them: over SSH nothing is shared. */

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

const CHUNKS = ["-df_keyint_min=40", "-df_segment_frames=80", "-df_keyint_max=120"];

async function bitrateOf(film: string, seconds: number): Promise<number> {
  const probe = ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", film];
  const lines = (await must("ffprobe", probe)).trim().split("\n");
  return (lines.reduce((sum, line) => sum + Number(line.split(",")[0]), 0) * 8) / seconds;
}

test("two passes and a cap over SSH workers", async () => {
  const film = await sources.get("scenes.mkv");
  const lab = await startLab({ workers: 2 });
  try {
    const folder = mkdtempSync(join(sources.folder, "lab-"));
    const config = join(lab.home, "farm.json");
    writeFileSync(config, JSON.stringify(lab.config()));
    const distffmpeg = async (words: string): Promise<void> => {
      const flags = [`-df_config=${config}`, `-df_summary=${join(folder, "summary.json")}`, ...CHUNKS];
      const common = ["-y", "-nostdin", "-v", "error", "-i", film];
      const ended = await runCli([...flags, ...common, ...words.split(" ")], { cwd: folder, env: { ...lab.env } });
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      const summary = readSummary(join(folder, "summary.json"));
      expect(summary, summary?.reason).toMatchObject({ route: "chunks", frames: 400, retries: 0, dropped: [] });
      expect(summary?.workers.map(({ name }) => name).sort()).toEqual(["w1", "w2"]);
    };
    const x264 = "-c:v libx264 -preset veryfast -b:v 300k";
    await distffmpeg(`${x264} -pass 1 -f null -`);
    expect(readFileSync(join(folder, "ffmpeg2pass-0.log"), "latin1").match(/ out:\d+ /g)).toHaveLength(400);
    expect(existsSync(join(folder, "ffmpeg2pass-0.log.mbtree"))).toBe(true);
    await distffmpeg(`${x264} -maxrate 500k -bufsize 500k -pass 2 o.mkv`);
    expect(Math.abs((await bitrateOf(join(folder, "o.mkv"), 16)) / 300_000 - 1)).toBeLessThan(0.03);
    for (const { workPath } of lab.workers) expect(existsSync(workPath) ? readdirSync(workPath) : []).toEqual([]);
  } finally {
    await lab.close();
  }
});
