import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type VerifiedChunk, verifyChunk } from "../../../src/join/verify-chunk.js";
import { type Rational, rational } from "../../../src/lib/rational.js";
import type { Problem, Result } from "../../../src/lib/result.js";
import { ToldPackets } from "../../../src/join/told-packets.js";
import { chunkOf, encode, ffmpeg, packetsOf, picturesOf, range, TICK, toldOf } from "./rig.js";

const never = new AbortController().signal;
let folder = "";
/** Frames 50 to 74 of a film, with B-frames. */
let good = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "distffmpeg-verify-"));
  good = await encode(folder, "good", 50, 75);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const place = (name: string): string => join(folder, name);

function verify(
  from: string,
  ticks: readonly number[],
  timeBase: Rational = TICK,
  made: string = from,
): Promise<Result<VerifiedChunk, Problem>> {
  return toldOf(made).then((told) =>
    verifyChunk("ffmpeg", chunkOf(ticks), timeBase, { from, to: place("verified.nut"), told }, never),
  );
}

async function words(from: string, ticks: readonly number[], timeBase?: Rational): Promise<string> {
  const result = await verify(from, ticks, timeBase);
  return result.ok ? "good" : result.failure.what;
}

async function altered(name: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  await writeFile(place(name), change(await readFile(good)));
  return place(name);
}

describe("a chunk that is as foretold", () => {
  test("is taken, rewritten with the same packets", async () => {
    const result = await verify(good, range(50, 75));
    expect(result).toMatchObject({ ok: true, value: { path: place("verified.nut") } });
    if (result.ok) expect(result.value.header).toMatch(/^[0-9a-f]{64}$/);
    expect(await packetsOf(place("verified.nut"))).toEqual(await packetsOf(good));
    expect(await picturesOf(place("verified.nut"))).toEqual(await picturesOf(good));
  });

  test("chunks of one film have the same headers, those of another encoder's options do not", async () => {
    const other = await encode(folder, "other", 10, 20);
    const baseline = await encode(
      folder,
      "baseline",
      10,
      20,
      "-c:v libx264 -profile:v baseline -pix_fmt yuv420p".split(" "),
    );
    const [first, second, third] = [
      await verify(good, range(50, 75)),
      await verify(other, range(10, 20)),
      await verify(baseline, range(10, 20)),
    ];
    if (!first.ok || !second.ok || !third.ok) throw new Error("not taken");
    expect(second.value.header).toBe(first.value.header);
    expect(third.value.header).not.toBe(first.value.header);
  });

  test("without B-frames, headers or a time base of its own", async () => {
    const raw = await encode(folder, "raw", 0, 5, "-c:v ffvhuff -pix_fmt yuv420p".split(" "));
    expect(await words(raw, range(0, 5))).toBe("good");
    const uneven = await encode(folder, "uneven", 3, 4);
    expect(await words(uneven, [6], rational(1, 50))).toBe("good");
  });
});

