import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readSummary, SHORT_CHUNKS } from "../equivalence/compare.js";
import { type Ended, runCli, runFfmpeg, type StartOptions } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";

/** What programs read out of ffmpeg's words, with their own expressions, of a film in chunks and of plain ffmpeg's. */

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const sources = new Sources();
afterAll(() => sources.close());

interface Runs {
  readonly plain: Ended;
  readonly ours: Ended;
}
let words: Runs;
let progress: Runs;

beforeAll(async () => {
  const film = await sources.get("h264.mp4");
  const folder = mkdtempSync(join(sources.folder, "readers-"));
  const options: StartOptions = { cwd: folder, env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder } };
  const summary = join(folder, "s.json");
  const both = async (before: readonly string[]): Promise<Runs> => {
    const args = [...before, "-y", "-nostdin", "-stats_period", "0.1", "-i", film];
    const encode = ["-r", "30", "-c:v", "libx264", "-preset", "medium", "-c:a", "copy", "o.mp4"];
    const plain = await runFfmpeg([...args, ...encode], options);
    const ours = await runCli([...SHORT_CHUNKS, `-df_summary=${summary}`, ...args, ...encode], options);
    expect(readSummary(summary)?.route).toBe("chunks");
    return { plain, ours };
  };
  words = await both([]);
  progress = await both(["-v", "error", "-progress", "pipe:1"]);
});

const split = (text: string): string[] => text.split(/[\r\n]+/);

/** Jellyfin's JobLogger.ParseLogLine (MediaBrowser.Controller/MediaEncoding/JobLogger.cs): words of a line, parted by blanks. */
function jellyfin(line: string): Record<string, number | string> {
  const found: Record<string, number | string> = {};
  const parts = line.split(" ");
  for (const [i, part] of parts.entries()) {
    const after = part.slice(part.indexOf("=") + 1);
    const next = parts.slice(i + 1).find((word) => word !== "") ?? "";
    if (part.toLowerCase() === "fps=") found.fps = Number(next);
    else if (/^fps=/i.test(part)) found.fps = Number(after);
    else if (/^time=/i.test(part)) found.time = after;
    else if (/^size=/i.test(part)) found.size = Number.parseInt(after === "" ? next : after, 10);
    else if (/^bitrate=/i.test(part)) found.bitrate = Number.parseFloat(after === "" ? next : after);
  }
  return found;
}

/** As tools in Python and Go commonly take a stat line to pieces. */
const STAT =
  /frame=\s*(?<frame>\d+)\s+fps=\s*(?<fps>[\d.]+)\s+q=(?<q>-?[\d.]+)\s+L?size=\s*(?<size>\d+)(?:kB|KiB)\s+time=(?<time>\d{2}:\d{2}:\d{2}\.\d{2})\s+bitrate=\s*(?<bitrate>[\d.]+)kbits\/s.*speed=\s*(?<speed>[\d.e+]+)x/;
const DURATION = /Duration: (\d{2}):(\d{2}):(\d{2})\.(\d{2})/;
const VIDEO = /Stream #\d+:\d+.*Video: (\w+).*?, (\d+x\d+).*?, ([\d.]+) fps/;

const statLines = ({ stderr }: Ended): string[] => split(stderr).filter((line) => line.startsWith("frame="));
/** Lines with something done already. */
const telling = (ended: Ended): string[] => statLines(ended).filter((line) => !/bitrate=N\/A|frame= *0 /.test(line));

describe("stat lines", () => {
  test("by Jellyfin's reader", () => {
    expect(telling(words.ours).length).toBeGreaterThanOrEqual(2);
    for (const line of telling(words.ours)) {
      const found = jellyfin(line);
      expect(Object.keys(found).filter((key) => key !== "size")).toEqual(["fps", "time", "bitrate"]);
      expect(found.time).toMatch(/^\d\d:\d\d:\d\d\.\d\d$/);
      expect(found.fps).toBeGreaterThanOrEqual(0);
      expect(found.bitrate).toBeGreaterThan(0);
    }
    const last = ({ time }: Record<string, number | string>): unknown => time;
    expect(last(jellyfin(statLines(words.ours).at(-1) ?? ""))).toBe(
      last(jellyfin(statLines(words.plain).at(-1) ?? "")),
    );
  });

  test("by one expression for the whole line", () => {
    for (const line of telling(words.ours)) expect(line).toMatch(STAT);
    const last = (ended: Ended): Record<string, string> => ({ ...STAT.exec(statLines(ended).at(-1) ?? "")?.groups });
    const [plain, ours] = [last(words.plain), last(words.ours)];
    expect({ frame: ours.frame, time: ours.time }).toEqual({ frame: plain.frame, time: plain.time });
    expect(Math.abs(Number(ours.size) / Number(plain.size) - 1)).toBeLessThan(0.5);
    // None goes back.
    const frames = telling(words.ours).map((line) => Number(STAT.exec(line)?.groups?.frame));
    expect(frames).toEqual([...frames].sort((a, b) => a - b));
  });

  test("what ffmpeg says of the streams, and of their length, first of all lines its banner", () => {
    for (const expression of [DURATION, VIDEO]) {
      const all = ({ stderr }: Ended): string[] => split(stderr).flatMap((line) => expression.exec(line)?.[0] ?? []);
      expect(all(words.ours)).toEqual(all(words.plain));
      expect(all(words.ours).length).toBeGreaterThan(0);
    }
    expect(split(words.ours.stderr)[0]).toBe(split(words.plain.stderr)[0]);
    // A reader that knows only ffmpeg's lines passes over one of ours.
    expect(split(words.ours.stderr).filter((line) => line.startsWith("distffmpeg"))).toHaveLength(1);
  });
});

describe("-progress", () => {
  /** Blocks as keys with values: ffmpeg-progress-yield and many others split at the first equals sign. */
  const blocks = ({ stdout }: Ended): Record<string, string>[] =>
    stdout
      .trim()
      .split(/(?<=^progress=\w+\n)/m)
      .map((block) =>
        Object.fromEntries(
          block
            .trim()
            .split("\n")
            .map((line) => line.split(/=\s*/, 2) as [string, string]),
        ),
      );

  test("gives how far it is, the same at the end", () => {
    const [plain, ours] = [blocks(progress.plain), blocks(progress.ours)];
    for (const block of ours) {
      expect(Object.keys(block)).toEqual(Object.keys(plain[0] ?? {}));
      expect(block.out_time).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
      expect(block.out_time_ms).toMatch(/^\d+$/);
    }
    const end = plain.at(-1) ?? {};
    const { frame, out_time, dup_frames, drop_frames } = end;
    expect(ours.at(-1)).toMatchObject({ frame, out_time, dup_frames, drop_frames, progress: "end" });
    expect(Number(dup_frames)).toBeGreaterThan(0);
    expect(ours.filter((block) => block.progress === "end")).toHaveLength(1);
  });
});
