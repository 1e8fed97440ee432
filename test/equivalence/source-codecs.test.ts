import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ENCODERS } from "../../src/plan/encoders/table.js";
import { SOURCE_CODECS } from "../../src/plan/source-codecs.js";
import { make, runBoth } from "./compare.js";
import { NO_SOURCES, SAMPLES, USUAL } from "./encoder-samples.js";
import { run } from "./programs.js";
import { Sources } from "./sources.js";
import { ALL } from "../thorough.js";

/** A film in every codec that is cut, as far as the installed ffmpeg can make one, decoded in chunks and as a whole. */

const sources = new Sources();
afterAll(() => sources.close());

/** The encoder that makes a codec, where it has another name, and how, where not as in SAMPLES. */
const MAKERS: Readonly<Record<string, readonly [encoder: string, args?: string]>> = {
  h264: ["libx264"],
  hevc: ["libx265"],
  vp8: ["libvpx", "-deadline realtime -cpu-used 8 -auto-alt-ref 1 -lag-in-frames 8 -g 10 -crf 20 s.webm"],
  vp9: ["libvpx-vp9"],
  av1: ["libsvtav1"],
  theora: ["libtheora"],
  flv1: ["flv"],
  msmpeg4v3: ["msmpeg4"],
  svq1: ["svq1", "-g 10 s.mov"],
  gif: ["gif", "s.gif"],
  cljr: ["cljr", "s.mov"],
};

const THREE = [
  ...["-df_workers=none", "-df_local_slots=2"],
  ...["-df_keyint_min=8", "-df_segment_frames=16", "-df_keyint_max=24"],
];

let installed: ReadonlySet<string> = new Set();
beforeAll(async () => {
  await sources.get("short.mp4");
  const { stdout } = await run("ffmpeg", ["-hide_banner", "-encoders"]);
  installed = new Set(stdout.split("\n").flatMap((line) => /^ V\S{5} (\S+)/.exec(line)?.[1] ?? []));
});

/** Codecs that encoders.test.ts tries as sources. */
const elsewhere = (encoder: string, own: string | undefined): boolean =>
  own === undefined && !NO_SOURCES.has(encoder) && ENCODERS[encoder] !== undefined && ENCODERS[encoder].like !== "look";

describe("films of every codec", { concurrent: true, timeout: 300_000 }, () => {
  for (const codec of SOURCE_CODECS) {
    const [encoder, own] = MAKERS[codec] ?? [codec];
    if (elsewhere(encoder, own)) continue;
    const words = (own ?? SAMPLES[encoder] ?? "").split(" ");
    test.skipIf(!ALL && !USUAL.has(encoder))(codec, async ({ expect: expected, signal, skip }) => {
      if (!installed.has(encoder)) skip(`the installed ffmpeg has no encoder ${encoder}`);
      const film = join(sources.folder, `${codec}-${words.at(-1) ?? ""}`);
      await make(["-i", await sources.get("short.mp4"), "-an", "-c:v", encoder, ...words.slice(0, -1), film]);
      const { differences, summary } = await runBoth(["-i", film, "-c:v", "ffv1", "o.mkv"], { signal, df: THREE });
      expected(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
      expected(summary?.route, summary?.reason).toBe("chunks");
      expected(summary?.chunks).toBeGreaterThanOrEqual(2);
    });
  }

  test("a codec that NUT has no name for runs whole", async ({ signal }) => {
    const film = join(sources.folder, "film.apng");
    await make(["-i", await sources.get("short.mp4"), "-an", "-plays", "0", film]);
    const { differences, summary } = await runBoth(["-i", film, "-c:v", "ffv1", "o.mkv"], { signal, df: THREE });
    expect(differences).toEqual([]);
    expect(summary?.reason).toBe("a source in apng is not cut");
  });
});
