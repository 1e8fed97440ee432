import type { WorkerConfig } from "../config/types.js";
import type { Problem } from "../lib/result.js";
import { renderError } from "./errors.js";
import { columns } from "./table.js";
import { oneLine, rate, size } from "./text.js";

/** A worker that was measured, as the table and the JSON of `distffmpeg workers bench` show it. */
export interface ShownBench {
  readonly worker: WorkerConfig;
  readonly measured:
    | {
        readonly speeds: readonly {
          readonly encoder: string;
          readonly options: string;
          readonly fps: number | undefined;
          readonly why?: string;
        }[];
        readonly rates: { readonly roundTrip: number; readonly up: number; readonly down: number };
      }
    | undefined;
  readonly problem: Problem | undefined;
}

/** The clip that was encoded. */
export interface ShownClip {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
}

/** A row for each worker, a column for each encoder that one of them has (frames per second), for people. */
export function renderBenches(benches: readonly ShownBench[], { width, height, frames }: ShownClip): string {
  const all = benches.flatMap(({ measured }) => measured?.speeds ?? []);
  const options = new Map(all.map((speed) => [speed.encoder, speed.options]));
  const encoders = [...options.keys()];
  const rows = benches.map(({ worker, measured }) => {
    const name = oneLine(worker.name);
    if (!measured) return [name, ...encoders.map(() => "-"), "-", "-", "-", "see below"];
    const fps = encoders.map((encoder) => {
      const speed = measured.speeds.find((one) => one.encoder === encoder);
      return speed === undefined ? "-" : speed.fps === undefined ? "failed" : rate(speed.fps);
    });
    const { roundTrip, up, down } = measured.rates;
    return [name, ...fps, `${roundTrip.toFixed(1)} ms`, `${size(up)}/s`, `${size(down)}/s`];
  });
  const head = ["worker", ...encoders, "round trip", "up", "down"];
  const table = columns(
    [head, ...rows],
    head.map((_, i) => i).filter((i) => i > 0),
  );
  const failed = benches.flatMap(({ worker, measured }) =>
    (measured?.speeds ?? []).flatMap(({ encoder, fps, why }) =>
      fps === undefined ? [`${oneLine(worker.name)}: ${encoder} does not encode: ${oneLine(why ?? "no word")}`] : [],
    ),
  );
  const told = encoders.map((encoder) => `${encoder} ${options.get(encoder) ?? ""}`);
  const legend =
    encoders.length > 0
      ? [`frames per second of one ffmpeg, ${frames} frames of ${width}x${height}: ${told.join("; ")}`]
      : [];
  return `${[...table, ...failed, ...legend].join("\n")}\n`;
}

/** What kept workers from being measured, for standard error. */
export function renderBenchProblems(benches: readonly ShownBench[]): string {
  return benches.flatMap(({ problem }) => (problem ? [renderError(problem)] : [])).join("");
}

/** The same for programs: version 1, to which fields may be added. Frames a second, bytes a second, milliseconds. */
export function benchesAsJson(benches: readonly ShownBench[], clip: ShownClip): string {
  const workers = benches.map(({ worker: { name, host }, measured, problem }) => ({
    ...{ name, host },
    problem: problem ? { what: problem.what, detail: problem.detail ?? null, fix: problem.fix ?? null } : null,
    speeds: measured?.speeds.map(({ fps, why, ...one }) => ({ ...one, fps: fps ?? null, why: why ?? null })) ?? null,
    ...(measured?.rates ?? { roundTrip: null, up: null, down: null }),
  }));
  return `${JSON.stringify({ version: 1, clip, workers }, null, 2)}\n`;
}
