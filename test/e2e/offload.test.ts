import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type Both, type BothOptions, make, runBoth } from "../equivalence/compare.js";
import { runCli, startCli } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { ffmpegScript } from "../lab/ffmpeg-script.mjs";
import type { FfmpegKind, Lab } from "../lab/lab.mjs";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";
import { until } from "../lab/sessions.js";
import { ALL } from "../thorough.js";

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 300_000 });

const sources = new Sources();
afterAll(() => sources.close());

/** Not to be split, and quick. */
const REVERSE = "-vf reverse -c:v libx264 -qp 0 -preset ultrafast -c:a copy".split(" ");
const FORCED = "-df_route=offload";

interface OffloadOptions extends BothOptions {
  /** Laid over the lab's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

function configOf(lab: Lab, extra: Readonly<Record<string, unknown>> = {}): string {
  const file = join(lab.home, "farm.json");
  writeFileSync(file, JSON.stringify(lab.config(extra)));
  return file;
}

/** Runs a command plainly and by way of the lab; afterwards nothing may be left on any worker. */
async function both(lab: Lab, args: readonly string[], options: OffloadOptions = {}): Promise<Both> {
  const done = await runBoth(args, {
    before: ["-y", "-nostdin", "-hide_banner", "-nostats"],
    ...options,
    df: [`-df_config=${configOf(lab, options.config)}`, ...(options.df ?? [FORCED])],
    env: { ...lab.env },
  });
  await expectNothingLeft(lab);
  return done;
}

function expectOffloaded({ differences, summary }: Both, worker = "w1"): void {
  expect(differences, summary?.reason).toEqual([]);
  expect(summary, summary?.reason).toMatchObject({ route: "offload" });
  expect(summary?.workers.map(({ name }) => name)).toContain(worker);
}

/** What ffmpeg says, without our own lines, and what hangs on the clock and on addresses. */
const said = (stderr: string): string =>
  stderr
    .replace(/^distffmpeg: .*\n/gm, "")
    .replace(/ @ 0x[0-9a-f]+\]/g, "]")
    .replace(/(speed|bitrate|size|time|fps)= *\S+/g, "$1");

/** A script that notes every command's arguments in a file, a line each, and then does what `more` says. */
function noting(file: string, more = ""): FfmpegKind {
  return { script: `printf '%s\\n' "$@" '--' >> '${file}'\n${more}` };
}

function place(): string {
  return mkdtempSync(join(sources.folder, "place-"));
}

/** A stand-in for this machine's ffmpeg. */
function standIn(kind: FfmpegKind): string {
  const folder = place();
  const file = join(folder, "ffmpeg");
  const real = spawnSync("sh", ["-c", "command -v ffmpeg"], { encoding: "utf8" }).stdout.trim();
  writeFileSync(file, ffmpegScript(kind, real, folder));
  chmodSync(file, 0o755);
  return file;
}

/** A minute of small pictures. */
async function longFilm(): Promise<string> {
  const film = join(sources.folder, "minute.mp4");
  const picture = "testsrc2=size=160x120:rate=25:duration=60";
  if (!existsSync(film)) await make(["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", film]);
  return film;
}

/** This machine takes five seconds longer for the work that shows how quick it is. */
const SLOW_HERE = (): { readonly ffmpeg_bin: string } => ({
  ffmpeg_bin: standIn({ script: 'case "$*" in *testsrc*) sleep 5;; esac' }),
});

test("a filter that needs the whole film: the same film, the same words, and the worker saw nothing of this machine's paths", async () => {
  const seen = join(place(), "seen");
  await withLab({ workers: [{ ffmpeg: noting(seen) }] }, async (lab) => {
    const film = await sources.get("h264.mp4");
    const done = await both(lab, ["-i", film, ...REVERSE, "o.mkv"]);
    expectOffloaded(done);
    expect(said(done.ours.stderr)).toBe(said(done.plain.stderr));
    expect(done.ours.stderr).toMatch(/^distffmpeg: not split: -df_route=offload; it runs whole on w1$/m);
    expect(readFileSync(seen, "utf8")).not.toContain(sources.folder);
  });
});

