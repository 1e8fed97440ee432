import type { Stage } from "../../job/events.js";
import { maskText, maskWords } from "../../lib/masked.js";
import { quoteAll } from "../../lib/shell.js";
import { clock, count, rate, size } from "../text.js";
import { shareBar, slotChart, stepChart, timeAxis } from "./charts.js";
import { escape } from "./escape.js";
import type { End, JobFacts } from "./facts.js";
import { type Losses, lossesOf, phasesOf, spansBySlot } from "./losses.js";
import { STYLE } from "./style.js";

/** Nothing is loaded, and nothing runs, whatever a name in the page may hold. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const ENDS: Readonly<Record<End, string>> = {
  done: "finished",
  stopped: "stopped before anything was complete",
  failed: "failed",
  whole: "was run whole by ffmpeg itself",
  running: "not finished",
};

/** The report as one page of HTML that needs nothing else; pure. `date`: when the job began, in words. */
export function renderPage(facts: JobFacts, date: string): string {
  const parts = [head(facts, date), timeline(facts), speeds(facts), film(facts), lost(facts), notices(facts)];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>distffmpeg: report</title>
<style>${STYLE}</style>
</head>
<body>
${[...parts, commands(facts)].filter((part) => part !== "").join("\n")}
</body>
</html>
`;
}

const tile = (value: string, name: string): string =>
  `<div class="tile"><b>${escape(value)}</b><span>${escape(name)}</span></div>`;

const text = (words: string): string => escape(maskText(words));

function head(
  { seconds, end, endText, route, reason, chunks, workers, framesPerSecond }: JobFacts,
  date: string,
): string {
  const done = [...chunks.values()];
  const frames = done.reduce((sum, chunk) => sum + chunk.frames, 0);
  const bytes = done.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const kept = done.filter(({ worker }) => worker === "").length;
  const tiles = [
    tile(clock(seconds), "time taken"),
    ...(done.length === 0
      ? []
      : [
          tile(String(frames), "frames encoded"),
          tile(`${rate(frames / Math.max(seconds, 0.001))} fps`, "on average"),
          ...(framesPerSecond
            ? [tile(`${(frames / framesPerSecond / Math.max(seconds, 0.001)).toFixed(2)}x`, "speed")]
            : []),
          tile(size(bytes), "encoded film"),
          tile(`${done.length}${kept > 0 ? ` (${kept} kept)` : ""}`, "chunks"),
          tile(String(workers.length), workers.length === 1 ? "worker" : "workers"),
        ]),
  ];
  const bad = end === "failed" ? ' class="bad"' : "";
  return `<h1>Job report</h1>
<p class="dim">${escape(date)}</p>
<p${bad}>The job ${ENDS[end]}${endText === "" ? "" : `: ${text(endText)}`}.</p>
<p>Route: ${escape(route === "" ? "not decided" : route)}${reason === "" ? "" : ` (${text(reason)})`}</p>
<div class="tiles">${tiles.join("")}</div>`;
}

function key(names: readonly (readonly [cls: string, name: string])[]): string {
  const swatch = (cls: string): string => shareBar([[cls, 1]], "");
  return `<div class="key">${names.map(([cls, name]) => `<span>${swatch(cls)}${name}</span>`).join("")}</div>`;
}

const row = (name: string, chart: string): string =>
  `<div class="row"><span class="name" title="${escape(name)}">${escape(name)}</span>${chart}</div>`;

function timeline({ workers, seconds }: JobFacts): string {
  const many = workers.reduce((sum, { spans }) => sum + spans.length, 0);
  if (many === 0) return "";
  const rows = workers.flatMap((worker) =>
    spansBySlot(worker).map((spans, slot) => {
      const name = `${worker.name} ${slot + 1}`;
      return row(name, slotChart(spans, seconds, many, `what slot ${name} did`));
    }),
  );
  return `<h2>Every slot over time</h2>
${key([
  ["upload", "upload"],
  ["encode", "encode"],
  ["download", "download"],
  ["failed", "failed, tried again"],
  ["cancelled", "another was first"],
])}
<p class="dim">What is empty was idle.</p>
${rows.join("\n")}
${row("", timeAxis(seconds))}`;
}

function speeds({ workers, speeds: bins, seconds }: JobFacts): string {
  const series = workers.map(({ name }) => ({ name, values: bins.of(name) })).filter(({ values }) => values.length > 0);
  if (series.length === 0) return "";
  const length = Math.max(...series.map(({ values }) => values.length));
  const total = Array.from({ length }, (_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
  const width = seconds / bins.step;
  const chart = (name: string, values: readonly number[], most: number): string => {
    const top = values.reduce((high, value) => Math.max(high, value), 0);
    const label = `frames per second of ${name}, up to ${rate(top)}`;
    return row(`${name} (to ${rate(top)} fps)`, stepChart(values, { most, width, height: 40, label }));
  };
  const most = Math.max(...series.flatMap(({ values }) => values));
  const all = series.length > 1 ? [chart("all", total, Math.max(...total))] : [];
  return `<h2>Speed over time</h2>
<p class="dim">Frames per second, in steps of ${count(bins.step, "second")}; all workers have the same scale.</p>
${[...all, ...series.map(({ name, values }) => chart(name, values, most))].join("\n")}
${row("", timeAxis(seconds))}`;
}

function film({ chunks, framesPerSecond }: JobFacts): string {
  const order = [...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk);
  if (order.length === 0) return "";
  const widths = order.map(({ frames }) => frames);
  const width = widths.reduce((sum, frames) => sum + frames, 0);
  const longest = widths.reduce((most, frames) => Math.max(most, frames), 0);
  const fps = framesPerSecond ?? 25;
  const rates = order.map(({ bytes, frames }) => (bytes * 8 * fps) / 1000 / Math.max(1, frames));
  const highest = rates.reduce((most, value) => Math.max(most, value), 0);
  const lengths = stepChart(widths, { most: longest, width, widths, label: "frames of each chunk along the film" });
  const bitrates = stepChart(rates, { most: highest, width, widths, label: "bitrate of each chunk along the film" });
  return `<h2>Along the film</h2>
${row(`frames a chunk (to ${longest})`, lengths)}
${row(`kbit/s (to ${highest.toFixed(0)})`, bitrates)}
${row("", timeAxis(width / fps))}`;
}

const LOSSES: readonly (readonly [name: keyof Losses, words: string])[] = [
  ["encode", "encoding"],
  ["failed", "failed encodes"],
  ["cancelled", "another was first"],
  ["before", "idle before the first chunk"],
  ["between", "idle between chunks"],
  ["after", "idle at the end"],
];

function lost(facts: JobFacts): string {
  const { workers, seconds } = facts;
  if (workers.every(({ spans }) => spans.length === 0)) return "";
  const { before, encoding, after } = phasesOf(facts);
  const each = workers.map((worker) => ({ worker, losses: lossesOf(worker, seconds) }));
  const bars = each.map(({ worker, losses }) =>
    row(
      worker.name,
      shareBar(
        LOSSES.map(([name]) => [name, losses[name]]),
        `where the time of ${worker.name} went`,
      ),
    ),
  );
  const cells = (values: readonly string[], tag: string): string =>
    `<tr>${values.map((value) => `<${tag}>${escape(value)}</${tag}>`).join("")}</tr>`;
  const rows = each.map(({ worker, losses }) =>
    cells([worker.name, ...LOSSES.map(([name]) => clock(losses[name]))], "td"),
  );
  return `<h2>Where the time went</h2>
<p>${clock(before)} until the first encode, ${clock(encoding)} with encodes under way, ${clock(after)} to fetch, join and check after the last.</p>
${key(LOSSES)}
${bars.join("\n")}
<div class="wide"><table><thead>${cells(["time of slots", ...LOSSES.map(([, words]) => words)], "th")}</thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function notices({ notices: all, moreNotices }: JobFacts): string {
  if (all.length === 0) return "";
  const lines = all.map(({ at, text: words }) => `<li>${clock(at)}: ${text(words)}</li>`);
  const more = moreNotices > 0 ? [`<li>and ${moreNotices} more</li>`] : [];
  return `<h2>What was said</h2>\n<ul>${[...lines, ...more].join("\n")}</ul>`;
}

const STAGES: readonly (readonly [stage: Stage, words: string])[] = [
  ["given", "What was typed"],
  ["pre", "PRE: the split, on this machine"],
  ["remote", "REMOTE: one of the chunks"],
  ["final", "FINAL: the join, on this machine"],
];

function commands({ commands: all }: JobFacts): string {
  const blocks = STAGES.flatMap(([stage, words]) => {
    const command = all.get(stage);
    if (!command) return [];
    const where = command.worker === "" ? "" : `, on ${command.worker}`;
    return [`<p>${escape(words + where)}</p>\n<pre>${escape(quoteAll(maskWords(command.argv)))}</pre>`];
  });
  return blocks.length === 0 ? "" : `<h2>Commands</h2>\n${blocks.join("\n")}`;
}
