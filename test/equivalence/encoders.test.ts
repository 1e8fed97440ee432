import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ENCODERS } from "../../src/plan/encoders/table.js";
import { runBoth } from "./compare.js";
import { SAMPLES } from "./encoder-samples.js";
import { run } from "./programs.js";
import { Sources } from "./sources.js";

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

/** What a decoder says of a film, and how like another each of its pictures is at least, in decibels. */
async function decode(film: string, other: string): Promise<{ complaints: string; least: number }> {
  const byNumber = "settb=1/1000,setpts=N";
  const graph = `[0:v]${byNumber}[a];[1:v]${byNumber}[b];[a][b]psnr`;
  const [{ stderr: complaints }, { stderr }] = await Promise.all([
    run("ffmpeg", ["-v", "warning", "-nostdin", "-i", `file:${film}`, "-map", "0:v", "-f", "null", "-"]),
    run("ffmpeg", ["-nostdin", "-i", `file:${film}`, "-i", `file:${other}`, "-lavfi", graph, "-f", "null", "-"]),
  ]);
  const least = /PSNR .* min:(\S+)/.exec(stderr)?.[1] ?? "nothing";
  return { complaints, least: least === "inf" ? Number.POSITIVE_INFINITY : Number(least) };
}

/** Without addresses and times, which differ from run to run. */
const wording = (log: string): string => log.replaceAll(/0x[0-9a-f]+/g, "").trim();

/** Over its seams the joined film must decode as plain ffmpeg's does, to pictures that are like its. */
async function inspectLossy(plain: string, ours: string): Promise<string[]> {
  const [a, b] = await Promise.all([decode(plain, plain), decode(ours, plain)]);
  return [
    ...(wording(a.complaints) === wording(b.complaints) ? [] : [`the decoder says: ${b.complaints.slice(0, 300)}`]),
    ...(b.least >= LEAST_PSNR ? [] : [`a picture is only ${b.least} dB like plain ffmpeg's`]),
  ];
}

/** The packets of the film, by hash. */
async function packets(film: string): Promise<string> {
  const { stdout } = await run("ffmpeg", [
    "-v",
    "error",
    "-i",
    `file:${film}`,
    "-map",
    "0:v",
    "-c",
    "copy",
    "-f",
    "framemd5",
    "-",
  ]);
  return stdout;
}

async function inspectBytes(plain: string, ours: string): Promise<string[]> {
  const [a, b] = await Promise.all([packets(plain), packets(ours)]);
  return a === b ? [] : ["packets differ"];
}

test("every encoder of the table is tried", () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(Object.keys(ENCODERS).sort());
});

describe("three chunks are as good as the whole", { concurrent: true, timeout: 300_000 }, () => {
  for (const [encoder, { like }] of Object.entries(ENCODERS)) {
    test(encoder, async ({ expect: expected, signal, skip }) => {
      if (!installed.has(encoder)) skip(`the installed ffmpeg has no encoder ${encoder}`);
      const words = `-an -c:v ${encoder} ${SAMPLES[encoder] ?? ""}`.split(" ");
      const { differences, summary } = await runBoth(["-i", await sources.get("short.mp4"), ...words], {
        signal,
        df: THREE,
        ...{ lossless: like !== "look", loose: 0.5 },
        ...(like === "pixels" ? {} : { inspect: like === "bytes" ? inspectBytes : inspectLossy }),
      });
      expected(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
      expected(summary?.route, summary?.reason).toBe("chunks");
      expected(summary?.chunks).toBeGreaterThanOrEqual(3);
    });
  }
});
