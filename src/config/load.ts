import { resolve } from "node:path";
import { nearest } from "../lib/did-you-mean.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { type Bounds, DEFAULT_RANK, type Placed, settleBounds } from "./bounds.js";
import { buildFarm, selectWorkers, unusedParams } from "./farm.js";
import { checkFlags } from "./flags.js";
import { flagIsOn } from "./take-flags.js";
import { environmentLayer, type FileSource, fileLayer, flagLayer, type Layer, variable } from "./layers.js";
import { type Environment, expandHome, findPlaces, type Places } from "./places.js";
import { type FileSettings, SCALAR_KEYS } from "./schema.js";
import type { Config, ConfigKey, LoadedConfig } from "./types.js";

/** Between the bounds that nobody has set; any such number would do. */
const USUAL_LENGTH = 240;

export interface LoadOptions {
  /** From `takeFlags`. */
  readonly flags?: ReadonlyMap<string, string>;
  readonly env: Environment;
  /** Absolute; relative paths of every place count from here. */
  readonly cwd: string;
}

/**
 * Merges flag > DISTFFMPEG_* variable > ./distffmpeg.json > user config > default, each setting on its own (the list
 * of workers as a whole). A file named by -df_config or DISTFFMPEG_CONFIG takes the place of both usual files;
 * DistrFFmpeg's file is read when there is none of these. Every problem found is in the failure, not only the first.
 */
export function loadConfig(options: LoadOptions): Result<LoadedConfig, Problem[]> {
  const flags = options.flags ?? new Map<string, string>();
  const places = findPlaces(options.env);
  const problems = checkFlags(flags);
  const layers: Layer[] = [];
  const add = (layer: Result<Layer | undefined, Problem[]>): void => {
    if (!layer.ok) problems.push(...layer.failure);
    else if (layer.value !== undefined) layers.push(layer.value);
  };
  add(flagLayer(flags));
  add(environmentLayer(options.env));
  for (const layer of fileLayers(flags, options, places)) add(layer);
  if (problems.length > 0) return fail(problems);
  return merge(layers, flags, options, places);
}

function fileLayers(
  flags: ReadonlyMap<string, string>,
  { env, cwd }: LoadOptions,
  places: Places,
): Result<Layer | undefined, Problem[]>[] {
  const named: FileSource[] = [];
  for (const [name, by] of [
    [flags.get("config"), "-df_config"],
    [env[variable("config")], variable("config")],
  ] as const) {
    if (name !== undefined && name !== "")
      named.push({ path: resolve(cwd, expandHome(name, places.home)), namedBy: by });
  }
  const [first] = named;
  if (first !== undefined) return [fileLayer(first)];
  const own = [resolve(cwd, "distffmpeg.json"), places.userConfig].map((path) => fileLayer({ path }));
  // A broken own file is a file all the same: its problems must be heard, not hidden by the old tool's config.
  const some = own.some((layer) => !layer.ok || layer.value !== undefined);
  return some ? own : [fileLayer({ path: places.oldConfig, old: true })];
}

