import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { inspectSides } from "../../../src/job/side-facts.js";
import { factKey } from "../../../src/plan/sides.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-sides-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function apart(name: string): Promise<boolean | undefined> {
  const parsed = parseCommand(["-i", "x.mkv", "-vf", `subtitles=${join(folder, name)}`, "o.mkv"]);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const facts = await inspectSides(parsed.value, {
    ...{ ffmpeg: "ffmpeg", ffprobe: "ffprobe", folder, stdin: undefined, alone: true, least: 0, hasty: false },
    signal: AbortSignal.timeout(60_000),
  });
  return facts.get(factKey("subtitles", join(folder, name)))?.apart;
}

test("subtitles that are a list of other files are none that a worker is given", async () => {
  writeFileSync(join(folder, "real.srt"), "1\n00:00:01,000 --> 00:00:02,000\nhello\n\n");
  // To ffmpeg a film of subtitles, by way of the other file.
  writeFileSync(join(folder, "list.srt"), "ffconcat version 1.0\nfile real.srt\n");
  expect(await apart("real.srt")).toBe(true);
  expect(await apart("list.srt")).toBeUndefined();
});
