import { describe, expect, it } from "vitest";
import { parseFrameLog } from "../../../../src/ffmpeg/frame-log.js";
import { scoreBits } from "../../../../src/plan/rate-control/vpx.js";
import { curveBits, curveSettings } from "../../../../src/plan/rate-control/x26x.js";

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** A log of an easy scene and a hard one, as many frames each. */
function log(options: string) {
  const frame = (i: number, tex: number): string =>
    `in:${i} out:${i} type:${i % 25 === 0 ? "I" : "P"} dur:2 cpbdur:2 q:25.00 aq:25.00 tex:${tex} mv:${tex / 10} misc:100 imb:5 pmb:200 smb:35 d:- ref:0 ;`;
  const frames = Array.from({ length: 100 }, (_, i) => frame(i, i < 50 ? 1000 : 8000));
  const parsed = parseFrameLog(
    `#options: 320x180 fps=25/1 ${options} qcomp=0.60 qpmin=0 qpmax=69 qpstep=4\n${frames.join("\n")}\n`,
  );
  if (!parsed.ok) throw new Error(parsed.failure);
  return parsed.value;
}

describe("curveBits", () => {
  it.each(["mbtree=0", "mbtree=1"])("adds up to the target, and gives hard scenes more (%s)", (options) => {
    const film = log(options);
    const target = 400_000;
    const bits = curveBits(film, curveSettings(film), target);
    expect(sum(bits) / target).toBeCloseTo(1, 3);
    expect(sum(bits.slice(50))).toBeGreaterThan(2 * sum(bits.slice(0, 50)));
  });

  it("follows the complexity less without a tree, as far as qcomp says", () => {
    const share = (options: string): number => {
      const film = log(options);
      return sum(curveBits(film, curveSettings(film), 400_000).slice(50)) / 400_000;
    };
    expect(share("mbtree=0")).toBeLessThan(share("mbtree=1"));
  });
});

describe("scoreBits", () => {
  it("adds up to the target and follows the errors", () => {
    const record = (i: number): Float64Array => {
      const fields = new Float64Array(18);
      fields[0] = i;
      fields[3] = i < 50 ? 100 : 1600;
      return fields;
    };
    const stats = { frames: Array.from({ length: 100 }, (_, i) => record(i)), total: new Float64Array(18) };
    const bits = scoreBits(stats, { error: 3 }, { bias: 0.5, least: 0, most: 20, rows: 12 }, 1000);
    expect(sum(bits)).toBeCloseTo(1000);
    expect((bits[60] ?? 0) / (bits[10] ?? 1)).toBeCloseTo(4);
  });
});
