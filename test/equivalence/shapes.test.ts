import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { makeFilter, printFilter } from "../../src/ffmpeg/filtergraph.js";
import { type Case, holdCases } from "./cases.js";
import { make } from "./compare.js";
import { Sources } from "./sources.js";

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
  writeFileSync(beside("overlap.srt"), SUBTITLES.replace("00:00:02,500", "00:00:01,500"));
  writeFileSync(beside("steady.txt"), "Time: %{pts\\:hms}, 100\\% done");
  writeFileSync(beside("counting.txt"), "Frame %{n}");
  const steps = [0, 0.5, 1];
  const cube = steps.flatMap((b) => steps.flatMap((g) => steps.map((r) => `${r ** 1.4} ${g} ${b ** 0.7}`)));
  writeFileSync(beside("lut.cube"), `LUT_3D_SIZE 3\n${cube.join("\n")}\n`);
  await make(["-f", "lavfi", "-i", "haldclutsrc=4,hue=h=40", "-frames:v", "1", beside("hald.png")]);
  await make([
    ...["-f", "lavfi", "-i", "color=black:s=160x120,drawbox=20:20:30:20:white:fill", "-frames:v", "1"],
    ...["-pix_fmt", "gray", beside("mask.pgm")],
  ]);
  await make(["-f", "lavfi", "-i", "sine=frequency=300:duration=5.3", "-metadata", "title=A tone", beside("tone.wav")]);
  await make(["-f", "lavfi", "-i", "testsrc=size=40x30", "-frames:v", "1", beside("cover.png")]);
  await make([
    ...["-i", await sources.get("h264.mp4"), "-i", beside("cover.png"), "-map", "0", "-map", "1", "-c", "copy"],
    ...["-disposition:v:1", "attached_pic", beside("covered.mp4")],
  ]);
});

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

const ODD = "a 'b' [c],d;e:f=g\\h %i ü";

/** Files that filters read. */
const files: Record<string, Case> = {
  "a LUT": { args: `-i {h264.mp4} -vf lut3d={f}/lut.cube -an ${FFV1} o.mkv` },
  "a LUT in the current folder, twice": {
    args: `-i {h264.mp4} -vf lut3d=file=lut.cube:interp=nearest,hflip,lut3d=lut.cube -an ${FFV1} o.mkv`,
    prepare: (folder) => copyFileSync(beside("lut.cube"), join(folder, "lut.cube")),
    out: ["o.mkv"],
  },
  "a LUT with an odd name": {
    args: ["-i", "{h264.mp4}", "-vf", `scale=96:-2,${oddLut()}`, "-an", "-c:v", "ffv1", "o.mkv"],
    prepare: (folder) => copyFileSync(beside("lut.cube"), join(folder, `${ODD}.cube`)),
    out: ["o.mkv"],
  },
  "a logo to be removed": { args: `-i {h264.mp4} -vf removelogo={f}/mask.pgm -an ${FFV1} o.mkv` },
  subtitles: { args: `-i {h264.mp4} -vf subtitles={f}/subs.srt:force_style=FontSize=30 -an ${FFV1} o.mkv` },
  "subtitles of the film itself": { args: `-i {full.mkv} -vf subtitles={full.mkv}:si=1 -an -sn ${FFV1} o.mkv` },
  "subtitles that overlap": {
    args: `-i {h264.mp4} -vf subtitles={f}/overlap.srt -an ${FFV1} o.mkv`,
    whole: /places subtitles/,
  },
  "a text": {
    args: [
      "-i",
      "{h264.mp4}",
      "-vf",
      "drawtext=textfile={f}/steady.txt:fontsize=20,hue=s=0",
      "-an",
      "-c:v",
      "ffv1",
      "o.mkv",
    ],
  },
  "a text that counts": {
    args: `-i {h264.mp4} -vf drawtext=textfile={f}/counting.txt -an ${FFV1} o.mkv`,
    whole: /filter drawtext/,
  },
  "a picture in a chain": {
    args: `-i {opengop.mkv} -vf movie={f}/cover.png,format=rgba,colorchannelmixer=aa=.5[l];[in][l]overlay=W-w-5:H-h-5 ${FFV1} o.mkv`,
  },
};

/** The LUT's name on both levels of escaping. */
function oddLut(): string {
  return printFilter(makeFilter("lut3d", [{ name: undefined, value: `${ODD}.cube` }]));
}

