import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { JobEvent } from "../../../src/job/events.js";
import { FactsCollector, type JobFacts } from "../../../src/ui/page/facts.js";
import { lossesOf, phasesOf } from "../../../src/ui/page/losses.js";
import { renderPage } from "../../../src/ui/page/page.js";
import { SpeedBins } from "../../../src/ui/page/speed-bins.js";
import { at, done, FILM, progress, type Script } from "./script.js";

function collect(script: Script, end: number): JobFacts {
  let now = 0;
  const collector = new FactsCollector(() => now * 1000);
  for (const [seconds, event] of script) {
    now = seconds;
    collector.listen(event);
  }
  now = end;
  return collector.facts();
}

const UP: JobEvent = { type: "worker-up", worker: "w", slots: 2, detail: "" };
const LIFE: Script = [
  [0, { type: "route", route: "chunks", reason: "" }],
  [1, UP],
  [2, { type: "chunk-upload", ...at(0, "w") }],
  [3, { type: "chunk-uploaded", chunk: 0, worker: "w" }],
  [4, { type: "chunk-encode", ...at(0, "w", 1) }],
  [5, progress(0, "w", 30, 1)],
  [6, { type: "chunk-download", ...at(0, "w", 1) }],
  [7, done(0, "w", 100, 1)],
  [8, { type: "chunk-encode", ...at(1, "w", 1) }],
  [9, { type: "chunk-failed", ...at(1, "w", 1), attempt: 1, reason: "broke", retry: true }],
];

describe("FactsCollector", () => {
  it("puts what was sent and fetched beside the encode it belongs to", () => {
    const [worker] = collect(LIFE, 10).workers;
    expect(worker?.spans).toEqual([
      { kind: "upload", chunk: 0, slot: 1, from: 2, to: 3 },
      { kind: "encode", chunk: 0, slot: 1, from: 4, to: 6 },
      { kind: "download", chunk: 0, slot: 1, from: 6, to: 7 },
      { kind: "failed", chunk: 1, slot: 1, from: 8, to: 9 },
    ]);
  });

  it("counts each frame once in the speeds", () => {
    const { speeds } = collect(LIFE, 10);
    expect(speeds.of("w").reduce((sum, fps) => sum + fps, 0)).toBe(100);
  });

  it("says where the time of the slots went, all of it", () => {
    const facts = collect(LIFE, 10);
    const [worker] = facts.workers;
    const losses = worker && lossesOf(worker, facts.seconds);
    // The first slot never had anything to do.
    expect(losses).toEqual({ encode: 2, failed: 1, cancelled: 0, before: 9 + 3, between: 2, after: 1 });
    expect(phasesOf(facts)).toEqual({ before: 4, encoding: 5, after: 1 });
  });
});

it("speeds keep to a bounded number of steps", () => {
  const bins = new SpeedBins();
  for (let second = 0; second < 100_000; second += 10) bins.add("w", second, 10);
  expect(bins.of("w").length).toBeLessThanOrEqual(300);
  expect(bins.of("w").reduce((sum, fps) => sum + fps * bins.step, 0)).toBeCloseTo(100_000, 3);
});

