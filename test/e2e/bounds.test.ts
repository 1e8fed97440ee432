import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { must, ROOT, run, startCli } from "../equivalence/programs.js";
import { ALL } from "../thorough.js";

/** What a long film takes of the machine that splits and joins it. */

vi.setConfig({ testTimeout: 3_600_000 });

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-bounds-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LIMIT_KB = 200 * 1024;

/** The most memory that a process has had so far, in kB (proc(5), VmHWM). */
function mostMemory(pid: number): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

test.skipIf(!ALL || process.platform !== "linux")("the program's memory does not grow with the film", async () => {
  const frames = 200_000;
  const film = join(folder, "film.mp4");
  const picture = ["-f", "lavfi", "-i", `color=s=16x16:r=25:d=${frames / 25}`];
  await must("ffmpeg", ["-v", "error", ...picture, "-c:v", "mpeg4", "-g", "250", "-q:v", "5", film]);
  const lengths = ["-df_segment_frames=5000", "-df_keyint_min=250", "-df_keyint_max=10000"];
  const words = ["-v", "error", "-nostdin", "-i", film, "-c:v", "mpeg4", "-q:v", "5", "-an", join(folder, "o.mp4")];
  const summary = join(folder, "s.json");
  const { child, ended } = startCli([
    ...["-df_workers=none", "-df_local_slots=2", `-df_summary=${summary}`, ...lengths, ...words],
  ]);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, mostMemory(child.pid ?? 0))), 100);
  const { code, stderr } = await ended;
  clearInterval(watch);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(readFileSync(summary, "utf8"))).toMatchObject({ route: "chunks", frames });
  expect(most).toBeGreaterThan(30_000);
  expect(most).toBeLessThan(LIMIT_KB);
});

test("two thousand chunks are joined with few descriptors and little memory", async () => {
  const chunks = ALL ? 2000 : 600;
  const picture = ["-f", "lavfi", "-i", `color=s=16x16:r=25:d=${(chunks * 2) / 25}`, "-c:v", "mpeg4", "-g", "2"];
  const nut = ["-f", "segment", "-segment_format", "nut", "-segment_time", "0.001"];
  const apart = ["-segment_format_options", "write_index=0:avoid_negative_ts=disabled", join(folder, "g%06d.nut")];
  await must("ffmpeg", ["-v", "error", ...picture, ...nut, ...apart]);
  const script = join(folder, "join.mjs");
  writeFileSync(
    script,
    `import { readdirSync } from "node:fs";
import { Joiner } from ${JSON.stringify(join(ROOT, "dist/join/joiner.js"))};
const [folder, out] = process.argv.slice(2);
const args = ["-v", "error", "-nostdin", "-y", "-f", "nut", "-i", "pipe:3", "-c", "copy", out];
const joiner = new Joiner({ ffmpeg: "ffmpeg", args, films: 1, signal: new AbortController().signal });
// All at once, as when the first chunk comes back last.
const fed = await Promise.all(readdirSync(folder).filter((n) => /^g.*nut$/.test(n)).sort().map((n) => joiner.append(0, folder + "/" + n)));
const end = await joiner.finish();
console.log(JSON.stringify({ fed: fed.filter((one) => one.ok).length, ok: end.ok, kB: process.resourceUsage().maxRSS }));
`,
  );
  const out = join(folder, "joined.mkv");
  const { stdout, stderr } = await run("sh", [
    ...["-c", 'ulimit -n 64; exec "$@"', "sh", process.execPath, script, folder, out],
  ]);
  expect(stderr).toBe("");
  const told = JSON.parse(stdout) as { fed: number; ok: boolean; kB: number };
  expect(told).toMatchObject({ fed: chunks, ok: true });
  expect(told.kB).toBeLessThan(LIMIT_KB);
  const count = ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", out];
  expect((await must("ffprobe", count)).trim()).toBe(`${chunks * 2}`);
});
