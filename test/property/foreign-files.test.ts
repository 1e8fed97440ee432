import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bodyOffset } from "../../src/ffmpeg/nut.js";
import { matroskaRoom, mendMatroska } from "../../src/join/matroska.js";
import { mendMp4, mp4Room } from "../../src/join/mp4.js";
import { verifyChunk } from "../../src/join/verify-chunk.js";
import { rational } from "../../src/lib/rational.js";
import type { ChunkPart } from "../../src/plan/chunk.js";
import { ALL } from "../thorough.js";
import { packetsOf, toldOf } from "../unit/join/rig.js";

/** Files of which every byte may be wrong: what reads their heads says no, or leaves them as they are. */

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);
const RUNS = ALL ? 2000 : 150;

beforeAll(() => {
  const film = ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=2"];
  const stereo = ["-metadata:s:v", "stereo_mode=left_right"];
  execFileSync("ffmpeg", [...film, "-c:v", "libx264", "-preset", "ultrafast", ...stereo, path("film.mkv")]);
  const copy = ["-v", "error", "-i", path("film.mkv"), "-c", "copy", "-strict", "unofficial"];
  execFileSync("ffmpeg", [...copy, path("film.mp4")]);
  execFileSync("ffmpeg", [...film, "-c:v", "mpeg4", "-g", "10", "-pix_fmt", "yuv420p", path("film.nut")]);
});

/** The file with bytes overwritten, most of them in its head, and perhaps cut off. */
const damage = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.boolean()), { maxLength: 12 }),
  cut: fc.option(fc.nat()),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(name: string, { flips, cut }: Damage): string {
  const bytes = Buffer.from(readFileSync(path(name)));
  for (const [at, value, inHead] of flips) bytes[at % (inHead ? Math.min(1500, bytes.length) : bytes.length)] = value;
  const to = path(`damaged-${name}`);
  writeFileSync(to, cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
  return to;
}

test("heads of Matroska are measured and mended, or said to be none", async () => {
  expect(await matroskaRoom(path("film.mkv"), 0)).toBeGreaterThan(2);
  await fc.assert(
    fc.asyncProperty(damage, fc.boolean(), async (one, reference) => {
      const broken = damaged("film.mkv", one);
      const { size } = statSync(broken);
      await matroskaRoom(broken, 0);
      if (reference) {
        copyFileSync(path("film.mkv"), path("own.mkv"));
        await mendMatroska(path("own.mkv"), broken, 0);
        expect(statSync(path("own.mkv")).size).toBe(statSync(path("film.mkv")).size);
      } else {
        await mendMatroska(broken, path("film.mkv"), 0);
        expect(statSync(broken).size).toBe(size);
      }
    }),
    { numRuns: RUNS },
  );
});

test("heads of MP4 are measured and mended, or said to be none", async () => {
  expect(await mp4Room(path("film.mp4"), 0)).toBeGreaterThan(0);
  await fc.assert(
    fc.asyncProperty(damage, fc.boolean(), async (one, reference) => {
      const broken = damaged("film.mp4", one);
      const { size } = statSync(broken);
      await mp4Room(broken, 0);
      if (reference) {
        copyFileSync(path("film.mp4"), path("own.mp4"));
        await mendMp4(path("own.mp4"), broken, 0);
        expect(statSync(path("own.mp4")).size).toBe(statSync(path("film.mp4")).size);
      } else {
        await mendMp4(broken, path("film.mp4"), 0);
        expect(statSync(broken).size).toBe(size);
      }
    }),
    { numRuns: RUNS },
  );
});

test("where the packets of a NUT file begin is found, or that it is none", async () => {
  await fc.assert(
    fc.asyncProperty(damage, async (one) => {
      const at = await bodyOffset(damaged("film.nut", one));
      expect(at === undefined || at >= 0).toBe(true);
    }),
    { numRuns: RUNS },
  );
});

test("a chunk with wrong bytes is taken with all its frames as they were made, at their times, or refused", async () => {
  const ticks = Array.from({ length: 20 }, (_, tick) => ({ tick }));
  const part = { ticks } as unknown as ChunkPart;
  const made = await packetsOf(path("film.nut"));
  let [taken, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(damage, async (one) => {
      const files = { from: damaged("film.nut", one), to: path("to.nut"), told: await toldOf(path("film.nut")) };
      const judged = await verifyChunk("ffmpeg", part, rational(1, 10), files, AbortSignal.timeout(60_000));
      if (!judged.ok) refused++;
      else expect((await packetsOf(path("to.nut"))).map(({ crc }) => crc)).toEqual(made.map(({ crc }) => crc));
      if (judged.ok) taken++;
    }),
    { numRuns: ALL ? 100 : 12, seed: 7 },
  );
  expect(refused).toBeGreaterThan(0);
  expect(taken + refused).toBeGreaterThanOrEqual(12);
});
