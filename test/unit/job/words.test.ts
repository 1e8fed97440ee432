import { describe, expect, test } from "vitest";
import { LEVELS, LogReader } from "../../../src/ffmpeg/loglevel.js";
import { Words, type WordsOptions } from "../../../src/job/words.js";

/** As ffmpeg 5.1.9 prints it with `-v +level+verbose`, shortened; the banner comes before it knows of levels. */
const LOG = `ffmpeg version 5.1.9 Copyright (c) 2000-2026 the FFmpeg developers
  built with gcc 12
[info] Input #0, matroska,webm, from 'film.mkv':
[info]   Duration: 00:00:12.02, start: 0.000000, bitrate: 378 kb/s
[info]   Stream #0:0: Video: h264 (High), 1 reference frame, yuv420p(tv, progressive, left), 320x240 (320x256) [SAR 1:1], 25 fps
[info] Stream mapping:
[info]   Stream #0:0 -> #0:0 (h264 (native) -> h264 (libx264))
[graph 0 input from stream 0:0 @ 0x55dec2c236c0] [verbose] w:160 h:120
[libx264 @ 0x55dec2c1d840] [info] profile High
[info] Output #0, matroska, to '/jobs/x/rehearsal.mkv':
[info]   Metadata:
[info]   Stream #0:1: Audio: aac (LC), 44100 Hz, mono, fltp, delay 1024, 69 kb/s
[verbose] No more output streams to write to, finishing.
[info] frame=    1 fps=0.0
[info] video:46kB`;

function told(options: Partial<WordsOptions>, ...stages: readonly ("inputs" | "all")[]): string[] {
  const lines: string[] = [];
  const words = new Words({
    emit: ({ level, text }) => {
      if (level <= LEVELS.info) lines.push(text);
    },
    ...{ outputs: ["out.mkv"], hideBanner: true, keys: false, opened: () => undefined, loglevel: LEVELS.info },
    ...options,
  });
  const log = new LogReader();
  for (const line of LOG.split("\n")) words.push(log.read(line), ["/jobs/x/rehearsal.mkv"]);
  for (const stage of stages) words.release(stage);
  return lines;
}

describe("ffmpeg's words of the rehearsal", () => {
  test("are held back until it is known that they are wanted", () => {
    expect(told({})).toEqual([]);
    expect(told({}, "inputs")).toEqual([
      "Input #0, matroska,webm, from 'film.mkv':",
      "  Duration: 00:00:12.02, start: 0.000000, bitrate: 378 kb/s",
      "  Stream #0:0: Video: h264 (High), yuv420p(tv, progressive), 320x240 [SAR 1:1], 25 fps",
    ]);
  });

  test("end with the output, under the user's name for it", () => {
    expect(told({ keys: true }, "inputs", "all").slice(3)).toEqual([
      "Stream mapping:",
      "  Stream #0:0 -> #0:0 (h264 (native) -> h264 (libx264))",
      "Press [q] to stop, [?] for help",
      "[libx264 @ 0x55dec2c1d840] profile High",
      "Output #0, matroska, to 'out.mkv':",
      "  Metadata:",
      "  Stream #0:1: Audio: aac (LC), 44100 Hz, mono, fltp, 69 kb/s",
    ]);
  });

  test("have the banner, and all that verbose adds, where they are wanted", () => {
    const lines = told({ hideBanner: false, loglevel: LEVELS.verbose }, "all");
    expect(lines.slice(0, 2)).toEqual([expect.stringMatching(/^ffmpeg version /), "  built with gcc 12"]);
    expect(lines).toContainEqual(
      expect.stringContaining("1 reference frame, yuv420p(tv, progressive, left), 320x240 (320x256)"),
    );
  });
});
