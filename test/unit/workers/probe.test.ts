import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { installHint, judgeProbe } from "../../../src/workers/probe.js";
import { parseCodecs, parseProbe, parseVersion } from "../../../src/workers/probe-text.js";

const MARK = "@distffmpeg ";
const ANSWER = `
@distffmpeg path /usr/bin/ffmpeg

@distffmpeg version
ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers
libavcodec     59. 37.100 / 59. 37.100

@distffmpeg version-status 0

@distffmpeg encoders
Encoders:
 V..... = Video
 .F.... = Frame-level multithreading
 ------
 V....D libx264              libx264 H.264 / AVC (codec h264)
 VFS..D ffv1                 FFmpeg video codec #1
 A....D aac                  AAC (Advanced Audio Coding)

@distffmpeg cores
8

@distffmpeg numactl
/usr/bin/numactl

@distffmpeg system
Linux
PRETTY_NAME="Ubuntu"
ID=ubuntu
ID_LIKE="debian"

@distffmpeg end
`;
const judge = (stdout: string, ...encoders: string[]) => judgeProbe(parseProbe(stdout, MARK), [], "ffmpeg", encoders);

describe("the probe", () => {
  test("reads a whole answer", () => {
    expect(judge(ANSWER, "libx264")).toEqual({
      ok: true,
      value: {
        ffmpegVersion: "5.1.9-0+deb12u1",
        encoders: new Set(["libx264", "ffv1", "aac"]),
        machine: { cores: 8, memory: undefined, nodes: [] },
        numactl: true,
      },
    });
  });

  test("names the command that installs ffmpeg", () => {
    const missing = judge(ANSWER.replace("path /usr/bin/ffmpeg", "path "));
    expect(missing).toMatchObject({ ok: false, failure: { kind: "no-ffmpeg" } });
    expect(!missing.ok && missing.failure.fix).toContain("sudo apt install ffmpeg");
  });

  test("refuses an old ffmpeg, a broken one, and one without the encoder", () => {
    expect(judge(ANSWER.replace("5.1.9-0+deb12u1", "4.4.2-0ubuntu0.22.04.1"))).toMatchObject({
      failure: { kind: "no-ffmpeg", what: expect.stringContaining("4.4.2") },
    });
    expect(judge(ANSWER.replace("version-status 0", "version-status 127"))).toMatchObject({
      failure: { kind: "no-ffmpeg" },
    });
    expect(judge(ANSWER, "libx265")).toMatchObject({
      failure: { kind: "no-encoder", what: expect.stringContaining("libx265") },
    });
  });

  test("makes the least of missing numbers", () => {
    expect(judge(ANSWER.replace("\n8\n", "\nmany\n").replace("/usr/bin/numactl", ""))).toMatchObject({
      value: { machine: { cores: 1 }, numactl: false },
    });
  });

  test("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...ANSWER.split("\n")))), (lines) => {
        expect(typeof judge(lines.join("\n")).ok).toBe("boolean");
      }),
    );
  });
});

test.each([
  ["5.1.9-0+deb12u1", true],
  ["n7.0", true],
  ["5.0.3", false],
  ["4.4.2-0ubuntu0.22.04.1", false],
  ["10.0", true],
])("version %s is recent: %s", (name, isRecent) => {
  expect(parseVersion([`ffmpeg version ${name} Copyright`])).toEqual({ name, isRecent });
});

test("a build from git is judged by its libavcodec", () => {
  const build = (codec: string) =>
    parseVersion(["warning: x", "ffmpeg version N-109542-g1bf1b4cb1e Copyright", `libavcodec     ${codec} / ${codec}`]);
  expect(build("59. 37.100")?.isRecent).toBe(true);
  expect(build("60.  3.100")?.isRecent).toBe(true);
  expect(build("59. 18.100")?.isRecent).toBe(false);
  expect(parseVersion(["ffmpeg version 2024-01-01-git-abc Copyright"])?.isRecent).toBe(false);
  expect(parseVersion(["bash: ffmpeg"])).toBeUndefined();
});

test("encoders: the legend is none", () => {
  expect(parseCodecs(["V..... = Video", "------", "V....D libx264  x", "garbage", "VFSXBD all_flags x"])).toEqual(
    new Set(["libx264", "all_flags"]),
  );
});

test.each([
  [["fedora"], "dnf"],
  [["alpine"], "apk"],
  [["endeavouros", "arch"], "pacman"],
  [["darwin"], "brew"],
  [["plan9"], "ffmpeg.org"],
])("%s: %s", (ids, word) => {
  expect(installHint(ids)).toContain(word);
});
