import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BuildCache } from "../../../src/workers/build-cache.js";
import { LocalTransport } from "../../../src/workers/local.js";
import { probeWorker, type WorkerFacts } from "../../../src/workers/probe.js";
import { worker } from "./worker-config.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KNOWN = { build: "/usr/bin/ffmpeg 1 2", version: "6.1", encoders: ["ffv1", "libx264"] };

test("keeps what a worker's ffmpeg has said, for its user alone", async () => {
  const own = join(folder, "own", "distffmpeg");
  const cache = new BuildCache(own);
  expect(await cache.read(worker())).toBeUndefined();
  await cache.write(worker(), KNOWN);
  expect(await new BuildCache(own).read(worker())).toEqual(KNOWN);
  expect(await cache.read(worker({ ffmpeg_bin: "/opt/ffmpeg" }))).toBeUndefined();
  expect(await cache.read(worker({ host: "other" }))).toBeUndefined();
  const [name = "", ...more] = readdirSync(own);
  expect(more).toEqual([]);
  expect([statSync(own).mode & 0o777, statSync(join(own, name)).mode & 0o777]).toEqual([0o700, 0o600]);
});

test.each([
  ["torn", (text: string) => text.slice(0, text.length / 2)],
  ["of another form", () => '{"build":"x","version":1,"encoders":["a"]}'],
  ["with lines in it", () => JSON.stringify({ ...KNOWN, build: "a\nb" })],
  ["without encoders", () => JSON.stringify({ ...KNOWN, encoders: [] })],
  ["far too large", () => JSON.stringify({ ...KNOWN, version: "x".repeat(300_000) })],
])("what is %s counts for nothing, and is replaced", async (name, harm) => {
  const own = join(folder, name);
  const cache = new BuildCache(own);
  await cache.write(worker(), KNOWN);
  const path = join(own, readdirSync(own)[0] ?? "");
  writeFileSync(path, harm(readFileSync(path, "utf8")));
  expect(await cache.read(worker())).toBeUndefined();
  await cache.write(worker(), KNOWN);
  expect(await cache.read(worker())).toEqual(KNOWN);
  const old = Date.now() / 1000 - 3 * 24 * 3600;
  utimesSync(path, old, old);
  expect(await cache.read(worker())).toBeUndefined();
});

test("where nothing can be written, nothing is kept", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  await new BuildCache(join(file, "below")).write(worker(), KNOWN);
  expect(await new BuildCache(join(file, "below")).read(worker())).toBeUndefined();
});

test("the same ffmpeg is asked once, another at its place again", async () => {
  const opened = await new LocalTransport(folder).openSession();
  if (!opened.ok) throw new Error(opened.failure.what);
  const session = opened.value;
  const [program, log] = [join(folder, "ffmpeg"), join(folder, "log")];
  writeFileSync(log, "");
  const install = (more: string): void => {
    writeFileSync(program, `#!/bin/sh\necho asked >> '${log}'\n${more}exec ffmpeg "$@"\n`);
    chmodSync(program, 0o755);
  };
  const asked = (): number => readFileSync(log, "utf8").length;
  const probe = async (facts?: WorkerFacts): Promise<WorkerFacts> => {
    const known = facts && { build: facts.build, version: facts.ffmpegVersion, encoders: [...facts.encoders] };
    const probed = await probeWorker(session, program, { known });
    if (!probed.ok) throw new Error(probed.failure.what);
    return probed.value;
  };
  install("");
  const first = await probe();
  expect([first.fromCache, first.build.split(" ")[0]]).toEqual([false, program]);
  const before = asked();
  const second = await probe(first);
  expect(second).toMatchObject({ fromCache: true, ffmpegVersion: first.ffmpegVersion, encoders: first.encoders });
  expect(asked()).toBe(before);
  install("true\n");
  expect((await probe(first)).fromCache).toBe(false);
  expect(asked()).toBeGreaterThan(before);
  await session.close();
});
