import { describe, expect, test } from "vitest";
import type { Packet } from "../../../src/ffmpeg/packets.js";
import { rational } from "../../../src/lib/rational.js";
import { FrameClock, type FrameClockOptions } from "../../../src/plan/frame-clock.js";
import { type FilterPlan, FRAME_BY_FRAME, graphClock } from "../../../src/plan/graph.js";
import { type PacketHabits, PLAIN_HABITS } from "../../../src/plan/habits.js";
import type { ChunkPart, ChunkBounds } from "../../../src/plan/chunk.js";
import { OneTrack } from "./one-track.js";
import type { HeadLook, InputTrim } from "../../../src/plan/windows.js";

/**
 * "K0 3 1 2 K6 4h 5": packets in decode order by their times in frames of 25 a second; K is a keyframe, h one that an
 * edit list hides, ? one without a time.
 */
function packets(words: string): Packet[] {
  return words.split(" ").map((word) => ({
    ...{ stream: 0, dts: undefined, duration: 40, size: 1, crc: "0x0" },
    pts: word.includes("?") ? undefined : Number(word.replace(/[Kh?]/g, "")) * 40,
    key: word.startsWith("K"),
    discard: word.endsWith("h"),
    beside: [],
  }));
}

interface More {
  readonly trim?: Partial<InputTrim>;
  readonly clock?: Partial<FrameClockOptions>;
  readonly filters?: Partial<FilterPlan>;
  readonly habits?: Partial<PacketHabits>;
  readonly head?: HeadLook;
}

const BASE = rational(1, 1000);

function timeline(
  bounds: ChunkBounds,
  { trim = {}, clock = {}, filters = {}, habits = {}, head }: More = {},
): OneTrack {
  const plan = { ...FRAME_BY_FRAME, ...filters };
  return new OneTrack({
    ...{
      bounds,
      timeBase: BASE,
      filters: plan,
      graph: graphClock(plan, BASE),
      habits: { ...PLAIN_HABITS, ...habits },
      head,
    },
    trim: { start: undefined, duration: undefined, ...trim },
    clock: new FrameClock({
      ...{ generation: "by-rate", mode: "passthrough", inputTimeBase: BASE, encoderTimeBase: rational(1, 25) },
      ...{ frameRate: rational(25), outputRate: rational(25), usesFrameDuration: false },
      ...{ startMicroseconds: 0n, limitMicroseconds: undefined, maxFrames: undefined },
      ...clock,
    }),
  });
}

/** "0-5:0-1" are the frames 0 to 5 of segments 0 to 1. */
const shape = (chunks: readonly ChunkPart[]): string[] =>
  chunks.map((c) => `${c.firstPts / 40}-${c.lastPts / 40}:${c.firstSegment}-${c.lastSegment}`);

function cut(line: OneTrack, words: string): string[] {
  const shapes: string[] = [];
  for (const packet of packets(words)) {
    const result = line.push(packet);
    if (!result.ok) return [result.failure];
    shapes.push(...shape(result.value));
  }
  const result = line.end();
  return result.ok ? [...shapes, ...shape(result.value)] : [result.failure];
}

const EACH_GOP: ChunkBounds = { min: 1, target: 1, max: 100 };

