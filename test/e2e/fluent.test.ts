import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { SHORT_CHUNKS } from "../equivalence/compare.js";
import { cliPath, must } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";

/** fluent-ffmpeg reads ffmpeg's standard error: the same script tells the same with distffmpeg in ffmpeg's place. */

vi.setConfig({ testTimeout: 600_000 });

const SCRIPT = fileURLToPath(new URL("fluent.mjs", import.meta.url));
const sources = new Sources();
afterAll(() => sources.close());

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(sources.folder, "fluent-"));
});

type Told = readonly (readonly [name: string, value: unknown])[];

/** What a scene tells with this program, and the frames of the files it makes. */
async function play(bin: string, film: string, scene: string, place: string): Promise<{ told: Told; files: object }> {
  const cwd = join(folder, place);
  mkdirSync(cwd);
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: join(folder, "state") };
  const told = JSON.parse(await must(process.execPath, [SCRIPT, bin, film, scene], { cwd, env })) as Told;
  const files: Record<string, string[]> = {};
  // What a killed ffmpeg leaves is whatever it had written.
  for (const name of scene === "killed" ? [] : readdirSync(cwd)) {
    const hash = ["-v", "error", "-i", name, "-map", "0", "-f", "framemd5", "-"];
    files[name] = (await must("ffmpeg", hash, { cwd })).split("\n").filter((line) => !line.startsWith("#"));
  }
  return { told, files };
}

/** How often there is progress depends on the machine; a report's share of the film is only there when it is known. */
function steady(told: Told): Told {
  const others = told.filter(([name]) => name !== "progress");
  const [progress] = told.filter(([name]) => name === "progress");
  return progress ? [...others, progress] : others;
}

test.each([
  ["convert", "h264.mp4"],
  ["outputs", "h264.mp4"],
  ["streams", "mpeg2.ts"],
  ["fromStream", "mpeg2.ts"],
  ["missing", "h264.mp4"],
  ["refused", "h264.mp4"],
  ["killed", "h264.mp4"],
])("%s", async (scene, source) => {
  const film = await sources.get(source as "h264.mp4");
  const wrapper = join(folder, "wrapper");
  const flags = SHORT_CHUNKS.map((flag) => `'${flag}'`).join(" ");
  writeFileSync(wrapper, `#!/bin/sh\nexec '${process.execPath}' '${cliPath()}' ${flags} "$@"\n`, { mode: 0o755 });
  const plain = await play("ffmpeg", film, scene, "plain");
  const ours = await play(wrapper, film, scene, "ours");
  expect(steady(ours.told)).toEqual(steady(plain.told));
  expect(ours.files).toEqual(plain.files);
  if (scene === "convert") expect(ours.told.some(([name]) => name === "progress")).toBe(true);
  rmSync(folder, { recursive: true, force: true });
});
