import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { runBoth } from "./compare.js";
import { Sources, type SourceName } from "./sources.js";
import { isLeftOut } from "../thorough.js";

/** Outputs of many files: their names, their playlists word by word, and what is in each. */
const sources = new Sources();
afterAll(() => sources.close());

const X264 = "-c:v libx264 -preset superfast -crf 35";
const EVERY = `${X264} -g 25 -sc_threshold 0`;
const AAC = "-c:a aac -b:a 64k";

/** What an earlier run has left. */
function addList(folder: string): void {
  const film = "-v error -f lavfi -i testsrc=s=64x48:r=25 -t 2 -c:v mpeg2video -f hls -hls_list_size 0 o.m3u8";
  execFileSync("ffmpeg", film.split(" "), { cwd: folder });
}

const NONE = /^(?!)/;

interface Case {
  readonly source?: SourceName;
  readonly out: string;
  readonly folders?: readonly string[];
  /** Its -var_stream_map, which has blanks. */
  readonly map?: string;
  /** What is compared, where sizes stand in playlists or files cannot be read by themselves. */
  readonly compare?: readonly string[];
  /** The encoder has keyframes of its own beside those that are certain. */
  readonly own?: boolean;
  /** Playlists that are compared as films besides. */
  readonly films?: RegExp;
  /** Done in the folder before. */
  readonly before?: (folder: string) => void;
  readonly whole?: RegExp;
}

const cases: Record<string, Case> = {
  "HLS with a fixed GOP": { out: `${EVERY} ${AAC} -f hls -hls_time 2 -hls_list_size 0 o.m3u8` },
  "HLS by the name alone, with the last segments in its playlist": { out: `${EVERY} ${AAC} -hls_time 1 o.m3u8` },
  "HLS of fragments": {
    out: `${EVERY} ${AAC} -f hls -hls_time 1 -hls_playlist_type vod -hls_segment_type fmp4 -hls_segment_filename s_%03d.m4s o.m3u8`,
    compare: ["o.m3u8", "init.mp4"],
  },
  "HLS with its segments elsewhere": {
    out: `${EVERY} ${AAC} -f hls -hls_time 2 -hls_list_size 0 -hls_segment_filename {o}/parts/s%d.ts -start_number 7 lists/o.m3u8`,
    folders: ["parts", "lists"],
  },
  "HLS as a media server asks for it": {
    source: "long.mp4",
    out: `-map_metadata -1 -map_chapters -1 -map 0:0 -map 0:1 -map -0:s -codec:v:0 libx264 -preset veryfast -crf 33 -force_key_frames:0 expr:gte(t,0+n_forced*3) -codec:a:0 aac -ac 2 -f hls -max_delay 5000000 -hls_time 3 -hls_segment_type mpegts -start_number 0 -hls_segment_filename x%d.ts -hls_playlist_type vod -hls_list_size 0 x.m3u8`,
    own: true,
  },
  "HLS of one file with a master playlist": {
    out: `${EVERY} ${AAC} -f hls -hls_time 1 -hls_list_size 0 -hls_flags single_file -master_pl_name master.m3u8 o.m3u8`,
    compare: ["o.ts", "master.m3u8"],
  },
  "a ladder of variants with a master playlist": {
    out: `-filter_complex [0:v]split=2[a][b];[b]scale=80:60[c] -map [a] -map [c] -map 0:a -map 0:a ${EVERY} ${AAC} -f hls -hls_time 2 -hls_list_size 0 -master_pl_name master.m3u8 -var_stream_map {map} -hls_segment_filename %v/s%03d.ts %v/list.m3u8`,
    map: "v:0,a:0,name:high v:1,a:1",
  },
  "variants of fragments, the sound apart": {
    out: `-map 0:v -map 0:v -map 0:a ${EVERY} -s:v:1 80x60 ${AAC} -f hls -hls_time 1 -hls_playlist_type vod -hls_segment_type fmp4 -master_pl_name m.m3u8 -var_stream_map {map} list_%v.m3u8`,
    map: "v:0,agroup:snd v:1,agroup:snd a:0,agroup:snd",
    compare: ["m.m3u8", "list_0.m3u8", "list_1.m3u8", "list_2.m3u8", "init_0.mp4", "init_1.mp4"],
  },
  "two playlists, each an output of its own": {
    out: `${EVERY} ${AAC} -hls_time 2 -hls_list_size 0 a.m3u8 -s 80x60 ${EVERY} ${AAC} -hls_time 1 -hls_list_size 0 b.m3u8`,
  },
  "DASH with two films": {
    out: `-map 0:v -map 0:v -map 0:a ${EVERY} -s:v:1 80x60 ${AAC} -f dash -seg_duration 2 -adaptation_sets {map} o.mpd`,
    map: "id=0,streams=v id=1,streams=a",
    compare: ["o.mpd"],
  },
  "DASH with playlists beside it, by the name alone": {
    out: `${EVERY} ${AAC} -seg_duration 1 -hls_playlist 1 o.mpd`,
    compare: ["o.mpd", "media_0.m3u8", "media_1.m3u8"],
  },
  "HLS encrypted": {
    out: `${EVERY} ${AAC} -f hls -hls_time 1 -hls_list_size 0 -hls_key_info_file key.info o.m3u8`,
    before: (folder) => {
      writeFileSync(join(folder, "secret.ts"), "0123456789abcdef");
      writeFileSync(join(folder, "key.info"), "secret.ts\nsecret.ts\n");
    },
    compare: ["o.m3u8"],
    films: /m3u8$/,
  },
  "HLS that goes on with a playlist": {
    out: `${EVERY} ${AAC} -f hls -hls_time 2 -hls_list_size 0 -hls_flags append_list o.m3u8`,
    before: addList,
  },
  "HLS that removes what is behind": {
    out: `${EVERY} ${AAC} -f hls -hls_time 1 -hls_list_size 2 -hls_flags +delete_segments+program_date_time o.m3u8`,
  },
  "HLS under a base, the first segment short": {
    out: `${EVERY} ${AAC} -f hls -hls_init_time 1 -hls_time 2 -hls_playlist_type event -hls_base_url http://host/a/ o.m3u8`,
  },
  "HLS with subtitles in a playlist of their own": {
    source: "full.mkv",
    out: `-map 0:v:0 -map 0:a:0 -map 0:s:0 ${EVERY} ${AAC} -c:s webvtt -f hls -hls_time 2 -hls_list_size 0 -master_pl_name m.m3u8 -var_stream_map {map} list_%v.m3u8`,
    map: "v:0,a:0,s:0,sgroup:subs",
  },
  "HLS cut by time": {
    out: `${X264} ${AAC} -f hls -hls_time 1.3 -hls_flags split_by_time -hls_list_size 0 o.m3u8`,
    compare: ["o.m3u8"],
    films: /m3u8$/,
    own: true,
  },
  "HLS of fragments elsewhere, the last in its playlist": {
    out: `${EVERY} ${AAC} -f hls -hls_time 1 -hls_segment_type fmp4 -hls_list_size 2 -hls_segment_filename parts/s%d.m4s o.m3u8`,
    folders: ["parts"],
    compare: ["o.m3u8", "init.mp4"],
  },
  "HLS named by the clock": {
    out: `${EVERY} ${AAC} -f hls -strftime 1 -hls_segment_filename %s.ts o.m3u8`,
    compare: [],
    whole: /strftime/,
  },
  "DASH in one file each, the sound first": {
    out: `-map 0:a -map 0:v ${EVERY} ${AAC} -f dash -seg_duration 2 -single_file 1 o.mpd`,
    compare: ["o.mpd", "o-stream0.mp4", "o-stream1.mp4"],
    films: NONE,
  },
  "DASH that keeps the last segments": {
    out: `${EVERY} ${AAC} -f dash -seg_duration 1 -window_size 2 -extra_window_size 1 o.mpd`,
    compare: ["o.mpd"],
    films: NONE,
  },
  "HLS where the encoder sets keyframes by the pictures": {
    out: `${X264} ${AAC} -f hls -hls_time 2 -hls_list_size 0 o.m3u8`,
    whole: /-sc_threshold 0/,
  },
  "segments of MPEG-TS with a list": {
    out: `${EVERY} ${AAC} -f segment -segment_time 2 -segment_list o.csv -segment_format mpegts o%03d.ts`,
  },
  "segments of Matroska from zero": {
    source: "long.mp4",
    out: `${EVERY} -an -f segment -segment_time 3 -reset_timestamps 1 -segment_list o.m3u8 part_%d.mkv`,
  },
  "segments at times": { out: `${EVERY} ${AAC} -f segment -segment_times 1,3.5 o%d.mp4` },
};

