import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { localPath } from "../../../src/plan/local-path.js";
import { mayBeSplit } from "../../../src/plan/route.js";
import { command } from "./rig.js";

const reason = (words: string): string => {
  const result = mayBeSplit(command(words));
  return result.ok ? "split" : result.failure;
};

describe("mayBeSplit", () => {
  test.each([
    "-i in.mp4 out.mkv",
    "-y -hide_banner -loglevel error -i in.mp4 -c:v libx264 -crf 20 -preset fast -c:a copy out.mp4",
    "-i in.mp4 -movflags +faststart -map 0 -map -0:d -metadata title=x out.mp4",
    "-ss 10 -t 5 -i in.mp4 -vf scale=320:-2,format=yuv420p -sn out.mkv",
    "-i in.mp4 -af volume=2,aecho -vf hflip out.mkv",
    "-i in.mp4 -filter:a:0 anull -filter:v:0 eq=gamma=1.2 out.mkv",
    "-i file:in.mp4 file:out.mkv",
    "-i - out.mkv",
    "-i a.mp4 -itsoffset 1 -ar 48000 -ac 2 -f s16le -i b.raw -sub_charenc cp1250 -i c.srt out.mkv",
    "-f lavfi -i anullsrc -i a.mp4 out.mkv",
    "-i - -stream_loop 3 -i b.mp3 out.mkv",
    "-i ./a:b.mp4 ./out:1.mkv",
    "-framerate 24 -start_number 5 -i a%03d.png out.mkv",
    "-framerate 24 -pattern_type glob -i *.jpg out.mkv",
    "-f concat -safe 0 -i list.txt out.mkv",
    "-copyts -start_at_zero -sseof -3 -i a.mp4 -output_ts_offset 3 out.mkv",
  ])("%s", (words) => expect(reason(words)).toBe("split"));

  test.each([
    ["-version", "-version only prints"],
    ["-i in.mp4", "there is no output"],
    ["out.mkv", "there is no input"],
    ["-i a.mp4 -vn a.mkv", "no video is wanted"],
    ["-i a.mp4 rtmp://host/live", "the output is no local file"],
    ["-i https://host/a.mp4 out.mkv", "https://host/a.mp4 is no local file"],
    ["-i - -i pipe:0 out.mkv", "standard input is read twice"],
    ["-i a.mp4 -i https://host/b.wav out.mkv", "https://host/b.wav is no local file"],
    ["-i a.mp4 -f alsa -i hw:0 out.mkv", "-f alsa is no file"],
    ["-i a.mp4 -re -i b.wav out.mkv", "-re before -i is not split"],
    ["-f lavfi -i testsrc -f lavfi -i anullsrc out.mkv", "-f lavfi is no film file"],
    ["-i concat:a|b out.mkv", "concat:a|b is no local file"],
  ])("%s: %s", (words, wanted) => expect(reason(words)).toBe(wanted));

  test.each([
    "-i a.mp4 -vf reverse out.mkv",
    "-i a.mp4 -filter:v reverse out.mkv",
    "-i a.mp4 -filter reverse out.mkv",
    "-i a.mp4 -filter:0 reverse out.mkv",
    "-i a.mp4 -filter:V:0 reverse out.mkv",
    "-i a.mp4 -filter:m:language:eng reverse out.mkv",
    "-i a.mp4 -vf hflip,reverse out.mkv",
    "-i a.mp4 -vf no_such_filter out.mkv",
  ])("a filter that sees the whole film, under whatever specifier: %s", (words) => {
    expect(reason(words)).toMatch(/^filter (reverse|no_such_filter)/);
  });

  test("any command gets an answer, and a reason in words", () => {
    const word = fc.oneof(
      fc.constantFrom("-i", "a.mp4", "-vf", "hflip", "-ss", "1", "-map", "0", "-c:v", "out.mkv", "-y", "-filter:0"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 10 }), (argv) => {
        const parsed = parseCommand(argv);
        if (!parsed.ok) return;
        const may = mayBeSplit(parsed.value);
        if (!may.ok) expect(may.failure).not.toBe("");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("localPath", () => {
  test.each<[string, string | undefined]>([
    ["a.mp4", "a.mp4"],
    ["/x/a.mp4", "/x/a.mp4"],
    ["./a:b.mp4", "./a:b.mp4"],
    ["a b:c.mp4", "a b:c.mp4"],
    ["file:a.mp4", "a.mp4"],
    ["file:/x/a:b", "/x/a:b"],
    ["-", "-"],
    ["pipe:", "-"],
    ["pipe:0", "-"],
    ["pipe:3", undefined],
    ["fd:", undefined],
    ["http://x/y", undefined],
    ["a:b.mp4", undefined],
    ["subfile,,start,0,end,0,,:a", undefined],
    ["", ""],
  ])("%j is %j", (url, path) => expect(localPath(url)).toBe(path));
});
