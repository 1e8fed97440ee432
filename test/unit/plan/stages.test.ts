import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FramecrcParser, type Packet } from "../../../src/ffmpeg/packets.js";
import { runLocal } from "../../../src/ffmpeg/run.js";
import type { FilmPlan } from "../../../src/plan/film.js";
import { preArgs } from "../../../src/plan/pre.js";
import { finalArgs } from "../../../src/plan/final.js";
import { remoteArgs } from "../../../src/plan/remote.js";
import { parseTee } from "../../../src/plan/tee.js";
import { rehearsalArgs } from "../../../src/plan/stages.js";
import type { ChunkPart } from "../../../src/plan/chunk.js";
import { command, findings, mapping, planOf, stream } from "./rig.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "distffmpeg-stages-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const place = (name: string): string => join(folder, name);

/** The value behind the last such word. */
const after = (args: readonly string[], word: string): string | undefined => {
  const at = args.lastIndexOf(word);
  return at === -1 ? undefined : args[at + 1];
};

async function ffmpeg(args: readonly string[]): Promise<{ packets: Packet[]; lines: string[] }> {
  const lines: string[] = [];
  const end = await runLocal("ffmpeg", args, { onExtraLine: (line) => lines.push(line) });
  expect(end.code, end.stderrTail.join("\n")).toBe(0);
  const parser = new FramecrcParser();
  return { packets: end.stdout.split("\n").flatMap((line) => parser.line(line) ?? []), lines };
}

/** Frames shown at ticks of 1/25 s, as [tick, source frame]; the source's ticks are 1/12800 s. */
function chunkOf(first: number, last: number, ticks: readonly (readonly [number, number])[]): ChunkPart {
  const pts = (frame: number): number => frame * 512;
  return {
    ...{ index: 0, outputsBefore: 0, firstSegment: 0, lastSegment: 0, firstPts: pts(first), lastPts: pts(last) },
    graph: Array.from({ length: last - first + 1 }, (_, i) => pts(first + i)),
    ticks: ticks.map(([tick, frame]) => ({ tick, source: pts(frame), owner: pts(frame) })),
  };
}

interface Files {
  readonly input: string;
  readonly output: string;
  readonly sides: readonly string[];
  readonly x264Build?: number;
}

/** REMOTE of a film with one rendition. */
function remote(plan: FilmPlan, part: ChunkPart, { input, output, sides, x264Build }: Files): string[] {
  return remoteArgs([plan], { ...part, parts: [part] }, { input, x264Build, renditions: [{ output, sides }] });
}

describe("options about times", () => {
  const reference = { ...{ path: "", media: findings().media, room: 0 }, film: stream(0, "video") };
  const final = (words: string): readonly string[] =>
    finalArgs([{ plan: planOf(words), firstTick: 935, reference }], "o.mkv");

  test("FINAL puts back what ffmpeg takes off the film, and nothing where it takes nothing off", () => {
    expect(after(final("-i a.mp4 -ss 2 o.mkv"), "-itsoffset")).toBe("39400000us");
    expect(after(final("-copyts -i a.mp4 -ss 2 o.mkv"), "-itsoffset")).toBe("2000000us");
    expect(after(final("-copyts -start_at_zero -i a.mp4 o.mkv"), "-itsoffset")).toBe("37400000us");
  });

  test("the muxer's shift is FINAL's alone, the source's clock is for all that read it", () => {
    const words = "-copyts -start_at_zero -i a.mp4 -output_ts_offset 3 -c:v ffv1 o.mkv";
    const plan = planOf(words, { mappings: [mapping("0>0 h264>ffv1")] });
    expect(after(final(words), "-output_ts_offset")).toBe("3");
    expect(plan.encoderOptions.map((use) => use.name)).toEqual(["c"]);
    for (const args of [
      preArgs(plan, "/x"),
      final(words),
      rehearsalArgs(plan.command, [{ stream: "v", path: "o.mkv" }]),
    ]) {
      expect(args).toEqual(expect.arrayContaining(["-copyts", "-start_at_zero"]));
    }
  });
});

