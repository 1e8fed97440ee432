import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Packet } from "../../src/ffmpeg/packets.js";
import { rational } from "../../src/lib/rational.js";
import { FrameClock, type FrameClockOptions, type Tick } from "../../src/plan/frame-clock.js";
import { type FilterPlan, FRAME_BY_FRAME, graphClock, type GraphFrame, graphOutput } from "../../src/plan/graph.js";
import { PLAIN_HABITS } from "../../src/plan/habits.js";
import type { ChunkPart, ChunkBounds } from "../../src/plan/chunk.js";
import { OneTrack } from "../unit/plan/one-track.js";
import type { InputTrim } from "../../src/plan/windows.js";

/**
 * The timeline against films made up of random GOPs. What it must come to is worked out here the slow way: all
 * packets at once, sorted by their times.
 */
interface Gop {
  /** Pictures coded after the keyframe and shown before it. */
  readonly leading: number;
  /** Pictures shown after it: so many B-frames before each P-frame. */
  readonly trailing: readonly number[];
}

interface Film {
  readonly packets: readonly Packet[];
  /** Frames in display order. */
  readonly times: readonly number[];
}

const gop = (leading: fc.Arbitrary<number>): fc.Arbitrary<Gop> =>
  fc.record({
    leading,
    trailing: fc.oneof(
      { weight: 5, arbitrary: fc.array(fc.nat(3), { maxLength: 6 }) },
      { weight: 1, arbitrary: fc.array(fc.nat(7), { minLength: 10, maxLength: 40 }) },
    ),
  });

const gops = fc
  .tuple(gop(fc.constant(0)), fc.array(gop(fc.constantFrom(0, 0, 0, 1, 2, 3)), { maxLength: 14 }))
  .map(([first, rest]) => [first, ...rest]);

const steps = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(1, 33, 40).map((step) => [step]) },
  {
    weight: 2,
    arbitrary: fc.array(fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constant(40)), { minLength: 1, maxLength: 30 }),
  },
);

const packet = (pts: number | undefined, key: boolean, discard = false, duration = 0): Packet => ({
  ...{ stream: 0, dts: undefined, pts, duration, size: 1, crc: "0x0" },
  ...{ key, discard, beside: [] },
});

/** Packets in decode order; `hide` says which places in display order an edit list hides. */
function makeFilm(
  film: readonly Gop[],
  gaps: readonly number[],
  start: number,
  hide: (place: number, of: number) => boolean,
): Film {
  // Places in display order, in decode order.
  const coded: { place: number; key: boolean }[] = [];
  let next = 0;
  for (const { leading, trailing } of film) {
    const key = next + leading;
    coded.push({ place: key, key: true });
    for (let i = 0; i < leading; i++) coded.push({ place: next + i, key: false });
    next = key + 1;
    for (const before of trailing) {
      coded.push({ place: next + before, key: false });
      for (let i = 0; i < before; i++) coded.push({ place: next + i, key: false });
      next += before + 1;
    }
  }
  const times: number[] = [];
  let time = start;
  for (let place = 0; place < next; place++) {
    times.push(time);
    time += gaps[place % gaps.length] ?? 1;
  }
  const packets = coded.map(({ place, key }) => {
    const pts = times[place];
    return packet(pts, key, hide(place, next), gaps[place % gaps.length]);
  });
  return { packets, times };
}

const bounds: fc.Arbitrary<ChunkBounds> = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.nat(20), fc.nat(20))
  .map(([min, more, most]) => ({ min, target: min + more, max: min + more + most }));

/** Lengths that are planned differ from chunk to chunk. */
const planned = ({ min, max }: ChunkBounds): ChunkBounds => ({
  ...{ min, max },
  target: (first) => min + ((first * 7) % (max - min + 1)),
});
const anyBounds = fc.tuple(bounds, fc.boolean()).map(([limits, plan]) => (plan ? planned(limits) : limits));
const longestTarget = ({ target, max }: ChunkBounds): number => (typeof target === "number" ? target : max);

