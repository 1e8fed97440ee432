import type { WorkerConfig } from "../config/types.js";
import type { Problem } from "../lib/result.js";
import { renderError } from "./errors.js";
import { columns } from "./table.js";
import { oneLine, rate, size } from "./text.js";

/** A worker that was looked at, as the tables and the JSON of `distffmpeg workers` show it. */
export interface ShownCheck {
  readonly worker: WorkerConfig;
  readonly found:
    | {
        readonly facts: {
          readonly ffmpegVersion: string;
          readonly machine: {
            readonly cores: number;
            readonly memory: number | undefined;
            readonly nodes: readonly unknown[];
          };
          readonly numactl: boolean;
        };
        readonly os: string;
        readonly arch: string;
        readonly free: number | undefined;
        readonly ffprobeVersion: string | undefined;
        readonly build: readonly string[];
        readonly encoders: readonly {
          readonly name: string;
          readonly hardware: boolean;
          readonly works: boolean;
          readonly why?: string;
        }[];
        readonly speed: { readonly encoder: string; readonly fps: number } | undefined;
        readonly rates: { readonly roundTrip: number; readonly up: number; readonly down: number };
        readonly workPath: string;
      }
    | undefined;
  readonly unfit: Problem | undefined;
}

/** `user@host:port`, as far as the configuration says. */
function place({ host, user, port }: WorkerConfig): string {
  return `${user === undefined ? "" : `${user}@`}${host.includes(":") ? `[${host}]` : host}${port === undefined ? "" : `:${port}`}`;
}

/** The list of workers, for people. */
export function renderWorkers(workers: readonly WorkerConfig[], origin: string): string {
  if (workers.length === 0) return "no workers are configured\nTry: distffmpeg workers add USER@HOST\n";
  const rows = workers.map((worker) => [
    oneLine(worker.name),
    oneLine(place(worker)),
    String(worker.slots),
    oneLine(worker.work_path),
    worker.drained ? "drained" : "",
  ]);
  return `${columns([["worker", "at", "slots", "work path", ""], ...rows]).join("\n")}\nfrom ${oneLine(origin)}\n`;
}

/** The same for programs: version 1, to which fields may be added. */
export function workersAsJson(workers: readonly WorkerConfig[], origin: string): string {
  return `${JSON.stringify({ version: 1, origin, workers: workers.map(asJson) }, null, 2)}\n`;
}

function asJson(worker: WorkerConfig): object {
  const { name, host, user, port, identity_file, connect_timeout, drained, ...rest } = worker;
  const optional = { user, port, identity_file, connect_timeout };
  const told = Object.fromEntries(Object.entries(optional).map(([key, value]) => [key, value ?? null]));
  return { name, host, ...told, ...rest, drained: drained === true };
}

/** What was found of workers, for people: a table, what is wrong with whom, and in what their ffmpegs differ. */
export function renderChecks(checks: readonly ShownCheck[]): string {
  const head = ["worker", "ffmpeg", "cores", "memory", "encoders", "speed", "round trip", "up", "down", "free", ""];
  const rows = checks.map(({ worker, found, unfit }) => {
    const state = `${unfit ? (found ? "unfit" : "unfit: see below") : "fit"}${worker.drained ? ", drained" : ""}`;
    if (!found) return [oneLine(worker.name), ...Array.from({ length: 9 }, () => "-"), state];
    const { facts, encoders, speed, rates, free } = found;
    const working = encoders.filter(({ works }) => works).length;
    const listed = encoders.filter(({ works, hardware }) => works || !hardware).length;
    return [
      oneLine(worker.name),
      oneLine(facts.ffmpegVersion),
      String(facts.machine.cores),
      sizeOr(facts.machine.memory),
      `${working} of ${listed}`,
      speed ? `${rate(speed.fps)} fps` : "-",
      `${rates.roundTrip.toFixed(1)} ms`,
      `${size(rates.up)}/s`,
      `${size(rates.down)}/s`,
      sizeOr(free),
      state,
    ];
  });
  const table = columns([head, ...rows], [2, 3, 5, 6, 7, 8, 9]);
  return `${[...table, ...encoderLines(checks), ...differences(checks)].join("\n")}\n`;
}