describe("what goes up and what comes back", () => {
  test("side files, lists, sequences, attachments, and odd names", async () => {
    const folder = place();
    const film = await sources.get("h264.mp4");
    const at = (name: string): string => join(folder, name);
    mkdirSync(at("pics"));
    await make(["-i", film, "-frames:v", "12", at("pics/p%03d.png")]);
    await make(["-i", film, "-frames:v", "1", "-vf", "scale=32:-2", at("it's a [logo], 1.png")]);
    await make(["-i", film, "-t", "2", "-c", "copy", at("one part.mp4")]);
    writeFileSync(at("list.txt"), "ffconcat version 1.0\nfile 'one part.mp4'\nfile 'one part.mp4'\n");
    writeFileSync(at("graph.txt"), "[0:v][2:v]overlay=x=8,reverse\n");
    writeFileSync(at("note.txt"), "words");
    await withLab({ workers: 1 }, async (lab) => {
      const args = [
        ...["-f", "concat", "-safe", "0", "-i", at("list.txt"), "-i", at("pics/p%03d.png")],
        ...["-i", at("it's a [logo], 1.png"), "-filter_complex_script", at("graph.txt"), "-c:a", "copy"],
        ...["-c:v", "ffv1", "-attach", at("note.txt"), "-metadata:s:t", "mimetype=text/plain", "a film: o.mkv"],
        ...["-map", "1:v", "-vf", "vflip,reverse", "-c:v", "png", "out%02d.png"],
      ];
      const done = await both(lab, args);
      expectOffloaded(done);
      expect(said(done.ours.stderr)).toBe(said(done.plain.stderr));
    });
  });

  test.skipIf(!ALL)("pictures that filters read, and graphs with commas and quotes in file names", async () => {
    const folder = place();
    const film = await sources.get("h264.mp4");
    const logo = join(folder, "a,b 'c'.png");
    await make(["-i", film, "-frames:v", "1", "-vf", "scale=32:-2", logo]);
    const quoted = logo.replaceAll("'", "\\\\\\'").replaceAll(",", "\\,").replaceAll(" ", "\\ ");
    await withLab({ workers: 1 }, async (lab) => {
      const graph = `movie=${quoted}[m];[0:v][m]overlay=4:4,reverse`;
      expectOffloaded(await both(lab, ["-i", film, "-filter_complex", graph, "-an", "-c:v", "ffv1", "o.mkv"]));
    });
  });

  test.skipIf(!ALL)("HLS with its segments in another folder, and segments", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const film = await sources.get("h264.mp4");
      const args = [
        ...["-i", film, "-vf", "reverse", ..."-c:v libx264 -preset ultrafast -g 25 -c:a aac -hls_time 1".split(" ")],
        ..."-hls_playlist_type vod -hls_segment_filename seg/s%d.ts hls/list.m3u8".split(" "),
        ..."-c copy -f segment -segment_time 2 -segment_list parts.csv part%d.mkv".split(" "),
      ];
      const done = await both(lab, args, {
        lossless: false,
        texts: /\.(m3u8|csv)$/,
        prepare: (folder) => ["hls", "seg"].forEach((name) => mkdirSync(join(folder, name))),
      });
      expectOffloaded(done);
      expect(said(done.ours.stderr)).toBe(said(done.plain.stderr));
    });
  });

  test.skipIf(!ALL)("the logs of two passes", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const film = await sources.get("h264.mp4");
      const options = "-vf reverse -c:v libx264 -preset superfast -threads 1 -b:v 100k -an".split(" ");
      const logs = { texts: /\.log$/, blind: /^#options: .*/gm, lossless: false };
      const first = ["-i", film, ...options, "-pass", "1", "-passlogfile", "my log", "-f", "null", "-"];
      expectOffloaded(await both(lab, first, { ...logs, out: ["my log-0.log"] }));
      const prepare = (folder: string): void => {
        const done = spawnSync("ffmpeg", ["-v", "error", "-nostdin", ...first], { cwd: folder });
        expect(done.status).toBe(0);
      };
      const second = ["-i", film, ...options, "-pass", "2", "-passlogfile", "my log", "o.mkv"];
      expectOffloaded(await both(lab, second, { ...logs, prepare, out: ["o.mkv"], bytes: true }));
    });
  });

  test("standard input and output, byte for byte, and -progress into a file", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const film = await sources.get("mpeg2.ts");
      const options = "-vf reverse -c:v ffv1 -bitexact -fflags +bitexact -flags +bitexact -an".split(" ");
      const piped = await both(lab, ["-i", "pipe:0", ...options, "-f", "nut", "-"], { stdin: film });
      expectOffloaded(piped);
      expect(piped.ours.stdout.length).toBeGreaterThan(100_000);
      const told = await both(lab, ["-progress", "told.txt", "-i", film, ...options, "o.nut"], {
        texts: /told/,
        blind: /^(?!progress=|frame=).*$/gm,
      });
      expectOffloaded(told);
    });
  });
});

