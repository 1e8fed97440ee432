import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type Both, compareFiles, make, runBoth, SHORT_CHUNKS } from "../equivalence/compare.js";
import { startCli } from "../equivalence/programs.js";
import { type SourceName, Sources } from "../equivalence/sources.js";
import type { FfmpegKind, Lab } from "../lab/lab.mjs";
import { until } from "../lab/sessions.js";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";
import { ALL } from "../thorough.js";

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 300_000 });

const sources = new Sources();
afterAll(() => sources.close());

/** A script that notes every command's arguments in a file, a line each, and then does what `more` says. */
const noting = (file: string, more = ""): FfmpegKind => ({ script: `printf '%s\\n' "$@" '--' >> '${file}'\n${more}` });

const place = (): string => mkdtempSync(join(sources.folder, "place-"));

describe("chunks", () => {
  /** Lossless, so that every frame can be compared. */
  const LOSSLESS = "-c:v ffv1 -c:a copy o.mkv".split(" ");

  /** Runs a command plainly and over workers that see all films and outputs under another name. */
  async function both(lab: Lab, args: readonly string[]): Promise<Both> {
    const there = join(lab.folder, "data");
    if (!existsSync(there)) symlinkSync(tmpdir(), there);
    const workers = lab.config().workers.map((worker) => {
      return { ...worker, shared_paths: [{ host: tmpdir(), worker: there }] };
    });
    const file = join(lab.home, "shared.json");
    writeFileSync(file, JSON.stringify({ ...lab.config(), workers }));
    const lengths = SHORT_CHUNKS.filter((flag) => /keyint|segment/.test(flag));
    const df = [`-df_config=${file}`, "-df_fallback=fail", ...lengths];
    const before = ["-y", "-v", "warning", "-nostdin"];
    const done = await runBoth(args, { df, before, env: { ...lab.env } });
    await expectNothingLeft(lab);
    return done;
  }

  const FILMS: readonly SourceName[] = [
    "opengop.mkv",
    "h264.mp4",
    "hevc.mp4",
    "vp9.webm",
    "gaps.mp4",
    "late.mkv",
    "onegop.mp4",
  ];
  const usual = new Set<SourceName>(["opengop.mkv"]);

  for (const name of FILMS) {
    test.skipIf(!ALL && !usual.has(name))(`a worker takes its chunks out of ${name} itself`, async () => {
      const seen = join(place(), "seen");
      await withLab({ workers: [{ ffmpeg: noting(seen), slots: 2 }] }, async (lab) => {
        const { differences, summary, ours } = await both(lab, ["-i", await sources.get(name), ...LOSSLESS]);
        expect(differences, summary?.reason).toEqual([]);
        expect(summary?.route, summary?.reason).toBe("chunks");
        expect(summary?.chunks).toBeGreaterThan(1);
        expect(summary?.workers, ours.stderr).toMatchObject([{ chunks: summary?.chunks, shared: summary?.chunks }]);
        expect(readFileSync(seen, "utf8")).toMatch(/data\/.*\.distffmpeg-[0-9a-f]+\/result0-0\.nut\|/);
      });
    });
  }

  test("what it finds there is not believed: other packets than this machine's, and all is sent", async () => {
    // It reads the film from another place than it is told.
    const astray = `case "$*" in *framecrc*) for a do shift; case $a in 0.*|1.*|2.*) a=3.5;; esac; set -- "$@" "$a"; done;; esac`;
    await withLab({ workers: [{ ffmpeg: { script: astray } }] }, async (lab) => {
      const { differences, summary, ours } = await both(lab, ["-i", await sources.get("h264.mp4"), ...LOSSLESS]);
      expect(differences, summary?.reason).toEqual([]);
      expect(summary?.route, summary?.reason).toBe("chunks");
      expect(summary?.workers[0]?.shared).toBeLessThan(summary?.chunks ?? 0);
      expect(ours.stderr).toMatch(
        /worker w1: its chunks are sent, for it cannot take them out of .*h264\.mp4: it finds other packets/,
      );
    });
  });

  test.skipIf(!ALL)("what cannot be read from the middle is sent", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const { differences, summary } = await both(lab, ["-i", await sources.get("mpeg2.ts"), ...LOSSLESS]);
      expect(differences, summary?.reason).toEqual([]);
      expect(summary?.workers).toMatchObject([{ name: "w1", chunks: summary?.chunks, shared: 0 }]);
    });
  });
});