describe("a chunk that is not", () => {
  test("one frame too few, one too many", async () => {
    expect(await words(good, range(50, 76))).toBe("it has 25 frames instead of 26");
    expect(await words(good, range(50, 74))).toBe("it has 25 frames instead of 24");
  });

  test("all frames at a wrong time, or one", async () => {
    expect(await words(good, range(51, 76))).toMatch(/^frame 0 is not at 2040000 µs \(it is at \d+ × \d+\/\d+ s\)$/);
    expect(await words(good, [...range(50, 74), 75])).toMatch(/^frame 24 is not at 3000000 µs/);
    expect(await words(good, range(50, 75), rational(1001, 25000))).toMatch(/^frame 0 is not at/);
  });

  test("two frames at one time", async () => {
    expect(await words(good, [...range(50, 73), 72, 74])).toMatch(/^frame 23 is not at/);
  });

  test("not beginning with a keyframe", async () => {
    const path = place("headless.nut");
    const drop = ["-bsf:v", "noise=drop=eq(n\\,0)", "-avoid_negative_ts", "disabled"];
    const plain = await encode(folder, "plain", 50, 75, "-c:v libx264 -preset ultrafast -pix_fmt yuv420p".split(" "));
    await ffmpeg("-copyts", "-i", plain, "-c", "copy", "-copyinkf", ...drop, "-f", "nut", path);
    expect(await words(path, range(51, 75))).toBe("it does not begin with a keyframe");
  });

  test("cut off: before its last packet, in the middle, in its header", async () => {
    const { length } = await readFile(good);
    const last = (await packetsOf(good)).at(-1)?.size ?? 0;
    for (const end of [length - last - 20, Math.floor(length / 2)]) {
      const path = await altered(`cut${end}.nut`, (bytes) => bytes.subarray(0, end));
      expect(await words(path, range(50, 75)), `${end} of ${length} bytes`).toMatch(
        /^it has \d+ frames instead of 25$/,
      );
    }
    const header = await altered("header.nut", (bytes) => bytes.subarray(0, 60));
    expect(await words(header, range(50, 75))).toMatch(/^it (cannot be read|has no frames)$/);
  });

  test("one bit changed inside a frame, and packets of which nothing was told", async () => {
    const sizes = (await packetsOf(good)).map(({ size }) => size);
    const changed = await altered("bit.nut", (bytes) => {
      const other = Buffer.from(bytes);
      // The file ends with its last packet's data.
      const at = other.length - Math.ceil((sizes.at(-1) ?? 0) / 2);
      other[at] = (other[at] ?? 0) ^ 4;
      return other;
    });
    const result = await verify(changed, range(50, 75), TICK, good);
    const what = "packet 24 is not what the encoder made: its checksum differs";
    expect(result).toEqual({ ok: false, failure: { what } });
    const files = { from: good, to: place("untold.nut"), told: await toldOf(good, 24) };
    expect(await verifyChunk("ffmpeg", chunkOf(range(50, 75)), TICK, files, never)).toEqual({
      ok: false,
      failure: { what },
    });
  });

  test("no NUT file at all", async () => {
    await writeFile(place("text.nut"), "ffmpeg: command not found\n");
    await writeFile(place("empty.nut"), "");
    await ffmpeg("-i", good, "-c", "copy", place("film.mp4"));
    for (const name of ["text.nut", "empty.nut", "film.mp4", "missing.nut"]) {
      const result = await verify(place(name), range(50, 75));
      expect(result, name).toMatchObject({ ok: false, failure: { what: "it cannot be read" } });
      if (!result.ok) expect(result.failure.detail).not.toBe("");
    }
  });

  test("sound alone", async () => {
    await ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "pcm_s16le", "-f", "nut", place("sound.nut"));
    expect(await words(place("sound.nut"), range(50, 75))).toBe("it cannot be read");
  });

  test("a list of other files is no way to them", async () => {
    await writeFile(place("list.nut"), `ffconcat version 1.0\nfile ${good}\n`);
    expect(await words(place("list.nut"), range(50, 75))).toBe("it cannot be read");
  });

  test("an ffmpeg that cannot be started", async () => {
    const files = { from: good, to: place("x.nut"), told: new ToldPackets(0) };
    const result = await verifyChunk("/no/such/ffmpeg", chunkOf(range(50, 75)), TICK, files, never);
    expect(result).toEqual({ ok: false, failure: { what: "it cannot be read", detail: "ENOENT" } });
  });
});

test("a disk that is full", async () => {
  const result = await verifyChunk(
    "ffmpeg",
    chunkOf(range(50, 75)),
    TICK,
    { from: good, to: "/dev/full", told: new ToldPackets(0) },
    never,
  );
  expect(result).toMatchObject({ ok: false });
  if (!result.ok) expect(result.failure.detail).toContain("No space left on device");
});

test("stopped", async () => {
  const files = { from: good, to: place("stopped.nut"), told: new ToldPackets(0) };
  const result = await verifyChunk("ffmpeg", chunkOf(range(50, 75)), TICK, files, AbortSignal.abort());
  expect(result.ok).toBe(false);
});
