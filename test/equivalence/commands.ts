import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { make, type BothOptions, type Summary } from "./compare.js";
import type { Sources, SourceName } from "./sources.js";

/** Command lines that people and programs really run, in the form in which docs/commands.md shows them. */
export interface RealCommand {
  readonly about: string;
  /** As in a shell, without the program's name; only quotes are understood. */
  readonly line: string;
  readonly split: boolean | "up to 6.0";
  /** What comes in on standard input: a name of `PLACES`. */
  readonly stdin?: string;
  readonly compare?: BothOptions;
}

/** Lossy films in short chunks differ in size more than long ones. */
const LOSSY: BothOptions = { lossless: false, loose: 0.6 };
const TEXTS: BothOptions = { ...LOSSY, texts: /\.m3u8$/, blind: /BANDWIDTH=\d+/g };
const HLS =
  "-map_metadata -1 -map_chapters -1 -threads 0 -map 0:0 -map 0:1 -map -0:s -codec:v:0 libx264 -preset veryfast -crf 23";
const LADDER = "[0:v]split=2[a][b];[a]scale=-2:96[v1];[b]scale=-2:64[v2]";
const VARIANTS =
  '-f hls -hls_time 2 -hls_playlist_type vod -master_pl_name master.m3u8 -var_stream_map "v:0,a:0 v:1,a:1" -hls_segment_filename %v_%03d.ts %v.m3u8';

