import { describe, expect, test } from "vitest";
import type { OptionUse } from "../../../src/ffmpeg/command.js";
import { fileOptions } from "../../../src/ffmpeg/command.js";
import { chunkEncoderOptions, encoderTrait } from "../../../src/plan/encoders.js";
import { command } from "./rig.js";

function uses(words: string): OptionUse[] {
  const [output] = command(`${words} out`).outputs;
  return output ? fileOptions(output) : [];
}

function chunk(encoder: string, words: string): string {
  const result = chunkEncoderOptions(encoder, uses(words));
  if (!result.ok) return `refused: ${result.failure}`;
  return result.value.flatMap((use) => [use.flag, use.value ?? ""]).join(" ");
}

describe("encoderTrait", () => {
  test.each(["libx264", "libx265", "libaom-av1", "libvpx-vp9", "mpeg2video", "ffv1", "prores_ks"])("%s joins", (name) =>
    expect(encoderTrait(name).ok).toBe(true));

  test.each(["h264_nvenc", "wrapped_avframe", "", "libx264 "])("%j is not known to", (name) => {
    const trait = encoderTrait(name);
    expect(trait).toEqual({ ok: false, failure: `chunks of encoder ${name} are not known to join` });
  });
});

describe("chunkEncoderOptions", () => {
  test("x264 is told to make its headers the same in all chunks", () => {
    expect(chunk("libx264", "-crf 20 -preset fast")).toBe("-crf 20 -preset fast -x264-params stitchable=1");
    expect(chunk("libx264", "-x264-params keyint=50 -crf 20")).toBe("-crf 20 -x264-params keyint=50:stitchable=1");
  });

  test("of two parameter strings the last one counts, as in ffmpeg", () => {
    expect(chunk("libx264", "-x264-params keyint=50 -x264-params bframes=2")).toBe(
      "-x264-params bframes=2:stitchable=1",
    );
  });

  test("others are given what the user gave", () => {
    expect(chunk("ffv1", "-level 3 -g 1")).toBe("-level 3 -g 1");
    expect(chunk("libsvtav1", "-crf 20 -svtav1-params tune=0")).toBe("-crf 20 -svtav1-params tune=0");
  });

  test.each([
    ["libx264", "-x264-params stats=x"],
    ["libx264", "-x264-params keyint=50:qpfile=list"],
    ["libx264", "-x264-params keyint=50:total_frames=100"],
    ["libx264", "-x264opts zones=0,10,q=20"],
    ["libx265", "-x265-params analysis-save=file"],
  ])("%s %s means the film as a whole", (encoder, words) => {
    expect(chunk(encoder, words)).toMatch(/^refused: .*concerns the film as a whole$/);
  });

  test("keys that only look like those", () => {
    expect(chunk("libx264", "-x264-params no-psy=1:b-pyramid=2")).not.toMatch(/^refused/);
    expect(chunk("libx265", "-x265-params crf=20:no-analysis-reuse=1:framesize=1")).not.toMatch(/^refused/);
  });

  describe("rate control", () => {
    test.each([
      ["libx264", ""],
      ["libx264", "-crf 18"],
      ["libx264", "-qp 0"],
      ["libx264", "-crf 18 -maxrate 0 -bufsize 0"],
      ["libx264", "-crf 18 -b:v 2M"],
      ["libx265", "-b:v 2M -crf 18"],
      ["libvpx-vp9", "-crf 30 -b:v 0"],
      ["libvpx-vp9", "-crf 30"],
      ["libaom-av1", "-crf 30 -b:v 0k"],
      ["mpeg2video", "-q:v 2"],
      ["mpeg4", "-qscale:v 3"],
      ["ffv1", "-b:v 2M"],
      ["dnxhd", "-b:v 36M"],
    ])("by quality: %s %s", (encoder, words) => expect(chunk(encoder, words)).not.toMatch(/^refused/));

    test.each([
      ["libx264", "-b:v 1000k", "-x264-params bitrate=1000"],
      ["libx264", "-crf 20 -maxrate 1M -bufsize 1M", "-x264-params crf=20:vbv-maxrate=1000:vbv-bufsize=1000"],
      ["libx264", "-crf 20 -maxrate 1M -bufsize 1M", "-x264opts crf=20:vbv_maxrate=1000:vbv_bufsize=1000"],
      ["libx265", "-b:v 1000k", "-x265-params bitrate=1000"],
      ["libsvtav1", "-b:v 1000k", "-svtav1-params tbr=1000"],
      ["librav1e", "-b:v 1000k", "-rav1e-params bitrate=1000"],
    ])("%s: %s is judged as its like among the parameters, %s", (encoder, option, parameter) => {
      expect(chunk(encoder, parameter).startsWith("refused")).toBe(chunk(encoder, option).startsWith("refused"));
    });
  });
});
