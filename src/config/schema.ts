import { z } from "zod";

/**
 * What may stand in a config file. Each setting's description says in words what is allowed; the error messages,
 * `-df_help` and the documentation use it. Files of DistrFFmpeg (host, user, work_path, ffmpeg_bin, platform, params)
 * are accepted as they are.
 */

const MAX_FRAMES = 1_000_000;
const MAX_SLOTS = 4096;

/** Log levels by every name they go by: ours, ffmpeg's, Python's and those of DistrFFmpeg (SHELL). */
const LOGLEVELS = {
  quiet: "quiet",
  error: "error",
  warning: "warning",
  info: "info",
  verbose: "verbose",
  debug: "debug",
  panic: "error",
  fatal: "error",
  critical: "error",
  warn: "warning",
  trace: "debug",
  shell: "debug",
  notset: "debug",
} as const;

const PLATFORMS = {
  linux: "Linux",
  darwin: "Darwin",
  macos: "Darwin",
  mac: "Darwin",
  osx: "Darwin",
  bsd: "BSD",
  freebsd: "BSD",
  openbsd: "BSD",
  netbsd: "BSD",
  dragonfly: "BSD",
  windows: "Windows",
  win32: "Windows",
} as const;

const FALLBACKS = { local: "local", fail: "fail" } as const;

const ROUTES = { auto: "auto", chunks: "chunks", offload: "offload", local: "local" } as const;

const SPLITS = { keyframe: "keyframe", scene: "scene" } as const;

const RESUMES = { auto: "auto", never: "never" } as const;

/** The names to choose from where a setting is one of a few words, for "did you mean". */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  loglevel: Object.keys(LOGLEVELS),
  platform: Object.keys(PLATFORMS),
  fallback: Object.keys(FALLBACKS),
  segment_frames: ["auto"],
  local_slots: ["auto"],
  slots: ["auto"],
  numa: ["auto", "none"],
  route: Object.keys(ROUTES),
  split: Object.keys(SPLITS),
  resume: Object.keys(RESUMES),
  scratch_limit: ["none"],
};

function optional<T extends z.ZodType>(schema: T, allowed: string): z.ZodOptional<T> {
  return schema.optional().describe(allowed);
}

/** One of the keys of `table` in any case, turned into what it stands for. */
function choice<T extends Readonly<Record<string, string>>>(table: T): z.ZodType<T[keyof T]> {
  const find = (word: string): T[keyof T] | undefined => {
    const key = word.toLowerCase();
    return Object.hasOwn(table, key) ? table[key as keyof T] : undefined;
  };
  return z.string().transform((word, context): T[keyof T] => {
    const meant = find(word);
    if (meant !== undefined) return meant;
    context.addIssue({ code: "custom", message: "unknown word" });
    return z.NEVER;
  });
}

/** Text on one line: these values become arguments and lines of logs. */
const text = z.string().regex(/^[^\0\r\n]+$/);
/** Hosts and users are handed to ssh; a leading "-" would make them options of it. */
const sshWord = z.string().regex(/^[^-\s\0,][^\s\0,]*$/);
const frames = z.int().min(1).max(MAX_FRAMES);
/** The old tool declared these as text and handed them to Paramiko, which took both. */
const numberOrDigits = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
const port = numberOrDigits.pipe(z.int().min(1).max(65535));
const seconds = numberOrDigits.pipe(z.number().positive().max(86_400));

/** A size: bytes, or a number with K, M, G or T behind it (of 1024 each), as in 20G. */
const size = z.union([
  z.int().min(1),
  z
    .string()
    .regex(/^\d+(\.\d+)?[kmgt]?(i?b)?$/i)
    .transform(bytesOf),
]);

function bytesOf(text: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)([kmgt]?)/i.exec(text) ?? [];
  return Math.max(1, Math.round(Number(number) * 1024 ** " kmgt".indexOf(unit.toLowerCase() || " ")));
}

const FRAMES_ALLOWED = `a whole number of frames from 1 to ${MAX_FRAMES}`;
const PORT_ALLOWED = "a port number from 1 to 65535";
const KEY_ALLOWED = "the path of a private key file";
const WORKER_TIMEOUT_ALLOWED = "seconds without progress, from 1 to 86400";
const SECONDS_ALLOWED = "seconds to wait for a connection, more than 0";

/** Chunks at a time, and how nicely: the lowest priority is 19, and below 0 is for root alone (nice(1)). */
const slots = z.union([z.literal("auto"), z.int().min(1).max(MAX_SLOTS)]);
const niceness = z.int().min(0).max(19);
const NICE_ALLOWED = "a whole number from 0 (as other programs) to 19 (only what they leave)";

/** What `params` may hold: these, and Paramiko's other connect() arguments, which are read over. */
const paramsShape = {
  port: optional(port, PORT_ALLOWED),
  identity_file: optional(text, KEY_ALLOWED),
  key_filename: optional(z.union([text, z.array(text).min(1)]), KEY_ALLOWED),
  timeout: optional(seconds, SECONDS_ALLOWED),
  ...Object.fromEntries(
    [
      ...["password", "passphrase", "pkey", "allow_agent", "look_for_keys", "compress", "banner_timeout"],
      ...["auth_timeout", "channel_timeout", "gss_auth", "gss_kex", "gss_deleg_creds", "gss_host", "gss_trust_dns"],
      "disabled_algorithms",
    ].map((key) => [key, z.unknown().optional()]),
  ),
};

