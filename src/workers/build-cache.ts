import type { WorkerConfig } from "../config/types.js";
import { SmallCache } from "../lib/small-cache.js";

/** What an ffmpeg on a worker has said of itself, and the build that said it (WorkerFacts.build). */
export interface KnownBuild {
  readonly build: string;
  readonly version: string;
  readonly encoders: readonly string[];
}

const KIND = "worker";

/** What is known of the workers' ffmpeg from earlier jobs. */
export class BuildCache {
  readonly #cache: SmallCache;

  /** `folder`: made where it is missing. */
  constructor(folder: string) {
    this.#cache = new SmallCache(folder);
  }

  /** What is known of a worker's ffmpeg; never fails. */
  async read(worker: WorkerConfig): Promise<KnownBuild | undefined> {
    return knownBuild(await this.#cache.read(KIND, keyOf(worker)));
  }

  /** Keeps what a worker's ffmpeg has said; never fails. */
  async write(worker: WorkerConfig, known: KnownBuild): Promise<void> {
    if (known.build !== "") await this.#cache.write(KIND, keyOf(worker), known);
  }
}

const keyOf = ({ host, user, port, ffmpeg_bin, identity_file }: WorkerConfig): string[] => {
  return [host, user ?? "", `${port ?? ""}`, ffmpeg_bin, identity_file ?? ""];
};

function knownBuild(value: unknown): KnownBuild | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { build, version, encoders } = value as Partial<Record<keyof KnownBuild, unknown>>;
  const isText = (text: unknown): text is string => typeof text === "string" && text !== "" && !/[\0\r\n]/.test(text);
  if (!isText(build) || !isText(version) || !Array.isArray(encoders) || encoders.length === 0) return undefined;
  return encoders.every(isText) ? { build, version, encoders } : undefined;
}
