import { describe, expect, it } from "vitest";
import {
  joinPassStats,
  parsePassStats,
  type PassStats,
  printPassStats,
  slicePassStats,
} from "../../../src/ffmpeg/pass-stats.js";

const FIELDS = 18;
/** Records as libvpx writes them: a number, then fields that are added up, one that never is, and a duration. */
function film(frames: number, seed: number): PassStats {
  const records = Array.from({ length: frames }, (_, i) =>
    Float64Array.from({ length: FIELDS }, (_, field) => (field === 0 ? i : field === 5 ? 0 : seed + i * 0.1 + field)),
  );
  const total = Float64Array.from({ length: FIELDS }, (_, field) =>
    records.reduce((sum, r) => sum + (r[field] ?? 0), 0),
  );
  return { frames: records, total };
}

const parsed = (text: string): PassStats => {
  const stats = parsePassStats(text);
  if (!stats.ok) throw new Error(stats.failure);
  return stats.value;
};

describe("pass statistics of libvpx and libaom", () => {
  it("come back as they were, however many fields a record has", () => {
    const stats = film(7, 3);
    expect(parsed(printPassStats(stats))).toEqual(stats);
    expect(printPassStats(parsed(printPassStats(stats)))).toBe(printPassStats(stats));
  });

  it("are joined with the frames numbered on, and summed up", () => {
    const joined = joinPassStats([film(3, 1), film(4, 2)]);
    if (!joined.ok) throw new Error(joined.failure);
    const { frames, total } = joined.value;
    expect(frames.map((record) => record[0])).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const field of [1, 4, 17]) {
      expect(total[field]).toBeCloseTo(frames.reduce((sum, record) => sum + (record[field] ?? 0), 0));
    }
    expect(total[5]).toBe(0);
  });

  it("of a part are those of a film of its own", () => {
    const joined = joinPassStats([film(3, 1), film(4, 2)]);
    if (!joined.ok) throw new Error(joined.failure);
    const part = slicePassStats(joined.value, 3, 7);
    if (!part.ok) throw new Error(part.failure);
    expect(part.value.frames).toEqual(film(4, 2).frames);
    expect(slicePassStats(joined.value, 5, 9)).toMatchObject({ ok: false });
  });

  it.each([
    "",
    "no base64 of whole doubles",
    Buffer.alloc(8 * FIELDS * 3, 1).toString("base64"),
  ])("refuses anything else (%#)", (text) => expect(parsePassStats(text)).toMatchObject({ ok: false }));

  it("does not join those of different versions", () => {
    const other = { frames: [new Float64Array(20)], total: new Float64Array(20) };
    expect(joinPassStats([film(3, 1), other])).toMatchObject({ ok: false });
  });
});