describe("chunks", () => {
  test("a closed GOP is a chunk of its own segment", () => {
    expect(cut(timeline(EACH_GOP), "K0 3 1 2 K4 5 6 K7")).toEqual(["0-3:0-0", "4-6:1-1", "7-7:2-2"]);
  });

  test("what an open GOP shows before its keyframe belongs to the chunk before", () => {
    expect(cut(timeline(EACH_GOP), "K0 1 K4 2 3 7 5 6 K10 8 9")).toEqual(["0-3:0-1", "4-9:1-2", "10-10:2-2"]);
  });

  test("several GOPs up to the target", () => {
    expect(cut(timeline({ min: 2, target: 4, max: 6 }), "K0 1 K2 3 K4 5 K6 7 K8")).toEqual([
      "0-3:0-1",
      "4-7:2-3",
      "8-8:4-4",
    ]);
  });

  test("rather a short chunk than one that is too long", () => {
    expect(cut(timeline({ min: 2, target: 4, max: 5 }), "K0 1 K2 3 4 5 K6")).toEqual(["0-1:0-0", "2-5:1-1", "6-6:2-2"]);
  });

  test("a long GOP is cut evenly, and each part decodes from its keyframe", () => {
    expect(cut(timeline({ min: 1, target: 2, max: 3 }), "K0 1 2 3 4 5 6 7 K8")).toEqual([
      "0-1:0-0",
      "2-4:0-0",
      "5-7:0-0",
      "8-8:1-1",
    ]);
  });

  test("the part of a long open GOP that needs no next segment is not given it", () => {
    expect(cut(timeline({ min: 1, target: 2, max: 3 }), "K0 1 2 3 K6 4 5")).toEqual(["0-2:0-0", "3-5:0-1", "6-6:1-1"]);
  });

  test("a chunk is handed over when its last window is known, not later", () => {
    const line = timeline(EACH_GOP);
    const handed = packets("K0 1 K4 2 3 K5 K6").map((packet) => {
      const result = line.push(packet);
      return result.ok ? shape(result.value) : [result.failure];
    });
    // The frames of the first window are known with the second keyframe after it; that it is full, with the next window.
    expect(handed).toEqual([[], [], [], [], [], [], ["0-3:0-1"]]);
    const end = line.end();
    expect(end.ok && shape(end.value)).toEqual(["4-4:1-1", "5-5:2-2", "6-6:3-3"]);
  });

  test("an empty source has no chunks", () => {
    expect(timeline(EACH_GOP).end()).toEqual({ ok: true, value: [] });
  });
});

describe("what filters look at", () => {
  test("frames before and behind a chunk are sent along, and where they are coded", () => {
    const around = { before: 1, after: 1 };
    expect(cut(timeline(EACH_GOP, { filters: around }), "K0 1 K2 3 K6 4 5 K7")).toEqual([
      "0-2:0-1",
      "1-6:0-2",
      "5-7:1-3",
      "6-7:2-3",
    ]);
  });

  test("all frames within a time", () => {
    const span = { afterSpan: rational(1, 10) };
    expect(cut(timeline(EACH_GOP, { filters: span }), "K0 1 K2 3 K4 5 K6 7")).toEqual([
      "0-3:0-1",
      "2-5:1-2",
      "4-7:2-3",
      "6-7:3-3",
    ]);
  });
});

describe("what is not shown", () => {
  test("the head that an edit list hides is decoded and in no chunk", () => {
    expect(cut(timeline(EACH_GOP), "K0h 3 1h 2h K4 5")).toEqual(["3-3:0-0", "4-5:1-1"]);
  });

  test("a whole hidden GOP is not even decoded", () => {
    expect(cut(timeline(EACH_GOP), "K0h 1h K2 3")).toEqual(["2-3:1-1"]);
  });

  test("the hidden tail", () => {
    expect(cut(timeline(EACH_GOP), "K0 1 K2 3h 4h K5h")).toEqual(["0-1:0-0", "2-2:1-1"]);
  });

  test("-ss and -t before the input", () => {
    expect(cut(timeline(EACH_GOP, { trim: { start: 80, duration: 120 } }), "K0 1 2 3 K4 5 6")).toEqual([
      "2-3:0-0",
      "4-4:1-1",
    ]);
  });

  test("the split may stop when the rest cannot be seen", () => {
    const line = timeline(EACH_GOP, { trim: { duration: 40 } });
    const seen: boolean[] = packets("K0 1 K2 K3").map((packet) => line.push(packet).ok && line.finished);
    expect(seen).toEqual([false, false, false, true]);
  });

  test("-t of the output: what comes behind it, and is not all known, is in no chunk", () => {
    const line = timeline({ min: 1, target: 100, max: 100 }, { clock: { limitMicroseconds: 120_000n } });
    // Of the third GOP only the keyframe has come when the first window ends the output.
    const chunks = packets("K0 1 K4 2 3 K7").flatMap((packet) => {
      const result = line.push(packet);
      return result.ok ? result.value : [];
    });
    expect(line.finished).toBe(true);
    const end = line.end();
    const all = [...chunks, ...(end.ok ? end.value : [])];
    expect(shape(all)).toEqual(["0-3:0-1"]);
    expect(all.flatMap((c) => c.graph)).toEqual([0, 40, 80, 120]);
    expect(all.flatMap((c) => c.ticks.map((t) => t.tick))).toEqual([0, 1, 2]);
    expect(line.outputs).toBe(3);
  });

  test("nothing is left of an output that begins behind the source", () => {
    expect(cut(timeline(EACH_GOP, { clock: { startMicroseconds: 9_000_000n } }), "K0 1 K2 3")).toEqual([]);
  });
});

