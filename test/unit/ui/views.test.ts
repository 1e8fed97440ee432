import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventStream, type JobEvent } from "../../../src/job/events.js";
import { attachViews, type ViewOptions } from "../../../src/ui/index.js";
import { FakeStream, FILM, type Script } from "./script.js";

const UTF8 = { LANG: "C.UTF-8", TERM: "xterm" };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Plays a script against the views, the timers running along, and gives what was written. */
async function show(script: Script, options: Partial<ViewOptions> & { isTTY: boolean }) {
  const stderr = new FakeStream(options.isTTY);
  const events = new EventStream();
  const clock = () => performance.now();
  const views = await attachViews(events, {
    stderr,
    columns: 80,
    env: UTF8,
    loglevel: "info",
    stats: true,
    clock,
    ...options,
  });
  const start = clock();
  for (const [seconds, event] of script) {
    await vi.advanceTimersByTimeAsync(Math.max(0, start + seconds * 1000 - clock()));
    events.emit(event);
  }
  await vi.advanceTimersByTimeAsync(10);
  return { stderr, events, views, text: () => stderr.text };
}

/** ffmpeg writes one stat line over the other. */
const shown = (text: string) => text.replace(/\n$/, "").split(/[\n\r]/);
const STAT = /^frame= *\d+ fps= *[\d.]+ q=-1\.0 L?size= *\d+kB time=\d\d:\d\d:\d\d\.\d\d bitrate=.* speed=.*x {4}$/;

