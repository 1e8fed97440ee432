import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type Both, runBoth } from "../equivalence/compare.js";
import { Sources } from "../equivalence/sources.js";
import type { Lab } from "../lab/lab.mjs";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";
import { ALL } from "../thorough.js";

// Real encodes on a busy machine take as long as they take.
vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

/** Eight seconds, in at least six chunks. */
const FILM = "long.mp4";
const CHUNKS = ["-df_keyint_min=24", "-df_segment_frames=24", "-df_keyint_max=48"];
const ENCODE = "-c:v libx264 -qp 0 -preset ultrafast -c:a aac -b:a 64k o.mp4".split(" ");
const WARNINGS = ["-y", "-nostdin", "-v", "warning"];

interface EncodeOptions {
  /** Laid over the lab's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What is made of the film, in place of `ENCODE`. */
  readonly args?: readonly string[];
  /** Files that are compared as texts. */
  readonly texts?: RegExp;
  /** In place of the lab's own list. */
  readonly workers?: readonly object[];
  readonly df?: readonly string[];
}

/** Encodes the film plainly and on the lab's workers; afterwards nothing may be left on any of them. */
async function encode(lab: Lab, options: EncodeOptions = {}): Promise<Both> {
  const config = join(lab.home, "farm.json");
  const { workers } = options;
  writeFileSync(config, JSON.stringify({ ...lab.config(options.config), ...(workers ? { workers } : {}) }));
  const both = await runBoth(["-i", await sources.get(FILM), ...(options.args ?? ENCODE)], {
    ...(options.texts
      ? {
          texts: options.texts,
          blind: /AVERAGE-BANDWIDTH=\d+|BANDWIDTH=\d+(?=,AVERAGE-BANDWIDTH)/g,
          keyframes: true,
          lossless: false,
          loose: 0.25,
        }
      : {}),
    df: [`-df_config=${config}`, ...CHUNKS, ...(options.df ?? [])],
    before: WARNINGS,
    env: { ...lab.env },
  });
  await expectNothingLeft(lab);
  return both;
}

/**
 * Shell lines for a worker's ffmpeg that wait until a condition holds; one that never comes to hold fails the chunk.
 * So that who does what does not depend on who is the quickest.
 */
function waitUntil(condition: string): string {
  return `n=0; until ${condition}; do n=$((n+1)); [ $n -gt 900 ] && { echo 'waited in vain' >&2; exit 1; }; sleep 0.1; done`;
}

/** Shell lines that hold everybody until so many programs have come here. */
function meeting(place: string, number: number): string {
  return `: > '${place}'/$$; ${waitUntil(`[ $(ls '${place}' | wc -l) -ge ${number} ]`)}`;
}

function makePlace(): string {
  return mkdtempSync(join(sources.folder, "place-"));
}

function expectAsPlain({ differences, summary }: Both): void {
  expect(differences, summary?.reason).toEqual([]);
  expect(summary?.route, summary?.reason).toBe("chunks");
}

function workersOf({ summary }: Both): string[] {
  return (summary?.workers ?? []).filter(({ chunks }) => chunks > 0).map(({ name }) => name);
}

test("three workers make what plain ffmpeg makes, and all three work", async () => {
  const ffmpeg = { script: meeting(makePlace(), 3) };
  await withLab({ workers: [{ ffmpeg }, { ffmpeg }, { ffmpeg }] }, async (lab) => {
    const both = await encode(lab);
    expectAsPlain(both);
    expect(workersOf(both).sort()).toEqual(["w1", "w2", "w3"]);
    expect(both.summary).toMatchObject({ retries: 0, dropped: [], frames: 200 });
    expect(both.summary?.chunks).toBeGreaterThanOrEqual(6);
    expect(both.summary?.workers.reduce((sum, worker) => sum + worker.frames, 0)).toBe(200);
    expect(both.ours.stderr).toBe(both.plain.stderr);
  });
});

