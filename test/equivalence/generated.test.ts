import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type BothOptions, compareFiles, make, runBoth } from "./compare.js";
import { runCli, runFfmpeg } from "./programs.js";
import { type SourceName, Sources } from "./sources.js";
import { isLeftOut } from "../thorough.js";

const sources = new Sources();
afterAll(() => sources.close());

interface Case extends Omit<BothOptions, "signal"> {
  readonly name: string;
  /** The film, or one under another name: `{s}` in the arguments, which begin with `-i {s}` unless they hold an `-i`. */
  readonly source: SourceName | { readonly film: SourceName; readonly as: string };
  /** A text is split at blanks. */
  readonly args: string | readonly string[];
  /** The route that it must take; without it any will do. */
  readonly route?: "chunks" | "local";
  /** Chunks there must be at least; 2 by default. */
  readonly chunks?: number;
}

const FFV1 = "-c:v ffv1";
const LOSSLESS = "-c:v libx264 -qp 0 -preset ultrafast";
const CRF = "-c:v libx264 -crf 26 -preset ultrafast";

/** A case of the chunk route. */
function split(name: string, source: Case["source"], args: Case["args"], more: Partial<Case> = {}): Case {
  return { name, source, args, route: "chunks", ...more };
}

/** A case of any route. */
function any(name: string, source: Case["source"], args: Case["args"], more: Partial<Case> = {}): Case {
  return { name, source, args, ...more };
}

/** A case that plain ffmpeg must do alone. */
function whole(name: string, source: Case["source"], args: Case["args"], more: Partial<Case> = {}): Case {
  return { name, source, args, route: "local", ...more };
}

/** Films of every kind. */
const films: Case[] = [
  split("H.264 in MP4", "h264.mp4", `${FFV1} -c:a copy o.mkv`),
  split("H.264 with open GOPs", "opengop.mkv", `${FFV1} -c:a copy o.mkv`),
  split("HEVC with open GOPs", "hevc.mp4", `${FFV1} o.mkv`),
  split("VP9 in WebM", "vp9.webm", `${LOSSLESS} -c:a aac o.mp4`),
  split("MPEG-2 in TS, from second 37", "mpeg2.ts", `${FFV1} -c:a copy o.mkv`),
  any("MPEG-2 in VOB", "mpeg2.vob", `${FFV1} -c:a copy o.mkv`),
  split("interlaced MPEG-2", "interlaced.mkv", `${FFV1} o.mkv`),
  split("MPEG-4 in AVI", "mpeg4.avi", `${LOSSLESS} -c:a copy o.mkv`),
  split("a variable rate, kept", "vfr.mp4", `${FFV1} -c:a copy o.mkv`),
  split("a variable rate, into MP4", "vfr.mp4", `${LOSSLESS} o.mp4`),
  split("FFV1 in Matroska", "ffv1.mkv", `${LOSSLESS} -c:a copy o.mkv`),
  split("MJPEG in AVI", "mjpeg.avi", `${FFV1} -c:a copy o.mkv`),
  split("ProRes in MOV", "prores.mov", `${FFV1} -c:a copy o.mkv`),
  split("turned by a quarter", "rotated.mp4", `${LOSSLESS} -c:a copy o.mp4`),
  split("picture later than sound", "late.mkv", `${FFV1} -c:a copy o.mkv`),
  split("picture later than sound, into MP4", "late.mkv", `${LOSSLESS} o.mp4`),
  split("times that no rate fits", "oddbase.mp4", `${FFV1} o.mkv`),
  split("a single GOP", "onegop.mp4", `${FFV1} -c:a copy o.mkv`),
  split("HDR colours, 10 bit, SAR", "colours.mkv", `${FFV1} o.mkv`),
  split("HDR colours, into MP4", "colours.mkv", `${LOSSLESS} o.mp4`),
  split("colours in the container", "boxcolours.mp4", `${LOSSLESS} o.mp4`),
];

