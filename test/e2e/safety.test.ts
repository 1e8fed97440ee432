import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type Both, type BothOptions, readSummary, runBoth } from "../equivalence/compare.js";
import { cliPath, run, runCli } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import type { Lab, LabWorkerOptions } from "../lab/lab.mjs";
import { failure, openSession, sha, transportTo, value } from "../lab/sessions.js";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";
import { ALL } from "../thorough.js";

/** What docs/security.md promises, over real SSH. */

vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

const place = (): string => mkdtempSync(join(sources.folder, "place-"));
const CHUNKS = ["-df_keyint_min=20", "-df_segment_frames=48", "-df_keyint_max=72"];
const isRoot = process.getuid?.() === 0;

/** Plain ffmpeg and distffmpeg on the lab's workers; afterwards nothing may be left on any of them. */
async function both(lab: Lab, args: readonly string[], options: BothOptions & { config?: object } = {}): Promise<Both> {
  const config = join(lab.home, "safety.json");
  writeFileSync(config, JSON.stringify({ ...lab.config(), ...options.config }));
  const done = await runBoth(args, {
    before: ["-y", "-nostdin", "-v", "error"],
    ...options,
    df: [`-df_config=${config}`, ...CHUNKS, ...(options.df ?? [])],
    env: { ...lab.env, ...options.env },
  });
  await expectNothingLeft(lab);
  return done;
}

/** Names and texts that some shell, filter or list could take for its own. */
const HOSTILE = "$(touch PWNED)`touch PWNED`; touch PWNED & 'a' \"b\" \\ !x *?[a] ~ {1,2} #\n-é映😀%d%n";

/** No shell has made anything of the words. */
function expectNotRun(...folders: readonly string[]): void {
  for (const folder of folders) {
    expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith("PWNED"))).toEqual([]);
  }
}