test("the libraries of the program that calls are for ffmpeg on this machine, not for ssh nor the worker", async () => {
  const place = makePlace();
  const note = (who: string): string => `echo "[$LD_LIBRARY_PATH]" >> '${place}/${who}'`;
  await withLab({ workers: [{ ffmpeg: { script: note("worker") } }] }, async (lab) => {
    const [worker] = lab.config().workers;
    const ssh = join(place, "ssh_config");
    const known = readFileSync(join(lab.home, ".ssh", "config"), "utf8");
    const carry = join(place, "carry");
    writeFileSync(carry, `#!/bin/sh\n${note("proxy")}\nexec busybox nc "$1" "$2"\n`, { mode: 0o755 });
    const proxy = `ProxyCommand ${carry} %h %p`;
    writeFileSync(ssh, known.replace("Host w1\n", `Host w1\n  ${proxy}\n`));
    writeFileSync(join(place, "ffmpeg"), `#!/bin/sh\n${note("here")}\nexec ffmpeg "$@"\n`, { mode: 0o755 });
    const byName = { host: "w1", port: undefined, user: undefined, identity_file: undefined };
    const workers = [{ ...worker, ...byName }];
    const config = join(place, "farm.json");
    writeFileSync(config, JSON.stringify({ ...lab.config(), workers, ffmpeg_bin: join(place, "ffmpeg") }));
    const both = await runBoth(["-i", await sources.get(FILM), ...ENCODE], {
      df: [`-df_config=${config}`, ...CHUNKS],
      before: WARNINGS,
      env: { ...lab.env, DISTFFMPEG_SSH_CONFIG: ssh, LD_LIBRARY_PATH: "/media/lib" },
    });
    expectAsPlain(both);
    expect(both.summary?.dropped).toEqual([]);
    expect(workersOf(both)).toEqual(["w1"]);
    const noted = (who: string): string[] => [...new Set(readFileSync(join(place, who), "utf8").trim().split("\n"))];
    expect({ here: noted("here"), proxy: noted("proxy"), worker: noted("worker") }).toEqual({
      ...{ here: ["[/media/lib]"], proxy: ["[]"], worker: ["[]"] },
    });
  });
});

test.skipIf(!ALL)(
  "a ladder: all renditions of a chunk by one command, into a file, a playlist with variants, and sound alone",
  async () => {
    await withLab({ workers: 3 }, async (lab) => {
      const fixed = "-c:v libx264 -preset superfast -crf 35 -g 24 -sc_threshold 0";
      const variants = ["-master_pl_name", "master.m3u8", "-var_stream_map", "v:0,a:0 v:1,a:1", "%v/list.m3u8"];
      const args = [
        ...["-filter_complex", "[0:v]split=3[a][b][c];[b]scale=96:72[m];[c]scale=64:48,fps=12.5[s]"],
        ...`-map [a] -map 0:a -c:a copy ${fixed} o.mp4`.split(" "),
        ...`-map [m] -map [s] -map 0:a -map 0:a -c:a aac ${fixed} -g:v:1 12 -hls_time 2 -hls_list_size 0`.split(" "),
        ...[...variants, "-vn", "-c:a", "flac", "o.flac"],
      ];
      const { differences, summary } = await encode(lab, { args, texts: /\.m3u8$/ });
      expect(differences, summary?.reason).toEqual([]);
      expect(summary, summary?.reason).toMatchObject({ route: "chunks", retries: 0, dropped: [] });
      expect(summary?.workers.filter(({ chunks }) => chunks > 0)).toHaveLength(3);
    });
  },
);

test.skipIf(!ALL)("a tee: two containers of one film", async () => {
  await withLab({ workers: 2 }, async (lab) => {
    const film = "-map 0:v -map 0:a -flags +global_header -c:v libx264 -qp 0 -preset ultrafast -c:a aac";
    const both = await encode(lab, { args: [...film.split(" "), "-f", "tee", "[f=mp4]a.mp4|[f=matroska]b.mkv"] });
    expectAsPlain(both);
    expect(workersOf(both)).toHaveLength(2);
  });
});

test.skipIf(!ALL)("-df_workers chooses among them", async () => {
  await withLab({ workers: 3 }, async (lab) => {
    const both = await encode(lab, { df: ["-df_workers=w2"] });
    expectAsPlain(both);
    expect(both.summary?.workers.map(({ name }) => name)).toEqual(["w2"]);
  });
});

describe("workers that do not work", () => {
  test("one that is off is dropped, and the others go on", async () => {
    await withLab({ workers: 3 }, async (lab) => {
      await lab.workers[1]?.stop();
      const both = await encode(lab);
      expectAsPlain(both);
      expect(both.summary?.dropped).toEqual([
        { name: "w2", reason: expect.stringContaining("is the SSH server running") },
      ]);
      expect(both.ours.stderr).toMatch(/^distffmpeg: worker w2 dropped: .*; try: /m);
    });
  });

  test("one without the encoder is dropped, with the reason", async () => {
    await withLab({ workers: [{ ffmpeg: { lacks: ["libx264"] } }, {}] }, async (lab) => {
      const both = await encode(lab);
      expectAsPlain(both);
      expect(workersOf(both)).toEqual(["w2"]);
      expect(both.summary?.dropped).toEqual([
        { name: "w1", reason: expect.stringContaining("has no encoder libx264") },
      ]);
      expect(both.ours.stderr).toMatch(/^distffmpeg: worker w1 dropped: .* has no encoder libx264/m);
    });
  });

  test.skipIf(!ALL)("one whose ffmpeg fails every time: others do its chunks", async () => {
    const second = { script: waitUntil('[ -s "$(dirname "$0")/../w1/failures" ]') };
    await withLab({ workers: [{ ffmpeg: { fails: true } }, { ffmpeg: second }] }, async (lab) => {
      const both = await encode(lab);
      expectAsPlain(both);
      expect(workersOf(both)).toEqual(["w2"]);
      expect(both.summary?.retries).toBeGreaterThanOrEqual(1);
      expect(both.ours.stderr).toMatch(/^distffmpeg: chunk \d+ failed on w1 .*the lab wants it so/m);
    });
  });

  test.skipIf(!ALL)("one that fails twice and then works", async () => {
    await withLab({ workers: [{ ffmpeg: { fails: 2 } }] }, async (lab) => {
      const both = await encode(lab);
      expectAsPlain(both);
      expect(both.summary?.retries).toBe(2);
    });
  });
});

