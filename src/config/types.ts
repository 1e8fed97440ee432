import type { Problem } from "../lib/result.js";

/** The shapes that the rest of the program sees after config, flags and environment were merged and checked. */
export interface WorkerConfig {
  /** Unique in the list: the name given, or host, host/numa1, host-2. */
  readonly name: string;
  /** Host name, address or an alias of ~/.ssh/config. */
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** A private key of this machine, "~" already replaced. */
  readonly identity_file: string | undefined;
  /** Seconds to wait for a connection. */
  readonly connect_timeout: number | undefined;
  /** Folder ON THE WORKER that job folders are made in. */
  readonly work_path: string;
  readonly ffmpeg_bin: string;
  readonly platform: "Linux" | "Darwin" | "BSD" | "Windows";
  /** Chunks at a time; "auto": by its cores and memory, and by the film's encoder. */
  readonly slots: number | "auto";
  /** NUMA node its ffmpeg is bound to with numactl; "auto": slots are spread over all there are; "none": nothing is bound. */
  readonly numa: number | "auto" | "none";
  /** What is added to its ffmpeg's nice value (nice(1)), 0 to 19. */
  readonly nice: number;
  /** Folders that are the same on this machine and there: absolute, without a `/` at their ends. */
  readonly shared_paths: readonly SharedPath[];
  /** It stays in the list, but takes no new jobs. */
  readonly drained?: true;
}

/** A folder of this machine, and what a worker calls the same one. */
export interface SharedPath {
  readonly host: string;
  readonly worker: string;
}

export interface Config {
  readonly ffmpeg_bin: string;
  readonly ffprobe_bin: string;
  /** Absolute. */
  readonly server_work_path: string;
  /**
   * Chunk length aimed at, and its bounds, in frames: keyint_min <= segment_frames <= keyint_max after clamping; "auto":
   * by the film's length and the number of slots.
   */
  readonly segment_frames: number | "auto";
  readonly keyint_min: number;
  readonly keyint_max: number;
  /** Where chunks begin: at keyframes of the source, or at the likeliest scene changes. */
  readonly split: "keyframe" | "scene";
  readonly job_max_retries: number;
  /** Seconds without progress after which a worker counts as lost. */
  readonly worker_timeout: number;
  readonly loglevel: "quiet" | "error" | "warning" | "info" | "verbose" | "debug";
  readonly fallback: "local" | "fail";
  /** Slots on this machine; "auto": as for a worker when there are no workers, 0 when there are. */
  readonly local_slots: number | "auto";
  /** What is added to the nice value of ffmpeg when it encodes chunks on this machine, 0 to 19. */
  readonly local_nice: number;
  /** How commands are run: "auto" chooses, the others force one way or end with an error. */
  readonly route: "auto" | "chunks" | "offload" | "local";
  /** Whether finished chunks are kept until the output is there, and taken up again by the same command. */
  readonly resume: "auto" | "never";
  /** Bytes that chunks may take on this machine before the split waits; "none": it never does. */
  readonly scratch_limit: number | "none";
  readonly workers: readonly WorkerConfig[];
  /** -df_summary=FILE, -df_log=FILE, -df_report=FILE (absolute), -df_plan: only on the command line. */
  readonly summary: string | undefined;
  readonly log: string | undefined;
  readonly report: string | undefined;
  readonly plan: boolean;
}

/** The settings that may stand in a config file, in the order they are shown. */
export const CONFIG_KEYS = [
  "ffmpeg_bin",
  "ffprobe_bin",
  "server_work_path",
  "segment_frames",
  "keyint_min",
  "keyint_max",
  "split",
  "job_max_retries",
  "worker_timeout",
  "loglevel",
  "fallback",
  "local_slots",
  "local_nice",
  "route",
  "resume",
  "scratch_limit",
  "workers",
] as const;

export type ConfigKey = (typeof CONFIG_KEYS)[number];

export interface LoadedConfig {
  readonly config: Config;
  /** Workers of the list that take no new jobs; they are not among the configuration's. */
  readonly drained: readonly WorkerConfig[];
  /** Where each value came from, in words: "-df_keyint_min", "DISTFFMPEG_LOGLEVEL", "/home/u/x.json:7", "default". */
  readonly origins: Readonly<Record<ConfigKey, string>>;
  /** The config files that were read, strongest first. */
  readonly files: readonly string[];
  /** What the user should hear of but nothing stops for. */
  readonly notes: readonly Problem[];
}
