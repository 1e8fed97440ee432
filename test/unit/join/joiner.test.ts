import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Joiner } from "../../../src/join/joiner.js";
import { verifyChunk } from "../../../src/join/verify-chunk.js";
import { chunkOf, encode, ffmpeg, packetsOf, picturesOf, range, TICK, toldOf, X264 } from "./rig.js";

const never = new AbortController().signal;
const EDGES = [0, 17, 30, 48];
let folder = "";
let chunks: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "distffmpeg-join-"));
  for (const [i, from] of EDGES.slice(0, -1).entries()) {
    const to = EDGES[i + 1] ?? from;
    const path = place(`verified${i}.nut`);
    const encoded = await encode(folder, `chunk${i}`, from, to);
    const files = { from: encoded, to: path, told: await toldOf(encoded) };
    const verified = await verifyChunk("ffmpeg", chunkOf(range(from, to)), TICK, files, never);
    if (!verified.ok) throw new Error(verified.failure.what);
    chunks.push(path);
  }
});
afterAll(async () => {
  chunks = [];
  await rm(folder, { recursive: true, force: true });
});

const place = (name: string): string => join(folder, name);

const finalWords = (...output: readonly string[]): string[] => [
  ...["-v", "error", "-nostdin", "-y", "-f", "nut", "-i", "pipe:3", "-map", "0", "-c", "copy", ...output],
];

