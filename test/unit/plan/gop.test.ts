import { describe, expect, it } from "vitest";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { rational } from "../../../src/lib/rational.js";
import { KeyGrid, planKeyframes } from "../../../src/plan/gop.js";

const BASE = rational(1, 25);
const wishes = { generation: "by-rate", timeBase: BASE, wanted: false } as const;

function plan(encoder: string, words: string, more: Partial<Parameters<typeof planKeyframes>[2]> = {}) {
  const parsed = parseCommand(["-i", "a.mkv", ...words.split(" ").filter((word) => word !== ""), "o.mkv"]);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return planKeyframes(encoder, parsed.value.outputs[0]?.options ?? [], { ...wishes, ...more });
}

describe("planKeyframes", () => {
  it.each([
    ["libx264", "-crf 20", undefined],
    ["libx264", "-g 50", undefined],
    ["libx264", "-g 50 -sc_threshold 0", { every: 50, forced: undefined, restarts: true }],
    ["libx264", "-g 50 -x264-params scenecut=0:keyint=30", { every: 30, forced: undefined, restarts: true }],
    ["libx264", "-g 50 -x264opts no-scenecut", { every: 50, forced: undefined, restarts: true }],
    ["libx264", "-preset ultrafast -g 0", { every: 1, forced: undefined, restarts: true }],
    ["libx264", "-g 50 -sc_threshold 0 -intra-refresh 1", undefined],
    ["libx264", "-force_key_frames 1,2", { every: undefined, forced: "1,2", restarts: true }],
    ["libx265", "-g 50 -sc_threshold 0", undefined],
    ["libvpx-vp9", "-g 50 -force_key_frames 1", { every: 50, forced: "1", restarts: true }],
    ["libvpx-vp9", "-g 50 -keyint_min 50 -force_key_frames 1", { every: 50, forced: "1", restarts: false }],
    ["libsvtav1", "-g 50 -force_key_frames 1", { every: 50, forced: undefined, restarts: false }],
    ["ffv1", "-g 12", { every: 12, forced: undefined, restarts: false }],
    ["mpeg2video", "-g 12", undefined],
    ["mpeg2video", "-g 12 -sc_threshold 1000000000", { every: 12, forced: undefined, restarts: true }],
    ["prores_ks", "-g 12", undefined],
  ])("%s %s", (encoder, words, expected) => {
    expect(plan(encoder, words)).toEqual({ ok: true, value: expected });
  });

  it("takes the encoder's own distance only where keyframes matter", () => {
    expect(plan("libx264", "-preset ultrafast")).toMatchObject({ value: undefined });
    expect(plan("libx264", "-preset ultrafast", { wanted: true })).toMatchObject({ value: { every: 250 } });
    expect(plan("libsvtav1", "", { wanted: true })).toMatchObject({ value: undefined });
  });

  it.each([
    ["libaom-av1", "-g 50 -keyint_min 50 -force_key_frames 1", /libaom-av1/],
    ["mpeg4", "-bf 2 -force_key_frames 1", /mpeg4/],
    ["mpeg2video", "-bf 2 -sc_threshold 1000000000", /mpeg2video/],
    ["libx264", "-force_key_frames chapters", /chapters/],
  ])("does not follow %s %s", (encoder, words, reason) => {
    const result = plan(encoder, words);
    expect(result.ok ? "" : result.failure).toMatch(reason);
  });
});

describe("KeyGrid", () => {
  const marks = (grid: KeyGrid, frames: number) =>
    Array.from({ length: frames }, (_, i) => {
      const { cut, key, forced } = grid.next(i, false);
      return `${cut ? "c" : ""}${key ? "k" : ""}${forced ? "f" : ""}`;
    });

  it("counts anew from a forced keyframe, or goes on", () => {
    const forced = { every: 4, forced: "0.24" };
    expect(marks(new KeyGrid({ ...forced, restarts: true }, BASE), 12)).toEqual([
      "ck",
      "",
      "",
      "",
      "ck",
      "",
      "ckf",
      "",
      "",
      "",
      "ck",
      "",
    ]);
    expect(marks(new KeyGrid({ ...forced, restarts: false }, BASE), 12)).toEqual([
      "ck",
      "",
      "",
      "",
      "ck",
      "",
      "kf",
      "",
      "ck",
      "",
      "",
      "",
    ]);
  });

  it("knows only the forced ones of an encoder that looks at the pictures", () => {
    const grid = new KeyGrid({ every: undefined, forced: "expr:gte(t,n_forced*0.12)", restarts: true }, BASE);
    expect(grid.complete).toBe(false);
    expect(marks(grid, 7)).toEqual(["ckf", "", "", "ckf", "", "", "ckf"]);
  });
});