type ClockChoice = Pick<
  FrameClockOptions,
  "mode" | "usesFrameDuration" | "startMicroseconds" | "limitMicroseconds" | "maxFrames"
> & { readonly rate: number };

const BASE = rational(1, 1000);
const plainClock: ClockChoice = {
  ...{ mode: "passthrough", usesFrameDuration: false, startMicroseconds: 0n, limitMicroseconds: undefined },
  ...{ maxFrames: undefined, rate: 1000 },
};
const clocks: fc.Arbitrary<ClockChoice> = fc
  .record({
    mode: fc.constantFrom("passthrough", "cfr", "vscfr", "vfr"),
    usesFrameDuration: fc.boolean(),
    startMicroseconds: fc.constantFrom(0n, 0n, 0n, 200_000n, 1_000_000n),
    limitMicroseconds: fc.constantFrom(undefined, undefined, undefined, 40_000n, 700_000n, 2_000_000n),
    maxFrames: fc.constantFrom(undefined, undefined, undefined, 1, 7, 60),
    rate: fc.constantFrom(25, 10, 60),
  })
  // Two frames at one tick are refused.
  .map((clock) => (clock.mode === "passthrough" ? { ...clock, rate: 2000 } : clock));

/** Filters that look at frames around the one they show, that lose some at the ends, that double or change the rate. */
const filterPlans: fc.Arbitrary<FilterPlan> = fc
  .record({
    before: fc.nat(3),
    after: fc.nat(3),
    afterSpan: fc.constantFrom(rational(0), rational(0), rational(1, 10), rational(3, 2)),
    dropsFirst: fc.constantFrom(0, 0, 1, 2),
    dropsLast: fc.constantFrom(0, 0, 1, 2),
    rate: fc.constantFrom<FilterPlan["rate"]>(
      ...([{ kind: "same" }, { kind: "same" }, { kind: "double" }, { kind: "grid", rate: rational(10) }] as const),
    ),
  })
  // A frame's second field lies halfway to the next one: no filter doubles the rate without looking there.
  .map((plan) => (plan.rate.kind === "double" ? { ...plan, after: plan.after + 1 } : plan));

/** What the timeline is told, apart from the packets. */
interface Setup {
  readonly bounds: ChunkBounds;
  readonly trim: InputTrim;
  readonly filters: FilterPlan;
  readonly clock: ClockChoice;
  readonly dropsLeading?: boolean;
}

function makeClock({ filters, clock: { rate, ...choice } }: Setup): FrameClock {
  const outputRate = rational(rate);
  const { timeBase } = graphOutput(filters, BASE, rational(25));
  return new FrameClock({
    generation: "by-rate",
    ...choice,
    ...{ inputTimeBase: timeBase, encoderTimeBase: rational(1, rate), frameRate: outputRate, outputRate },
  });
}

function makeTimeline(setup: Setup): OneTrack {
  const { bounds: limits, trim, filters, dropsLeading = false } = setup;
  const graph = graphClock(filters, BASE);
  const habits = { ...PLAIN_HABITS, dropsLeading };
  return new OneTrack({ bounds: limits, trim, timeBase: BASE, filters, graph, clock: makeClock(setup), habits });
}

interface Run {
  readonly chunks: readonly ChunkPart[];
  readonly refused: string | undefined;
  readonly timeline: OneTrack;
}

/** As the splitter does it: until the timeline says that nothing more can be seen. */
function run(packets: readonly Packet[], setup: Setup): Run {
  const timeline = makeTimeline(setup);
  const chunks: ChunkPart[] = [];
  for (const next of packets) {
    const result = timeline.push(next);
    if (!result.ok) return { chunks, refused: result.failure, timeline };
    chunks.push(...result.value);
    if (timeline.finished) break;
  }
  const result = timeline.end();
  if (!result.ok) return { chunks, refused: result.failure, timeline };
  chunks.push(...result.value);
  return { chunks, refused: undefined, timeline };
}

