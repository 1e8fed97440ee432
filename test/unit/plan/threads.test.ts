import { expect, test } from "vitest";
import { makeOption } from "../../../src/ffmpeg/options.js";
import { withThreads } from "../../../src/plan/encoders/threads.js";

const told = (encoder: string, given: readonly [string, string][], cores: number, host = 8): string =>
  withThreads(
    encoder,
    given.map(([flag, value]) => makeOption(flag, value)),
    cores,
    host,
  )
    .map(({ flag, value }) => `${flag} ${value ?? ""}`)
    .join(" ");

test.each<[string, string, [string, string][], number, string]>([
  ["x264 takes half as many again", "libx264", [["-crf", "20"]], 4, "-crf 20 -threads:v 6"],
  ["and one for one", "libx264", [], 1, "-threads:v 1"],
  ["`-threads 0` says nothing", "libx264", [["-threads", "0"]], 2, "-threads:v 3"],
  [
    "x265 by its pool, beside what it is told",
    "libx265",
    [["-x265-params", "info=0"]],
    4,
    "-x265-params info=0:pools=4",
  ],
  ["SVT by its own key", "libsvtav1", [], 2, "-svtav1-params lp=2"],
  ["which from 2.3 on is a level: not told for many", "libsvtav1", [], 12, ""],
  ["libaom never a single one", "libaom-av1", [], 1, "-threads:v 2"],
  ["libvpx", "libvpx-vp9", [], 3, "-threads:v 3"],
  ["rav1e", "librav1e", [], 1, "-threads:v 1"],
  ["slices go by threads: left alone", "mpeg2video", [["-q:v", "3"]], 2, "-q:v 3"],
  ["as in FFV1", "ffv1", [], 2, ""],
  ["and in what nobody knows", "libnew", [], 2, ""],
])("%s", (_, encoder, given, cores, expected) => {
  expect(told(encoder, given, cores)).toBe(expected);
});

test("on a machine of one processor plain ffmpeg has libaom use one thread, which its headers tell", () => {
  expect(told("libaom-av1", [], 4, 1)).toBe("-threads:v 1");
});

test.each<[string, [string, string]]>([
  ["libx264", ["-threads", "3"]],
  ["libx264", ["-x264-params", "threads=3"]],
  ["libx264", ["-x264opts", "sliced_threads=1"]],
  ["libx264", ["-x264-params", "keyint=20:slices=4"]],
  ["libx264", ["-tune", "zerolatency"]],
  ["libx264", ["-slices", "4"]],
  ["libx265", ["-x265-params", "pools=none"]],
  ["libx265", ["-x265-params", "frame-threads=1"]],
  ["libx265", ["-threads", "2"]],
  ["libsvtav1", ["-svtav1-params", "tune=0:lp=4"]],
  ["libaom-av1", ["-aom-params", "threads=1"]],
  ["librav1e", ["-rav1e-params", "threads=4"]],
])("hands off when the user has said it: %s %s", (encoder, given) => {
  expect(told(encoder, [given], 2)).toBe(given.join(" "));
});
