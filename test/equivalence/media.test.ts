import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, startLab } from "../lab/lab.mjs";
import { ALL } from "../thorough.js";
import { type Both, runBoth } from "./compare.js";
import { must, ROOT, run, runCli } from "./programs.js";

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
const SELECTION = new Set([...["h264-opengop-recovery-points", "av1-with-srt", "mkv-2audio-8srt-map-all"]]);

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

/** The films of docs/routes.md, and why those that run whole do. */
function filmsOfTheDocs(): { film: string; why: string | undefined }[] {
  const docs = readFileSync(join(ROOT, "docs", "routes.md"), "utf8");
  const part = /^## Films from the wild$([^]*?)^## /m.exec(docs)?.[1] ?? "";
  const rows = [...part.matchAll(/^\| `([^`]+)` \|[^|]*\|(?:([^|]*)\|)?$/gm)];
  return rows.map(([, film = "", why]) => ({ film, why: why?.trim() }));
}

/** Those of the folder that have two keyframes or more, as its list says, and are files. */
function filmsOfTheFolder(): string[] {
  const films = readFileSync(join(MEDIA, "INDEX.tsv"), "utf8")
    .split("\n")
    .filter((line) => Number(/\bkeyframes=(\d+)/.exec(line)?.[1] ?? 0) >= 2)
    .map((line) => line.split("\t")[0] ?? "");
  return films.filter((film) => existsSync(join(MEDIA, film)));
}

interface Answer {
  readonly route: string | null;
  readonly reason: string;
}

/** What becomes of a film: as planned, or, where only decoding tells, as done. */
async function routeOf(film: string, done: boolean, signal: AbortSignal): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), "distffmpeg-route-"));
  try {
    const words = ["-i", join(MEDIA, film), "-c:v", "ffv1", "-an", join(folder, "out.mkv")];
    const env = { HOME: folder, XDG_CONFIG_HOME: folder };
    const summary = join(folder, "summary.json");
    const own = ["-df_workers=none", "-df_local_slots=2", `-df_summary=${summary}`];
    const before = ["-y", "-v", "error", "-nostdin"];
    const args = done ? [...own, ...before, ...words] : ["explain", "--json", "-df_workers=none", ...words];
    const { stdout } = await runCli(args, { signal, env });
    return JSON.parse(done ? readFileSync(summary, "utf8") : stdout) as Answer;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

describe.skipIf(!there)("the films of docs/routes.md", { concurrent: true, timeout: 600_000 }, () => {
  test("are those of the folder", () => {
    expect(
      filmsOfTheDocs()
        .map(({ film }) => film)
        .sort(),
    ).toEqual(filmsOfTheFolder().sort());
  });

  for (const { film, why } of there ? filmsOfTheDocs() : []) {
    // Every film is read to its end, and the damaged ones are encoded: that takes minutes.
    test.skipIf(!ALL)(`${film}: ${why ?? "split"}`, async ({ expect: expected, signal, skip }) => {
      const { stdout } = await run("ffmpeg", ["-version"]);
      if (!/^ffmpeg version 5\.1/.test(stdout)) skip("the table is ffmpeg 5.1's");
      const planned = await routeOf(film, false, signal);
      const { route, reason } =
        why !== undefined && planned.route === "chunks" ? await routeOf(film, true, signal) : planned;
      expected(route, reason).toBe(why === undefined ? "chunks" : "local");
      if (why !== undefined) expected(reason).toContain(why);
    });
  }
});

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
