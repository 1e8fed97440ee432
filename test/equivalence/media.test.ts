import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, startLab } from "../lab/lab.mjs";
import { type Both, runBoth } from "./compare.js";
import { must, ROOT } from "./programs.js";

/**
 * Films from the wild, where there are some beside the repository: a few of the cases, or, with EQUIVALENCE_CASES (a
 * regular expression for their names; scripts/equivalence.mjs sets it), all of them.
 */
const SHARED = resolve(ROOT, "..", "shared");
const MEDIA = join(SHARED, "media");
const there = existsSync(MEDIA) && existsSync(join(SHARED, "cases"));

/** A line of a file of cases: `{m}` is the folder of the films, `{g}` one for what `make` makes, `{o}` that of the output. */
interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly out: string;
  readonly lossless?: boolean;
  readonly loose?: number;
  readonly route?: "chunks" | "local";
  /** A shell command that makes a film first. */
  readonly make?: string;
  readonly df?: readonly string[];
}

function readCases(file: string): Case[] {
  const lines = readFileSync(join(SHARED, "cases", file), "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "" && !line.startsWith("#")).map((line) => JSON.parse(line) as Case);
}

/** Short ones, each of another kind. */
const SELECTION = new Set([
  ...["hevc-cra-rasl-720p", "h264-opengop-recovery-points", "av1-with-srt", "mkv-ass-fonts-map-all"],
  ...["mkv-2audio-8srt-map-all", "two-video-tracks-pick-one", "bbb-scale-fade-crop", "trim-input-ss-t"],
  ...["trim-output-to-frames", "lossy-x264-crf", "lossy-vp9-webm"],
]);

const wanted = process.env.EQUIVALENCE_CASES;
const overSsh = process.env.EQUIVALENCE_WORKERS === "ssh";

function chosen(file: string): Case[] {
  if (!there || (wanted === undefined && file !== "chunks.jsonl")) return [];
  const pattern = wanted === undefined ? undefined : new RegExp(wanted);
  return readCases(file).filter(({ name }) => pattern?.test(name) ?? SELECTION.has(name));
}

let lab: Lab | undefined;
let flags: readonly string[] = ["-df_workers=none", "-df_local_slots=2"];

beforeAll(async () => {
  if (!overSsh || !there) return;
  lab = await startLab({ workers: 3 });
  const config = join(lab.home, "farm.json");
  writeFileSync(config, JSON.stringify(lab.config()));
  flags = [`-df_config=${config}`];
});
afterAll(() => lab?.close());

async function runCase(one: Case, signal: AbortSignal): Promise<Both> {
  const made = mkdtempSync(join(tmpdir(), "distffmpeg-made-"));
  try {
    const place = (text: string): string => text.replaceAll("{m}", MEDIA).replaceAll("{g}", made);
    if (one.make !== undefined) await must("bash", ["-c", place(one.make)], { cwd: made });
    return await runBoth(one.args.map(place), {
      signal,
      out: [one.out],
      lossless: one.lossless ?? true,
      loose: one.loose ?? 0.06,
      df: [...flags, ...(one.df ?? [])],
      ...(lab ? { env: lab.env } : {}),
    });
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

if (!there) test.skip("there are no films beside the repository", () => undefined);

for (const file of ["chunks.jsonl", "general.jsonl"]) {
  describe.skipIf(chosen(file).length === 0)(file, { timeout: 1_200_000 }, () => {
    for (const one of chosen(file)) {
      test(one.name, async ({ signal, annotate }) => {
        const { differences, summary } = await runCase(one, signal);
        await annotate(`${summary?.route}, ${summary?.chunks} chunks: ${summary?.reason}`);
        expect(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
        if (one.route !== undefined) expect(summary?.route, summary?.reason).toBe(one.route);
        if (summary?.route === "chunks" && overSsh)
          expect(summary.workers.map(({ name }) => name)).not.toContain("local");
      });
    }
  });
}
