import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLogLine, type GraphInput } from "../../src/ffmpeg/log.js";
import { FramecrcParser, LONGER_BY_ONE, type Packet } from "../../src/ffmpeg/packets.js";
import { ProgressBlocks } from "../../src/ffmpeg/progress.js";
import { runLocal } from "../../src/ffmpeg/run.js";
import { divide, type Rational, rational } from "../../src/lib/rational.js";
import { type ClockCounts, FrameClock, type Generation, type SyncMode, type Tick } from "../../src/plan/frame-clock.js";

/**
 * The frame clock against ffmpeg itself: films of odd times, run through the installed ffmpeg with every
 * frame-rate mode, must come out exactly as the clock foretells, frame by frame and tick by tick.
 */
const FFMPEG = process.env.DISTFFMPEG_TEST_FFMPEG ?? "ffmpeg";
let generation: Generation = "by-rate";
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "distffmpeg-clock-"));
  const banner = await runLocal(FFMPEG, ["-version"]);
  if (!/^ffmpeg version n?(5|6\.0)\./.test(banner.stdout)) generation = "by-duration";
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What films are kept in: the demuxers know the lengths of frames by ways of their own. */
const KINDS = {
  matroska: ["-c:v", "ffv1"],
  nut: ["-c:v", "ffv1"],
  // B-frames, at times that only the container says.
  mp4: "-c:v libx264 -qp 0 -preset veryfast -bf 3 -b_strategy 0 -g 9 -video_track_timescale 1000".split(" "),
} as const;

/** Lossless film in which frame i is a flat grey of value 9 i, shown at times[i] milliseconds. */
async function makeFilm(times: readonly number[], file: string, kind: keyof typeof KINDS): Promise<void> {
  const raw = Buffer.concat(times.map((_, i) => Buffer.alloc(16 * 16, 9 * i)));
  await writeFile(`${file}.gray`, raw);
  const table = times.map((t, i) => `eq(N,${i})*${t}`).join("+");
  const end = await runLocal(FFMPEG, [
    ..."-y -v error -nostdin -f rawvideo -pixel_format gray -video_size 16x16 -framerate 25 -i".split(" "),
    `${file}.gray`,
    "-vf",
    `settb=1/1000,setpts='${table}'`,
    ..."-fps_mode passthrough -enc_time_base 1/1000".split(" "),
    ...KINDS[kind],
    ...["-f", kind, file],
  ]);
  expect(end.stderrTail).toEqual([]);
}

interface Observed {
  readonly graph: GraphInput | undefined;
  readonly timeBase: Rational;
  readonly packets: readonly Packet[];
  /** What ffmpeg's last report says. */
  readonly counts: ClockCounts;
}

async function observe(file: string, args: readonly string[], longer = 0): Promise<Observed> {
  const crc = new FramecrcParser(longer);
  const packets: Packet[] = [];
  const blocks = new ProgressBlocks();
  let counts: ClockCounts = { dup: 0, drop: 0 };
  let graph: GraphInput | undefined;
  const end = await runLocal(
    FFMPEG,
    [
      "-v",
      "verbose",
      "-nostdin",
      "-progress",
      "pipe:3",
      "-i",
      file,
      "-c:v",
      "rawvideo",
      ...args,
      "-f",
      "framecrc",
      "-",
    ],
    {
      onExtraLine: (line) => {
        const { dup = 0, drop = 0 } = blocks.push(line) ?? counts;
        counts = { dup, drop };
      },
      onStderrLine: (line) => {
        const fact = readLogLine(line);
        if (fact?.kind === "graph-input") graph = fact.input;
      },
    },
  );
  expect(end.code, end.stderrTail.join("\n")).toBe(0);
  for (const line of end.stdout.split("\n")) {
    const packet = crc.line(line);
    if (packet) packets.push(packet);
  }
  const timeBase = crc.headers.get(0)?.timeBase;
  if (!timeBase) throw new Error("ffmpeg did not say its time bases");
  return { graph, timeBase, packets, counts };
}