describe("slots", () => {
  test.skipIf(!ALL)("a worker that is named again has a slot more", async () => {
    // Three programs at once on the one worker: two slots, and one for its second mention.
    const ffmpeg = { script: meeting(makePlace(), 3) };
    await withLab({ workers: [{ slots: 2, ffmpeg }] }, async (lab) => {
      const again = lab.config().workers.map((worker) => ({ ...worker, slots: undefined }));
      const both = await encode(lab, { workers: [...lab.config().workers, ...again] });
      expectAsPlain(both);
      expect(both.summary?.workers.map(({ name }) => name)).toEqual(["w1"]);
      expect(both.summary?.retries).toBe(0);
    });
  });

  test.skipIf(!ALL)("this machine works beside them when told to", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const both = await encode(lab, { df: ["-df_local_slots=1"] });
      expectAsPlain(both);
      expect(workersOf(both)).toContain("local");
    });
  });
});

const numactl = spawnSync("numactl", ["--cpunodebind=0", "--membind=0", "true"]).status === 0;

test.skipIf(!numactl)("numa binds a worker's ffmpeg to its node", async () => {
  const seen = join(makePlace(), "policy");
  await withLab({ workers: [{ numa: 0, ffmpeg: { script: `numactl --show > '${seen}'` } }] }, async (lab) => {
    expectAsPlain(await encode(lab));
    expect(readFileSync(seen, "utf8")).toMatch(/^policy: bind$/m);
    expect(readFileSync(seen, "utf8")).toMatch(/^membind: 0 $/m);
  });
});

describe("when no worker is left", () => {
  test.skipIf(!ALL)("this machine stands in, with a warning", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      await lab.workers[0]?.stop();
      const both = await encode(lab);
      expectAsPlain(both);
      expect(workersOf(both)).toEqual(["local"]);
      expect(both.ours.stderr).toMatch(/^distffmpeg: no worker is left: this machine encodes the chunks$/m);
    });
  });

  test("fallback=fail ends the job, and nothing is left of it", async () => {
    await withLab({ workers: 2 }, async (lab) => {
      for (const worker of lab.workers) await worker.stop();
      const both = await encode(lab, { config: { fallback: "fail" } });
      expect(both.ours.code).toBe(1);
      expect(both.ours.stderr).toMatch(/^distffmpeg: no worker is left$/m);
      expect(both.ours.stderr).toMatch(/^Try: /m);
      // Of what is compared only the status and the film that is not there differ; the work folder is empty.
      expect(both.differences).toEqual([
        expect.stringContaining("status 0 != 1"),
        'files ["o.mp4"] != []',
        "o.mp4 is there only once",
      ]);
      expect(both.summary).toMatchObject({ chunks: 0, dropped: [{ name: "w1" }, { name: "w2" }] });
    });
  });
});

describe("host keys", () => {
  test("an unknown one is refused, and the command in the message mends it", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      rmSync(lab.knownHosts);
      const refused = await encode(lab, { config: { fallback: "fail" } });
      expect(refused.ours.code).toBe(1);
      const command = /; try: (ssh-keyscan .*)$/m.exec(refused.ours.stderr)?.[1];
      expect(command, refused.ours.stderr).toBeDefined();
      const done = spawnSync("sh", ["-c", command ?? ""], { env: { ...process.env, ...lab.env } });
      expect(done.status).toBe(0);
      const both = await encode(lab, { config: { fallback: "fail" } });
      expectAsPlain(both);
      expect(workersOf(both)).toEqual(["w1"]);
    });
  });

  test.skipIf(!ALL)("a changed one is refused", async () => {
    await withLab({ workers: 2 }, async (lab) => {
      const [first] = lab.workers;
      await first?.stop();
      first?.changeHostKey();
      await first?.start();
      const both = await encode(lab);
      expectAsPlain(both);
      expect(both.summary?.dropped).toEqual([{ name: "w1", reason: expect.stringContaining("has changed") }]);
    });
  });
});

test("a film from standard input is split among workers too", async () => {
  await withLab({ workers: 2 }, async (lab) => {
    const config = join(lab.home, "farm.json");
    writeFileSync(config, JSON.stringify(lab.config()));
    const film = await sources.get("mpeg2.ts");
    const both = await runBoth(["-i", "pipe:0", "-c:v", "ffv1", "-c:a", "copy", "o.mkv"], {
      df: [`-df_config=${config}`, ...CHUNKS],
      env: { ...lab.env },
      stdin: film,
    });
    await expectNothingLeft(lab);
    expectAsPlain(both);
  });
});
