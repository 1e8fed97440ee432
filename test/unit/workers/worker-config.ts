import type { WorkerConfig } from "../../../src/config/types.js";

/** A worker as a configuration gives it, with what matters to the test laid over. */
export function worker(over: Partial<WorkerConfig> = {}): WorkerConfig {
  return {
    name: "w1",
    host: "film",
    user: undefined,
    port: undefined,
    identity_file: undefined,
    connect_timeout: undefined,
    work_path: "~/work",
    ffmpeg_bin: "ffmpeg",
    platform: "Linux",
    slots: 1,
    numa: "auto",
    nice: 0,
    shared_paths: [],
    ...over,
  };
}