const gaps = fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(33, 40, 42, 41, 100, 400)), {
  minLength: 1,
  maxLength: 24,
});
const starts = fc.constantFrom(0, 0, 3, 80, 500);
const regular = fc
  .tuple(fc.constantFrom(24, 25, 30, 50), fc.integer({ min: 4, max: 30 }))
  .map(([rate, count]) => Array.from({ length: count }, (_, i) => Math.round((1000 * i) / rate)));
const films = fc.oneof(
  regular,
  fc.tuple(starts, gaps).map(([start, steps]) => {
    let time = start;
    return [start, ...steps.map((step) => (time += step))];
  }),
);
const kinds = fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[]));
const modes = fc.constantFrom<SyncMode>("cfr", "vfr", "passthrough");
const cuts = fc.record({
  ss: fc.constantFrom(undefined, undefined, 0.1, 0.25),
  t: fc.constantFrom(undefined, undefined, 0.2, 0.5),
  frames: fc.constantFrom(undefined, undefined, 5),
  rate: fc.constantFrom(undefined, undefined, "12.5", "60"),
  filter: fc.boolean(),
});

describe("frame clock", () => {
  it("foretells what the installed ffmpeg repeats and drops", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(films, modes, cuts, kinds, async (times, mode, cut, kind) => {
        const file = join(folder, `f${n++}.${kind}`);
        await makeFilm(times, file, kind);
        const source = await observe(file, ["-fps_mode", "passthrough", "-enc_time_base", "-1"]);
        // How long a frame lasts, the demuxer says: as the split sees it.
        const split = await observe(file, ["-c", "copy", "-bsf:v", LONGER_BY_ONE], 1);
        const sourceOf = new Map(source.packets.map((p) => [p.crc, p.pts]));
        const rate = mode === "cfr" ? cut.rate : undefined;
        const plain = await observe(file, [
          ...["-fps_mode", mode],
          ...(cut.ss === undefined ? [] : ["-ss", `${cut.ss}`]),
          ...(cut.t === undefined ? [] : ["-t", `${cut.t}`]),
          ...(cut.frames === undefined ? [] : ["-frames:v", `${cut.frames}`]),
          ...(rate === undefined ? [] : ["-r", rate]),
          ...(cut.filter ? ["-vf", "null"] : []),
        ]);
        const clock = new FrameClock({
          generation,
          mode,
          inputTimeBase: split.timeBase,
          encoderTimeBase: plain.timeBase,
          frameRate: plain.graph?.frameRate,
          outputRate: divide(rational(1), plain.timeBase),
          startMicroseconds: BigInt(Math.round((cut.ss ?? 0) * 1e6)),
          limitMicroseconds: cut.t === undefined ? undefined : BigInt(Math.round(cut.t * 1e6)),
          maxFrames: cut.frames,
          // The null filter keeps a frame's length.
          usesFrameDuration: generation === "by-duration" || !cut.filter,
        });
        const shown = split.packets.flatMap(({ pts, duration }) => (pts === undefined ? [] : [{ pts, duration }]));
        shown.sort((a, b) => a.pts - b.pts);
        const foretold: Tick[] = shown.flatMap((frame) => [...clock.push({ ...frame, owner: frame.pts })]);
        foretold.push(...clock.end());
        // What is in doubt runs whole.
        if (clock.doubt !== undefined) return;
        expect(foretold.map(({ tick, source }) => ({ tick, source }))).toEqual(
          plain.packets.map((p) => ({ tick: p.pts, source: sourceOf.get(p.crc) })),
        );
        // Later versions go on counting behind the end that these set.
        const cutShort = cut.t !== undefined || cut.frames !== undefined;
        if (generation === "by-rate" || !cutShort) expect(clock.counts).toEqual(plain.counts);
        await Promise.all([rm(file), rm(`${file}.gray`)]);
      }),
      { numRuns: Number(process.env["CLOCK_RUNS"] ?? 12) },
    );
  });
});
