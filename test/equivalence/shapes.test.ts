import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type BothOptions, make, runBoth } from "./compare.js";
import { type SourceName, Sources } from "./sources.js";

/**
 * Commands of other shapes than one file into one file: several inputs, pictures and files beside the film, graphs.
 * `{NAME}` in the arguments is a film of `Sources`, `{f}` the folder of the files that are made here.
 */
const sources = new Sources();
afterAll(() => sources.close());

const beside = (name: string): string => join(sources.folder, name);

const SUBTITLES = `1
00:00:00,500 --> 00:00:02,000
One <i>two</i>

2
00:00:02,500 --> 00:00:04,500
Drei „vier“

`;

beforeAll(async () => {
  writeFileSync(beside("subs.srt"), SUBTITLES);
  await make(["-f", "lavfi", "-i", "sine=frequency=300:duration=5.3", "-metadata", "title=A tone", beside("tone.wav")]);
  await make(["-f", "lavfi", "-i", "testsrc=size=40x30", "-frames:v", "1", beside("cover.png")]);
  await make([
    ...["-i", await sources.get("h264.mp4"), "-i", beside("cover.png"), "-map", "0", "-map", "1", "-c", "copy"],
    ...["-disposition:v:1", "attached_pic", beside("covered.mp4")],
  ]);
});

interface Case extends BothOptions {
  /** Split at blanks where it is a text. */
  readonly args: string | readonly string[];
  readonly whole?: RegExp;
}

const FFV1 = "-c:v ffv1";
const LOSSLESS = "-c:v libx264 -qp 0 -preset ultrafast";

const inputs: Record<string, Case> = {
  "sound from a second file": { args: `-i {h264.mp4} -i {f}/tone.wav -map 0:v -map 1:a -c:a flac ${FFV1} o.mkv` },
  "the film second": {
    args: `-i {f}/tone.wav -i {mpeg2.ts} -map 0:a -map 1:v -map 1:a -c:a mp2 ${FFV1} o.mkv`,
  },
  "the film second, cut, as ffmpeg picks the streams": {
    args: `-ss 1 -i {f}/tone.wav -ss 1.3 -t 4 -i {long.mp4} ${LOSSLESS} -c:a aac o.mp4`,
  },
  "sound later than picture": {
    args: `-i {late.mkv} -itsoffset 1.5 -i {f}/tone.wav -map 0:v -map 0:a -map 1 -c:a flac ${FFV1} o.mkv`,
  },
  "subtitles from a second file": { args: `-i {h264.mp4} -i {f}/subs.srt -c:a copy -c:s mov_text ${LOSSLESS} o.mp4` },
  "tags and chapters of the second": {
    args: `-i {h264.mp4} -i {full.mkv} -map 0:v -map 1:a -map 1:s:0 -map_metadata 1 -map_chapters 1 -c:a copy ${FFV1} o.mkv`,
  },
  "silence made up": {
    args: `-i {mjpeg.avi} -f lavfi -t 5 -i anullsrc=r=48000:cl=stereo -map 0:v -map 1:a -c:a flac ${FFV1} o.mkv`,
  },
  "a cover, copied": {
    args: `-i {h264.mp4} -i {f}/cover.png -map 0 -map 1 -c:v:0 libx264 -qp 0 -preset ultrafast -c:v:1 copy -disposition:v:1 attached_pic -c:a copy o.mp4`,
  },
  "a cover, encoded": {
    args: `-i {f}/cover.png -i {h264.mp4} -map 0 -map 1 -c:v:1 ffv1 -c:v:0 mjpeg -disposition:v:0 attached_pic -c:a copy o.mkv`,
  },
  "a cover in the film's own file": { args: `-i {f}/covered.mp4 -map 0 -c copy -c:v:0 ffv1 o.mkv` },
  "a cover in the film's own file, into MP4": {
    args: `-i {f}/covered.mp4 -map 0 -c copy -c:v:0 libx264 -qp 0 -preset ultrafast o.mp4`,
  },
  "a cover that an option of the film's is meant for too": {
    args: `-i {f}/cover.png -i {h264.mp4} -map 0 -map 1 -c:v:1 ffv1 -c:v:0 mjpeg -pix_fmt yuvj420p -c:a copy o.mkv`,
    whole: /-pix_fmt concerns a picture/,
  },
  "the film from a pipe, second": {
    args: `-i {f}/tone.wav -i pipe:0 -map 1:v -map 0:a -c:a flac ${FFV1} o.mkv`,
    stdin: "{opengop.mkv}",
  },
  "sound from a pipe": {
    args: `-i {h264.mp4} -f wav -i - -map 0:v -map 1:a -c:a flac ${FFV1} o.mkv`,
    stdin: "{f}/tone.wav",
  },
  "two films, one copied": { args: `-i {h264.mp4} -i {hevc.mp4} -map 1:v -map 0:v -c:v:0 ffv1 -c:v:1 copy o.mkv` },
  "two films": {
    args: `-i {h264.mp4} -i {hevc.mp4} -map 1:v -map 0:v ${FFV1} o.mkv`,
    whole: /several video streams/,
  },
};

for (const [group, cases] of Object.entries({ inputs })) {
  describe(group, { concurrent: true, timeout: 600_000 }, () => {
    for (const [name, { args, whole, stdin, ...options }] of Object.entries(cases)) {
      test(name, async ({ expect, signal }) => {
        const given = typeof args === "string" ? args.split(" ") : [...args];
        const words = await Promise.all(given.map(fill));
        const { differences, summary } = await runBoth(words, {
          ...options,
          signal,
          ...(stdin === undefined ? {} : { stdin: await fill(stdin) }),
        });
        expect(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
        expect(summary?.route, summary?.reason).toBe(whole ? "local" : "chunks");
        if (whole) expect(summary?.reason).toMatch(whole);
        else expect(summary?.chunks).toBeGreaterThanOrEqual(2);
      });
    }
  });
}

/** Films and files in the place of their names in braces. */
async function fill(word: string): Promise<string> {
  let filled = word.replaceAll("{f}", sources.folder);
  for (const [braces, name = ""] of filled.matchAll(/\{([\w.]+\.\w+)\}/g)) {
    filled = filled.replace(braces, await sources.get(name as SourceName));
  }
  return filled;
}