/** The source frames that plain ffmpeg hands to the filters, in display order. */
function shownBy(packets: readonly Packet[], trim: InputTrim): { pts: number; duration: number }[] {
  const visible = packets
    .flatMap(({ pts, duration, discard }) => (pts === undefined || discard ? [] : [{ pts, duration }]))
    .filter(({ pts }) => trim.start === undefined || pts >= trim.start)
    .sort((a, b) => a.pts - b.pts);
  const first = visible[0]?.pts ?? 0;
  const { duration } = trim;
  return duration === undefined ? visible : visible.filter(({ pts }) => pts - first < duration);
}

interface Truth {
  /** Times of the source frames that the filters see. */
  readonly shown: readonly number[];
  /** What comes out of the filters, and which source frame each is shown for. */
  readonly graph: readonly GraphFrame[];
  readonly ticks: readonly Tick[];
}

/** The whole film at once, to its end. */
function truthOf(packets: readonly Packet[], setup: Setup): Truth {
  const shown = shownBy(packets, setup.trim);
  const filters = graphClock(setup.filters, BASE);
  const clock = makeClock(setup);
  const graph = [...shown.flatMap((frame) => [...filters.push(frame)]), ...filters.end()];
  const ticks = [...graph.flatMap((frame) => [...clock.push(frame)]), ...clock.end()];
  return { shown: shown.map((f) => f.pts), graph, ticks };
}

function checkChunks({ chunks, timeline }: Run, packets: readonly Packet[], setup: Setup): void {
  const { shown, graph, ticks } = truthOf(packets, setup);
  // All that plain ffmpeg encodes, in order, each once.
  expect(chunks.flatMap((chunk) => chunk.ticks)).toEqual(ticks);
  expect(timeline.outputs).toBe(ticks.length);
  expect(chunks.map((chunk) => chunk.index)).toEqual(chunks.map((_, i) => i));

  const keys = packets.filter((p) => p.key).map((p) => p.pts ?? 0);
  const segmentOf = new Map<number, number>();
  let segment = -1;
  for (const p of packets) {
    if (p.key) segment++;
    segmentOf.set(p.pts ?? 0, segment);
  }
  const placeOf = new Map(shown.map((pts, place) => [pts, place]));
  const { before, after, afterSpan } = setup.filters;
  const span = Number(afterSpan.num * 1000n) / Number(afterSpan.den);
  const alone = before === 0 && after === 0 && span === 0 && setup.filters.rate.kind === "same";
  let behind = Number.NEGATIVE_INFINITY;
  let segmentBefore = 0;
  for (const chunk of chunks) {
    const { firstPts, lastPts, firstSegment, lastSegment } = chunk;
    expect(chunk.ticks.length).toBeGreaterThan(0);
    expect(chunk.graph.length).toBeGreaterThan(0);
    // Its own frames are a stretch behind the filters without a hole, after the chunk before.
    const times = new Set(chunk.graph);
    const [lowest = 0, highest = 0] = [Math.min(...chunk.graph), Math.max(...chunk.graph)];
    expect(chunk.graph).toEqual(graph.map((f) => f.pts).filter((pts) => pts >= lowest && pts <= highest));
    expect(lowest).toBeGreaterThan(behind);
    behind = highest;
    expect(chunk.ticks.every((tick) => times.has(tick.source))).toBe(true);
    // What the filters look at around them is there, as far as the film goes.
    const owners = chunk.ticks.map((tick) => placeOf.get(tick.owner) ?? -1);
    const [first = 0, last = 0] = [Math.min(...owners), Math.max(...owners)];
    expect(firstPts).toBeLessThanOrEqual(shown[Math.max(0, first - before)] ?? 0);
    const until = (shown[last] ?? 0) + span;
    const reach = (span === 0 ? last + 1 : shown.filter((pts) => pts <= until).length) - 1 + after;
    expect(lastPts).toBeGreaterThanOrEqual(shown[Math.min(shown.length - 1, reach)] ?? 0);
    // Where they look at nothing around, nothing else comes out of them.
    const handed = shown.filter((pts) => pts >= firstPts && pts <= lastPts);
    expect([handed[0], handed.at(-1)]).toEqual([firstPts, lastPts]);
    if (alone && graph.length === shown.length) expect(chunk.graph).toEqual(handed);
    // Decoding begins at the keyframe shown at or before the first frame, and goes on to where the last one is coded.
    expect(keys[firstSegment]).toBeLessThanOrEqual(firstPts);
    expect(keys[firstSegment + 1] ?? Number.POSITIVE_INFINITY).toBeGreaterThan(firstPts);
    const coded = handed.map((pts) => segmentOf.get(pts) ?? -1);
    expect(Math.min(...coded)).toBeGreaterThanOrEqual(firstSegment);
    expect(Math.max(...coded)).toBe(lastSegment);
    // The split throws away the segments before: no later chunk may ask for them.
    expect(firstSegment).toBeGreaterThanOrEqual(segmentBefore);
    segmentBefore = firstSegment;
  }
}

