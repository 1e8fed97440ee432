import { describe, expect, it } from "vitest";
import type { Command } from "../../../src/ffmpeg/command.js";
import { toArgv } from "../../../src/ffmpeg/command.js";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import {
  moveInto,
  outputFolders,
  segmentsReason,
  streamingKind,
  streamingReason,
  variantsOf,
  playlistOf,
  dashNames,
} from "../../../src/plan/streaming.js";

function command(words: string): Command {
  const parsed = parseCommand(["-i", "a.mkv", ...words.split(" ")]);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
}

function output(words: string) {
  const [only] = command(words).outputs;
  if (!only) throw new Error("no output");
  return only;
}

describe("outputs of many files", () => {
  it.each([
    ["-f hls /x/o.m3u8", "hls"],
    ["o.m3u8", "hls"],
    ["-f mp4 o.m3u8", undefined],
    ["-f segment o%d.ts", "segment"],
    ["-f ssegment o%d.ts", "segment"],
    ["o.mkv", undefined],
  ])("%s", (words, kind) => {
    expect(streamingKind(output(words))).toBe(kind);
  });

  it("moves every path of the output into a folder, and nothing else", () => {
    const words =
      "-f hls -hls_segment_filename /s/x%d.ts -hls_fmp4_init_filename i.mp4 -master_pl_name m.m3u8 /l/o.m3u8";
    expect(toArgv({ ...command(words), outputs: [moveInto(output(words), "/t")] })).toEqual([
      ...["-i", "a.mkv", "-f", "hls", "-hls_segment_filename", "/t/s/x%d.ts", "-hls_fmp4_init_filename", "i.mp4"],
      ...["-master_pl_name", "m.m3u8", "/t/l/o.m3u8"],
    ]);
    expect(outputFolders(output(words))).toEqual(["/l", "/s"]);
  });

  it("knows which playlist a film is in, and what its files are named in a manifest", () => {
    const hls = output("-var_stream_map v:0,a:0,name:hi o_%v.m3u8");
    expect(variantsOf(hls)).toEqual([{ name: "hi", films: [0] }]);
    expect(playlistOf(hls, 0)).toBe("o_hi.m3u8");
    const { head, segment } = dashNames(output("-media_seg_name s-$RepresentationID$-$Number%03d$.m4s o.mpd"), 1);
    expect(["init-stream1.m4s", "init-stream11.m4s"].map((name) => head.test(name))).toEqual([true, false]);
    expect(["s-1-001.m4s", "s-0-001.m4s"].map((name) => segment.test(name))).toEqual([true, false]);
  });

  it.each([
    ["-f hls -hls_time 4 -hls_list_size 0 -hls_flags independent_segments+program_date_time o.m3u8", undefined],
    ["-f hls -hls_flags +append_list o.m3u8", undefined],
    ["-f hls -hls_flags append_list+delete_segments o.m3u8", /append_list\+delete_segments/],
    ["-f hls -hls_flags periodic_rekey o.m3u8", /periodic_rekey/],
    ["-f hls -hls_enc 1 o.m3u8", /hls_enc 1 of HLS/],
    ["-f hls -var_stream_map v:0,a:0 o.m3u8", /hls_list_size 0/],
    ["-f hls -hls_list_size 0 -var_stream_map v:0,a:0,name:x s_%v.m3u8", undefined],
    ["-f dash o.mpd", undefined],
    ["-f dash -single_file 1 o.mpd", undefined],
    ["-f dash -ldash 1 o.mpd", /ldash 1 of DASH/],
    ["-f hls -hls_key_info_file k o.m3u8", /hls_list_size 0/],
    ["-f hls -hls_key_info_file k -hls_segment_type fmp4 -hls_list_size 0 o.m3u8", /with fragments/],
    ["-f hls -hls_segment_filename http://h/%d.ts o.m3u8", /no local file/],
    ["-f hls -hls_segment_type fmp4 o.m3u8", undefined],
    ["-f hls -hls_segment_type fmp4 -hls_playlist_type event o.m3u8", undefined],
    ["-f segment -segment_list pipe:1 o%d.ts", /no local file/],
    ["-f segment -segment_wrap 5 o%d.ts", /segment_wrap/],
    ["-f segment -strftime 1 o%d.ts", /strftime/],
  ])("%s", (words, reason) => {
    const file = output(words);
    const got = streamingReason(file, streamingKind(file) ?? "hls");
    if (reason === undefined) expect(got).toBeUndefined();
    else expect(got).toMatch(reason);
  });

  it.each([
    ["-f hls -hls_time 6 o.m3u8", "expr:gte(t,n_forced*3)", true],
    ["-f hls -hls_time 3 o.m3u8", "expr:gte(t,0+n_forced*3)", true],
    ["-f hls -hls_time 4 o.m3u8", "expr:gte(t,n_forced*3)", false],
    ["-f hls o.m3u8", "expr:gte(t,n_forced*1)", true],
    ["-f hls o.m3u8", "2,4,6", false],
    ["-f segment -segment_time 3 o%d.ts", "expr:gte(t,n_forced*3)", true],
    ["-f segment -segment_times 3,6 o%d.ts", "expr:gte(t,n_forced*3)", false],
    ["-f hls o.m3u8", undefined, false],
  ])("%s with %s: %s", (words, forced, certain) => {
    const file = output(words);
    const keys = forced === undefined ? undefined : { every: undefined, forced, restarts: true };
    expect(segmentsReason(file, streamingKind(file) ?? "hls", keys) === undefined).toBe(certain);
    expect(segmentsReason(file, "hls", { every: 50, forced: undefined, restarts: true })).toBeUndefined();
  });
});