/** What comes of the sizes (in playlists from 6.1 on, which tells the average too), and the time of day. */
const BLIND =
  /(?<=bandwidth=|availabilityStartTime=|publishTime=|[rR]ange=)"[^"]*"|AVERAGE-BANDWIDTH=\d+|BANDWIDTH=\d+(?=,AVERAGE-BANDWIDTH)|^#EXT-X-PROGRAM-DATE-TIME.*\n/gm;

describe("many files", { concurrent: true, timeout: 600_000 }, () => {
  for (const [
    name,
    { source = "h264.mp4", out, folders = [], whole, compare, own = false, map = "", films = /\.mpd$/, before },
  ] of Object.entries(cases)) {
    test.skipIf(isLeftOut(name))(name, async ({ expect, signal }) => {
      const args = ["-i", await sources.get(source), ...out.split(" ").map((word) => word.replace("{map}", map))];
      const { differences, summary } = await runBoth(args, {
        ...{ signal, keyframes: !own, lossless: false, loose: 0.25 },
        ...(compare ? { out: compare } : {}),
        prepare: (folder) => {
          for (const name of folders) mkdirSync(join(folder, name));
          before?.(folder);
        },
        ...{ texts: /\.(m3u8|csv|mpd)$/, blind: BLIND, films },
      });
      expect(differences, summary?.reason).toEqual([]);
      expect(summary?.route, summary?.reason).toBe(whole ? "local" : "chunks");
      if (whole) expect(summary?.reason).toMatch(whole);
      else expect(summary?.chunks).toBeGreaterThanOrEqual(2);
    });
  }
});