describe("packets that are not frames one by one", () => {
  const fields = { fieldPackets: true };

  test("the second field of a picture has no time, and may begin a segment of its own", () => {
    expect(cut(timeline(EACH_GOP, { habits: fields }), "K0 ? 1 ? K2 ? 3 ?")).toEqual(["0-1:0-0", "2-3:1-1"]);
    expect(cut(timeline(EACH_GOP, { habits: fields }), "K0 K? 1 ? K2 K? 3 ?")).toEqual(["0-1:0-1", "2-3:2-3"]);
    expect(cut(timeline(EACH_GOP, { habits: fields }), "K0 ? ?")).toEqual([
      "the source has packets without a time of their own",
    ]);
  });

  test("of two packets at one time the first is not shown, where the codec has such", () => {
    const twins = { hidesFirstTwin: true };
    expect(cut(timeline(EACH_GOP, { habits: twins }), "K0 1 1 2 K3 4 4")).toEqual(["0-2:0-0", "3-4:1-1"]);
  });

  test("frames whose packets have no times are counted, and only whole GOPs are cut", () => {
    const line = timeline({ min: 1, target: 1, max: 1 }, { habits: { decodedTimes: true } });
    const given = packets("K? ? ? K? ?").flatMap((packet) => {
      const result = line.push(packet);
      return result.ok ? result.value : [];
    });
    expect(given).toEqual([]);
    const chunks = [80, 120, 160, 200, 240].flatMap((time) => {
      const result = line.show(time);
      return result.ok ? result.value : [];
    });
    const end = line.end();
    const all = [...chunks, ...(end.ok ? end.value : [])];
    expect(shape(all)).toEqual(["2-4:0-0", "5-6:1-1"]);
    expect(all.map((c) => c.decoded)).toEqual([
      [80, 120, 160],
      [200, 240],
    ]);
  });

  test("a frame too few, and one out of time, are noticed", () => {
    const short = timeline(EACH_GOP, { habits: { decodedTimes: true } });
    for (const packet of packets("K? ?")) short.push(packet);
    short.show(0);
    expect(short.end()).toEqual({ ok: false, failure: "the source has packets that are no frames of their own" });
    const back = timeline(EACH_GOP, { habits: { decodedTimes: true } });
    back.show(40);
    expect(back.show(40).ok).toBe(false);
  });

  test("times that the demuxer makes have to rise as an MPEG decoder shows pictures", () => {
    // "K3/0" is shown at 3 and decoded at 0.
    const feed = (words: string): string[] => {
      const line = timeline(EACH_GOP, { habits: { madeTimes: true } });
      for (const word of words.split(" ")) {
        const [pts = 0, dts = 0] = word.replace("K", "").split("/").map(Number);
        const packet = {
          ...packets(`${word.startsWith("K") ? "K" : ""}${pts}`)[0],
          dts: dts * 40,
          size: 100,
        } as Packet;
        const result = line.push(packet);
        if (!result.ok) return [result.failure];
      }
      const result = line.end();
      return result.ok ? shape(result.value) : [result.failure];
    };
    expect(feed("K1/0 4/1 2/2 3/3 K7/4 5/5 6/6")).toEqual(["1-6:0-1", "7-7:1-1"]);
    expect(feed("K1/0 4/1 3/3 2/2")).toEqual(["the source's packets have no times that can be foretold"]);
  });
});