describe("words", () => {
  test("whatever they are, programs and files on a worker have them as they were given", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const [worker] = lab.workers;
      if (!worker) throw new Error("no worker");
      const session = await openSession(transportTo(lab, worker));
      const text = fc
        .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 3 })), { maxLength: 20 })
        .map((parts) => parts.join("").replaceAll("\0", ""));
      await fc.assert(
        fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 30 }), async (words) => {
          const { stdout, code } = value(await session.run(["printf", "%s\\0", ...words]));
          expect(code).toBe(0);
          expect(stdout.split("\0").slice(0, -1)).toEqual(words);
        }),
        { numRuns: ALL ? 300 : 25 },
      );
      const name = text.map((word) =>
        Buffer.from(word.replaceAll("/", "")).subarray(0, 200).toString().replaceAll("\uFFFD", ""),
      );
      const film = join(lab.folder, "film");
      writeFileSync(film, "bytes");
      await fc.assert(
        fc.asyncProperty(
          name.filter((word) => !["", ".", ".."].includes(word)),
          async (word) => {
            const there = value(await session.put(film, word));
            expect(value(await session.run(["cat", there])).stdout).toBe("bytes");
            value(await session.get(word, join(lab.folder, "back")));
            expect(sha(join(lab.folder, "back"))).toBe(sha(film));
            value(await session.remove(word));
          },
        ),
        { numRuns: ALL ? 200 : 15 },
      );
      expect(readdirSync(session.folder)).toEqual([]);
      expectNotRun(lab.folder);
      await session.close();
    });
  });

  test("names, tags and filter texts of a film that is split and of one that is not", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const film = await sources.get("h264.mp4");
      const odd = HOSTILE.replaceAll("%", "");
      const cube = join(place(), `${odd.replaceAll("\n", "")}.cube`);
      writeFileSync(cube, "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n");
      const escaped = cube
        .replace(/[\\':,;[\]]/g, "\\$&")
        .replace(/[\\']/g, "\\$&")
        .replace(/[[\],;]/g, "\\$&");
      const args = [
        ...["-i", `./-${odd}.mp4`, "-metadata", `title=${odd}`, "-metadata:s:v", `handler_name=${odd}`],
        ...["-vf", `lut1d=file=${escaped}`, "-c:v", "ffv1", "-an", `file:-o${odd}.mkv`],
      ];
      const prepare = (folder: string): void => copyFileSync(film, join(folder, `-${odd}.mp4`));
      const split = await both(lab, args, { prepare });
      expect(split.differences, split.summary?.reason).toEqual([]);
      expect(split.summary?.route, split.summary?.reason).toBe("chunks");
      const whole = await both(lab, args, { prepare, df: ["-df_route=offload"] });
      expect(whole.differences, whole.summary?.reason).toEqual([]);
      expect(whole.summary?.reason).toMatch(/on w1$/);
      expectNotRun(lab.folder, sources.folder);
    });
  });

  test("that are no UTF-8 reach plain ffmpeg byte for byte", async () => {
    const folder = place();
    copyFileSync(await sources.get("h264.mp4"), join(folder, "film.mp4"));
    // The shell's printf makes the bytes: Node could not.
    const script =
      'r=$(printf "\\377\\303(.\\245"); cp film.mp4 "$r.mp4"; out=$1; shift; ' +
      '"$@" -v error -nostdin -i "$r.mp4" -metadata "title=a$r" -c:v ffv1 -frames:v 5 "$out$r.nut" && ' +
      'ffmpeg -v error -i "$out$r.nut" -f ffmetadata "$out.txt" && ffmpeg -v error -i "$out$r.nut" -f framemd5 "$out.md5"';
    const sh = (...words: readonly string[]) => run("sh", ["-c", script, "sh", ...words], { cwd: folder });
    const ours = [process.execPath, cliPath(), "-df_summary=s.json", "-df_workers=none"];
    expect(await sh("plain", "ffmpeg")).toMatchObject({ code: 0, stderr: "" });
    expect(await sh("ours", ...ours)).toMatchObject({ code: 0, stderr: "" });
    for (const name of ["txt", "md5"])
      expect(sha(join(folder, `ours.${name}`))).toBe(sha(join(folder, `plain.${name}`)));
    expect(readFileSync(join(folder, "ours.txt")).includes(Buffer.from([0x61, 0xff, 0xc3, 0x28]))).toBe(true);
    const summary = readSummary(join(folder, "s.json"));
    expect(summary).toMatchObject({ route: "local", reason: "a word of the command is not valid UTF-8" });
  });
});