describe("not on a terminal", () => {
  it("writes stat lines as ffmpeg does, and one plain line for each event that matters", async () => {
    const { text } = await show(FILM, { isTTY: false, period: 5000 });
    const lines = shown(text());
    expect(lines.filter((line) => STAT.test(line))).toHaveLength(3);
    expect(text().split("\r")).toHaveLength(3);
    expect(lines[0]).toBe("distffmpeg: split into chunks: one H.264 stream");
    expect(lines).toContain("distffmpeg: chunk 2 failed on beta (attempt 1), trying again: encoder died; badly");
    expect(lines).toContain("distffmpeg: worker beta dropped: connection lost; try: ssh beta");
    expect(lines.findLast((line) => STAT.test(line))).toMatch(
      /^frame= {2}400 fps= 33 .* Lsize= {7}4kB time=00:00:16\.00 .*speed=1\.33x/,
    );
    expect(text()).not.toMatch(/[\u0000-\u0009\u000b-\u000c\u000e-\u001f\u007f-\u009f]/);
  });

  it("adds who did how much from verbose on", async () => {
    const { text } = await show(FILM, { isTTY: false, loglevel: "verbose" });
    const lines = shown(text());
    expect(lines.at(-3)).toMatch(/^worker {2}chunks {2}frames {2}share {2}busy {2}fps\/slot$/);
    expect(lines.at(-2)).toMatch(/^alpha {8}4 {5}400 {3}100% {2}0:08 {6}50\.0$/);
    expect(lines.at(-1)).toMatch(/^beta .* dropped: connection lost$/);
  });

  it("lets ffmpeg's words through at their level, and ends in ffmpeg's own way", async () => {
    const end: JobEvent = { type: "done", output: "o.mkv", frames: 50, seconds: 2, bytes: 2048 };
    const script: Script = [
      [0, { type: "words", level: 32, text: "Input #0, matroska,webm, from 'i.mkv':" }],
      [0, { type: "words", level: 40, text: "only for the curious" }],
      [0, { type: "route", route: "chunks", reason: "r" }],
      [
        1,
        {
          ...end,
          reached: 2.5,
          sizes: { before: ["[out#0/mp4]"], behind: ["video:2kB audio:0kB"] },
          stop: { signal: 2 },
        },
      ],
    ];
    const { text } = await show(script, { isTTY: false, hideBanner: true });
    const lines = shown(text());
    expect(lines.slice(0, 3)).toEqual([
      "Input #0, matroska,webm, from 'i.mkv':",
      "[out#0/mp4]",
      expect.stringMatching(/time=00:00:02\.50/),
    ]);
    expect(lines.slice(3)).toEqual([
      "video:2kB audio:0kB",
      "Exiting normally, received signal 2.",
      "distffmpeg: stopped: the film's first 50 frames (0:02) are in o.mkv",
    ]);
  });

  it("is plain on a terminal too when asked", async () => {
    const { text } = await show(FILM, { isTTY: true, live: false });
    expect(text()).not.toMatch(/\u001b\[\?25l/);
    expect(text()).toMatch(/^frame= {2}400 fps=/m);
  });

  it("never goes back in stat lines when a chunk is lost", async () => {
    const { text } = await show(
      [
        [0, { type: "route", route: "chunks", reason: "r" }],
        [0, { type: "opened" }],
        [0, { type: "chunk-encode", chunk: 0, worker: "a", slot: 0 }],
        [4, { type: "chunk-progress", chunk: 0, worker: "a", slot: 0, frames: 90, fps: 20 }],
        [6, { type: "chunk-failed", chunk: 0, worker: "a", slot: 0, attempt: 1, reason: "x", retry: true }],
        [11, { type: "chunk-encode", chunk: 0, worker: "b", slot: 0 }],
      ],
      { isTTY: false, period: 5000 },
    );
    const frames = [...text().matchAll(/frame= *(\d+)/g)].map((match) => Number(match[1]));
    expect(frames).toEqual([90, 90]);
  });

  it("keeps still beside ffmpeg's own lines when the command runs whole", async () => {
    const whole: Script = [
      [0, { type: "route", route: "local", reason: "no video to encode" }],
      [20, { type: "done", output: "o", frames: 10, seconds: 1, bytes: 1 }],
    ];
    const { text } = await show(whole, { isTTY: false });
    expect(text()).toBe("distffmpeg: not split: no video to encode\n");
  });

  it.each([
    [{ loglevel: "quiet" }, 0, 0],
    [{ loglevel: "error" }, 0, 0],
    [{ loglevel: "warning" }, 0, 2],
    [{ loglevel: "quiet", forceStats: true }, 3, 0],
    [{ stats: false }, 1, 3],
    [{ loglevel: "24" }, 0, 2],
    [{ hideBanner: true }, 3, 2],
    [{ loglevel: "verbose" }, 3, 6],
  ])("honours %j", async (options, stats, messages) => {
    const { text } = await show(FILM, { isTTY: false, period: 5000, ...options });
    const lines = shown(text());
    expect(lines.filter((line) => STAT.test(line))).toHaveLength(stats);
    expect(lines.filter((line) => line.startsWith("distffmpeg: "))).toHaveLength(messages);
  });

  it("shows failures at error, and nothing at quiet", async () => {
    const failed: Script = [
      [1, { type: "failed", what: "no worker left", detail: "a: gone", fix: "distffmpeg doctor" }],
    ];
    const form = "distffmpeg: no worker left\n  a: gone\nTry: distffmpeg doctor\n";
    expect((await show(failed, { isTTY: false, loglevel: "error" })).text()).toBe(form);
    expect((await show(failed, { isTTY: false, loglevel: "quiet" })).text()).toBe("");
  });

  it("falls silent when its reader goes away", async () => {
    const { stderr, events, text } = await show([], { isTTY: false });
    stderr.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    stderr.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    events.emit({ type: "notice", level: "warning", text: "unheard" });
    await vi.advanceTimersByTimeAsync(10);
    expect(text()).toBe("");
  });
});

describe("on a terminal", () => {
  it("redraws calmly, messages above, the end below", async () => {
    const { stderr, views, text } = await show(FILM, { isTTY: true });
    views.stop();
    const plain = stripVTControlCharacters(text());
    expect(plain).toContain("Encoding");
    expect(plain).toContain("distffmpeg: worker beta dropped: connection lost; try: ssh beta\n");
    expect(plain).toContain("Lsize=       4kB time=00:00:16.00");
    expect(plain).toMatch(/alpha +4 +400 +100% +0:08 +50\.0\n/);
    const pictures = plain.split("Encoding").length - 1;
    expect(pictures).toBeGreaterThan(10);
    expect(pictures).toBeLessThanOrEqual(12 * 10);
    expect(text().lastIndexOf("\u001b[?25h")).toBeGreaterThan(text().lastIndexOf("\u001b[?25l"));
    expect(stderr.listenerCount("drain")).toBe(0);
  });

  it("writes nothing after stop, twice called", async () => {
    const { views, events, text } = await show(FILM.slice(0, 12), { isTTY: true });
    views.stop();
    views.stop();
    await vi.advanceTimersByTimeAsync(10);
    const before = text();
    events.emit({ type: "notice", level: "warning", text: "late" });
    await vi.advanceTimersByTimeAsync(3000);
    expect(text()).toBe(before);
  });

  it("gives the terminal to ffmpeg after a fall back", async () => {
    const { text, stderr } = await show([...FILM.slice(0, 14), [4, { type: "fell-back", reason: "why" }]], {
      isTTY: true,
    });
    const { writes } = stderr;
    expect(text()).toMatch(/running the whole command unsplit: why\n$/);
    await vi.advanceTimersByTimeAsync(3000);
    expect(stderr.writes).toBe(writes);
  });

  it("shows colours as the environment wishes", async () => {
    const drop: readonly [number, JobEvent] = [0, { type: "worker-dropped", worker: "b", reason: "r" }];
    const colour = "\u001b[33m";
    expect((await show([drop], { isTTY: true })).text()).toContain(colour);
    const plain = await show(FILM.slice(0, 14), { isTTY: true, env: { ...UTF8, NO_COLOR: "1" } });
    plain.views.stop();
    expect(plain.text()).not.toMatch(/\u001b\[[0-9;]*m/);
    expect((await show([drop], { isTTY: false, env: { FORCE_COLOR: "1" } })).text()).toContain(colour);
  });

  it.each([
    ["TERM=dumb", { env: { TERM: "dumb" } }],
    ["CI", { env: { CI: "true" } }],
    ["-nostats", { stats: false }],
    ["-v warning", { loglevel: "warning" }],
  ])("moves no cursor with %s", async (_, options) => {
    const { text, views } = await show(FILM, { isTTY: true, ...options });
    views.stop();
    expect(stripVTControlCharacters(text())).not.toContain("Encoding");
    expect(text()).not.toContain("\u001b[?25l");
  });
});

describe("summary", () => {
  it("has the documented form", async () => {
    const { views } = await show(FILM, { isTTY: false });
    expect(views.summary.report()).toEqual({
      version: 1,
      route: "chunks",
      reason: "one H.264 stream",
      chunks: 4,
      kept: 0,
      frames: 400,
      seconds: 12,
      workers: [
        { name: "alpha", chunks: 4, frames: 400, seconds: 8, shared: 0, compared: 0 },
        { name: "beta", chunks: 0, frames: 0, seconds: 0, shared: 0, compared: 0 },
      ],
      retries: 1,
      doubled: 0,
      dropped: [{ name: "beta", reason: "connection lost" }],
    });
  });

  it("is of use before the route is known", async () => {
    const { views } = await show([], { isTTY: false });
    expect(views.summary.report()).toMatchObject({ route: null, chunks: 0, frames: 0, workers: [] });
    expect(views.summary.table()).toBe("");
  });

  it("is written whole or not at all", async () => {
    const { views } = await show(FILM, { isTTY: false });
    vi.useRealTimers();
    const folder = await mkdtemp(join(tmpdir(), "summary-"));
    try {
      expect(await views.summary.writeSummary(join(folder, "s.json"))).toEqual({ ok: true, value: undefined });
      expect(JSON.parse(await readFile(join(folder, "s.json"), "utf8"))).toEqual(views.summary.report());
      expect(await readdir(folder)).toEqual(["s.json"]);
      const missing = await views.summary.writeSummary(join(folder, "none", "s.json"));
      expect(missing.ok).toBe(false);
      expect((await views.summary.writeSummary("/dev/null")).ok).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