describe("three chunks with B-frames", () => {
  test("make the MP4 that one encode makes", async () => {
    const joiner = new Joiner({
      films: 1,
      ffmpeg: "ffmpeg",
      args: finalWords("-time_base:0", "1/25", place("joined.mp4")),
      signal: never,
    });
    for (const chunk of chunks) expect(await joiner.append(0, chunk)).toEqual({ ok: true, value: undefined });
    expect(joiner.gone).toBe(false);
    const finished = await joiner.finish();
    expect(finished).toMatchObject({ ok: true, value: { progress: { frame: 48, last: true } } });
    const line = expect.stringMatching(/^(\[out#0.*\] )?video:\d+[kK]i?B audio:0[kK]i?B .* muxing overhead: /);
    if (finished.ok) expect(finished.value.sizes).toEqual([line]);
    expect(joiner.gone).toBe(true);

    const seams = EDGES.slice(1, -1).map((tick) => `${tick / 25}`);
    await ffmpeg(
      ...["-f", "lavfi", "-i", `testsrc=s=160x90:r=25:d=${(EDGES.at(-1) ?? 0) / 25}`],
      ...X264,
      ...["-force_key_frames", seams.join(","), place("whole.mp4")],
    );
    const times = (packets: Awaited<ReturnType<typeof packetsOf>>): unknown[] =>
      packets.map(({ dts, pts, duration, key }) => ({ dts, pts, duration, key }));
    const [joined, whole] = [await packetsOf(place("joined.mp4")), await packetsOf(place("whole.mp4"))];
    expect(joined).toHaveLength(48);
    expect(joined.some((p) => (p.pts ?? 0) > (p.dts ?? 0))).toBe(true);
    expect(times(joined)).toEqual(times(whole));
    const pictures = await picturesOf(place("joined.mp4"));
    expect(pictures).toHaveLength(48);
    expect(new Set(pictures).size).toBe(48);
  });

  test("show the pictures of the chunks in their order", async () => {
    const joiner = new Joiner({ films: 1, ffmpeg: "ffmpeg", args: finalWords(place("joined.mkv")), signal: never });
    for (const chunk of chunks) await joiner.append(0, chunk);
    expect((await joiner.finish()).ok).toBe(true);
    const wanted = [];
    for (const chunk of chunks) wanted.push(...(await picturesOf(chunk)));
    expect(await picturesOf(place("joined.mkv"))).toEqual(wanted);
  });

  test("make a whole file of what is there when it is ended early", async () => {
    const joiner = new Joiner({ films: 1, ffmpeg: "ffmpeg", args: finalWords(place("head.mkv")), signal: never });
    await joiner.append(0, chunks[0] ?? "");
    await joiner.append(0, chunks[1] ?? "");
    expect(await joiner.leave(30)).toMatchObject({ ok: true, value: { progress: { frame: 30 } } });
    expect(await picturesOf(place("head.mkv"))).toHaveLength(30);
  });

  test("are taken while the last one is not there yet", async () => {
    const joiner = new Joiner({
      films: 1,
      ffmpeg: "ffmpeg",
      args: finalWords("-flush_packets", "1", place("growing.mkv")),
      signal: never,
    });
    await joiner.append(0, chunks[0] ?? "");
    await joiner.append(0, chunks[1] ?? "");
    expect(joiner.gone).toBe(false);
    await joiner.append(0, chunks[2] ?? "");
    expect((await joiner.finish()).ok).toBe(true);
  });
});

describe("what goes wrong", () => {
  test("a chunk that is no NUT file", async () => {
    await writeFile(place("text"), "no film");
    const stop = new AbortController();
    const joiner = new Joiner({ films: 1, ffmpeg: "ffmpeg", args: finalWords(place("a.mkv")), signal: stop.signal });
    await joiner.append(0, chunks[0] ?? "");
    expect(await joiner.append(0, place("text"))).toEqual({
      ok: false,
      failure: { what: `${place("text")} is no NUT file` },
    });
    stop.abort();
    await joiner.ended();
  });

  test("FINAL refuses its options: its own words, at the next chunk and at the end", async () => {
    const joiner = new Joiner({
      films: 1,
      ffmpeg: "ffmpeg",
      args: finalWords("-f", "no_such_muxer", place("b.mkv")),
      signal: never,
    });
    // It reads the head of the film before it looks at its output.
    await joiner.append(0, chunks[0] ?? "");
    await Promise.race([joiner.ended(), joiner.finish()]);
    expect(joiner.gone).toBe(true);
    const appended = await joiner.append(0, chunks[1] ?? "");
    expect(appended).toMatchObject({ ok: false, failure: { what: "the film could not be joined" } });
    if (!appended.ok) expect(appended.failure.detail).toContain("no_such_muxer");
    expect(await joiner.finish()).toEqual(appended);
  });

  test("FINAL ends in the middle of a chunk larger than its pipe", async () => {
    const big = place("big.nut");
    await ffmpeg(
      ...["-f", "lavfi", "-i", "testsrc=s=640x360:r=25:d=1", "-c:v", "rawvideo"],
      ...["-avoid_negative_ts", "disabled", "-write_index", "0", "-f", "nut", big],
    );
    const joiner = new Joiner({
      films: 1,
      ffmpeg: "ffmpeg",
      args: finalWords("-fs", "100000", place("c.mkv")),
      signal: never,
    });
    await joiner.append(0, big);
    const again = await joiner.append(0, big);
    expect(again.ok).toBe(false);
    expect(joiner.gone).toBe(true);
  });

  test("the signal ends it", async () => {
    const stop = new AbortController();
    const joiner = new Joiner({ films: 1, ffmpeg: "ffmpeg", args: finalWords(place("d.mkv")), signal: stop.signal });
    await joiner.append(0, chunks[0] ?? "");
    stop.abort();
    await joiner.ended();
    expect(joiner.gone).toBe(true);
    expect((await joiner.append(0, chunks[1] ?? "")).ok).toBe(false);
    expect((await joiner.finish()).ok).toBe(false);
  });

  test("a disk that is full at the very end", async () => {
    const args = finalWords("-f", "matroska", "/dev/full");
    const joiner = new Joiner({ films: 1, ffmpeg: "ffmpeg", args, signal: never });
    for (const chunk of chunks) await joiner.append(0, chunk);
    const finished = await joiner.finish();
    expect(finished).toMatchObject({ ok: false, failure: { what: "the film could not be joined" } });
    if (!finished.ok) expect(finished.failure.detail).toContain("No space left on device");
  });

  test("a program that is no ffmpeg", async () => {
    const joiner = new Joiner({ films: 1, ffmpeg: "false", args: [], signal: never });
    expect(await joiner.finish()).toMatchObject({ ok: false, failure: { what: "the film could not be joined" } });
  });
});