/** `-filter_complex`. */
const graphs: Record<string, Case> = {
  "one chain": { args: `-i {h264.mp4} -filter_complex [0:v]crop=120:100,scale=96:64[v] -map [v] ${FFV1} o.mkv` },
  "one chain without labels": {
    args: `-i {h264.mp4} -filter_complex hflip -map 0:a -c:a copy ${LOSSLESS} o.mp4`,
  },
  "a logo": { args: `-i {h264.mp4} -i {f}/cover.png -filter_complex overlay=W-w-10:10 -c:a copy ${LOSSLESS} o.mp4` },
  "a logo that moves, from and to a time": {
    args: [
      ...["-i", "{vfr.mp4}", "-i", "{f}/cover.png", "-filter_complex"],
      "[1:v]scale=50:-1,format=rgba,colorchannelmixer=aa=0.6[l];[0:v]eq=gamma=1.2[m];[m][l]overlay=x='20*t':y=9:enable='between(t,1,4.2)'[v]",
      ...["-map", "[v]", "-map", "0:a", "-c:a", "copy", "-c:v", "ffv1", "o.mkv"],
    ],
  },
  "a logo again and again": {
    args: `-loop 1 -i {f}/cover.png -i {mpeg2.ts} -filter_complex [0]scale=30:30[l];[1:v][l]overlay=9:9:shortest=1[v] -map [v] -map 1:a -c:a copy ${FFV1} o.mkv`,
  },
  "a logo from a second on": {
    args: `-i {late.mkv} -itsoffset 2.5 -i {f}/cover.png -filter_complex [0:v][1:v]overlay -an ${FFV1} o.mkv`,
  },
  "two logos and a LUT, picture and sound": {
    args: [
      ...["-ss", "1.1", "-t", "5", "-i", "{long.mp4}", "-i", "{f}/cover.png", "-i", "{f}/tone.wav", "-filter_complex"],
      "[0:v][1:v]overlay=2:2,lut3d={f}/lut.cube[a];movie={f}/cover.png,hue=h=90[l];[a][l]overlay=50:50[v];[0:a][2:a]amix=duration=first[s]",
      ...["-map", "[s]", "-map", "[v]", "-c:a", "flac", "-c:v", "ffv1", "o.mkv"],
    ],
  },
  "sound in a graph, the film beside it": {
    args: `-i {h264.mp4} -i {f}/tone.wav -filter_complex [0:a][1:a]amix=inputs=2;[1:a]volume=.5[q] -map 0:v -map [q] -vf hflip -c:a flac ${FFV1} o.mkv`,
  },
  "two graphs": {
    args: `-i {h264.mp4} -filter_complex [0:v]vflip[v] -filter_complex [0:a]volume=0.3[a] -map [a] -map [v] -c:a flac ${FFV1} o.mkv`,
  },
  "neighbours and a rate": {
    args: `-i {interlaced.mkv} -i {f}/cover.png -filter_complex [0:v]yadif=1[d];[d][1:v]overlay=60:9[v] -map [v] -r 30 ${FFV1} o.mkv`,
  },
  "a rate": {
    args: `-i {h264.mp4} -filter_complex [0:v]fps=12,hflip[v] -map [v] -map 0:a -c:a copy ${FFV1} o.mkv`,
  },
  "a constant rate, into AVI": { args: `-i {gaps.mp4} -filter_complex hflip -fps_mode cfr -r 24 ${LOSSLESS} o.avi` },
  "twice the rate": {
    args: `-i {h264.mp4} -filter_complex hflip -fps_mode cfr -r 60 -c:a copy ${FFV1} o.mkv`,
  },
  "a variable rate made constant, higher": {
    args: `-i {vfr.mp4} -filter_complex hflip -fps_mode cfr -r 50 -c:a copy ${FFV1} o.mkv`,
  },
  "a variable rate made constant, beside a graph of sound": {
    args: `-i {gaps.mp4} -i {f}/tone.wav -filter_complex [1:a]volume=.3[a] -map 0:v -map [a] -fps_mode cfr -r 30 ${LOSSLESS} o.avi`,
  },
  "twice the rate, with sound in the graph": {
    args: `-i {h264.mp4} -filter_complex hflip[v];volume=.5[a] -map [v] -map [a] -fps_mode cfr -r 60 -c:a flac -pix_fmt yuv420p10 ${FFV1} o.mkv`,
  },
  "a variable rate made constant, with a logo": {
    args: `-i {vfr.mp4} -i {f}/cover.png -filter_complex overlay -fps_mode cfr -r 50 -c:a copy ${FFV1} o.mkv`,
  },
  "turned by a quarter with a logo": {
    args: `-i {rotated.mp4} -i {f}/cover.png -filter_complex overlay=9:9 -an ${FFV1} o.mkv`,
  },
  "a LUT from a picture": {
    args: `-i {h264.mp4} -i {f}/hald.png -filter_complex [0:v][1:v]haldclut[v] -map [v] -pix_fmt yuv444p ${FFV1} o.mkv`,
  },
  "a picture that ends the film": {
    args: `-i {h264.mp4} -i {f}/cover.png -filter_complex overlay=shortest=1 -an ${FFV1} o.mkv`,
    whole: /ends with its picture/,
  },
  "a background made of the film itself": {
    args: `-i {h264.mp4} -filter_complex [0:v]split[a][b];[b]scale=40:30[b];[a][b]overlay[v] -map [v] ${FFV1} o.mkv`,
    whole: /the ways behind filter split meet again/,
  },
  "two films side by side": {
    args: `-i {h264.mp4} -i {hevc.mp4} -filter_complex hstack -an ${FFV1} o.mkv`,
    whole: /filter hstack: takes several inputs/,
  },
  "a film on a film": {
    args: `-i {h264.mp4} -i {hevc.mp4} -filter_complex overlay=20:20 -an ${FFV1} o.mkv`,
    whole: /takes several films/,
  },
};

holdCases(sources, { inputs, files, graphs });
