import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { ALL } from "../thorough.js";
import { runBoth } from "./compare.js";
import { type SourceName, Sources } from "./sources.js";

/** Films that are cut off or have wrong bytes: what comes of them is what comes of them with plain ffmpeg. */

vi.setConfig({ testTimeout: 300_000 });

const sources = new Sources();
const folder = mkdtempSync(join(tmpdir(), "distffmpeg-damaged-"));
afterAll(() => {
  sources.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A generator of numbers from 0 to 1 that are the same every time (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What is done to the bytes of a film. */
const DAMAGES: Readonly<Record<string, (bytes: Buffer, next: () => number) => Buffer>> = {
  "cut off": (bytes, next) => bytes.subarray(0, Math.floor(bytes.length * (0.2 + 0.79 * next()))),
  "one bit": (bytes, next) => flipped(bytes, next, 1, 0),
  "a few bits": (bytes, next) => flipped(bytes, next, 8, 0.02),
  "many bits": (bytes, next) => flipped(bytes, next, 300, 0.02),
  "its head": (bytes, next) => flipped(bytes, next, 12, 0, 2000),
  "a hole": (bytes, next) => {
    const at = Math.floor(bytes.length * (0.1 + 0.7 * next()));
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(5000 * next()))]);
  },
};

/** `from`: a part of the file that stays, so that it is still known for what it is; `within`: so many bytes. */
function flipped(bytes: Buffer, next: () => number, times: number, from: number, within = bytes.length): Buffer {
  const changed = Buffer.from(bytes);
  const start = Math.floor(from * bytes.length);
  for (let i = 0; i < times; i++) {
    const at = start + Math.floor(next() * (Math.min(within, bytes.length) - start));
    changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(8 * next()));
  }
  return changed;
}

const films: readonly SourceName[] = ["h264.mp4", "opengop.mkv", "mpeg2.ts", "hevc.mp4", "vp9.webm", "mpeg4.avi"];
const rows = films.flatMap((film, i) =>
  Object.keys(DAMAGES).flatMap((damage, j) =>
    [1, 2].map((seed) => ({ film, damage, seed, usual: seed === 1 && j === i && i < 3 })),
  ),
);

/** What may differ between two runs of plain ffmpeg too: a decoder's guesses at what is lost depend on its threads. */
const GUESSED = /what is decoded differs|the bytes of \d+ of|a ratio of|plain ffmpeg once more/;

test.for(rows)("$film, $damage ($seed)", async ({ film, damage, seed, usual }, { skip }) => {
  skip(!ALL && !usual);
  const next = random(seed * 7919 + films.indexOf(film) * 31 + damage.length);
  const broken = join(folder, `${damage.replaceAll(" ", "-")}-${seed}-${film}`);
  writeFileSync(broken, DAMAGES[damage]?.(readFileSync(await sources.get(film)), next) ?? "");
  const { plain, ours, differences, summary } = await runBoth(["-i", broken, "-c:v", "ffv1", "-c:a", "copy", "o.mkv"]);
  expect(ours.code).toBe(plain.code);
  // Chunks are made of what is not damaged, unless plain ffmpeg, run again, makes another film itself.
  const steady = !differences.includes("plain ffmpeg once more: another film than both");
  const wrong = summary?.route === "chunks" && steady ? differences : differences.filter((one) => !GUESSED.test(one));
  expect(wrong, `${summary?.route}: ${summary?.reason}`).toEqual([]);
});