/** Containers and encoders. */
const outputs: Case[] = [
  split("x264 into TS", "h264.mp4", `${LOSSLESS} -c:a mp2 o.ts`),
  split("x264 into FLV", "h264.mp4", `${LOSSLESS} -c:a copy o.flv`),
  split("FFVHuff into NUT", "h264.mp4", "-c:v ffvhuff -c:a copy o.nut"),
  split("MPEG-4 into AVI", "h264.mp4", "-c:v mpeg4 -q:v 3 o.avi", { lossless: false, loose: 0.2 }),
  split("MJPEG into MOV", "opengop.mkv", "-c:v mjpeg -q:v 3 -an o.mov"),
  split(
    "lossless VP9 into WebM",
    "h264.mp4",
    "-c:v libvpx-vp9 -lossless 1 -crf 0 -b:v 0 -deadline realtime -cpu-used 8 -c:a libopus o.webm",
  ),
  split("SVT-AV1 into WebM", "h264.mp4", "-c:v libsvtav1 -preset 12 -crf 45 -c:a libopus -b:a 48k o.webm", {
    lossless: false,
    loose: 0.5,
  }),
  split("x264 by -crf", "h264.mp4", `${CRF} -c:a copy o.mp4`, { lossless: false, loose: 0.2 }),
  split("x265 by -crf", "opengop.mkv", "-c:v libx265 -crf 30 -preset ultrafast -x265-params log-level=error o.mkv", {
    lossless: false,
    loose: 0.5,
  }),
  split("-movflags +faststart", "h264.mp4", `${LOSSLESS} -movflags +faststart o.mp4`),
  split("-f, whatever the name", "h264.mp4", `${FFV1} -an -f matroska o.film`),
  split("-pix_fmt", "h264.mp4", `${FFV1} -an -pix_fmt yuv422p o.mkv`),
  whole("-b:v of an encoder whose rate control is not followed", "h264.mp4", "-c:v wmv2 -b:v 300k o.mkv"),
];

/** What happens to the frames on the way. */
const frames: Case[] = [
  split("crop, scale", "opengop.mkv", `-vf crop=120:100,scale=96:64 ${FFV1} -an o.mkv`),
  split("fade by time", "h264.mp4", `-vf fade=t=in:st=1:d=3 ${FFV1} -an o.mkv`),
  any("fade by frame number", "h264.mp4", `-vf fade=in:10:90 ${FFV1} -an o.mkv`),
  split(
    "drawbox, enabled for a while",
    "hevc.mp4",
    `-vf drawbox=x=9:y=9:w=50:h=40:color=red:t=fill:enable='between(t,1.5,3.5)' ${FFV1} o.mkv`,
  ),
  split("format, setsar", "vp9.webm", `-vf format=gray,setsar=2 ${FFV1} -an o.mkv`),
  any("hue by time", "h264.mp4", `-filter:v:0 hue=s='if(gt(t,2),0,1)',eq=contrast=1.2 ${FFV1} -an o.mkv`),
  any("a filter that looks back", "h264.mp4", `-vf tblend=all_mode=average ${FFV1} -an o.mkv`),
  any("a filter that changes the rate", "h264.mp4", `-vf fps=10 ${FFV1} -an o.mkv`),
  split("-s", "h264.mp4", `-s 96x64 ${FFV1} -an o.mkv`),
  split("-r lower", "h264.mp4", `-r 12.5 ${FFV1} -an o.mkv`),
  split("-r higher", "h264.mp4", `-r 30 ${FFV1} -c:a copy o.mkv`),
  split("-fps_mode cfr", "vfr.mp4", `-fps_mode cfr -r 30 ${FFV1} -c:a copy o.mkv`),
  split("-fps_mode cfr at the film's own rate", "gaps.mp4", `-fps_mode cfr -r 25 ${FFV1} o.mkv`),
  split("gaps, with B-frames", "gaps.mp4", "-c:v libx264 -preset superfast -bf 3 -crf 20 o.mkv", {
    lossless: false,
    loose: 0.2,
  }),
  split("-fps_mode vfr", "gaps.mp4", `-fps_mode vfr ${LOSSLESS} o.avi`),
  split("-fps_mode passthrough", "late.mkv", `-fps_mode passthrough ${FFV1} -an o.mkv`),
  any("-vsync, the old name of it", "h264.mp4", `-vsync 0 ${FFV1} -an o.mkv`),
];

/** Parts of films. */
const cuts: Case[] = [
  split("-ss before -i", "long.mp4", `-ss 3.3 -i {s} ${FFV1} -c:a flac o.mkv`),
  any("-ss before -i, open GOPs", "opengop.mkv", `-ss 1.7 -i {s} ${FFV1} -an o.mkv`),
  split("-ss and -t before -i", "long.mp4", `-ss 2 -t 4.5 -i {s} ${LOSSLESS} o.mp4`),
  split("-ss and -to before -i", "long.mp4", `-ss 1 -to 6 -i {s} ${FFV1} -an o.mkv`),
  split("-ss and -t on the output", "long.mp4", `-ss 2.1 -t 4 ${FFV1} -c:a flac o.mkv`),
  split("-to on the output", "long.mp4", `-to 00:00:05.3 ${FFV1} -c:a copy o.mkv`),
  any("-t, of a transport stream", "mpeg2.ts", `-t 4.2 -i {s} ${FFV1} -c:a copy o.mkv`),
  split("-frames:v", "long.mp4", `-frames:v 133 ${FFV1} -an o.mkv`),
  any("-frames:v with sound", "long.mp4", `-frames:v 133 ${FFV1} -c:a copy o.mkv`),
  any("-itsoffset", "h264.mp4", `-itsoffset 1.25 -i {s} ${FFV1} -c:a copy o.mkv`),
  any("-ss far behind the end", "h264.mp4", `-ss 60 -i {s} ${FFV1} -an o.mkv`),
];