describe("renderPage", () => {
  it("holds no markup and no secret of what it tells, and asks for nothing", () => {
    const evil = `</pre><script>alert(1)</script>" onload='x' &`;
    const argv = ["ffmpeg", "-i", "http://me:pa55@h/", evil];
    const named: Script = [
      [0, { type: "command", stage: "given", argv }],
      [0, { type: "route", route: "chunks", reason: evil }],
      [0, { ...UP, worker: evil }],
      [1, { type: "chunk-encode", ...at(0, evil) }],
      [2, done(0, evil, 10)],
      [2, { type: "notice", level: "info", text: evil }],
      [3, { type: "failed", what: evil }],
    ];
    const page = renderPage(collect(named, 3), evil);
    expect(page).not.toMatch(/<script|<\/pre><|" onload|pa55/);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import/);
  });

  it("tells of a job that was over before anything was decided", () => {
    const page = renderPage(collect([[0, { type: "failed", what: "no room" }]], 1), "today");
    expect(page).toContain("The job failed: no room.");
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("stays small with many chunks", () => {
    const many = Array.from({ length: 5000 }, (_, chunk): Script => {
      const place = at(chunk, "w");
      return [
        [chunk, { type: "chunk-encode", ...place }],
        [chunk + 0.8, { type: "chunk-download", ...place }],
        [chunk + 0.9, done(chunk, "w", 100)],
      ];
    }).flat();
    const page = renderPage(collect([[0, UP], ...many], 5001), "today");
    expect(page.length).toBeLessThan(700_000);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

function chromium(): string | undefined {
  return ["chromium", "chromium-browser", "google-chrome"].find((name) => {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

const browser = chromium();
if (browser === undefined) console.warn("no chromium in PATH: the report is not looked at (apt-get install chromium)");

describe.skipIf(browser === undefined)("in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "page-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", `--user-data-dir=${folder}/user`];

  /** The picture of the page, three bytes a pixel. */
  function shoot(scheme: "dark" | "light", width: number): Buffer {
    const page = join(folder, "page.html");
    const picture = join(folder, `${scheme}.png`);
    writeFileSync(page, renderPage(collect(FILM, 12), "today"));
    const scheming = `--blink-settings=preferredColorScheme=${scheme === "dark" ? 0 : 1}`;
    const shot = [`--window-size=${width},1200`, `--screenshot=${picture}`, pathToFileURL(page).href];
    execFileSync(browser ?? "", [...quiet, scheming, ...shot], { stdio: "ignore" });
    const raw = ["-v", "error", "-i", picture, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    return execFileSync("ffmpeg", raw, { maxBuffer: 1 << 26 });
  }

  const pixels = (raw: Buffer, rgb: readonly number[]): number => {
    let found = 0;
    for (let i = 0; i < raw.length; i += 3) {
      if (raw[i] === rgb[0] && raw[i + 1] === rgb[1] && raw[i + 2] === rgb[2]) found += 1;
    }
    return found;
  };

  it.each([
    ["light", 900, [255, 255, 255], [47, 111, 214], [209, 59, 59]],
    ["dark", 500, [21, 23, 26], [91, 148, 240], [240, 100, 100]],
  ] as const)(
    "is drawn %s, %i pixels wide",
    (scheme, width, ground, encode, failed) => {
      const raw = shoot(scheme, width);
      expect(raw.length).toBe(width * 1200 * 3);
      expect([...raw.subarray(0, 3)]).toEqual(ground);
      expect(pixels(raw, encode)).toBeGreaterThan(2000);
      expect(pixels(raw, failed)).toBeGreaterThan(100);
    },
    60_000,
  );

  it("is no wider than a phone", () => {
    writeFileSync(join(folder, "report.html"), renderPage(collect(FILM, 12), "today"));
    // A window of headless Chromium has 500 pixels at least; a frame in it may have fewer.
    const phone = `<iframe src="report.html" width="360" height="780"></iframe><script>
      const [frame] = document.querySelectorAll("iframe");
      frame.onload = () => {
        const { scrollWidth, clientWidth } = frame.contentDocument.scrollingElement;
        document.body.append(\`\${scrollWidth} of \${clientWidth}\`);
      };
    </script>`;
    const page = join(folder, "phone.html");
    writeFileSync(page, phone);
    const words = [...quiet, "--allow-file-access-from-files", "--dump-dom", pathToFileURL(page).href];
    const told = execFileSync(browser ?? "", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const [, wide, room] = /(\d+) of (\d+)/.exec(told.slice(told.indexOf("</script>"))) ?? [];
    expect(Number(room)).toBeGreaterThan(300);
    expect(Number(wide)).toBe(Number(room));
  }, 60_000);
});