function merge(
  layers: readonly Layer[],
  flags: ReadonlyMap<string, string>,
  options: LoadOptions,
  places: Places,
): Result<LoadedConfig, Problem[]> {
  const pick = <K extends ConfigKey, D>(key: K, usual: D): Picked<NonNullable<FileSettings[K]> | D> => {
    for (const [rank, { settings, originOf }] of layers.entries()) {
      const value = settings[key];
      if (value !== undefined) return { value, rank, origin: originOf(key) };
    }
    return { value: usual, rank: DEFAULT_RANK, origin: "default" };
  };
  const problems: Problem[] = [];
  const segment = pick("segment_frames", "auto" as const);
  const lengths: Bounds = {
    segment_frames: segmentBound(segment),
    keyint_min: pick("keyint_min", 120),
    keyint_max: pick("keyint_max", 600),
  };
  const settled = settleBounds(lengths);
  if (!settled.ok) problems.push(settled.failure);
  const entries = pick("workers", []);
  const farm = chooseFarm(entries.value, flags, options.env, places);
  if (!farm.workers.ok) problems.push(...farm.workers.failure);
  if (!settled.ok || !farm.workers.ok) return fail(problems);

  const single = {
    ffmpeg_bin: pick("ffmpeg_bin", "ffmpeg"),
    ffprobe_bin: pick("ffprobe_bin", "ffprobe"),
    server_work_path: pick("server_work_path", places.jobs),
    split: pick("split", "keyframe" as const),
    job_max_retries: pick("job_max_retries", 3),
    worker_timeout: pick("worker_timeout", 120),
    loglevel: pick("loglevel", "info" as const),
    fallback: pick("fallback", "local" as const),
    local_slots: pick("local_slots", "auto" as const),
    local_nice: pick("local_nice", 0),
    route: pick("route", "auto" as const),
    resume: pick("resume", "auto" as const),
    scratch_limit: pick("scratch_limit", "none" as const),
  };
  const { notes, ...settledBounds } = settled.value;
  const bounds = segment.value === "auto" ? { ...settledBounds, segment_frames: segment } : settledBounds;
  const fileOf = (flag: string): string | undefined => {
    const file = flags.get(flag);
    return file === undefined ? undefined : resolve(options.cwd, expandHome(file, places.home));
  };
  const config: Config = {
    ...values(single),
    ...values(bounds),
    ffmpeg_bin: expandHome(single.ffmpeg_bin.value, places.home),
    ffprobe_bin: expandHome(single.ffprobe_bin.value, places.home),
    server_work_path: resolve(options.cwd, expandHome(single.server_work_path.value, places.home)),
    workers: farm.workers.value.filter(({ drained }) => !drained),
    summary: fileOf("summary"),
    log: fileOf("log"),
    report: fileOf("report"),
    plan: flagIsOn(flags, "plan"),
  };
  const workersOrigin = farm.chosenBy === undefined ? entries.origin : `${entries.origin}, chosen by ${farm.chosenBy}`;
  const layerNotes = layers.flatMap((layer) => layer.notes);
  return ok({
    config,
    drained: farm.workers.value.filter(({ drained }) => drained),
    origins: { ...origins(single), ...origins(bounds), workers: workersOrigin },
    files: layers.flatMap((layer) => layer.file ?? []),
    notes: [...layerNotes, ...notes, ...unusedParams(entries.value, entries.origin), ...unknownVariables(options.env)],
  });
}

/** A length that is planned keeps to the bounds by itself, and moves none. */
function segmentBound({ value, rank, origin }: Picked<number | "auto">): Placed {
  return value === "auto" ? { value: USUAL_LENGTH, rank: DEFAULT_RANK, origin } : { value, rank, origin };
}

interface Picked<T> extends Omit<Placed, "value"> {
  readonly value: T;
}

function values<T extends Readonly<Record<string, { readonly value: unknown }>>>(
  picked: T,
): { [K in keyof T]: T[K]["value"] } {
  return Object.fromEntries(Object.entries(picked).map(([key, { value }]) => [key, value])) as {
    [K in keyof T]: T[K]["value"];
  };
}

function origins<K extends string>(picked: Readonly<Record<K, { readonly origin: string }>>): Record<K, string> {
  const pairs = Object.entries<{ readonly origin: string }>(picked).map(([key, { origin }]) => [key, origin]);
  return Object.fromEntries(pairs) as Record<K, string>;
}

function chooseFarm(
  entries: NonNullable<FileSettings["workers"]>,
  flags: ReadonlyMap<string, string>,
  env: Environment,
  places: Places,
): { readonly workers: ReturnType<typeof selectWorkers>; readonly chosenBy?: string } {
  const all = buildFarm(entries, places.home);
  for (const [choice, chosenBy] of [
    [flags.get("workers"), "-df_workers"],
    [env[variable("workers")], variable("workers")],
  ] as const) {
    if (choice === undefined || choice === "") continue;
    const chosen = selectWorkers(all, choice, chosenBy);
    const drained = chosen.ok ? chosen.value.filter((worker) => worker.drained) : [];
    return {
      workers: drained.length > 0 ? fail(drained.map(({ name }) => isDrained(name, chosenBy))) : chosen,
      chosenBy,
    };
  }
  return { workers: ok(all) };
}

/** Who names a worker that is to take no jobs must hear of it. */
function isDrained(name: string, chosenBy: string): Problem {
  return { what: `${chosenBy}: worker ${name} is drained`, fix: `distffmpeg workers undrain ${name}` };
}

/** Variables that look like ours but are none: only noted, because the name space is not ours alone. */
function unknownVariables(env: Environment): Problem[] {
  const known = [...SCALAR_KEYS, "workers", "config", "ssh_config", "started"].map(variable);
  return Object.keys(env)
    .filter((name) => name.startsWith("DISTFFMPEG_") && !known.includes(name))
    .flatMap((name) => {
      const near = nearest(
        name.slice("DISTFFMPEG_".length),
        known.map((k) => k.slice("DISTFFMPEG_".length)),
      );
      // Without a likely meaning it may well belong to somebody's script around us.
      return near === undefined
        ? []
        : [{ what: `environment: ${name} is not a setting`, fix: `Did you mean DISTFFMPEG_${near}?` }];
    });
}
