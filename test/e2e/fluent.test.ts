import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { readSummary, SHORT_CHUNKS } from "../equivalence/compare.js";
import { cliPath, must } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { isLeftOut } from "../thorough.js";

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
async function play(
  [bin, probe]: readonly [string, string],
  film: string,
  scene: string,
  place: string,
): Promise<{ told: Told; files: object }> {
  const cwd = join(folder, place);
  mkdirSync(cwd);
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: join(folder, "state") };
  const isKilled = scene.startsWith("killed");
  const told = JSON.parse(await must(process.execPath, [SCRIPT, bin, film, scene, probe], { cwd, env })) as Told;
  const files: Record<string, string[]> = {};
  // What a killed ffmpeg leaves is whatever it had written.
  for (const name of isKilled ? [] : readdirSync(cwd)) {
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

/** A killed program's message holds the stat lines until then; whether there was progress by then goes by the machine. */
function ending(told: Told): Told {
  return told.flatMap(([name, value]): Told => {
    if (name === "progress") return [];
    return [[name, name === "error" ? String(value).split(":")[0] : value]];
  });
}

const SCENES = [
  ["convert", "h264.mp4", "chunks"],
  ["outputs", "h264.mp4", "chunks"],
  ["encodedOutputs", "h264.mp4", "chunks"],
  ["filtered", "h264.mp4", "chunks"],
  ["seeking", "h264.mp4", "chunks"],
  ["screenshots", "h264.mp4", "local"],
  ["screenshotAt", "h264.mp4", "local"],
  ["streams", "mpeg2.ts", "local"],
  ["outStream", "h264.mp4", "local"],
  ["fromStream", "mpeg2.ts", "chunks"],
  ["missing", "h264.mp4", "local"],
  ["refused", "h264.mp4", "local"],
  ["killed", "h264.mp4", undefined],
  ["killedGently", "h264.mp4", undefined],
  ["killedAtWork", "h264.mp4", undefined],
] as const;

test.for(SCENES)("%s", async ([scene, source, route], { skip }) => {
  skip(isLeftOut(scene));
  const film = await sources.get(source);
  const wrapper = join(folder, "wrapper");
  const summary = join(folder, "summary.json");
  const flags = [...SHORT_CHUNKS, `-df_summary=${summary}`].map((flag) => `'${flag}'`).join(" ");
  writeFileSync(wrapper, `#!/bin/sh\nexec '${process.execPath}' '${cliPath()}' ${flags} "$@"\n`, { mode: 0o755 });
  const probe = join(folder, "ffprobe");
  chmodSync(cliPath(), 0o755);
  symlinkSync(cliPath(), probe);
  const plain = await play(["ffmpeg", "ffprobe"], film, scene, "plain");
  const ours = await play([wrapper, probe], film, scene, "ours");
  const told = (all: Told): Told => (scene.startsWith("killed") ? ending(steady(all)) : steady(all));
  expect(told(ours.told)).toEqual(told(plain.told));
  expect(ours.files).toEqual(plain.files);
  if (route) expect(readSummary(summary)?.route).toBe(route);
  if (scene === "convert") expect(ours.told.some(([name]) => name === "progress")).toBe(true);
  rmSync(folder, { recursive: true, force: true });
});
