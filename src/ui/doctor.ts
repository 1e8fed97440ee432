import { columns } from "./table.js";
import { oneLine, rate, size, stripControl } from "./text.js";
import { differences, type ShownCheck } from "./workers.js";

/** One thing that was looked at, as `distffmpeg doctor` shows it. */
export interface ShownFinding {
  readonly about: string;
  readonly state: "ok" | "warn" | "fail";
  readonly what: string;
  readonly bytes?: number;
  readonly detail?: string;
  readonly fix?: string;
}

/** Workers that were looked at as findings, and in what their ffmpegs differ. One that takes no jobs may be unfit. */
export function checksAsFindings(checks: readonly ShownCheck[]): ShownFinding[] {
  const about = "workers";
  if (checks.length === 0)
    return [{ about, state: "ok", what: "none, this machine encodes alone", fix: "distffmpeg workers add USER@HOST" }];
  const each = checks.map(({ worker, found, unfit }): ShownFinding => {
    const drained = worker.drained === true;
    if (unfit) {
      const named = `${worker.name}: `;
      const cause = unfit.what.startsWith(named) ? unfit.what.slice(named.length) : unfit.what;
      const what = drained ? `${cause} (drained, takes no jobs)` : cause;
      return {
        ...{ about: `worker ${oneLine(worker.name)}`, state: drained ? "warn" : "fail", what },
        ...(unfit.detail === undefined ? {} : { detail: unfit.detail }),
        ...(unfit.fix === undefined ? {} : { fix: unfit.fix }),
      };
    }
    const works = found?.encoders.filter((encoder) => encoder.works).length ?? 0;
    const facts = found
      ? [
          `ffmpeg ${found.facts.ffmpegVersion}`,
          `${works} encoders`,
          ...(found.speed ? [`${rate(found.speed.fps)} fps`] : []),
          `${size(found.rates.up)}/s up`,
          ...(found.free === undefined ? [] : [`${size(found.free)} free`]),
        ]
      : [];
    const what = [...(drained ? ["drained"] : []), ...facts].join(", ");
    return { about: `worker ${oneLine(worker.name)}`, state: "ok", what };
  });
  return [...each, ...differences(checks).map((what): ShownFinding => ({ about, state: "warn", what }))];
}

/** A line for each finding, what belongs to it below, and a last line that counts; for people. */
export function renderFindings(findings: readonly ShownFinding[]): string {
  const rows = columns(findings.map(({ state, about, what, bytes }) => [state, about, worded(what, bytes)]));
  const lines = findings.flatMap(({ detail, fix }, i) => [
    rows[i] ?? "",
    ...stripControl(detail ?? "")
      .split("\n")
      .flatMap((line) => (line.trim() === "" ? [] : [`      ${line.trim()}`])),
    ...(fix === undefined ? [] : [`      Try: ${oneLine(fix)}`]),
  ]);
  const count = (state: ShownFinding["state"]): number => findings.filter((one) => one.state === state).length;
  return `${lines.join("\n")}\n${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} to mend\n`;
}

const worded = (what: string, bytes: number | undefined): string =>
  bytes === undefined ? oneLine(what) : `${oneLine(what)}: ${size(bytes)}`;

/** The same for programs: version 1, to which fields may be added. */
export function findingsAsJson(findings: readonly ShownFinding[]): string {
  const checks = findings.map(({ about, state, what, bytes, detail, fix }) => ({
    ...{ about, state, what },
    ...{ bytes: bytes ?? null, detail: detail ?? null, fix: fix ?? null },
  }));
  return `${JSON.stringify({ version: 1, ok: checks.every(({ state }) => state !== "fail"), checks }, null, 2)}\n`;
}