export const COMMANDS: readonly RealCommand[] = [
  {
    about: "media server, HLS for a player",
    line: `-analyzeduration 200M -probesize 1G -f matroska -i "file:film (2018).mkv" ${HLS} -maxrate 4528996 -bufsize 9057992 -force_key_frames:0 "expr:gte(t,0+n_forced*2)" -codec:a:0 aac -ac 2 -copyts -avoid_negative_ts disabled -max_muxing_queue_size 128 -f hls -max_delay 5000000 -hls_time 2 -hls_segment_type mpegts -start_number 0 -hls_segment_filename x%d.ts -hls_playlist_type vod -hls_list_size 0 x.m3u8`,
    split: true,
    compare: TEXTS,
  },
  {
    about: "the same from the middle on, in fragments of MP4",
    line: `-ss 00:00:02.000 -i "file:film (2018).mkv" ${HLS} -force_key_frames:0 "expr:gte(t,0+n_forced*2)" -codec:a:0 aac -ac 2 -f hls -hls_time 2 -hls_segment_type fmp4 -hls_fmp4_init_filename x-1.mp4 -start_number 1 -hls_segment_filename x%d.mp4 -hls_playlist_type vod -hls_list_size 0 x.m3u8`,
    split: true,
    // Fragments are nothing without their head: the playlist is read as a film.
    compare: { ...LOSSY, out: ["x.m3u8"] },
  },
  {
    about: "media server, HLS of a film that the player knows",
    line: `-i "file:film (2018).mkv" -map 0:0 -map 0:1 -codec:v:0 copy -codec:a:0 copy -copyts -avoid_negative_ts disabled -f hls -hls_time 2 -hls_segment_filename x%d.ts -hls_playlist_type vod -hls_list_size 0 x.m3u8`,
    split: false,
    compare: TEXTS,
  },
  {
    about: "media server, on a graphics card",
    line: '-init_hw_device cuda=cu:0 -filter_hw_device cu -hwaccel cuda -hwaccel_output_format cuda -i film.mp4 -map 0:0 -map 0:1 -c:v h264_nvenc -b:v 8M -vf "scale_cuda=w=160:h=90,tonemap_cuda=format=yuv420p:p=bt709:t=bt709:m=bt709" -c:a aac -f hls -hls_time 3 x.m3u8',
    split: false,
  },
  { about: "which ffmpeg is it?", line: "-version", split: false },
  { about: "which encoders has it?", line: "-hide_banner -encoders", split: false },
  { about: "what does a filter take?", line: "-hide_banner -h filter=tonemap", split: false },
  {
    about: "which keys does it hear?",
    line: "-hide_banner -f lavfi -i nullsrc=s=1x1:d=500 -f null -",
    split: false,
    stdin: "key",
  },
  {
    about: "pictures to skip by",
    line: '-skip_frame nokey -i film.mp4 -an -sn -vf "fps=0.5,scale=80:-2" -c:v mjpeg -qscale:v 3 -fps_mode passthrough -f image2 %08d.jpg',
    split: false,
  },
  { about: "a poster", line: "-ss 2 -i film.mp4 -frames:v 1 -q:v 2 poster.jpg", split: false },
  {
    about: "a contact sheet",
    line: '-i film.mp4 -vf "fps=1,scale=64:-2,tile=3x2" -frames:v 1 sheet.jpg',
    split: false,
  },
  {
    about: "a ladder for the web, by quality",
    line: `-i film.mp4 -filter_complex "${LADDER}" -map [v1] -map [v2] -map 0:a -map 0:a -c:v libx264 -preset fast -crf:v:0 21 -crf:v:1 23 -g 50 -keyint_min 50 -sc_threshold 0 -c:a aac ${VARIANTS}`,
    split: true,
    compare: { ...TEXTS, blind: /BANDWIDTH=\d+|CODECS="[^"]*"/g },
  },
  {
    about: "a ladder for the web, by bitrates, of a short film",
    line: `-i film.mp4 -filter_complex "${LADDER}" -map [v1] -map [v2] -map 0:a -map 0:a -c:v libx264 -b:v:0 300k -b:v:1 100k -g 50 -keyint_min 50 -sc_threshold 0 -c:a aac ${VARIANTS}`,
    split: false,
    compare: TEXTS,
  },
  {
    about: "a ladder in files",
    line: `-i film.mp4 -filter_complex "${LADDER}" -map [v1] -map 0:a -c:v libx264 -crf 21 -c:a copy big.mp4 -map [v2] -map 0:a -c:v libx264 -crf 24 -c:a copy small.mp4`,
    split: true,
    compare: LOSSY,
  },
  {
    about: "archive: the film in HEVC, all else as it is",
    line: "-i full.mkv -map 0:v:0 -map 0:a -map 0:s -map 0:t? -c copy -c:v libx265 -preset fast -crf 20 -x265-params log-level=error archive.mkv",
    split: true,
    compare: LOSSY,
  },
  {
    about: "AV1 and Opus for the web",
    line: "-i film.mp4 -c:v libsvtav1 -preset 10 -crf 52 -c:a libopus -b:a 64k film.webm",
    split: true,
    compare: { ...LOSSY, loose: 2 },
  },
  {
    about: "an upload made fit for a web site",
    line: "-i film.mp4 -map_metadata -1 -c:v libx264 -preset veryfast -crf 23 -maxrate 1300k -bufsize 1300k -pix_fmt yuv420p -g 60 -r 30 -movflags +faststart -vf scale=trunc(iw/4)*2:trunc(ih/4)*2 -c:a aac -b:a 128k -max_muxing_queue_size 1024 upload.mp4",
    split: true,
    compare: LOSSY,
  },
  {
    about: "HDR to SDR on the processor",
    line: '-i hdr.mkv -vf "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable,zscale=t=bt709:m=bt709:r=tv,format=yuv420p" -c:v libx264 -crf 18 -c:a copy sdr.mkv',
    split: true,
    compare: LOSSY,
  },
  {
    about: "subtitles burnt in from a file",
    line: "-i film.mp4 -vf subtitles=film.srt -c:v libx264 -crf 20 -c:a copy burnt.mp4",
    split: true,
    compare: LOSSY,
  },
  {
    about: "subtitles burnt in from the film itself",
    line: "-i full.mkv -map 0:v:0 -map 0:a:0 -vf subtitles=full.mkv:si=0 -c:v libx264 -crf 20 -c:a copy burnt.mkv",
    split: true,
    compare: LOSSY,
  },
  {
    about: "a logo in the corner",
    line: '-i film.mp4 -i logo.png -filter_complex "overlay=W-w-10:H-h-10" -c:v libx264 -crf 20 -c:a copy logo.mp4',
    split: true,
    compare: LOSSY,
  },
  {
    about: "twice as fast, with the sound",
    line: '-i film.mp4 -filter_complex "[0:v]setpts=0.5*PTS[v];[0:a]atempo=2[a]" -map [v] -map [a] fast.mp4',
    split: "up to 6.0",
    compare: LOSSY,
  },
  {
    about: "a part of a film",
    line: "-ss 1 -to 4 -i film.mp4 -c:v libx264 -crf 18 -c:a aac clip.mp4",
    split: true,
    compare: LOSSY,
  },
  {
    about: "a recording off the air, deinterlaced",
    line: "-i recording.ts -map 0:v -map 0:a -vf yadif -c:v libx264 -crf 21 -c:a copy recording.mkv",
    split: true,
    compare: LOSSY,
  },
  {
    about: "pictures to a film",
    line: "-framerate 24 -start_number 1 -i pictures/f_%06d.png -c:v libx264 -crf 18 -pix_fmt yuv420p pictures.mp4",
    split: true,
    compare: LOSSY,
  },
  {
    about: "films one after another, as they are",
    line: "-f concat -safe 0 -i list.txt -c copy joined.mp4",
    split: false,
  },
  {
    about: "films one after another, encoded",
    line: "-f concat -safe 0 -i list.txt -c:v libx264 -crf 20 -c:a aac joined.mp4",
    split: true,
    compare: LOSSY,
  },
  {
    about: "picture and sound put together",
    line: "-i film.mp4 -i sound.m4a -c copy -map 0:v:0 -map 1:a:0 -movflags +faststart both.mp4",
    split: false,
  },
  {
    about: "between two programs",
    line: "-i pipe:0 -c:v libx264 -preset ultrafast -f mpegts -progress pipe:2 pipe:1",
    split: false,
    stdin: "recording.ts",
  },
  {
    about: "from a program into a file",
    line: "-i pipe:0 -c:v libx264 -crf 21 -c:a copy recording.mkv",
    split: true,
    stdin: "recording.ts",
    compare: LOSSY,
  },
  { about: "hashes of the frames", line: "-i film.mp4 -map 0:v -f framemd5 -", split: false },
  { about: "where is it black?", line: "-i film.mp4 -vf blackdetect=d=0.1 -an -f null -", split: false },
  {
    about: "how near is the copy?",
    line: "-i film.mp4 -i film.mp4 -lavfi psnr=stats_file=psnr.log -f null -",
    split: false,
    compare: { texts: /\.log$/ },
  },
  {
    about: "an animation",
    line: '-i film.mp4 -vf "fps=5,scale=80:-1:flags=lanczos,split[s0][s1];[s0]palettegen[p];[s1][p]paletteuse" film.gif',
    split: false,
  },
  { about: "the sound alone", line: "-i film.mp4 -vn -c:a libmp3lame -q:a 2 sound.mp3", split: false },
  {
    about: "the sound as loud as others, the film as it is",
    line: "-i film.mp4 -c:v copy -af loudnorm=I=-16:TP=-1.5:LRA=11 -ar 48000 loud.mp4",
    split: false,
  },
  {
    about: "what is on the screen",
    line: "-f x11grab -framerate 30 -video_size 640x360 -i :99.0 -c:v libx264 -preset ultrafast -t 1 screen.mkv",
    split: false,
  },
  {
    about: "a camera in the network",
    line: "-rtsp_transport tcp -timeout 1000000 -i rtsp://127.0.0.1:9/stream -c:v libx264 -crf 23 camera.mp4",
    split: false,
  },
];

