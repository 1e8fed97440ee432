import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Likeness } from "../../src/plan/encoders/types.js";
import { ENCODERS } from "../../src/plan/encoders/table.js";
import { make, runBoth } from "./compare.js";
import { NO_SOURCES, SAMPLES, USUAL } from "./encoder-samples.js";
import { run } from "./programs.js";
import { Sources } from "./sources.js";
import { ALL } from "../thorough.js";

/** Every encoder that is split, as far as the installed ffmpeg has it, against one encode of the whole. */

const sources = new Sources();
afterAll(() => sources.close());

/** Three chunks of a film of sixty frames. */
const THREE = [
  ...["-df_workers=none", "-df_local_slots=2"],
  ...["-df_keyint_min=8", "-df_segment_frames=16", "-df_keyint_max=24"],
];

/** A picture of noise against another is below 10 dB; one that refers to the wrong picture is hardly better. */
const LEAST_PSNR = 24;

let installed: ReadonlySet<string> = new Set();
beforeAll(async () => {
  await sources.get("short.mp4");
  const { stdout } = await run("ffmpeg", ["-hide_banner", "-encoders"]);
  installed = new Set(stdout.split("\n").flatMap((line) => /^ V\S{5} (\S+)/.exec(line)?.[1] ?? []));
});

/**
 * What an encoder is tried on. Where the pictures are compared, it is a film that it has made itself: so its codec is
 * proven as a source, too (source-codecs.test.ts has the others).
 */
async function filmFor(encoder: string, like: Likeness): Promise<string> {
  const film = await sources.get("short.mp4");
  const words = (SAMPLES[encoder] ?? "").split(" ");
  if (like === "look" || NO_SOURCES.has(encoder)) return film;
  const made = join(sources.folder, `${encoder}-${words.at(-1) ?? ""}`);
  await make(["-i", film, "-an", "-c:v", encoder, ...words.slice(0, -1), made]);
  return made;
}

/** What a decoder says of a film, without addresses, which differ from run to run. */
async function complaints(film: string): Promise<string> {
  const { stderr } = await run("ffmpeg", [
    ...["-v", "warning", "-nostdin", "-i", `file:${film}`, "-map", "0:v", "-f", "null", "-"],
  ]);
  return stderr
    .replaceAll(/0x[0-9a-f]+/g, "")
    .replaceAll(film, "")
    .trim();
}

/** How like another's each picture of a film is at least, in decibels. */
async function leastPsnr(film: string, other: string): Promise<number> {
  const byNumber = "settb=1/1000,setpts=N";
  const graph = `[0:v]${byNumber}[a];[1:v]${byNumber}[b];[a][b]psnr`;
  const { stderr } = await run("ffmpeg", [
    ...["-nostdin", "-i", `file:${film}`, "-i", `file:${other}`, "-lavfi", graph, "-f", "null", "-"],
  ]);
  const least = /PSNR .* min:(\S+)/.exec(stderr)?.[1] ?? "nothing";
  return least === "inf" ? Number.POSITIVE_INFINITY : Number(least);
}

/** Over its seams the joined film must decode as plain ffmpeg's does, to pictures that are like its. */
async function inspectLossy(plain: string, ours: string): Promise<string[]> {
  const [said, least] = await Promise.all([complaints(ours), leastPsnr(ours, plain)]);
  return [
    ...(said === "" || said === (await complaints(plain)) ? [] : [`the decoder says: ${said.slice(0, 300)}`]),
    ...(least >= LEAST_PSNR ? [] : [`a picture is only ${least} dB like plain ffmpeg's`]),
  ];
}

test("every encoder of the table is tried", () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(Object.keys(ENCODERS).sort());
});

describe("three chunks are as good as the whole", { concurrent: true, timeout: 300_000 }, () => {
  for (const [encoder, { like }] of Object.entries(ENCODERS)) {
    test.skipIf(!ALL && !USUAL.has(encoder))(encoder, async ({ expect: expected, signal, skip }) => {
      if (!installed.has(encoder)) skip(`the installed ffmpeg has no encoder ${encoder}`);
      const words = `-an -c:v ${encoder} ${SAMPLES[encoder] ?? ""}`.split(" ");
      const { differences, summary } = await runBoth(["-i", await filmFor(encoder, like), ...words], {
        signal,
        df: THREE,
        ...{ lossless: like !== "look", bytes: like === "bytes", loose: 0.5 },
        ...(like === "look" ? { inspect: inspectLossy } : {}),
      });
      expected(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
      expected(summary?.route, summary?.reason).toBe("chunks");
      expected(summary?.chunks).toBeGreaterThanOrEqual(3);
    });
  }
});

/** What ffprobe shows of a film, packets and frames in one list. */
interface Shown {
  readonly type: "packet" | "frame";
  readonly pts_time: string;
  readonly flags?: string;
  readonly side_data_list?: readonly { readonly timecode?: string }[];
}

describe("MPEG-2", { concurrent: true, timeout: 300_000 }, () => {
  const mpeg2 = async (
    more: string,
    signal: AbortSignal,
    inspect?: (plain: string, ours: string) => Promise<string[]>,
  ) =>
    runBoth(
      ["-i", await sources.get("short.mp4"), ..."-an -c:v mpeg2video -q:v 4 -g 10".split(" "), ...more.split(" ")],
      {
        ...{ signal, df: THREE, lossless: false, loose: 0.5 },
        ...(inspect ? { inspect } : {}),
      },
    );

  /** The groups of pictures whose timecode is not the number of their first frame. */
  const wrongTimecodes = async (film: string): Promise<string[]> => {
    const { stdout } = await run("ffprobe", [
      ...["-v", "error", "-show_frames", "-show_packets"],
      ...["-show_entries", "packet=pts_time,flags:frame=pts_time,side_data_list", "-of", "json", film],
    ]);
    const { packets_and_frames: shown } = JSON.parse(stdout) as { packets_and_frames: readonly Shown[] };
    const first = shown.filter(({ type, flags }) => type === "packet" && flags?.startsWith("K"));
    const codes = shown.flatMap(({ side_data_list: beside = [] }) => beside.flatMap(({ timecode = [] }) => timecode));
    const wanted = first.map(({ pts_time: time }) => {
      const frame = Math.round(Number(time) * 25);
      return `00:00:${String(Math.floor(frame / 25)).padStart(2, "0")}:${String(frame % 25).padStart(2, "0")}`;
    });
    return codes.length > 3 && codes.join() === wanted.join() ? [] : [`timecodes ${codes.join()} for ${wanted.join()}`];
  };

  test("counts its timecodes on from chunk to chunk", async ({ expect: expected, signal }) => {
    const { differences, summary } = await mpeg2("o.mkv", signal, async (plain, ours) => [
      ...(await wrongTimecodes(plain)),
      ...(await wrongTimecodes(ours)),
    ]);
    expected(differences).toEqual([]);
    expected(summary?.route, summary?.reason).toBe("chunks");
  });

  test("has more rates than those of its first edition", async ({ expect: expected, signal }) => {
    const { differences, summary } = await mpeg2("-r 15 o.mkv", signal);
    expected(differences).toEqual([]);
    expected(summary?.route, summary?.reason).toBe("chunks");
  });
});