describe("whole commands", () => {
  /** A folder that the worker knows by another name. */
  const share = async (
    lab: Lab,
    use: (media: string, there: string, config: Readonly<Record<string, unknown>>) => Promise<void>,
    honest = true,
  ): Promise<void> => {
    const media = place();
    const there = join(lab.folder, "data");
    if (honest) symlinkSync(media, there);
    else mkdirSync(there);
    copyFileSync(await sources.get("h264.mp4"), join(media, "film.mp4"));
    const [worker] = lab.config().workers;
    await use(media, there, { workers: [{ ...worker, shared_paths: [{ host: media, worker: there }] }] });
  };
  const ours = (lab: Lab, config: object, args: readonly string[], cwd: string): ReturnType<typeof startCli> => {
    const file = join(lab.home, "shared.json");
    writeFileSync(file, JSON.stringify({ ...lab.config(), ...config }));
    return startCli([`-df_config=${file}`, "-df_route=offload", "-y", "-nostdin", ...args], {
      cwd,
      env: { ...lab.env },
    });
  };

  test("what both see is read and written where it is, and nothing is copied", async () => {
    const seen = join(place(), "seen");
    await withLab({ workers: [{ ffmpeg: noting(seen) }] }, async (lab) => {
      await share(lab, async (media, there, config) => {
        const args = ["-i", "film.mp4", "-vf", "reverse", "-c:v", "ffv1", "-c:a", "copy", "out.mkv"];
        const { code, stderr } = await ours(lab, config, args, media).ended;
        expect(code, stderr).toBe(0);
        expect(stderr).toContain("Output #0, matroska, to 'out.mkv':");
        expect(stderr).toContain("from 'film.mp4':");
        const words = readFileSync(seen, "utf8");
        expect(words).toContain(`\n${there}/film.mp4\n`);
        expect(words).toMatch(new RegExp(`\n${there}/\\.out\\.distffmpeg-[0-9a-f]+\\.mkv\n`));
        expect(words).not.toContain("dfio.");
        expect(readdirSync(media).sort()).toEqual(["film.mp4", "out.mkv"]);
        const plain = join(place(), "plain.mkv");
        await make(["-i", join(media, "film.mp4"), ...args.slice(2, -1), plain]);
        expect(await compareFiles(plain, join(media, "out.mkv"))).toEqual([]);
        await expectNothingLeft(lab);
      });
    });
  });

  test.skipIf(!ALL)("HLS while it is being made", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      await share(lab, async (media, _, config) => {
        const options = "-c:v libx264 -preset ultrafast -g 25 -c:a aac -hls_time 1 -hls_list_size 0".split(" ");
        const { child, ended } = ours(lab, config, ["-re", "-i", "film.mp4", ...options, "live.m3u8"], media);
        // Segments are there, and named, long before the end.
        await until(() => existsSync(join(media, "live.m3u8")), 60);
        expect(child.exitCode).toBeNull();
        expect(readFileSync(join(media, "live.m3u8"), "utf8")).not.toContain("#EXT-X-ENDLIST");
        expect(existsSync(join(media, "live0.ts"))).toBe(true);
        const { code, stderr } = await ended;
        expect(code, stderr).toBe(0);
        expect(readFileSync(join(media, "live.m3u8"), "utf8")).toContain("#EXT-X-ENDLIST");
        expect(readdirSync(media).filter((name) => name.startsWith("."))).toEqual([]);
        await expectNothingLeft(lab);
      });
    });
  });

  test.skipIf(!ALL)("a folder that is not shared after all is told of, and its files are copied", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      await share(
        lab,
        async (media, there, config) => {
          const { code, stderr } = await ours(
            lab,
            config,
            ["-i", "film.mp4", "-vf", "reverse", "-c:v", "ffv1", "out.mkv"],
            media,
          ).ended;
          expect(code, stderr).toBe(0);
          expect(stderr).toContain(
            `distffmpeg: worker w1: ${media} is not shared as ${there}: the worker does not see what is written here\n`,
          );
          expect(readdirSync(media).sort()).toEqual(["film.mp4", "out.mkv"]);
          expect(readdirSync(there)).toEqual([]);
          const live = await ours(lab, config, ["-re", "-i", "film.mp4", "live.m3u8"], media).ended;
          expect(live.code).toBe(1);
          expect(live.stderr).toMatch(
            /w1: live\.m3u8 is read while it is written \(-re\); worker w1: .* is not shared as/,
          );
        },
        false,
      );
    });
  });
});