/** What is wrong with whom, for standard error: the form of every error. */
export function renderUnfit(checks: readonly ShownCheck[]): string {
  return checks.flatMap(({ unfit }) => (unfit ? [renderError(unfit)] : [])).join("");
}

const sizeOr = (bytes: number | undefined): string => (bytes === undefined ? "-" : size(bytes));

/** Encoders that work, and those that are listed and do not. */
function encoderLines(checks: readonly ShownCheck[]): string[] {
  return checks.flatMap(({ worker, found }) => {
    if (!found) return [];
    const working = found.encoders.flatMap(({ name, works }) => (works ? [name] : []));
    const broken = found.encoders.filter(({ works }) => !works);
    const absent = broken.filter(({ hardware }) => hardware).map(({ name }) => name);
    return [
      `${oneLine(worker.name)} encodes with: ${working.join(", ") || "nothing"}`,
      ...broken.flatMap(({ name, hardware, why }) =>
        hardware ? [] : [`${oneLine(worker.name)}: ${name} does not encode: ${oneLine(why ?? "no word")}`],
      ),
      // A usual build lists a dozen for devices that are not there; --json has the word of each.
      ...(absent.length > 0
        ? [`${oneLine(worker.name)} lists, but has no working device for: ${absent.join(", ")}`]
        : []),
    ];
  });
}

/** In what the workers' ffmpegs differ: another build may join less well, or encode otherwise. Pure. */
export function differences(checks: readonly ShownCheck[]): string[] {
  const able = checks.flatMap(({ worker, found }) => (found ? [{ name: oneLine(worker.name), found }] : []));
  const [first, ...others] = able;
  if (!first) return [];
  const lines: string[] = [];
  for (const { name, found } of others) {
    const [here, there] = [found.build, first.found.build];
    if (here.join("\n") === there.join("\n")) continue;
    const line = here.find((words, i) => words !== there[i]) ?? "";
    const what =
      found.facts.ffmpegVersion === first.found.facts.ffmpegVersion
        ? `another build of ffmpeg ${found.facts.ffmpegVersion} (${oneLine(line).slice(0, 60)})`
        : `ffmpeg ${found.facts.ffmpegVersion}, and ${first.name} has ${first.found.facts.ffmpegVersion}`;
    lines.push(`build differs: ${name} has ${what}`);
  }
  const names = new Set(able.flatMap(({ found }) => found.encoders.map(({ name }) => name)));
  for (const encoder of names) {
    const lacking = able.filter(({ found }) => !found.encoders.some(({ name, works }) => name === encoder && works));
    if (lacking.length > 0 && lacking.length < able.length)
      lines.push(`${encoder}: not on ${lacking.map(({ name }) => name).join(", ")}`);
  }
  return lines;
}

/** The same for programs: version 1, to which fields may be added. Bytes, bytes a second, milliseconds, frames a second. */
export function checksAsJson(checks: readonly ShownCheck[]): string {
  const workers = checks.map(checkAsJson);
  return `${JSON.stringify({ version: 1, workers, differences: differences(checks) }, null, 2)}\n`;
}

/** One worker that was looked at, for JSON. */
export function checkAsJson({ worker, found, unfit }: ShownCheck): object {
  return {
    ...asJson(worker),
    reachable: found !== undefined,
    fit: unfit === undefined,
    problem: unfit ? { what: unfit.what, detail: unfit.detail ?? null, fix: unfit.fix ?? null } : null,
    found: found
      ? {
          ...{ os: found.os, arch: found.arch, cores: found.facts.machine.cores },
          memory: found.facts.machine.memory ?? null,
          numaNodes: found.facts.machine.nodes.length,
          numactl: found.facts.numactl,
          workPath: found.workPath,
          free: found.free ?? null,
          ffmpeg: found.facts.ffmpegVersion,
          ffprobe: found.ffprobeVersion ?? null,
          build: found.build,
          encoders: found.encoders,
          speed: found.speed ?? null,
          ...found.rates,
        }
      : null,
  };
}
