import { describe, expect, it } from "vitest";
import {
  joinPassLogs,
  leastBits,
  LogGrid,
  loggedFrames,
  parsePassLog,
  slicePassLog,
} from "../../../../src/plan/rate-control/pass-log.js";
import { capped, sharesBySource } from "../../../../src/plan/rate-control/source-shares.js";

const OPTIONS = "#options: 320x180 fps=25/1 mbtree=1";
/** GOPs of five frames. */
const text = (frames: number, options = OPTIONS): string =>
  [
    options,
    ...Array.from(
      { length: frames },
      (_, i) => `in:${i} out:${i} type:${i % 5 === 0 ? "I" : "P"} q:20.00 tex:900 mv:50 misc:100 ;`,
    ),
  ].join("\n") + "\n";

function log(frames: number) {
  const parsed = parsePassLog("libx264", text(frames), frames * 3);
  if (!parsed.ok) throw new Error(parsed.failure);
  return parsed.value;
}

describe("the log of a first pass", () => {
  it("needs its second file where the encoder made one", () => {
    expect(parsePassLog("libx264", text(5), undefined)).toMatchObject({ ok: false });
    expect(parsePassLog("libx264", text(5, "#options: 320x180 fps=25/1 mbtree=0"), undefined)).toMatchObject({
      ok: true,
    });
    expect(parsePassLog("libvpx", text(5), undefined)).toMatchObject({ ok: false });
  });

  it("is sliced and joined", () => {
    expect(loggedFrames(log(15))).toBe(15);
    const slice = slicePassLog(log(15), 5, 10);
    expect(slice).toMatchObject({ ok: true, value: { text: text(5), tree: { start: 15, end: 30 } } });
    expect(joinPassLogs([log(5), log(10)])).toEqual({ ok: true, value: text(15) });
  });

  it("says how little the encoder takes", () => expect(leastBits(log(15), 0, 10)).toBeCloseTo(1050));

  it("says where chunks may begin", () => {
    const whole = log(10);
    const grid = new LogGrid(whole.kind === "frames" ? whole.log : { options: "", frames: [] });
    expect(Array.from({ length: 10 }, () => grid.next().cut)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => i % 5 === 0),
    );
  });
});

describe("shares by the source", () => {
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

  it("add up, and follow the sizes less than they differ", () => {
    const shares = sharesBySource(
      [
        { sourceBytes: 100, seconds: 1 },
        { sourceBytes: 1000, seconds: 1 },
      ],
      1000,
    );
    expect(sum(shares)).toBeCloseTo(1000);
    expect((shares[1] ?? 0) / (shares[0] ?? 1)).toBeCloseTo(10 ** 0.6);
  });

  it("leave to others what a limit keeps from one", () => {
    const shares = capped([900, 50, 50], [500, 500, 500]);
    expect(shares).toEqual([500, expect.closeTo(250), expect.closeTo(250)]);
    expect(sum(capped([900, 900], [500, 500]))).toBe(1000);
  });
});