/** A folder that this machine and a worker both see. */
const sharedShape = {
  host: text.regex(/^(\/|~(\/|$))/).describe("an absolute folder of this machine"),
  worker: text.regex(/^\//).describe("the absolute path of the same folder on the worker"),
};

const workerShape = {
  host: sshWord.describe("a host name, an address or a name from ~/.ssh/config, without blanks"),
  name: optional(z.string().regex(/^(?!none$)[^-\s,][^\s,]*$/), 'a name without blanks and commas, and not "none"'),
  user: optional(sshWord, "a user name on the worker"),
  port: optional(port, PORT_ALLOWED),
  identity_file: optional(text, KEY_ALLOWED),
  connect_timeout: optional(seconds, SECONDS_ALLOWED),
  work_path: optional(text, "a folder on the worker"),
  ffmpeg_bin: optional(text, "the name or path of ffmpeg on the worker"),
  platform: optional(choice(PLATFORMS), "Linux, Darwin, BSD or Windows"),
  slots: optional(slots, `how many chunks at a time: auto or a whole number from 1 to ${MAX_SLOTS}`),
  numa: optional(
    z.union([z.enum(["auto", "none"]), z.int().min(0).max(1023)]),
    "auto, none or the number of a NUMA node",
  ),
  nice: optional(niceness, NICE_ALLOWED),
  drained: optional(z.boolean(), "true (it takes no new jobs) or false"),
  shared_paths: optional(
    z.array(z.strictObject(sharedShape).describe("an object with host and worker")),
    'a list of folders that both see, such as [{"host": "/mnt/media", "worker": "/data/media"}]',
  ),
  params: optional(z.strictObject(paramsShape), 'an object of connection settings, such as {"port": 2222}'),
};

const scalarShape = {
  ffmpeg_bin: optional(text, "the name or path of ffmpeg on this machine"),
  ffprobe_bin: optional(text, "the name or path of ffprobe on this machine"),
  server_work_path: optional(text, "a folder on this machine for the files of running jobs"),
  segment_frames: optional(z.union([z.literal("auto"), frames]), `auto or ${FRAMES_ALLOWED}`),
  keyint_min: optional(frames, FRAMES_ALLOWED),
  keyint_max: optional(frames, FRAMES_ALLOWED),
  split: optional(choice(SPLITS), "keyframe or scene"),
  job_max_retries: optional(z.int().min(0).max(1000), "a whole number from 0 to 1000"),
  worker_timeout: optional(z.number().min(1).max(86_400), WORKER_TIMEOUT_ALLOWED),
  loglevel: optional(choice(LOGLEVELS), "quiet, error, warning, info, verbose or debug"),
  fallback: optional(choice(FALLBACKS), "local or fail"),
  local_slots: optional(
    z.union([z.literal("auto"), z.int().min(0).max(MAX_SLOTS)]),
    `auto or a whole number from 0 to ${MAX_SLOTS}`,
  ),
  local_nice: optional(niceness, NICE_ALLOWED),
  route: optional(choice(ROUTES), "auto, chunks, offload or local"),
  resume: optional(choice(RESUMES), "auto or never"),
  scratch_limit: optional(z.union([z.literal("none"), size]), "none or a size such as 500M or 20G"),
};

const workerSchema = z.strictObject(workerShape).describe("an object with at least a host");

/** A whole config file, comments already taken out. */
export const fileSchema = z.strictObject({
  ...scalarShape,
  workers: optional(z.array(workerSchema), "a list of workers"),
});

/** What a flag or an environment variable may set: everything but the list of workers. */
export const scalarSchema = z.strictObject(scalarShape);

export type FileSettings = z.output<typeof fileSchema>;
export type WorkerEntry = z.output<typeof workerSchema>;
export type ScalarKey = keyof typeof scalarShape;

/** The names of the settings a flag or an environment variable may set. */
export const SCALAR_KEYS = Object.keys(scalarShape) as readonly ScalarKey[];

/** Scalar settings that are (or may be) numbers, which a flag's text must be turned into. */
export const NUMBER_KEYS: ReadonlySet<string> = new Set<ScalarKey>([
  "segment_frames",
  "keyint_min",
  "keyint_max",
  "job_max_retries",
  "worker_timeout",
  "local_slots",
  "local_nice",
  "scratch_limit",
]);

type Shape = Readonly<Record<string, z.ZodType>>;

/** The settings an object at `path` of a config file may hold; undefined where no object belongs. */
export function shapeAt(path: readonly PropertyKey[]): Shape | undefined {
  if (path.length === 0) return fileSchema.shape;
  if (path[0] !== "workers" || path.length < 2) return undefined;
  if (path.length === 2) return workerShape;
  if (path.length === 3) return path[2] === "params" ? paramsShape : undefined;
  return path.length === 4 && path[2] === "shared_paths" ? sharedShape : undefined;
}

/** What is allowed at `path`, in words; falls back to what is allowed around it. */
export function allowedAt(path: readonly PropertyKey[]): string {
  for (let length = path.length; length > 0; length--) {
    const key = path[length - 1];
    if (length === 2 && path[0] === "workers") return workerSchema.description ?? "";
    const words = shapeAt(path.slice(0, length - 1))?.[String(key)]?.description;
    if (words !== undefined) return words;
  }
  return "an object of settings";
}