describe("how it ends", () => {
  test("with ffmpeg's own status and words where ffmpeg fails", async () => {
    await withLab({ workers: 2 }, async (lab) => {
      const film = await sources.get("h264.mp4");
      const done = await both(lab, ["-i", film, "-map", "0:7", ...REVERSE, "o.mkv"]);
      expect(done.differences).toEqual([]);
      // 1 in ffmpeg 5.1, 234 in 7.1.
      expect(done.ours.code).not.toBe(0);
      expect(said(done.ours.stderr)).toBe(said(done.plain.stderr));
    });
  });

  test.for(["SIGINT", "SIGTERM", "q"])("by %s: a whole film with what there was, as ffmpeg leaves it", async (how, {
    skip,
  }) => {
    skip(!ALL && how !== "SIGINT");
    const started = join(place(), "started");
    const ffmpeg = { script: `case "$*" in *testsrc*) ;; *) : > '${started}';; esac` };
    await withLab({ workers: [{ ffmpeg }] }, async (lab) => {
      const folder = place();
      const film = await sources.get("h264.mp4");
      const args = ["-y", "-re", "-i", film, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", "o.mkv"];
      const { child, ended } = startCli([`-df_config=${configOf(lab)}`, FORCED, ...args], {
        ...{ cwd: folder, env: { ...lab.env } },
        ...(how === "q" ? { keys: true } : {}),
      });
      await until(() => existsSync(started), 60);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      if (how === "q") child.stdin?.write("q");
      else child.kill(how as NodeJS.Signals);
      const { code, stderr } = await ended;
      expect(code, stderr).toBe(how === "q" ? 0 : 255);
      expect(stderr).toMatch(how === "q" ? /\[q\] command received. Exiting/ : /Exiting normally, received signal/);
      expect(readdirSync(folder)).toEqual(["o.mkv"]);
      const length = spawnSync(
        "ffprobe",
        ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", "o.mkv"],
        {
          ...{ cwd: folder, encoding: "utf8" },
        },
      );
      expect(Number(length.stdout)).toBeGreaterThan(0.5);
      expect(Number(length.stdout)).toBeLessThan(5.5);
      await expectNothingLeft(lab);
    });
  });

  test("a worker that is lost in the middle: the next does it anew, and then this machine", async () => {
    const at = place();
    const hold = (name: string): FfmpegKind => ({
      script: `case "$*" in *testsrc*) ;; *) : > '${at}/${name}'; sleep 60;; esac`,
    });
    await withLab({ workers: [{ ffmpeg: hold("w1") }, { ffmpeg: hold("w2") }] }, async (lab) => {
      const cut = async (): Promise<void> => {
        for (const number of [1, 2]) {
          await until(() => readdirSync(at).length === number, 100);
          // The one that is at work is the one whose note is new.
          for (const name of readdirSync(at)) await lab.workers.find((worker) => worker.name === name)?.stop();
        }
      };
      const args = ["-i", await longFilm(), ...REVERSE, "o.mkv"];
      const [done] = await Promise.all([both(lab, args, { config: SLOW_HERE(), df: [] }), cut()]);
      expect(done.differences).toEqual([]);
      expect(done.summary).toMatchObject({ route: "local" });
      expect(done.summary?.dropped.map(({ name }) => name).sort()).toEqual(["w1", "w2"]);
      expect(done.ours.stderr).toMatch(/^distffmpeg: worker w[12] dropped: the connection was lost/m);
      expect(done.ours.stderr).toMatch(/^distffmpeg: not split: filter reverse: .*; no worker is left$/m);
    });
  });
});

describe("-df_route=auto gives a command away", () => {
  test.skipIf(!ALL)("where it is expected to be done earlier, and not otherwise", async () => {
    await withLab({ workers: [{ ffmpeg: { delay: 30 } }, {}] }, async (lab) => {
      const args = ["-i", await longFilm(), ...REVERSE, "o.mkv"];
      const away = await both(lab, args, { config: SLOW_HERE(), df: [] });
      expectOffloaded(away, "w2");
      expect(away.ours.stderr).toMatch(
        /^distffmpeg: not split: filter reverse: .*; it runs whole on w2: expected to take \d+ s there, \d+ s here$/m,
      );
      const slow = await both(lab, args, { config: SLOW_HERE(), df: ["-df_workers=w1"] });
      expect(slow.differences).toEqual([]);
      expect(slow.summary).toMatchObject({ route: "local" });
      const short = await both(lab, ["-i", await sources.get("h264.mp4"), ...REVERSE, "o.mkv"], { df: [] });
      expect(short.differences).toEqual([]);
      expect(short.summary).toMatchObject({ route: "local", workers: [] });
    });
  });

  test("where this machine lacks the encoder", async () => {
    await withLab({ workers: [{ ffmpeg: { lacks: ["ffv1"] } }, {}] }, async (lab) => {
      const ffmpeg_bin = standIn({ lacks: ["ffv1"] });
      const args = ["-i", await sources.get("h264.mp4"), "-c:v", "ffv1", "-c:a", "copy", "o.mkv"];
      const done = await both(lab, args, { config: { ffmpeg_bin }, df: [] });
      expectOffloaded(done, "w2");
      expect(done.ours.stderr).toMatch(/; it runs whole on w2, since this machine has no encoder ffv1$/m);
    });
  });

  test.skipIf(!ALL)("with an encoder on a graphics card that one worker alone has", async () => {
    // ffmpeg lists it everywhere; it is the card that is missing. On the second worker, libx264 stands in for it.
    const card = { script: 'for a; do shift; [ "$a" = h264_nvenc ] && a=libx264; set -- "$@" "$a"; done' };
    await withLab({ workers: [{}, { ffmpeg: card }] }, async (lab) => {
      const folder = place();
      const args = [
        "-y",
        "-nostdin",
        "-i",
        await sources.get("h264.mp4"),
        "-c:v",
        "h264_nvenc",
        "-c:a",
        "copy",
        "o.mkv",
      ];
      const done = await runCli([`-df_config=${configOf(lab)}`, ...args], { cwd: folder, env: { ...lab.env } });
      expect(done.code, done.stderr).toBe(0);
      expect(done.stderr).toMatch(
        /^distffmpeg: not split: .*; it runs whole on w2, since this machine has no working device for h264_nvenc$/m,
      );
      expect(readdirSync(folder)).toEqual(["o.mkv"]);
      await expectNothingLeft(lab);
    });
  });
});

test.skipIf(!ALL)("explain says what would go where, and why, and leaves nothing", async () => {
  await withLab({ workers: [{ ffmpeg: { lacks: ["ffv1"] } }, { slots: 3 }] }, async (lab) => {
    const film = await sources.get("h264.mp4");
    const folder = place();
    const explain = async (...words: string[]): Promise<{ stdout: string; code: number | null }> =>
      runCli(["explain", `-df_config=${configOf(lab)}`, ...words], { cwd: folder, env: { ...lab.env } });
    const json = async (...words: string[]): Promise<unknown> => JSON.parse((await explain("--json", ...words)).stdout);
    const args = ["-i", film, "-vf", "reverse", "-c:v", "ffv1", "-an", "o.mkv"];
    expect(await json(FORCED, ...args)).toEqual({
      ...{ version: 1, route: "offload", reason: FORCED, decidedBy: null, because: "w2", chunks: 0, frames: 0 },
      workers: [{ name: "w2", slots: 3 }],
      stages: {
        ...{ pre: [], remote: [], final: expect.any(Array), finals: expect.any(Array) },
        offload: {
          ...{ worker: "w2", sent: [film], fetched: ["dfio.1/o.mkv"] },
          argv: [expect.any(String), "-i", "dfio.0/h264.mp4", "-vf", "reverse", "-c:v", "ffv1", "-an", "dfio.1/o.mkv"],
        },
      },
    });
    expect(await json(...args)).toMatchObject({
      ...{ route: "local", reason: "filter reverse: needs the whole film at once" },
      ...{ decidedBy: { kind: "filter", words: "reverse" }, because: expect.stringMatching(/^it is expected to take/) },
    });
    expect(await json("-df_route=chunks", ...args)).toMatchObject({ route: "none", stages: { finals: [] } });
    expect(await json(FORCED, "-i", film, "-c:v", "nosuch", "o.mkv")).toMatchObject({
      ...{ route: "none", because: "w1 has no encoder nosuch; w2 has no encoder nosuch" },
    });
    const { stdout } = await explain(FORCED, ...args);
    expect(stdout).toMatch(
      /^# route: offload \(-df_route=offload\)\n# where: w2\n\n# sent: \/.*\n# on worker w2, in its work folder\n/,
    );
    expect((await explain("-i", film, "-c:v", "gif", "-an", "o.gif")).stdout).toMatch(
      /^# decided by: option -c:v gif$/m,
    );
    expect(readdirSync(folder)).toEqual([]);
    await expectNothingLeft(lab);
  });
});

describe("-df_route forces a way", () => {
  const refused = async (args: readonly string[]): Promise<string> => {
    const folder = place();
    const { code, stderr } = await runCli(args, { cwd: folder });
    expect(code, stderr).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
    return stderr;
  };

  test("chunks: a command that cannot be split is an error, and nothing is run", async () => {
    const film = await sources.get("h264.mp4");
    expect(await refused(["-df_workers=none", "-df_route=chunks", "-i", film, ...REVERSE, "o.mkv"])).toBe(
      "distffmpeg: the command cannot be split, as -df_route=chunks wants it\n" +
        "  filter reverse: needs the whole film at once\nTry: -df_route=auto\n",
    );
  });

  test("offload: without workers, and with what is bound to this machine", async () => {
    const film = await sources.get("h264.mp4");
    const offload = (...args: string[]): Promise<string> => refused([FORCED, ...args]);
    expect(await offload("-df_workers=none", "-i", film, "o.mkv")).toContain("no workers are configured");
    for (const [args, why] of [
      [["-i", "http://127.0.0.1:9/a.mp4", "o.mkv"], "http://127.0.0.1:9/a.mp4 is no local file"],
      [["-f", "v4l2", "-i", "/dev/video0", "o.mkv"], "-f v4l2 is a device of this machine"],
      [["-i", "/dev/zero", "o.mkv"], "/dev/zero is no ordinary file"],
      [["-i", film, "-f", "mpegts", "udp://127.0.0.1:9"], "udp://127.0.0.1:9 is no local file"],
      [["-i", film, "-f", "nut", "pipe:7"], "pipe:7 is no local file"],
      [["-re", "-i", film, "live.m3u8"], "live.m3u8 is read while it is written (-re)"],
      [["-i", film, "-vf", "vidstabdetect", "-f", "null", "-"], "filter vidstabdetect writes a file of its own"],
      [["-i", film, "-hls_key_info_file", "keys", "o.m3u8"], "-hls_key_info_file keys names files"],
      [["-i", film, "-report", "o.mkv"], "a report is written where ffmpeg runs"],
    ] as const) {
      expect(await offload(...args)).toContain(why);
    }
  });

  test("local: plain ffmpeg at once", async () => {
    const film = await sources.get("h264.mp4");
    const done = await runBoth(["-i", film, "-c:v", "ffv1", "-c:a", "copy", "o.mkv"], { df: ["-df_route=local"] });
    expect(done.differences).toEqual([]);
    expect(done.summary).toMatchObject({ route: "local", reason: "-df_route=local", chunks: 0 });
  });
});