/** What stands beside the film. */
const beside: Case[] = [
  any("all streams, all copied but the film", "full.mkv", `-map 0 -c copy ${FFV1} o.mkv`),
  split("film, sound, subtitles, font", "full.mkv", `-map 0:v:0 -map 0:a -map 0:s -map 0:t:0 -c copy ${FFV1} o.mkv`),
  any("the streams that ffmpeg picks", "full.mkv", `${FFV1} o.mkv`),
  split("all but some", "full.mkv", `-map 0:v:0 -map 0:a -map -0:a:0 -map 0:d? -c:a copy ${FFV1} o.mkv`),
  split("the sound first", "full.mkv", `-map 0:a:1 -map 0:v:0 -c:a copy ${FFV1} o.mkv`),
  split("by language", "full.mkv", `-map 0:v:0 -map 0:a:m:language:deu -c:a copy ${FFV1} o.mkv`),
  split(
    "subtitles into MP4",
    "full.mkv",
    `-map 0:v:0 -map 0:a:0 -map 0:s:0 -c:a aac -b:a 64k -c:s mov_text ${LOSSLESS} o.mp4`,
  ),
  split("-metadata", "full.mkv", [
    ...["-map", "0:v:0", "-map", "0:a", "-c:a", "copy", "-c:v", "ffv1"],
    ...["-metadata", "title=A 'new' $(title) = 1; ü", "-metadata", "artist="],
    ...["-metadata:s:v:0", "language=jpn", "-metadata:s:a:1", "title=", "o.mkv"],
  ]),
  split(
    "-map_metadata -1",
    "full.mkv",
    `-map 0:v:0 -map 0:a -c:a copy -map_metadata -1 -map_chapters -1 ${FFV1} o.mkv`,
  ),
  split(
    "-disposition",
    "full.mkv",
    `-map 0:v:0 -map 0:a -c:a copy ${FFV1} -disposition:v:0 original -disposition:a:0 0 -disposition:a:1 default+dub o.mkv`,
  ),
  split("-an -sn", "full.mkv", `-map 0:v:0 -map 0:a -map 0:s -an -sn ${FFV1} o.mkv`),
  split("sound filtered", "h264.mp4", `-af volume=0.5,aresample=32000 -c:a flac ${FFV1} o.mkv`),
  whole("no film wanted", "h264.mp4", "-vn -c:a copy o.m4a"),
  whole("everything copied", "h264.mp4", "-c copy o.mkv"),
  whole("no film there", "silence.m4a", "-c:a flac o.mka"),
];

/** Names that shells, ffmpeg or a format string could take for something else. */
const ODD_NAMES = ["a 'b' \"c\" $(d) `e`; f", "Überraschung – 映画", "100% of %03d %s", "back\\slash [1] * ?"] as const;

const names: Case[] = [
  ...ODD_NAMES.map((name) =>
    any(`from and to ${name}`, { film: "h264.mp4", as: `${name}.mp4` }, ["-c:v", "ffv1", "-an", `./${name}.mkv`]),
  ),
  split("from a name with a format sign", { film: "h264.mp4", as: "100% of %03d %s.mp4" }, `${FFV1} -an o.mkv`),
  split("from ./-x.mp4 to ./-y.mkv", "h264.mp4", `-i ./-x.mp4 ${FFV1} -an ./-y.mkv`, {
    prepare: (folder) => copyFileSync(join(sources.folder, "h264.mp4"), join(folder, "-x.mp4")),
  }),
  split("to file:with:colons.mkv", "h264.mp4", `${FFV1} -an file:with:colons.mkv`),
  split("to a folder below", "h264.mp4", `${FFV1} -an below/o.mkv`, {
    prepare: (folder) => mkdirSync(join(folder, "below")),
  }),
];

