import { describe, expect, it } from "vitest";
import { parseStatLine, ProgressBlocks } from "../../../src/ffmpeg/progress.js";
import { formatProgressBlock, formatStatLine } from "../../../src/ffmpeg/progress-text.js";

/** Printed by ffmpeg 5.1.9 itself. */
const REAL_LINES = [
  "frame=    1 fps=0.0 q=4.7 size=N/A time=00:00:00.04 bitrate=N/A speed=N/A",
  "frame=   50 fps=0.0 q=2.0 Lsize=N/A time=00:00:02.00 bitrate=N/A speed=19.6x",
  "frame=    1 fps=0.0 q=4.7 size=      13kB time=00:00:00.04 bitrate=2727.6kbits/s speed=N/A",
  "frame=  282 fps=0.0 q=2.5 size=     256kB time=00:00:11.28 bitrate= 185.9kbits/s speed=22.5x",
  "frame=  676 fps=675 q=5.9 size=     768kB time=00:00:27.04 bitrate= 232.7kbits/s speed=  27x",
  "frame=  750 fps=672 q=5.3 Lsize=    1057kB time=00:00:30.00 bitrate= 288.8kbits/s speed=26.9x",
];

describe("parseStatLine", () => {
  it("reads ffmpeg 5.1's line", () => {
    expect(parseStatLine(`${REAL_LINES[3]}    \r`)).toEqual({
      frame: 282,
      fps: 0,
      q: 2.5,
      size: 256 * 1024,
      time: 11_280_000,
      bitrate: 185.9,
      speed: 22.5,
      last: false,
    });
  });

  it("reads the last line, N/A as missing", () => {
    expect(parseStatLine(REAL_LINES[1] ?? "")).toEqual({
      frame: 50,
      fps: 0,
      q: 2,
      time: 2_000_000,
      speed: 19.6,
      last: true,
    });
  });

  it("reads ffmpeg 7's KiB, more fields and a level in front", () => {
    const line =
      "[info] frame=  120 fps= 24 q=28.0 q=-1.0 size=    1024KiB time=01:00:05.00 bitrate=1677.7kbits/s dup=3 drop=1 speed=1.23e+03x elapsed=0:00:05.00";
    expect(parseStatLine(line)).toEqual({
      frame: 120,
      fps: 24,
      q: 28,
      size: 1_048_576,
      time: 3_605_000_000,
      bitrate: 1677.7,
      dup: 3,
      drop: 1,
      speed: 1230,
      last: false,
    });
  });

  it("reads a line without video, and the last of lines that overwrite each other", () => {
    const first = "size=     100kB time=00:00:01.00 bitrate= 800.0kbits/s speed=   2x    ";
    const second = "size=     200kB time=-00:00:00.02 bitrate=N/A speed=   2x    ";
    expect(parseStatLine(`${first}\r${second}`)).toEqual({ size: 204_800, time: -20_000, speed: 2, last: false });
  });

  it("takes ffmpeg 5.1's time of no frame at all as unknown", () => {
    const line = "frame=    0 fps=0.0 q=0.0 size=       0kB time=-577014:32:22.77 bitrate=  -0.0kbits/s speed=N/A";
    expect(parseStatLine(line)?.time).toBeUndefined();
  });

  it("leaves out what makes no sense", () => {
    const line = "frame=9x fps=nan q=inf size=12QB time=1:2 bitrate=fast speed=x";
    expect(parseStatLine(line)).toEqual({ last: false });
  });

  it.each([
    "",
    "Stream mapping:",
    "frame=",
    "video:82kB audio:0kB subtitle:0kB",
    "encoder : a=b time=3",
  ])("knows %j for no stat line", (line) => {
    expect(parseStatLine(line)).toBeUndefined();
  });
});

