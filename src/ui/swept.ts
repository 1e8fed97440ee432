import { count, oneLine } from "./text.js";

/** What `distffmpeg clean` has found and taken away. */
export interface ShownSweep {
  readonly host: { readonly removed: readonly string[]; readonly ended: readonly number[] };
  readonly useless: readonly { readonly place: string; readonly why: string }[];
  readonly workers: readonly {
    readonly worker: string;
    readonly removed: readonly string[];
    readonly ended: readonly number[];
  }[];
}

/** What was taken away, a line each, for people. `kept`: jobs that can still be gone on with. */
export function renderSweep({ host, useless, workers }: ShownSweep, kept: number): string {
  const lines = [
    ...host.removed.map((path) => `removed ${oneLine(path)}`),
    ...host.ended.map((pid) => `ended process ${pid}`),
    ...useless.map(({ place, why }) => `removed ${oneLine(place)}: ${oneLine(why)}`),
    ...workers.flatMap(({ worker, removed, ended }) => [
      ...removed.map((path) => `removed ${oneLine(path)} on ${oneLine(worker)}`),
      ...ended.map((pid) => `ended process ${pid} on ${oneLine(worker)}`),
    ]),
  ];
  if (lines.length === 0) lines.push("nothing was left of dead jobs");
  if (kept > 0) lines.push(`${count(kept, "job")} can still go on: distffmpeg jobs`);
  return `${lines.join("\n")}\n`;
}
