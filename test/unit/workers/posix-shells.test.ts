import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sweep } from "../../../src/job/clean/worker.js";
import { ok } from "../../../src/lib/result.js";
import { takeInventory } from "../../../src/workers/inventory.js";
import { askMachine } from "../../../src/workers/machine.js";
import { probeWorker } from "../../../src/workers/probe.js";
import { processorTime } from "../../../src/workers/processor-time.js";
import { surveyWorker } from "../../../src/workers/survey.js";
import type { RunOptions, Session } from "../../../src/workers/transport.js";

const root = mkdtempSync(join(tmpdir(), "posix-shells-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The tools of BusyBox alone, as Alpine and small NAS systems have them; undefined where there is no BusyBox. */
function busyboxTools(): string | undefined {
  const found = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path));
  if (found === undefined) return undefined;
  const folder = join(root, "tools");
  mkdirSync(folder);
  execFileSync(found, ["--install", "-s", folder]);
  return folder;
}

const tools = busyboxTools();
const KINDS: { name: string; path: string; shell: string }[] = [
  { name: "dash", path: "/usr/bin:/bin", shell: "/bin/dash" },
  { name: "busybox sh, with BusyBox's tools alone", path: tools ?? "", shell: join(tools ?? "/none", "sh") },
  { name: "bash --posix", path: "/usr/bin:/bin", shell: "/bin/bash" },
].filter(({ shell }) => existsSync(shell));

