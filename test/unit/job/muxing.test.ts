import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { askMuxer } from "../../../src/job/muxing.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-muxing-"));
const [program, log] = [join(folder, "ffmpeg"), join(folder, "log")];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The real ffmpeg, which notes that it was asked; `more` makes it another program. */
function install(more = ""): void {
  writeFileSync(program, `#!/bin/sh\necho >> '${log}'\n${more}exec ffmpeg "$@"\n`);
  chmodSync(program, 0o755);
}

beforeEach(() => {
  vi.stubEnv("XDG_CACHE_HOME", mkdtempSync(join(folder, "cache-")));
  writeFileSync(log, "");
  install();
  return () => vi.unstubAllEnvs();
});

const asked = (): number => readFileSync(log, "utf8").length;

async function ask(...words: string[]): Promise<unknown> {
  const parsed = parseCommand(["-i", "x.mkv", ...words]);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const [output] = parsed.value.outputs;
  if (!output) throw new Error("no output");
  const tools = { ffmpeg: program, ffprobe: "ffprobe", folder, stdin: undefined, alone: true, least: 0, hasty: false };
  const answer = await askMuxer(output, { ...tools, signal: AbortSignal.timeout(60_000) }, `muxer${asked()}`);
  return answer.ok ? answer.value : answer.failure;
}

test("an ffmpeg is asked once what it does with a container", async () => {
  const matroska = { muxer: "matroska", defaultSync: "vfr" };
  expect([await ask("out.mkv"), await ask("elsewhere/other.mkv")]).toEqual([matroska, matroska]);
  expect(asked()).toBe(1);
  expect(await ask("out.mpg")).toEqual({ muxer: "mpeg", defaultSync: "cfr" });
  expect(await ask("-f", "mpeg", "out.mkv")).toEqual({ muxer: "mpeg", defaultSync: "cfr" });
  expect(asked()).toBe(3);
  install("true\n");
  expect(await ask("out.mkv")).toEqual(matroska);
  expect(asked()).toBe(4);
});

test("what is kept in another form is asked anew, and what it refuses is not kept", async () => {
  await ask("out.mkv");
  const kept = join(process.env["XDG_CACHE_HOME"] ?? "", "distffmpeg");
  const [name = ""] = readdirSync(kept);
  writeFileSync(join(kept, name), '{"muxer":"matroska","defaultSync":"passthrough"}');
  expect(await ask("out.mkv")).toEqual({ muxer: "matroska", defaultSync: "vfr" });
  expect(asked()).toBe(2);
  expect(await ask("out.unknown")).toMatch(/^what ffmpeg does about the frame rate in out.unknown cannot/);
  expect(readdirSync(kept)).toEqual([name]);
});