/** Not from one file into one file. */
const others: Case[] = [
  split("from a pipe", "mpeg2.ts", `-i pipe:0 ${FFV1} -c:a copy o.mkv`, { stdin: "{s}" }),
  split("from a pipe, Matroska", "opengop.mkv", `-f matroska -i - ${LOSSLESS} -c:a aac o.mp4`, { stdin: "{s}" }),
  whole("-filter_complex", "h264.mp4", `-filter_complex [0:v]split[a][b];[a][b]hstack ${FFV1} -an o.mkv`),
  whole("from a device", "h264.mp4", `-f lavfi -i testsrc2=duration=1:size=64x64 ${FFV1} o.mkv`),
  whole("to standard output", "h264.mp4", `${FFV1} -an -fflags +bitexact -f nut -`),
  whole("one picture", "h264.mp4", "-frames:v 1 o.png"),
  whole("one frame", "h264.mp4", "-frames:v 1 -an -c:v ffv1 o.mkv"),
  whole("a sequence of pictures", "h264.mp4", "-frames:v 3 o%02d.png"),
  whole("an option that is none", "h264.mp4", `${FFV1} -nonsense 1 o.mkv`),
  whole("an encoder that is none", "h264.mp4", "-c:v nonsense o.mkv"),
  whole("an output without a container", "h264.mp4", `${FFV1} o.nonsense`),
];

const groups = { films, outputs, frames, cuts, beside, names, others };

for (const [group, cases] of Object.entries(groups)) {
  describe(group, { concurrent: true, timeout: 600_000 }, () => {
    for (const one of cases) {
      test.skipIf(isLeftOut(one.name))(one.name, async ({ expect: expected, signal }) => {
        const film = await (typeof one.source === "string"
          ? sources.get(one.source)
          : sources.named(one.source.film, one.source.as));
        const given = typeof one.args === "string" ? one.args.split(" ") : one.args;
        const args = (given.includes("-i") ? given : ["-i", "{s}", ...given]).map((word) => word.replace("{s}", film));
        const stdin = one.stdin?.replace("{s}", film);
        const { differences, summary } = await runBoth(args, { ...one, signal, ...(stdin ? { stdin } : {}) });
        expected(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
        if (one.route) expected(summary?.route, summary?.reason).toBe(one.route);
        if (one.route === "chunks") expected(summary?.chunks).toBeGreaterThanOrEqual(one.chunks ?? 2);
      });
    }
  });
}

describe("what only prints is ffmpeg's own, byte for byte", () => {
  const questions = [
    "-version",
    "-hide_banner -encoders",
    "-L",
    "-h",
    "-hide_banner -h encoder=ffv1",
    "-hide_banner -pix_fmts",
    "-hide_banner",
    "o.mkv",
  ];
  for (const question of questions) {
    test(`ffmpeg ${question}`, async ({ signal }) => {
      const words = question.split(" ");
      const [plain, ours] = await Promise.all([
        runFfmpeg(words, { signal }),
        runCli(["-df_workers=none", ...words], { signal }),
      ]);
      expect(ours).toEqual(plain);
    });
  }
});

describe("the comparison", () => {
  const base = "-map 0:v:0 -map 0:a -map 0:s -c:a flac -c:s copy -c:v ffv1";
  const made = async (name: string, args: string): Promise<string> => {
    const path = join(sources.folder, `${name}.mkv`);
    await make(["-i", await sources.get("full.mkv"), ...args.split(" "), path]);
    return path;
  };

  test("finds nothing between two runs of the same command", async () => {
    expect(await compareFiles(await made("one", base), await made("other", base))).toEqual([]);
  });

  const changes: [what: string, args: string, said: RegExp][] = [
    ["one frame's pixels", `${base} -vf drawbox=t=fill:enable='eq(n,70)'`, /^#0 what is decoded .*: 1 of 150/],
    ["a frame less", `${base} -frames:v 149`, /^#0 frames 150 \/ 149/],
    ["one frame's time", `${base} -vf setpts=PTS+eq(N\\,149)*80 -fps_mode vfr`, /^#0 frames 150 .* 1 times differ/],
    ["the aspect", `${base} -vf setsar=2`, /^#0 sample_aspect_ratio/],
    ["a colour's meaning", `${base} -colorspace bt709`, /^#0 color_space/],
    ["the sound", `${base} -af volume=0.99`, /^#1 what is decoded/],
    ["a subtitle less", `${base} -t 2.2`, /^#3 packets 2 \/ 1/],
    ["a chapter's name", `${base} -map_chapters -1`, /^chapters/],
    ["a tag", `${base} -metadata title=x`, /^container tags/],
    ["a tag of a stream", `${base} -metadata:s:a:0 title=x`, /^#1 tags/],
    ["a disposition", `${base} -disposition:a:1 dub`, /^#2 disposition/],
    ["a stream less", base.replace("-map 0:s ", ""), /^streams/],
  ];
  for (const [what, args, said] of changes) {
    test(`finds ${what}`, async () => {
      const differences = await compareFiles(await made("as it is", base), await made("changed", args));
      expect(differences).toEqual(expect.arrayContaining([expect.stringMatching(said)]));
    });
  }
});
