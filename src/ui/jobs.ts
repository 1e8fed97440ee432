import { quoteAll } from "../lib/shell.js";
import { clock, count, oneLine, pad, size, width } from "./text.js";

/** A job of which something is kept, as `distffmpeg jobs` shows it. */
export interface ShownJob {
  readonly id: string;
  readonly place: string;
  readonly touched: Date;
  readonly bytes: number;
  readonly chunks: number;
  readonly totalChunks: number | undefined;
  readonly frames: number;
  readonly totalFrames: number | undefined;
  readonly argv: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly holder: { readonly owner: { readonly pid: number }; readonly since: Date } | undefined;
  readonly useless: string | undefined;
}

/** How long ago something was, roughly. */
function ago(then: Date, now: number): string {
  const seconds = Math.max(0, (now - then.getTime()) / 1000);
  if (seconds < 3600) return `${clock(seconds)} ago`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} days ago`;
}

function state({ holder, useless, id }: ShownJob): string {
  if (holder) return `at work: process ${holder.owner.pid}, since ${holder.since.toLocaleString("sv-SE")}`;
  return useless === undefined ? `distffmpeg jobs resume ${id}` : `of no use: ${oneLine(useless)}`;
}

/** The jobs that can be gone on with, for people: two lines each under a head of columns. `now`: milliseconds since 1970. */
export function renderJobs(jobs: readonly ShownJob[], now: number): string {
  if (jobs.length === 0) return "no job was stopped that could go on\n";
  const rows = jobs.map((job) => {
    const { id, touched, bytes, chunks, totalChunks } = job;
    const done = totalChunks === undefined ? count(chunks, "chunk") : `${chunks} of ${count(totalChunks, "chunk")}`;
    return [id, ago(touched, now), size(bytes), done, state(job)];
  });
  const table = [["job", "last", "size", "done", ""], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((cells) => width(cells[column] ?? ""))));
  const lines = table.map((cells) =>
    cells
      .map((cell, i) => pad(cell, widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const commands = jobs.map(({ argv, flags, cwd }) => {
    const own = Object.entries(flags).map(([key, value]) => `-df_${key}=${value}`);
    return `    in ${oneLine(cwd)}: ${oneLine(quoteAll(["distffmpeg", ...own, ...argv]))}`;
  });
  return `${[lines[0], ...commands.flatMap((command, i) => [lines[i + 1], command])].join("\n")}\n`;
}

/** The same for programs: version 1, to which fields may be added. */
export function jobsAsJson(jobs: readonly ShownJob[]): string {
  const list = jobs.map(({ holder, useless, touched, argv, totalChunks, totalFrames, ...job }) => ({
    ...{ id: job.id, place: job.place, cwd: job.cwd, command: argv, flags: job.flags, touched: touched.toISOString() },
    ...{ bytes: job.bytes, chunks: job.chunks, frames: job.frames },
    ...{ totalChunks: totalChunks ?? null, totalFrames: totalFrames ?? null },
    running: holder ? { pid: holder.owner.pid, since: holder.since.toISOString() } : null,
    useless: useless ?? null,
  }));
  return `${JSON.stringify({ version: 1, jobs: list }, null, 2)}\n`;
}