describe("a worker that is not what it should be", () => {
  /** What the script does with the paths of all results, once ffmpeg has made them. */
  const afterwards = (what: string): LabWorkerOptions => ({
    ffmpeg: {
      script: `FFMPEG "$@"; s=$?; for r do case $r in *]file:*result*) r=\${r#*]file:}; r=\${r%%|*}; ${what};; esac; done; exit $s`,
    },
  });

  const lies: readonly (readonly [name: string, what: (secret: string) => string])[] = [
    ["a list of files of this machine", (secret) => `printf 'ffconcat version 1.0\\nfile %s\\n' '${secret}' > "$r"`],
    [
      "a playlist of files of this machine",
      (secret) =>
        `printf '#EXTM3U\\n#EXT-X-TARGETDURATION:9\\n#EXTINF:9,\\nfile:%s\\n#EXT-X-ENDLIST\\n' '${secret}' > "$r"`,
    ],
    ["bytes of no kind", () => 'head -c 100000 /dev/urandom > "$r"'],
    ["another film", (secret) => `cp '${secret}' "$r"`],
    ["a result that is a link to one of its own files", () => 'rm "$r"; ln -s /etc/passwd "$r"'],
  ];
  test.for(lies)("%s is no chunk", async ([name, what], { skip }) => {
    skip(!ALL && !name.startsWith("a list"));
    const film = await sources.get("h264.mp4");
    await withLab({ workers: [afterwards(what(film))] }, async (lab) => {
      const config = { local_slots: 1 };
      const done = await both(lab, ["-i", film, "-c:v", "ffv1", "-an", "o.mkv"], { config });
      expect(done.differences, done.summary?.reason).toEqual([]);
      const refused = (done.summary?.retries ?? 0) > 0 || done.summary?.route === "local";
      expect(refused, JSON.stringify(done.summary)).toBe(true);
    });
  });

  test("what it leaves beside a command's outputs is not put among the user's files", async () => {
    const script =
      'FFMPEG "$@"; s=$?; for l in $(find "$PWD" -name "*.m3u8"); do d=${l%/*}; echo x > "$d/.bashrc"; echo x > "$d/PWNED"; done; exit $s';
    await withLab({ workers: [{ ffmpeg: { script } }] }, async (lab) => {
      const film = await sources.get("h264.mp4");
      const args = ["-i", film, "-vf", "reverse", "-c:v", "mpeg2video", "-an", "-hls_time", "1", "o.m3u8"];
      const done = await both(lab, args, { df: ["-df_route=offload"], texts: /m3u8$/ });
      expect(done.ours).toMatchObject({ code: 1, stderr: "distffmpeg: no worker is left\n" });
      expect(done.differences.join()).toMatch(/files \[[^\]]*\] != \[\]/);
    });
  });

  test("floods of words take no room, and no list is longer than can be told", async () => {
    await withLab({ workers: 1 }, async (lab) => {
      const [worker] = lab.workers;
      if (!worker) throw new Error("no worker");
      const session = await openSession(transportTo(lab, worker));
      const flood = "head -c 100000000 /dev/zero";
      // What is held, not what the next collection takes away: how much that is depends on how busy the machine is.
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc") as () => void;
      const held = (): number => {
        collect();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const before = held();
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, held())), 50);
      let lines = 0;
      const ends = [
        await session.run(["sh", "-c", flood]),
        await session.run(["sh", "-c", `${flood} >&2`]),
        await session.run(["sh", "-c", flood], { onStdoutLine: () => lines++ }),
      ].map(value);
      clearInterval(watch);
      expect(ends[0]?.stdout).toHaveLength(4 * 1024 * 1024);
      expect(ends[1]?.stderrTail.length).toBeLessThanOrEqual(40);
      expect(lines).toBeGreaterThan(1000);
      expect(most).toBeGreaterThan(0);
      expect(most - before).toBeLessThan(40e6);
      const many = "mkdir t; cd t; seq 17000 | sed s/^/$(printf %0200d 0)/ | xargs touch";
      expect(value(await session.run(["sh", "-c", many])).code).toBe(0);
      if (!("list" in session)) throw new Error("no list");
      const { list } = session as unknown as { list: (name: string) => ReturnType<typeof session.remove> };
      expect(failure(await list.call(session, "t")).what).toContain("more files");
      await session.close();
    });
  });
});