/** An ffmpeg that says what one says, in a folder with a blank in its name; encodes all but `h264_nvenc`. */
function fakeFfmpeg(): string {
  const folder = join(root, "my tools");
  mkdirSync(folder);
  const ffmpeg = join(folder, "ffmpeg");
  const lines = [
    "#!/bin/sh",
    'case "$*" in',
    '*-version*) echo "ffmpeg version 7.1 Copyright"; echo "libavcodec     61. 19.100 / 61. 19.100";;',
    '*-encoders*) echo " V....D libx264              H.264"; echo " V....D h264_nvenc           NVIDIA"; echo " V....D obscure              ?"; echo " A....D aac                  AAC";;',
    '*-filters*) echo " T.C scale             V->V       Scale";;',
    '*h264_nvenc*) echo "[h264_nvenc @ 0x55] No capable devices found" >&2; exit 1;;',
    '*-benchmark*) echo "bench: utime=0.2s stime=0.0s rtime=0.250s" >&2;;',
    "esac",
  ];
  writeFileSync(ffmpeg, `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "ffprobe"), '#!/bin/sh\necho "ffprobe version 7.1 Copyright"\n');
  for (const name of ["ffmpeg", "ffprobe"]) chmodSync(join(folder, name), 0o755);
  return ffmpeg;
}

const ffmpeg = fakeFfmpeg();

/** A session whose `sh` is that shell: what it says to stderr is kept, too. */
function sessionIn({ path, shell }: (typeof KINDS)[number], folder = root): { session: Session; said: string[] } {
  const said: string[] = [];
  const run = (argv: readonly string[], { signal }: RunOptions = {}): ReturnType<Session["run"]> =>
    new Promise((resolve) => {
      expect(argv[0]).toBe("sh");
      const posix = shell.endsWith("bash") ? ["--posix"] : [];
      const env = { PATH: path, HOME: root };
      const child = spawn(shell, [...posix, ...argv.slice(1)], { cwd: folder, env, ...(signal ? { signal } : {}) });
      child.stdin.end();
      let stdout = "";
      child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
      child.stderr.on("data", (data: Buffer) => said.push(data.toString()));
      child.on("close", (code) => resolve(ok({ code: code ?? undefined, signal: undefined, stderrTail: [], stdout })));
    });
  return { session: { folder, run } as Partial<Session> as Session, said };
}

describe.each(KINDS)("scripts for workers in $name", (kind) => {
  test("the probe and the machine", async () => {
    const { session, said } = sessionIn(kind);
    const probed = await probeWorker(session, ffmpeg);
    expect(probed).toMatchObject({ ok: true, value: { ffmpegVersion: "7.1", fromCache: false } });
    if (!probed.ok) return;
    expect([...probed.value.encoders]).toEqual(["libx264", "h264_nvenc", "obscure", "aac"]);
    expect(probed.value.build).toMatch(/my tools\/ffmpeg \d+ \d+$/);
    expect(probed.value.machine.cores).toBeGreaterThan(0);
    expect(probed.value.machine.memory).toBeGreaterThan(1e6);
    const known = { build: probed.value.build, version: "7.1", encoders: ["libx264"] };
    expect(await probeWorker(session, ffmpeg, { known })).toMatchObject({ value: { fromCache: true } });
    const asked = await askMachine(session);
    expect(asked.ok && asked.value.machine.cores).toBe(probed.value.machine.cores);
    expect(await probeWorker(session, "/no/ffmpeg")).toMatchObject({ failure: { kind: "no-ffmpeg" } });
    expect(said.filter((line) => !line.includes("/no/ffmpeg"))).toEqual([]);
  });

  test("the survey", async () => {
    const { session, said } = sessionIn(kind);
    const found = await surveyWorker(session, ffmpeg);
    expect(found).toMatchObject({
      value: {
        encoders: [
          { name: "libx264", hardware: false, works: true },
          { name: "h264_nvenc", hardware: true, works: false, why: "No capable devices found" },
        ],
        ...{ ffprobeVersion: "7.1", speed: { encoder: "libx264", fps: 120 } },
      },
    });
    expect(found.ok && found.value.free).toBeGreaterThan(1e6);
    expect(found.ok && found.value.arch).toMatch(/\w/);
    expect(said).toEqual([]);
  });

  test("the inventory", async () => {
    const taken = await takeInventory(sessionIn(kind).session, ffmpeg);
    expect(taken).toMatchObject({ value: { version: "7.1", filters: new Set(["scale"]) } });
  });

  test.skipIf(!existsSync("/proc/self/stat"))("the processor time of a program", async () => {
    const word = `busy-${kind.name.replaceAll(" ", "-")}`;
    const child = spawn(process.execPath, ["-e", "for (;;) {}", word], { stdio: "ignore" });
    try {
      const read = (): Promise<number | undefined> =>
        processorTime(sessionIn(kind).session, word, new AbortController().signal);
      let used = await read();
      expect(used).toBeDefined();
      while (used !== undefined && used <= 0.1) used = await read();
      expect(await read()).toBeGreaterThanOrEqual(used ?? Number.POSITIVE_INFINITY);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test.skipIf(!existsSync("/proc/self/cmdline"))("the sweep takes what is nobody's, and nothing else", async () => {
    const base = mkdtempSync(join(root, "base "));
    const named = (digit: string): string => `distffmpeg-${digit.repeat(24)}`;
    const [own, old, young, busy, watched] = ["a", "b", "c", "d", "e"].map(named);
    for (const name of [own, old, young, busy, watched]) mkdirSync(join(base, name ?? ""));
    writeFileSync(join(base, old ?? "", "chunk"), "");
    const hourAgo = Date.now() / 1000 - 3600;
    for (const name of [own, old, busy, watched]) utimesSync(join(base, name ?? ""), hourAgo, hourAgo);
    const worker = spawn("sleep", ["1000"], { cwd: join(base, busy ?? ""), stdio: "ignore" });
    const janitor = spawn("sh", ["-c", "read -r x", "sh", join(base, watched ?? "")], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    try {
      const { session } = sessionIn(kind, join(base, own ?? ""));
      const swept = await sweep("w", session, new AbortController().signal);
      expect(swept).toEqual({ ok: true, value: { worker: "w", removed: [join(base, old ?? "")], ended: [] } });
      expect(readdirSync(base).sort()).toEqual([own, young, busy, watched].sort());
    } finally {
      worker.kill("SIGKILL");
      janitor.kill("SIGKILL");
    }
  });
});
