import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { make } from "./compare.js";
import { run } from "./programs.js";

/** Small films of every kind that is hard to split, made with the installed ffmpeg when they are first asked for. */

const picture = (seconds: number, size = "160x120", rate = "25"): string[] => [
  ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`],
];
const sound = (seconds: number, hertz = 440): string[] => [
  ...["-f", "lavfi", "-i", `sine=frequency=${hertz}:sample_rate=48000:duration=${seconds}`],
];
const fast = ["-preset", "ultrafast"] as const;
/** x264 with B-pictures and references over them, which "ultrafast" alone leaves out. */
const x264 = (params: string): string[] => [
  ...["-c:v", "libx264", "-preset", "superfast", "-threads", "2", "-bf", "3", "-pix_fmt", "yuv420p"],
  ...["-x264-params", params],
];
const aac = ["-c:a", "aac", "-b:a", "64k"] as const;

const SUBTITLES = `1
00:00:00,500 --> 00:00:02,000
One <i>two</i>

2
00:00:02,500 --> 00:00:04,500
Drei „vier“

`;

const CHAPTERS = `;FFMETADATA1
title=A film of "quotes" $(and) 100 % more
artist=Ümläut
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2500
title=First
[CHAPTER]
TIMEBASE=1/1000
START=2500
END=6000
title=Second = last
`;

const SCENES = `testsrc2=s=160x96:r=25:d=4[a];color=gray:s=160x96:r=25:d=4,noise=alls=30:allf=t[b];
color=blue:s=160x96:r=25:d=4[c];mandelbrot=s=160x96:r=25,trim=duration=4[d];[a][b][c][d]concat=n=4`.replaceAll(
  "\n",
  "",
);

/** File name to the arguments of ffmpeg that make it, without the name of the file itself. */
const RECIPES = {
  "h264.mp4": [...picture(6), ...sound(6), ...x264("keyint=25:scenecut=0"), ...aac],
  "opengop.mkv": [...picture(6), ...sound(6), ...x264("open-gop=1:keyint=24:scenecut=0"), "-c:a", "ac3"],
  "hevc.mp4": [
    ...picture(6),
    ...["-c:v", "libx265", "-preset", "superfast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1"],
    ...["-x265-params", "open-gop=1:keyint=24:bframes=3:log-level=error"],
  ],
  "vp9.webm": [
    ...picture(5),
    ...sound(5),
    ...["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "40", "-b:v", "0", "-g", "30"],
    ...["-c:a", "libopus", "-b:a", "48k"],
  ],
  "mpeg2.ts": [
    ...picture(6),
    ...sound(6),
    ...["-c:v", "mpeg2video", "-q:v", "4", "-g", "12", "-bf", "2", "-c:a", "mp2", "-output_ts_offset", "37.4"],
  ],
  "mpeg2.vob": [
    ...picture(6, "352x288"),
    ...sound(6),
    ...["-c:v", "mpeg2video", "-q:v", "4", "-g", "15", "-bf", "2", "-c:a", "ac3", "-f", "vob"],
  ],
  "interlaced.mkv": [
    ...picture(5, "160x128"),
    ...["-vf", "format=yuv420p,setfield=tff", "-c:v", "mpeg2video", "-q:v", "4", "-g", "12", "-bf", "2"],
    ...["-flags", "+ildct+ilme", "-top", "1"],
  ],
  "vfr.mp4": [
    ...picture(6),
    ...sound(6),
    ...[
      "-vf",
      "settb=1/90000,setpts='(N/25+0.015*sin(N*N)+if(gt(N,70),0.31,0))/TB'",
      "-fps_mode",
      "vfr",
      "-enc_time_base",
      "1/1000",
    ],
    ...["-video_track_timescale", "90000", ...x264("keyint=24:scenecut=0"), ...aac],
  ],
  "gaps.mp4": [
    ...picture(6),
    ...[
      "-vf",
      "settb=1/90000,setpts='(N/25+0.007*sin(N*N)+if(gt(N,70),0.32,0)+if(gt(N,73),0.08,0))/TB'",
      "-fps_mode",
      "vfr",
    ],
    ...["-enc_time_base", "1/1000", "-video_track_timescale", "90000", ...x264("keyint=24:scenecut=0")],
  ],
  "ffv1.mkv": [...picture(5), ...sound(5), "-c:v", "ffv1", "-g", "1", "-c:a", "flac"],
  "mjpeg.avi": [...picture(5, "160x120", "15"), ...sound(5), "-c:v", "mjpeg", "-q:v", "3", "-c:a", "pcm_s16le"],
  "prores.mov": [...picture(4), ...sound(4), "-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le"],
  "mpeg4.avi": [...picture(5), ...sound(5), "-c:v", "mpeg4", "-q:v", "3", "-g", "24", "-c:a", "mp2"],
  "late.mkv": [
    ...["-itsoffset", "0.73"],
    ...picture(5),
    ...sound(6),
    ...x264("keyint=25:scenecut=0"),
    ...["-c:a", "flac"],
  ],
  "oddbase.mp4": [
    ...picture(6, "160x120", "24000/1001"),
    ...x264("keyint=24:scenecut=0"),
    ...["-video_track_timescale", "11111"],
  ],
  "onegop.mp4": [...picture(8, "128x96"), ...sound(8), ...x264("keyint=infinite:scenecut=0"), ...aac],
  "colours.mkv": [
    ...picture(5),
    ...["-vf", "format=yuv420p10le,setsar=4/3", "-c:v", "libx264", ...fast],
    ...["-x264-params", "keyint=25:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=tv"],
    ...["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv"],
  ],
  // No words about colour in the stream itself: the container alone knows.
  "boxcolours.mp4": [
    ...picture(5),
    ...["-vf", "format=yuv420p,setsar=8/9", "-c:v", "mpeg4", "-q:v", "3", "-g", "25"],
    ...["-color_primaries", "smpte170m", "-color_trc", "smpte170m", "-colorspace", "smpte170m", "-color_range", "tv"],
    ...["-movflags", "+write_colr"],
  ],
  // For encoders that are slow.
  "short.mp4": [...picture(2.4, "96x64"), ...sound(2.4), ...x264("keyint=12:scenecut=0"), ...aac],
  // Moving shapes, noise, next to nothing, and fine detail: four seconds each.
  "scenes.mkv": [
    ...["-f", "lavfi", "-i", SCENES],
    ...["-c:v", "libx264", "-preset", "superfast", "-crf", "14", "-pix_fmt", "yuv420p"],
    ...["-x264-params", "keyint=25:scenecut=0"],
  ],
  "long.mp4": [...picture(8, "128x96"), ...sound(8), ...x264("keyint=24:scenecut=0"), ...aac],
} as const;

export type SourceName = keyof typeof RECIPES | "rotated.mp4" | "full.mkv" | "broken.mp4" | "silence.m4a";

/** The films of one test file, in one temporary folder. */
export class Sources {
  readonly folder = mkdtempSync(join(tmpdir(), "distffmpeg-sources-"));
  readonly #made = new Map<SourceName, Promise<string>>();

  /** The path of a film; it is made at most once. */
  get(name: SourceName): Promise<string> {
    const made = this.#made.get(name) ?? this.#make(name);
    this.#made.set(name, made);
    return made;
  }

  /** A film under another name, in a folder of its own. */
  async named(name: SourceName, as: string): Promise<string> {
    const path = join(this.folder, "named", as);
    const film = await this.get(name);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(film, path);
    return path;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #make(name: SourceName): Promise<string> {
    const path = join(this.folder, name);
    if (name === "rotated.mp4") await this.#makeRotated(path);
    else if (name === "full.mkv") await this.#makeFull(path);
    else if (name === "silence.m4a") await make([...sound(2), ...aac, path]);
    else if (name === "broken.mp4") writeFileSync(path, "This is no film, whatever its name says.\n".repeat(50));
    else await make([...RECIPES[name], path]);
    return path;
  }

  async #makeRotated(path: string): Promise<void> {
    const film = await this.get("h264.mp4");
    // Since version 6 the rotation is an option of the input; before, it is a tag of the output.
    const words = ["-y", "-v", "error", "-nostdin"];
    const { code } = await run("ffmpeg", [...words, "-display_rotation", "90", "-i", film, "-c", "copy", path]);
    if (code !== 0) await make(["-i", film, "-c", "copy", "-metadata:s:v:0", "rotate=270", path]);
  }

  /** All that a container can hold beside the film. */
  async #makeFull(path: string): Promise<void> {
    const beside = (file: string, text: string): string => {
      writeFileSync(join(this.folder, file), text);
      return join(this.folder, file);
    };
    const subtitles = beside("subtitles.srt", SUBTITLES);
    const font = beside("some font.ttf", "\u0001not a real font".repeat(20));
    const cover = join(this.folder, "attached.png");
    await make(["-f", "lavfi", "-i", "color=red:size=32x32", "-frames:v", "1", cover]);
    await make([
      ...[...picture(6), ...sound(6), ...sound(6, 660), "-i", subtitles, "-i", subtitles],
      ...["-i", beside("chapters.txt", CHAPTERS)],
      ...["-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s", "-map", "4:s", "-map_metadata", "5"],
      ...[...x264("keyint=25:scenecut=0"), "-c:a:0", "flac", "-c:a:1", "ac3", "-c:s:0", "srt", "-c:s:1", "ass"],
      ...["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-metadata:s:a:1", "title=Zweite"],
      ...["-metadata:s:s:0", "language=fra", "-disposition:a:1", "default", "-disposition:s:1", "forced"],
      ...["-attach", font, "-metadata:s:t:0", "mimetype=font/ttf", "-metadata:s:t:0", "filename=some font.ttf"],
      ...["-attach", cover, "-metadata:s:t:1", "mimetype=image/png", "-metadata:s:t:1", "filename=cover.png"],
      path,
    ]);
  }
}