const NO_TRIM: InputTrim = { start: undefined, duration: undefined };
const MOST_CUTS = 8;
const hidings = fc.record({ head: fc.constantFrom(0, 0, 0, 1, 3, 12), tail: fc.constantFrom(0, 0, 0, 1, 5) });
const trims: fc.Arbitrary<InputTrim> = fc.record({
  start: fc.constantFrom(undefined, undefined, 0, 50, 400),
  duration: fc.constantFrom(undefined, undefined, 1, 100, 900),
});

const starts = fc.constantFrom(0, 0, 80, -120, 5000);
const films = fc.tuple(gops, steps, starts, hidings).map(([film, gaps, start, hidden]) => {
  const hide = (place: number, of: number): boolean => place < hidden.head || place >= of - hidden.tail;
  return makeFilm(film, gaps, start, hide).packets;
});

describe("timeline", () => {
  it("tiles the film with chunks that hold what each frame needs", () => {
    const setups = fc.record({ bounds: anyBounds, trim: trims, filters: fc.constant(FRAME_BY_FRAME), clock: clocks });
    let made = 0;
    fc.assert(
      fc.property(films, setups, (packets, setup) => {
        const result = run(packets, setup);
        // A single frame's two fields are at the same time.
        if (result.refused === "two frames come out at the same time") return;
        expect(result.refused).toBeUndefined();
        checkChunks(result, packets, setup);
        made += result.chunks.length;
      }),
      { numRuns: 300 },
    );
    expect(made).toBeGreaterThan(300);
  });

  it("gives filters the frames around a chunk that they look at", () => {
    const setups = fc.record({ bounds: anyBounds, trim: trims, filters: filterPlans, clock: clocks });
    fc.assert(
      fc.property(films, setups, (packets, setup) => {
        const result = run(packets, setup);
        // A single frame's two fields are at the same time.
        if (result.refused === "two frames come out at the same time") return;
        expect(result.refused).toBeUndefined();
        checkChunks(result, packets, setup);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves out what is shown before the first keyframe where the decoder drops it", () => {
    const open = fc.tuple(gop(fc.integer({ min: 1, max: 3 })), gops).map(([first, rest]) => [first, ...rest]);
    fc.assert(
      fc.property(open, steps, anyBounds, clocks, (film, gaps, limits, clock) => {
        const { packets } = makeFilm(film, gaps, 0, () => false);
        const first = packets[0]?.pts ?? 0;
        const setup = { bounds: limits, trim: NO_TRIM, filters: FRAME_BY_FRAME, clock };
        expect(run(packets, setup).refused).toBe("the source shows frames before its first keyframe");
        const result = run(packets, { ...setup, dropsLeading: true });
        expect(result.refused).toBeUndefined();
        checkChunks(
          result,
          packets.filter((p) => (p.pts ?? 0) >= first),
          setup,
        );
      }),
      { numRuns: 150 },
    );
  });

  it("keeps chunks within their bounds", () => {
    fc.assert(
      fc.property(gops, steps, anyBounds, (film, gaps, limits) => {
        const { packets, times } = makeFilm(film, gaps, 0, () => false);
        const setup = { bounds: limits, trim: NO_TRIM, filters: FRAME_BY_FRAME, clock: plainClock };
        const { chunks, refused, timeline } = run(packets, setup);
        expect(refused).toBeUndefined();
        expect(chunks.flatMap((chunk) => chunk.graph)).toEqual(times);
        expect(timeline.frames).toBe(times.length);
        const keys = packets.flatMap((p) => (p.key && p.pts !== undefined ? [p.pts] : []));
        const windows = keys.map((from, i) => {
          const to = keys[i + 1] ?? Number.POSITIVE_INFINITY;
          return { from, to, frames: times.filter((t) => t >= from && t < to).length };
        });
        for (const [i, { graph, firstPts, lastPts }] of chunks.entries()) {
          if (graph.length > limits.max) {
            // Only a GOP that even the most cuts leave too long.
            const within = windows.filter((w) => w.from <= lastPts && w.to > firstPts);
            const longest = Math.max(...within.map((w) => w.frames));
            expect(longest).toBeGreaterThan(MOST_CUTS * limits.max - longestTarget(limits));
            expect(graph.length).toBeLessThanOrEqual(Math.ceil((longestTarget(limits) + longest) / MOST_CUTS));
          }
          // What is longer than the longest chunk is cut evenly, and its halves may be shorter than the shortest.
          if (i < chunks.length - 1) {
            expect(graph.length).toBeGreaterThanOrEqual(Math.min(limits.min, Math.floor(limits.max / 2)));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("hands a chunk over while the film goes on", () => {
    fc.assert(
      fc.property(gops, anyBounds, (film, limits) => {
        const { packets } = makeFilm(film, [40], 0, () => false);
        const timeline = makeTimeline({ bounds: limits, trim: NO_TRIM, filters: FRAME_BY_FRAME, clock: plainClock });
        const keys: number[] = [];
        let given = -1;
        for (const p of packets) {
          const result = timeline.push(p);
          if (!result.ok) throw new Error(result.failure);
          if (p.key) keys.push(p.pts ?? 0);
          given = result.value.at(-1)?.lastPts ?? given;
          // The two last windows are not known yet; of the one before them at most, chunks are still to be filled.
          const known = (keys.at(-2) ?? 0) - (given + 40);
          const longest = Math.max(...keys.map((key, i) => ((keys[i + 1] ?? key) - key) / 40), 1);
          if (keys.length > 2) expect(known / 40).toBeLessThanOrEqual(longestTarget(limits) + longest);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("refuses with a reason what it cannot split exactly, and never gives a wrong chunk", () => {
    const time = fc.option(fc.nat(30), { nil: undefined, freq: 60 });
    const words = fc.array(fc.tuple(time, fc.boolean(), fc.constantFrom(false, false, false, true)), {
      minLength: 1,
      maxLength: 14,
    });
    const setups = fc.record({
      bounds,
      trim: trims,
      filters: fc.oneof(fc.constant(FRAME_BY_FRAME), filterPlans),
      clock: clocks,
    });
    let accepted = 0;
    fc.assert(
      fc.property(words, setups, (film, setup) => {
        const packets = film.map(([pts, key, discard], i) => packet(pts, key || i === 0, discard));
        const result = run(packets, setup);
        if (result.refused !== undefined) {
          expect(result.refused).not.toBe("");
          return;
        }
        // What comes behind the end of the output is not looked at.
        if (result.timeline.finished) return;
        // Parts of an edit list go back in time, with a keyframe at or before what was shown; what they are decoded from is
        // not told by the times alone.
        const times = packets.map((p) => p.pts ?? 0);
        const goesBack = (i: number): boolean => times.slice(0, i).some((time) => time >= (times[i] ?? 0));
        if (new Set(times).size < times.length || packets.some((p, i) => p.key && goesBack(i))) return;
        checkChunks(result, packets, setup);
        accepted++;
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
