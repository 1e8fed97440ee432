import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseCommand } from "../../../../src/ffmpeg/parse.js";
import { fileNames } from "../../../../src/plan/offload/file-names.js";

const base = mkdtempSync(join(tmpdir(), "distffmpeg-files-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const VIDEO = "-f lavfi -i testsrc2=s=64x64:r=10:d=3 -c:v libx264 -g 10";
const BOTH = "-f lavfi -i testsrc2=s=64x64:r=10:d=3 -f lavfi -i sine=d=3 -c:v libx264 -g 10 -c:a aac";

/** What is written, and with it at least these files. */
const commands: readonly (readonly [args: string, some: readonly string[]])[] = [
  [`${VIDEO} -hls_time 1 a.m3u8`, ["a0.ts", "a.m3u8"]],
  [`${VIDEO} -hls_time 1 -hls_segment_type fmp4 a.m3u8`, ["init.mp4", "a0.m4s"]],
  [
    `${VIDEO} -hls_time 1 -hls_segment_type fmp4 -hls_fmp4_init_filename h.mp4 -hls_segment_filename p/x_%03d.m4s a.m3u8`,
    ["h.mp4"],
  ],
  [`${VIDEO} -hls_time 1 -hls_flags single_file a.m3u8`, ["a.ts"]],
  [`${BOTH} -map 0 -map 1 -var_stream_map v:0,a:0 -master_pl_name m.m3u8 -hls_time 1 %v/a.m3u8`, ["m.m3u8"]],
  [`-i s.srt ${VIDEO} -map 0 -map 1 -c:s webvtt -hls_time 1 a.m3u8`, ["a_vtt.m3u8", "a0.vtt"]],
  [`${VIDEO} -hls_time 1 -strftime 1 -hls_segment_filename s-%Y%m%d-%s.ts a.m3u8`, []],
  [`${BOTH} -f dash a.mpd`, ["init-stream0.m4s", "chunk-stream1-00001.m4s"]],
  [`${BOTH} -f dash -single_file 1 -hls_playlist 1 a.mpd`, ["a-stream0.mp4", "media_0.m3u8", "master.m3u8"]],
  [
    `${BOTH} -f dash -init_seg_name i$RepresentationID$.m4s -media_seg_name c$RepresentationID$_$Number%03d$.m4s a.mpd`,
    ["i0.m4s"],
  ],
  [`${VIDEO} -f segment -segment_time 1 -segment_list l.csv s%02d.mkv`, ["l.csv", "s00.mkv"]],
  [`${VIDEO} -c:v png p%03d.png`, ["p001.png"]],
  ["-f lavfi -i testsrc2=d=1 a.mkv", ["a.mkv"]],
];

describe("all that ffmpeg writes has a name that it may have, and nothing else of the user's", () => {
  test.each(commands)("%s", (args, some) => {
    const folder = mkdtempSync(join(base, "run-"));
    mkdirSync(join(folder, "p"));
    writeFileSync(join(folder, "s.srt"), "1\n00:00:00,000 --> 00:00:02,000\nhello\n\n");
    execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...args.split(" ")], { cwd: folder });
    const before = process.cwd();
    process.chdir(folder);
    try {
      const parsed = parseCommand(args.split(" "));
      const output = parsed.ok ? parsed.value.outputs[0] : undefined;
      if (!output) throw new Error("no output");
      const mayBe = fileNames(output);
      const written = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== "s.srt")
        .map((entry) => join(entry.parentPath, entry.name));
      for (const name of some) expect(written).toContain(join(folder, name));
      expect(written.filter((path) => !mayBe(path))).toEqual([]);
      const others = [".bashrc", "a.sh", ".ssh/authorized_keys", "Makefile", "film.mkv", "../a.m3u8", "../a.mkv"];
      expect(others.filter((name) => mayBe(resolve(name)))).toEqual([]);
      expect(mayBe("/etc/cron.d/a.m3u8")).toBe(false);
    } finally {
      process.chdir(before);
    }
  });
});