describe("PRE and REMOTE at work on a film with B-frames", () => {
  let plan: FilmPlan;
  let source = "";
  let index: Packet[] = [];
  let reports: string[] = [];
  /** Hashes of the frames as plain ffmpeg decodes them. */
  let pictures: string[] = [];

  beforeAll(async () => {
    source = place("source.mp4");
    await ffmpeg([
      ..."-v error -nostdin -f lavfi -i testsrc=s=160x90:r=25:d=1".split(" "),
      ..."-c:v libx264 -preset ultrafast -bf 3 -g 20 -pix_fmt yuv420p -video_track_timescale 12800".split(" "),
      source,
    ]);
    plan = planOf(`-i ${source} -c:v ffv1 ${place("out.mkv")}`, { mappings: [mapping("0>0 h264>ffv1")] });
    const split = await ffmpeg(preArgs(plan, folder));
    [index, reports] = [split.packets, split.lines];
    const plain = await ffmpeg(["-v", "error", "-nostdin", "-i", source, "-c:v", "rawvideo", "-f", "framecrc", "-"]);
    pictures = plain.packets.map((p) => p.crc);
  });

  test("the index has the film's own times, and a segment begins at each keyframe", async () => {
    expect(index.map((p) => p.pts).sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(pictures.map((_, i) => i * 512));
    const keys = index.filter((p) => p.key);
    expect(keys).toHaveLength(2);
    expect(reports).toHaveLength(2);
    expect((await readdir(folder)).filter((name) => /^g\d{6}\.nut$/.test(name)).sort()).toEqual([
      "g000000.nut",
      "g000001.nut",
    ]);
  });

  test.each<[string, number, number, readonly (readonly [number, number])[]]>([
    ["all frames", 0, 4, [0, 1, 2, 3, 4].map((i) => [i, i])],
    ["frames within a GOP", 7, 9, [7, 8, 9].map((i) => [i, i])],
    [
      "some are dropped",
      5,
      10,
      [
        [5, 5],
        [6, 7],
        [7, 10],
      ],
    ],
    [
      "some are repeated",
      5,
      7,
      [
        [5, 5],
        [6, 5],
        [7, 6],
        [8, 7],
      ],
    ],
    [
      "the last is repeated",
      5,
      6,
      [
        [5, 5],
        [6, 6],
        [7, 6],
        [8, 6],
      ],
    ],
    [
      "some are dropped and some ticks left out",
      2,
      7,
      [
        [10, 2],
        [11, 4],
        [15, 6],
      ],
    ],
    ["a single frame", 3, 3, [[40, 3]]],
  ])("%s", async (_, first, last, ticks) => {
    const files = { input: place("g000000.nut"), output: place("result.nut"), sides: [] };
    await ffmpeg(remote(plan, chunkOf(first, last, ticks), files));
    const read = ["-v", "error", "-nostdin", "-copyts", "-copytb", "1", "-i", files.output];
    const { packets } = await ffmpeg([
      ...read,
      "-fps_mode",
      "passthrough",
      "-enc_time_base",
      "1/25",
      "-c:v",
      "rawvideo",
      "-f",
      "framecrc",
      "-",
    ]);
    expect(packets.map((p) => [p.pts, p.crc])).toEqual(ticks.map(([tick, frame]) => [tick, pictures[frame]]));
  });

  test("hundreds of frames that are dropped or moved are no expression too deep", async () => {
    const files = { input: place("g000000.nut"), output: place("result.nut"), sides: [] };
    // The segment has the first 20 frames of these.
    const ticks = Array.from({ length: 300 }, (_, i) => [3 * i, 2 * i] as const);
    await ffmpeg(remote(plan, chunkOf(0, 599, ticks), files));
    const { packets } = await ffmpeg([
      ...["-v", "error", "-nostdin", "-copyts", "-i", files.output, "-fps_mode", "passthrough"],
      ...["-enc_time_base", "1/25", "-c:v", "rawvideo", "-f", "framecrc", "-"],
    ]);
    expect(packets.map((p) => p.pts)).toEqual(ticks.slice(0, 10).map(([tick]) => tick));
  });

  test("a chunk that promises too few frames is seen by the one too many", async () => {
    const files = { input: place("g000000.nut"), output: place("result.nut"), sides: [] };
    const chunk = chunkOf(
      0,
      9,
      [0, 1, 2, 3, 4].map((i) => [i, i]),
    );
    await ffmpeg(remote(plan, { ...chunk, graph: chunk.graph.slice(0, 5) }, files));
    const { packets } = await ffmpeg(["-v", "error", "-i", files.output, "-c", "copy", "-f", "framecrc", "-"]);
    expect(packets).toHaveLength(6);
  });
});

describe("PRE", () => {
  test("reads the source as the user's command does, with the film alone", () => {
    const args = preArgs(planOf("-ss 5 -t 2 -f mp4 -i a.mp4 -vf hflip -crf 20 o.mkv"), "/work");
    expect(args.join(" ")).toContain("-ss 5 -f mp4 -i a.mp4 -map 0:0 ");
    expect(args.join(" ")).not.toMatch(/hflip|crf|0:1/);
  });

  test("uses the streams that the command uses where the start time depends on them", () => {
    const ts = findings();
    const more = { media: { ...ts.media, format: "mpegts" } };
    expect(preArgs(planOf("-i a.ts o.mkv", more), "/w").join(" ")).toMatch(/-map 0:1 -c copy -f null -$/);
    expect(
      preArgs(planOf("-i a.ts -an o.mkv", { ...more, mappings: [mapping("0>0 h264>libx264")] }), "/w"),
    ).not.toContain("null");
  });
});

describe("REMOTE", () => {
  const files = { input: "in.nut", output: "out.nut", sides: [] };
  const chunk = chunkOf(0, 1, [
    [0, 0],
    [1, 1],
  ]);

  test("encodes with the film's options into a file of one stream, and nothing of the user's files is named", () => {
    const args = remote(planOf("-i secret.mp4 -c:a aac -b:a 96k -crf 20 -preset fast hidden.mkv"), chunk, files);
    expect(args.join(" ")).toContain("-c:v libx264 -crf 20 -preset fast -x264-params stitchable=1");
    expect(args.join(" ")).not.toMatch(/secret|hidden|aac|96k/);
    expect(after(args, "-i")).toBe("in.nut");
    expect(args.slice(-3)).toEqual([
      "-f",
      "tee",
      "[f=nut:write_index=0:avoid_negative_ts=disabled]out.nut|" +
        "[f=framecrc:flush_packets=1:avoid_negative_ts=disabled]pipe:1",
    ]);
  });

  test("a result's name is no part of the words around it", () => {
    const slaves = (args: readonly string[]): readonly { readonly url: string }[] => {
      const parsed = parseTee(args.at(-1) ?? "");
      return parsed.ok ? parsed.value : [];
    };
    const name = (output: string): string | undefined =>
      slaves(remote(planOf("-i a.mp4 o.mkv"), chunk, { ...files, output }))[0]?.url;
    expect(name("file:/x/a|b[c]'d\\e: f/r.nut")).toBe("file:/x/a|b[c]'d\\e: f/r.nut");
  });

  test("one word about flags: ffmpeg would not add up what stands under two", () => {
    const flags = (words: string): string => remote(planOf(`-i a.mp4 ${words} o.mkv`), chunk, files).join(" ");
    expect(flags("-flags +cgop")).toMatch(/-flags \+cgop .*-flags \+global_header/);
    expect(flags("-flags:v +cgop")).toMatch(/-flags:v \+cgop .*-flags:v \+global_header/);
  });

  test("containers that want headers in the stream get them", () => {
    expect(remote(planOf("-i a.mp4 o.ts", { muxer: "mpegts" }), chunk, files).join(" ")).toContain(
      "-flags:v -global_header",
    );
    expect(remote(planOf("-i a.mp4 o.mp4", { muxer: "mp4" }), chunk, files).join(" ")).toContain(
      "-flags:v +global_header",
    );
  });

  test("an encoder that can have them in both places is told so, others are not", () => {
    const made = (encoder: string, muxer: string): string =>
      remote(planOf("-i a.mp4 o.x", { muxer, mappings: [mapping(`0>0 h264>${encoder}`)] }), chunk, files).join(" ");
    expect(made("libx264", "mpegts")).toContain("-flags:v -global_header -bsf:v dump_extra=freq=keyframe");
    expect(made("libx265", "mpegts")).toContain(" info=0:repeat-headers=1");
    expect(made("libx265", "mpegts")).not.toContain("-global_header");
    expect(made("libx265", "mp4")).not.toContain("repeat-headers");
    // What it keeps beside the stream has no place in it.
    expect(made("ffv1", "avi")).not.toContain("dump_extra");
  });

  test("MPEG-2's timecode begins with the chunk's number in the film", () => {
    const plan = planOf("-i a.mp4 -q:v 3 o.mkv", { mappings: [mapping("0>0 h264>mpeg2video")] });
    const from = (outputsBefore: number): string | undefined =>
      after(remote(plan, { ...chunk, outputsBefore }, files), "-gop_timecode:v");
    expect(from(0)).toBe("00:00:00:00");
    expect(from(24)).toBe("00:00:00:24");
    expect(from(25 * 3600 + 25 * 61 + 7)).toBe("01:01:01:07");
    expect(after(remote(planOf("-i a.mp4 o.mkv"), chunk, files), "-gop_timecode:v")).toBeUndefined();
  });

  test("what the decoder would have known from the whole file is handed on", () => {
    const media = findings().media;
    const matrix = [0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30];
    const film = stream(0, "video", {
      ...{ colorPrimaries: "bt709", colorRange: "tv" },
      sideData: [{ type: "Display Matrix", rotation: -90, matrix, text: "{}" }],
    });
    const plan = planOf("-i a.mp4 -vf scale=80:-2 o.mkv", { media: { ...media, streams: [film, stream(1, "audio")] } });
    const args = remote(plan, chunk, { ...files, x264Build: 142 });
    expect(after(args, "-x264_build")).toBe("142");
    expect(args.indexOf("-color_primaries")).toBeLessThan(args.indexOf("-i"));
    // Turned before the user's filters.
    expect(after(args, "-filter:v")).toMatch(/,transpose=[a-z_]+,scale=80:-2/);
  });

  test("flags of the scaler stay at the head of the chain", () => {
    const args = remote(planOf("-i a.mp4 -vf sws_flags=bicubic;scale=80:-2 o.mkv"), chunk, files);
    expect(after(args, "-filter:v")).toMatch(/^sws_flags=bicubic;settb=.*,scale=80:-2/);
  });
});

describe("FINAL", () => {
  const film = stream(0, "video", {
    tags: { language: "ger", DURATION: "00:00:01" },
    dispositions: ["default", "forced"],
  });
  const media = {
    format: "matroska,webm",
    durationSeconds: 1,
    streams: [film, stream(1, "audio", { dispositions: [] })],
  };
  const final = (words: string, more = {}, firstTick = 0, room = 0): string => {
    const reference = { path: "head.mkv", media, film, room };
    return finalArgs([{ plan: planOf(words, more), firstTick, reference }], "out.part.mkv").join(" ");
  };

  test("leaves room in the head for what is written there afterwards", () => {
    expect(final("-i a.mp4 o.mkv", {}, 0, 3)).toContain("-metadata:s:0 language=ger -metadata:s:0 title=    -");
    expect(final("-i a.mp4 o.mp4", { muxer: "mp4" }, 0, 2)).toContain("-metadata:s:0 handler_name=   -");
  });

  test("is the user's command with the joined film in the film's place", () => {
    const words = final("-i a.mp4 -c:v libx264 -crf:v 20 -vf hflip -c:a aac -b:a 96k -metadata title=x o.mkv");
    expect(words).toContain("-i a.mp4 ");
    expect(words).toContain("-i pipe:3 -map 1:0 -map 0:1 ");
    expect(words).toContain("-c:a aac -b:a 96k -metadata title=x");
    expect(words).toContain("-c:0 copy");
    // Said last, so that it counts.
    expect(words.lastIndexOf("-c:0 copy")).toBeGreaterThan(words.lastIndexOf("-c:v libx264"));
    expect(words).not.toMatch(/hflip|crf|o\.mkv$/);
    expect(words).toContain("-f matroska out.part.mkv");
  });

  test("has all of the user's inputs, and the joined film behind them", () => {
    const { media: source } = findings();
    const more = {
      inputs: [source, source],
      mappings: [
        { ...mapping("1>0 aac>aac"), inputFile: 0 },
        { ...mapping("0>1 h264>libx264"), inputFile: 1 },
      ],
      graphInputs: findings().graphInputs.map((input) => ({ ...input, inputFile: 1 })),
    };
    const words = final("-i a.wav -ss 1 -i b.mp4 o.mkv", more);
    expect(words).toContain("-i a.wav -ss 1 -i b.mp4 ");
    expect(words).toContain("-i pipe:3 -map 0:1 -map 2:0 ");
    expect(preArgs(planOf("-i a.wav -ss 1 -i b.mp4 o.mkv", more), "/w").join(" ")).toMatch(
      /-copytb 1 -ss 1 -i b\.mp4 -map 0:0 /,
    );
  });

  test("keeps the order of the output's streams", () => {
    const more = { mappings: [mapping("1>0"), mapping("0>1 h264>libx264")] };
    expect(final("-i a.mp4 -map 0:1 -map 0:0 o.mkv", more)).toContain("-map 0:1 -map 1:0 ");
  });

  test("carries over what the head of plain ffmpeg's output says of the film", () => {
    const words = final("-i a.mp4 o.mkv");
    expect(words).toContain("-metadata:s:0 language=ger");
    expect(words).not.toContain("DURATION");
    expect(words).toContain("-disposition:0 default+forced -disposition:1 0");
    // What the user has said of the others holds, and keeps ffmpeg from marking defaults by itself.
    expect(final("-i a.mp4 -disposition:a dub o.mkv")).toMatch(
      / -disposition:a dub -disposition:0 default\+forced (?!-disp)/,
    );
  });

  test("puts back the start time that ffmpeg takes off", () => {
    expect(final("-i a.mp4 o.mkv")).toContain("-itsoffset 0us ");
    expect(final("-i a.mp4 o.mkv", {}, 2)).toContain("-itsoffset 80000us ");
    expect(final("-i a.mp4 -ss 1 o.mkv", {}, 2)).toContain("-itsoffset 1080000us ");
  });

  test("keeps the user's times for the other streams, and his container", () => {
    const words = final("-i a.mp4 -ss 1 -t 2 -r 50 -f matroska o.xyz");
    expect(words).toContain("-ss 1 -t 2");
    expect(words.match(/-f matroska/g)).toHaveLength(1);
    expect(words).toContain("-r:0 50/1");
  });
});

describe("the rehearsal", () => {
  test("is the user's command, one frame long, into another file", () => {
    const args = rehearsalArgs(command("-y -i a.mp4 -map 0 -c:v libx264 -crf 20 -c:a copy o.mkv"), [
      { stream: "v", path: "scratch.mkv" },
    ]);
    expect(args.join(" ")).toContain("-i a.mp4 -map 0 -c:v libx264 -crf 20 -c:a copy -frames:v 1");
    expect(args.at(-1)).toBe("scratch.mkv");
    expect(args).not.toContain("o.mkv");
    expect(after(args, "-v")).toBe("verbose");
  });
});