describe("a worker's account", () => {
  test.skipIf(!isRoot)("needs no root, no home, no profile and no PATH but the system's", async () => {
    const shared = mkdtempSync(join(tmpdir(), "distffmpeg-work-"));
    chmodSync(shared, 0o1777);
    const login =
      'case "$SSH_ORIGINAL_COMMAND" in internal-sftp) set -- /usr/lib/openssh/sftp-server;; *) set -- sh -c "$SSH_ORIGINAL_COMMAND";; esac; ' +
      'exec setpriv --reuid=65534 --regid=65534 --clear-groups env -i "DISTFFMPEG_LAB=$DISTFFMPEG_LAB" HOME=/nonexistent PATH=/usr/bin:/bin "$@"';
    try {
      await withLab({ workers: [{ sshd: [`ForceCommand ${login}`] }] }, async (lab) => {
        const film = await sources.get("h264.mp4");
        const [worker] = lab.config().workers;
        const workers = [{ ...worker, work_path: join(shared, "distffmpeg") }];
        const done = await both(lab, ["-i", film, "-c:v", "ffv1", "-an", "o.mkv"], {
          config: { workers, local_slots: 0 },
        });
        expect(done.differences, done.summary?.reason).toEqual([]);
        expect(done.summary).toMatchObject({ route: "chunks", dropped: [] });
        expect(done.summary?.workers.map(({ name }) => name)).toEqual(["w1"]);
        expect(readdirSync(join(shared, "distffmpeg"))).toEqual([]);
      });
    } finally {
      rmSync(shared, { recursive: true, force: true });
    }
  });

  test.skipIf(!isRoot)("makes no folder where another user of the machine waits for it", async () => {
    const shared = mkdtempSync(join(tmpdir(), "distffmpeg-work-"));
    chmodSync(shared, 0o1777);
    try {
      await run("setpriv", ["--reuid=65534", "--clear-groups", "mkdir", "-m", "777", join(shared, "distffmpeg")]);
      await withLab({ workers: 1 }, async (lab) => {
        const [worker] = lab.workers;
        if (!worker) throw new Error("no worker");
        const opened = await transportTo(lab, worker, { work_path: join(shared, "distffmpeg") }).openSession();
        expect(failure(opened)).toMatchObject({
          kind: "connection",
          detail: expect.stringContaining("belongs to another user"),
        });
        expect(readdirSync(join(shared, "distffmpeg"))).toEqual([]);
      });
    } finally {
      rmSync(shared, { recursive: true, force: true });
    }
  });
});

test("no password and no key is in what is said, written or started", async () => {
  const secret = "hunter2-SECRET-hunter2";
  await withLab({ workers: 2 }, async (lab) => {
    const film = await sources.get("h264.mp4");
    const seen = join(place(), "seen");
    // Every command line on this machine while it works, the worker's included.
    const look = `for c in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do tr '\\0' ' ' < $c; done >> '${seen}' 2>/dev/null`;
    const [one, two] = lab.config().workers;
    const locked = join(lab.folder, "locked");
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", secret, "-f", locked]);
    const workers = [
      { ...one, params: { password: secret, passphrase: secret, pkey: secret } },
      { ...two, identity_file: locked, params: { password: secret } },
    ];
    const script = join(place(), "ffmpeg");
    writeFileSync(script, `#!/bin/sh\n${look}\nexec ffmpeg "$@"\n`, { mode: 0o755 });
    const config = join(lab.home, "secret.json");
    writeFileSync(config, JSON.stringify({ ...lab.config(), workers, ffmpeg_bin: script }));
    const folder = place();
    const df = [`-df_config=${config}`, "-df_summary=s.json", ...CHUNKS];
    const words = ["-v", "debug", "-report", "-nostdin", "-i", film, "-c:v", "ffv1", "-an", "o.mkv"];
    // The second worker is told nothing but a key that nobody can open.
    const done = await runCli([...df, ...words], {
      cwd: folder,
      env: { ...lab.env, DISTFFMPEG_SSH_CONFIG: "/dev/null" },
    });
    expect(done.code, done.stderr).toBe(0);
    const explained = await runCli(["explain", "--json", ...df, ...words], { cwd: folder, env: { ...lab.env } });
    expect(explained.code, explained.stderr).toBe(0);
    const texts = {
      said: done.stderr + done.stdout + explained.stdout + explained.stderr,
      started: readFileSync(seen, "latin1"),
      logs: lab.workers.map(({ log }) => readFileSync(log, "latin1")).join(""),
      written: readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(folder, entry.name), "latin1"))
        .join(""),
      state: [join(lab.home, ".local"), join(lab.home, ".cache"), join(lab.folder, "server")]
        .filter((path) => existsSync(path))
        .flatMap((path) => readdirSync(path, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
        .join(""),
    };
    expect(texts.said).toContain("password of a worker is not used");
    expect(texts.said).toContain("passphrase");
    const keys = [lab.identity, locked].map((path) => readFileSync(path, "utf8").split("\n")[2] ?? "?");
    for (const [where, text] of Object.entries(texts)) {
      for (const hidden of [secret, ...keys]) expect(text.includes(hidden), where).toBe(false);
    }
  });
});