const FILMS: Readonly<Record<string, SourceName>> = {
  "film (2018).mkv": "full.mkv",
  "film.mp4": "h264.mp4",
  "full.mkv": "full.mkv",
  "hdr.mkv": "colours.mkv",
  "recording.ts": "mpeg2.ts",
  "sound.m4a": "silence.m4a",
};

/** Where the files that the lines name are on this machine, by their names; made when they are first asked for. */
export async function places(sources: Sources): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, source] of Object.entries(FILMS)) found.set(name, await sources.named(source, name));
  const folder = join(sources.folder, "beside");
  mkdirSync(join(folder, "pictures"), { recursive: true });
  const place = (name: string): string => {
    found.set(name, join(folder, name));
    return join(folder, name);
  };
  writeFileSync(place("film.srt"), "1\n00:00:01,000 --> 00:00:04,500\nOne <i>two</i>\n");
  writeFileSync(place("key"), "?");
  const film = found.get("film.mp4") ?? "";
  writeFileSync(place("list.txt"), `file '${film}'\nfile '${film}'\n`);
  await make(["-f", "lavfi", "-i", "testsrc=s=32x24", "-frames:v", "1", place("logo.png")]);
  const pictures = ["-f", "lavfi", "-i", "testsrc2=s=96x64:d=4", "-start_number", "1"];
  await make([...pictures, place("pictures/f_%06d.png")]);
  return found;
}

/** The words of a line, with the files' places on this machine in them. */
export function wordsOf(line: string, found: ReadonlyMap<string, string>): string[] {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
  // What stands behind a colon or an equals sign is a name as well; an output may have the name of an input's end.
  return words.map((word) => {
    for (const [name, path] of found) if (isNamed(word, name)) return word.replace(name, path);
    return word;
  });
}

function isNamed(word: string, name: string): boolean {
  return word === name || word.startsWith(`subtitles=${name}`) || word === `file:${name}`;
}

/** What becomes of a command, as a row of the table in docs/commands.md. */
export function row({ about, line }: RealCommand, summary: Pick<Summary, "route" | "reason">): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  return `| ${about} | \`ffmpeg ${cell(line)}\` | ${summary.route === "chunks" ? "split" : "whole"} | ${cell(summary.reason)} |`;
}
