import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type Case, holdCases } from "./cases.js";
import { make } from "./compare.js";
import { Sources } from "./sources.js";

/** Films that lie in more than one file: sequences of pictures, lists of films. */
const sources = new Sources();
afterAll(() => sources.close());

const beside = (name: string): string => join(sources.folder, name);

beforeAll(async () => {
  mkdirSync(beside("seq"));
  const picture = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=4"];
  await make([...picture, beside("seq/i%03d.png"), "-q:v", "3", "-start_number", "17", beside("seq/p%04d.jpg")]);
  await make([...picture, "-c:v", "libx264", "-preset", "ultrafast", "-s", "96x64", "-g", "25", beside("small.mp4")]);
  const list = (name: string, ...films: readonly string[]): void =>
    writeFileSync(beside(name), films.map((film) => `file '${film}'\n`).join(""));
  const [film, long] = [await sources.get("h264.mp4"), await sources.get("long.mp4")];
  list("list.txt", film, film);
  list("hevc.txt", await sources.get("hevc.mp4"), await sources.get("hevc.mp4"));
  list("sizes.txt", long, beside("small.mp4"));
});

const FFV1 = "-c:v ffv1";
const LOSSLESS = "-c:v libx264 -qp 0 -preset ultrafast";

const pictures: Record<string, Case> = {
  "PNG, with sound": {
    args: `-framerate 25 -start_number 3 -i {f}/seq/i%03d.png -i {h264.mp4} -map 0 -map 1:a -pix_fmt yuv420p ${LOSSLESS} -c:a copy o.mp4`,
  },
  "JPEG by a pattern, to another rate": {
    args: `-framerate 12 -pattern_type glob -i {f}/seq/p*.jpg -vf scale=96:64 -fps_mode cfr -r 30 ${FFV1} o.mkv`,
  },
  "cut, from the middle": { args: `-f image2 -framerate 24000/1001 -ss 1.1 -t 3 -i {f}/seq/i%03d.png ${FFV1} o.mkv` },
};

const lists: Record<string, Case> = {
  "a list of films, with their sound": { args: `-f concat -safe 0 -i {f}/list.txt ${LOSSLESS} -c:a aac o.mp4` },
  "a list, cut, with filters that look around": {
    args: `-f concat -safe 0 -ss 4.3 -i {f}/list.txt -t 4 -vf tblend=all_mode=average,hflip ${FFV1} -c:a copy o.mkv`,
  },
  "a list of HEVC with open GOPs": { args: `-f concat -safe 0 -i {f}/hevc.txt ${FFV1} o.mkv` },
  "a list of films of two sizes": {
    args: `-f concat -safe 0 -i {f}/sizes.txt -an ${FFV1} o.mkv`,
    whole: /chunk \d+ failed on/,
  },
};

holdCases(sources, { pictures, lists });
