import { describe, expect, test } from "vitest";
import type { OptionUse } from "../../../src/ffmpeg/command.js";
import { fileOptions } from "../../../src/ffmpeg/command.js";
import { chunkEncoderOptions, encoderTrait } from "../../../src/plan/encoders/index.js";
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

  test.each(["libsomething", "", "libx264 ", "toString"])("%j is not known to", (name) => {
    const trait = encoderTrait(name);
    expect(trait).toEqual({ ok: false, failure: `chunks of encoder ${name} are not known to join` });
  });

  test.each([
    ["h264_nvenc", /graphics card/],
    ["hevc_vaapi", /graphics card/],
    ["av1_qsv", /graphics card/],
    ["h264_mf", /graphics card/],
    ["mjpeg_vaapi", /graphics card/],
    ["qtrle", /NUT has no place/],
    ["apng", /NUT has no name/],
    ["gif", /head of the file/],
  ])("%s does not, and it is said why", (name, why) => {
    const trait = encoderTrait(name);
    expect(trait.ok ? "" : trait.failure).toMatch(why);
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

  test("settings of the plan's own come last", () => {
    const made = chunkEncoderOptions("libx265", uses("-x265-params info=1"), { more: ["repeat-headers=1"] });
    expect(made.ok && made.value.map((use) => use.value)).toEqual(["info=1:info=0:repeat-headers=1"]);
  });

  describe("x264 without loss has no B-frames, and is told so", () => {
    const lossless = (words: string, sourceFormat?: string): boolean | string => {
      const made = chunkEncoderOptions("libx264", uses(words), { sourceFormat });
      return made.ok ? made.value.some((use) => use.value?.includes("bframes=0") ?? false) : made.failure;
    };
    test.each([
      ["-qp 0", "yuv420p10le", true],
      ["-qp 0 -crf 20", "yuv420p", true],
      ["-qp 20 -crf 0", "yuv420p", false],
      ["-x264-params qp=0", "yuv420p", true],
      ["-crf 0", "yuv420p", true],
      ["-crf 0", "yuv420p10le", false],
      ["-crf 0 -pix_fmt yuv420p", "yuv420p10le", true],
      ["-crf 20", undefined, false],
    ])("%s of %s: %s", (words, format, expected) => expect(lossless(words, format)).toBe(expected));

    test("what filters make of the source's bits is not known", () => {
      expect(lossless("-crf 0")).toMatch(/-crf 0 is lossless or not/);
      expect(lossless("-crf 0 -pix_fmt yuv422p")).toBe(true);
    });
  });

  test("DNxHD has no tag of the encoder's, DNxHR has", () => {
    expect(chunk("dnxhd", "-b:v 36M")).toBe("-b:v 36M -tag:v AVdn");
    expect(chunk("dnxhd", "-profile:v dnxhr_hq")).toBe("-profile:v dnxhr_hq");
  });

  test("what an encoder cannot do in parts", () => {
    expect(chunk("libxvid", "-q:v 4 -bf 2")).toMatch(/^refused: .*B-frames/);
    expect(chunk("libxvid", "-q:v 4 -bf 0")).not.toMatch(/^refused/);
    expect(chunk("mpeg2video", "-q:v 4 -gop_timecode 01:00:00:00")).toMatch(/^refused: .*timecodes/);
    expect(chunk("libx264", "-x264-params cqmfile=matrix.cfg")).toMatch(/^refused: .*names a file/);
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
      ["libvpx-vp9", ""],
      ["libvpx", "-b:v 2M -qmin 20 -qmax 20"],
      ["cinepak", ""],
      ["libaom-av1", "-crf 30 -b:v 0k"],
      ["mpeg2video", "-q:v 2"],
      ["mpeg4", "-qscale:v 3"],
      ["ffv1", "-b:v 2M"],
      ["dnxhd", "-b:v 36M"],
    ])("by quality: %s %s", (encoder, words) => expect(chunk(encoder, words)).not.toMatch(/^refused/));

    test.each([
      ["mpeg4", "", /mpeg4 aims at a bitrate/],
      ["mjpeg", "", /mjpeg aims at a bitrate/],
      ["libtheora", "", /libtheora aims at a bitrate/],
      ["wmv2", "-b:v 1M", /-b:v 1M is a target/],
      ["libvpx", "", /libvpx keeps to a bitrate/],
      ["libvpx", "-crf 10", /libvpx keeps to a bitrate.*with -crf too/],
      ["libvpx", "-crf 10 -b:v 0", /libvpx keeps to a bitrate/],
      ["libvpx", "-qmin 4 -qmax 50", /libvpx keeps to a bitrate/],
      ["libvpx-vp9", "-crf 30 -b:v 2M", /-b:v 2M is kept/],
      ["libaom-av1", "-aom-params end-usage=vbr", /concerns the film as a whole/],
      ["libsvtav1", "-svtav1-params rc=1", /concerns the film as a whole/],
      ["prores_ks", "-b:v 30M", /-b:v 30M is a target/],
      ["libx265", "-crf 20 -maxrate 2M", /-maxrate is kept/],
      ["libx264", "-crf 20 -pass 1", /concerns the film as a whole/],
    ])("over the film as a whole: %s %s", (encoder, words, why) => expect(chunk(encoder, words)).toMatch(why));

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