describe("formatStatLine", () => {
  it.each(REAL_LINES)("writes what it has read: %s", (line) => {
    const parsed = parseStatLine(line);
    expect(parsed && formatStatLine(parsed)).toBe(line);
  });

  it("pads, rounds and switches as C's printf does", () => {
    const base = { frame: 5, size: 512, time: 0, bitrate: 0.25, last: false };
    expect(formatStatLine({ ...base, fps: 9.94, speed: 1234 })).toBe(
      "frame=    5 fps=9.9 q=-1.0 size=       0kB time=00:00:00.00 bitrate=   0.2kbits/s speed=1.23e+03x",
    );
    expect(formatStatLine({ ...base, size: 1536, fps: 9.96, speed: 0, dup: 2 })).toBe(
      "frame=    5 fps= 10 q=-1.0 size=       2kB time=00:00:00.00 bitrate=   0.2kbits/s dup=2 drop=0 speed=   0x",
    );
    expect(formatStatLine({ ...base, speed: 0.512 })).toMatch(/ speed=0\.512x$/);
    expect(formatStatLine({ ...base, speed: 0.000012345 })).toMatch(/ speed=1\.23e-05x$/);
    expect(formatStatLine({ ...base, speed: 3705 })).toMatch(/ speed=3\.7e\+03x$/);
    expect(formatStatLine({ ...base, speed: 3715 })).toMatch(/ speed=3\.72e\+03x$/);
    expect(formatStatLine({ ...base, speed: 100 })).toMatch(/ speed= 100x$/);
    expect(formatStatLine({ ...base, frame: 1_234_567, time: -20_000 })).toMatch(
      /^frame=1234567 .* time=-00:00:00\.02 /,
    );
  });

  it("begins with the size when there is no video, and says N/A", () => {
    expect(formatStatLine({ last: true })).toBe("size=N/A time=N/A bitrate=N/A speed=N/A");
  });

  it("has a quantizer for each video stream, and the unit of its version", () => {
    const stat = { frame: 150, q: -1, moreQ: [16.1], size: 596_498, time: 6_000_000, bitrate: 795.3, speed: 36.6 };
    const rest = "size=     583KiB time=00:00:06.00 bitrate= 795.3kbits/s speed=36.6x";
    expect(formatStatLine({ ...stat, last: false }, "KiB")).toBe(`frame=  150 fps=0.0 q=-1.0 q=16.1 ${rest}`);
    // As both 5.1 and 7.1 write it.
    expect(formatStatLine({ ...stat, last: true }, "KiB")).toBe(`frame=  150 fps=0.0 q=-1.0 Lq=16.1 ${rest}`);
  });

  it("cuts hundredths off, hours without end", () => {
    expect(formatStatLine({ time: 360_000_999_999, last: false })).toContain("time=100:00:00.99 ");
  });
});

describe("ProgressBlocks", () => {
  const feed = (blocks: ProgressBlocks, text: string) => text.split("\n").flatMap((line) => blocks.push(line) ?? []);

  it("reads blocks as ffmpeg 5.1 writes them", () => {
    const text = `frame=282
fps=560.28
stream_0_0_q=2.5
stream_0_1_q=9.5
bitrate= 185.9kbits/s
total_size=262144
out_time_us=11280000
out_time_ms=11280000
out_time=00:00:11.280000
dup_frames=1
drop_frames=0
speed=22.5x
progress=continue
frame=283
bitrate=N/A
total_size=N/A
out_time_us=N/A
out_time=00:00:12.5
speed=N/A
progress=end`;
    expect(feed(new ProgressBlocks(), text)).toEqual([
      {
        frame: 282,
        fps: 560.28,
        q: 2.5,
        moreQ: [9.5],
        bitrate: 185.9,
        size: 262_144,
        time: 11_280_000,
        dup: 1,
        drop: 0,
        speed: 22.5,
        last: false,
      },
      { frame: 283, time: 12_500_000, last: true },
    ]);
  });

  it("takes out_time_ms as the microseconds it is, when there is nothing else", () => {
    expect(feed(new ProgressBlocks(), "out_time_ms=40000\nprogress=continue")).toEqual([{ time: 40_000, last: false }]);
  });

  it("is not led astray by foreign lines", () => {
    const text = "hello\nframe=-4\nframe=12abc\nout_time_us=-9223372036854775807\n=\n__proto__=x\n progress=end \r";
    expect(feed(new ProgressBlocks(), text)).toEqual([{ last: true }]);
  });
});

/** Printed by ffmpeg 5.1.9 itself. */
const REAL_BLOCK = `frame=300
fps=55.46
stream_0_0_q=-1.0
bitrate= 345.3kbits/s
total_size=519196
out_time_us=12028000
out_time_ms=12028000
out_time=00:00:12.028000
dup_frames=0
drop_frames=0
speed=2.22x
progress=end
`;

describe("formatProgressBlock", () => {
  it("writes what it reads", () => {
    const blocks = new ProgressBlocks();
    const read = REAL_BLOCK.split("\n").flatMap((line) => blocks.push(line) ?? []);
    expect(read).toHaveLength(1);
    const [stat] = read;
    if (stat) expect(formatProgressBlock(stat, [{ output: 0, stream: 0 }])).toBe(REAL_BLOCK);
  });

  it("says what is not known yet, and which stream is the film", () => {
    const places = [
      { output: 0, stream: 2 },
      { output: 1, stream: 0 },
    ];
    const text = formatProgressBlock({ frame: 1, last: false, moreQ: [7] }, places);
    expect(text).toMatch(/^stream_0_2_q=-1\.0\nstream_1_0_q=7\.0\nbitrate=N\/A\ntotal_size=N\/A\nout_time_us=N\/A$/m);
    expect(text).toMatch(/speed=N\/A\nprogress=continue\n$/);
  });
});