describe("the head of a source that begins in mid-stream", () => {
  test("is looked at, and then what is shown is in the first chunk", () => {
    const blind = timeline(EACH_GOP);
    expect(cut(blind, "1 2 K5 3 4 6 K7")).toEqual(["the source does not begin with a keyframe"]);
    expect(blind.doubt).toBe("head");
    const look = (...frames: number[]): HeadLook => ({ times: frames.map((f) => f * 40), complete: false });
    expect(cut(timeline(EACH_GOP, { head: look(5, 6) }), "1 2 K5 3 4 6 K7")).toEqual(["5-6:1-1", "7-7:2-2"]);
    expect(cut(timeline(EACH_GOP, { head: look(4, 5) }), "1 2 K5 3 4 6 K7")).toEqual(["4-4:0-1", "5-6:1-1", "7-7:2-2"]);
    expect(cut(timeline(EACH_GOP, { head: look(9) }), "1 2 K5 3 4 6 K7")).toEqual([
      "what the source shows at its head is in none of its packets",
    ]);
  });

  test("a look that saw all says what is not shown at the end, too", () => {
    const head = { times: [0, 40], complete: true };
    expect(cut(timeline(EACH_GOP, { head }), "K0 1 K2")).toEqual(["0-1:0-0"]);
  });
});

describe("parts of an edit list", () => {
  test("are decoded one by one, each from the keyframe it needs", () => {
    expect(cut(timeline({ min: 9, target: 9, max: 9 }), "K0 1 2 3h K1h 2h 3 4 K5 6")).toEqual(["0-2:0-0", "3-6:1-2"]);
  });

  test("a part that begins with a keyframe, at a time that the one before has hidden", () => {
    expect(cut(timeline({ min: 9, target: 9, max: 9 }), "K0 1 2h 3h K2 3 K4")).toEqual(["0-1:0-0", "2-4:1-2"]);
  });

  test("filters do not look from one into the next", () => {
    const neighbours = { filters: { before: 1 } };
    expect(cut(timeline(EACH_GOP, neighbours), "K0 1 2h K2 3 K4")).toEqual([
      "filters look from one part of an edit list into the next",
    ]);
  });
});

describe("refused", () => {
  test("two frames at one tick, as soon as they are seen", () => {
    const clock = { encoderTimeBase: rational(2, 25), outputRate: rational(25, 2) };
    const line = timeline(EACH_GOP, { clock });
    const results = packets("K0 1 2 3 K4 K5 K6").map((packet) => line.push(packet));
    const failed = results.findIndex((result) => !result.ok);
    expect(failed).toBeGreaterThan(0);
    expect(results[failed]).toEqual({ ok: false, failure: "two frames come out at the same time" });
  });

  test("a frame that ffmpeg would rather leave out than repeat so often", () => {
    const clock = { mode: "cfr" as const };
    expect(cut(timeline(EACH_GOP, { clock }), "K0 1 K200000 K200001")).toEqual([
      "a frame would be repeated for too long",
    ]);
  });

  test.each([
    ["1 K2", "the source does not begin with a keyframe"],
    ["K0 ?", "the source has packets without a time of their own"],
    ["K5 6 K3", "the source's keyframes are not in order of time"],
    ["K0 1 1", "the source shows two packets at the same time"],
    ["K0 K1 K0", "the source's keyframes are not in order of time"],
    ["K2 0 1 3 K4 K6", "the source shows frames before its first keyframe"],
    ["K0 9 K2 3 K4 5 K8 K10 K12", "the source shows frames after a keyframe that they precede"],
    ["K0 1 K4 5 K8 2 9 K10 K11", "the source shows frames before the keyframe they need"],
    ["K0 1 2h 3 K4 5", "an edit list hides frames in mid-film"],
    ["K0 1 K2h 3h K4 5 K6", "an edit list hides frames in mid-film"],
    ["K0 1 2 3h K1 2 K4", "an edit list plays frames at times that were shown"],
  ])("%s: %s", (words, reason) => expect(cut(timeline(EACH_GOP), words)).toEqual([reason]));

  test("headers that change, but not what is said of the stream as a whole", () => {
    const line = timeline(EACH_GOP);
    const [first, second] = packets("K0 K1") as [Packet, Packet];
    expect(line.push({ ...first, beside: [1, 40] }).ok).toBe(true);
    expect(line.push({ ...second, beside: [1] }).ok).toBe(true);
    expect(line.push({ ...second, pts: 80, beside: [45] })).toEqual({
      ok: false,
      failure: "the source's headers change in mid-film",
    });
  });
});
