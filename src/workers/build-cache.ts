import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WorkerConfig } from "../config/types.js";

/** What an ffmpeg on a worker has said of itself, and the build that said it (WorkerFacts.build). */
export interface KnownBuild {
  readonly build: string;
  readonly version: string;
  readonly encoders: readonly string[];
}

/** For so long an entry counts, milliseconds: a library of ffmpeg's may be another while the program is the same. */
const AGE = 24 * 3600_000;

/** More than any ffmpeg has to say. */
const LARGEST = 256 * 1024;

/**
 * What is known of the workers' ffmpeg from earlier jobs, a file a worker in a private folder. Only time hangs on it: what
 * is missing, torn, old or unreadable is asked anew, and what fails to be written is not kept.
 */
export class BuildCache {
  readonly #folder: string;

  /** `folder`: made where it is missing. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is known of a worker's ffmpeg; never fails. */
  async read(worker: WorkerConfig): Promise<KnownBuild | undefined> {
    const path = this.#path(worker);
    try {
      const { size, mtimeMs, uid } = await stat(path);
      const fresh = Math.abs(Date.now() - mtimeMs) < AGE;
      if (!fresh || size > LARGEST || (process.getuid && uid !== process.getuid())) return undefined;
      return knownBuild(JSON.parse(await readFile(path, "utf8")));
    } catch {
      return undefined;
    }
  }

  /** Keeps what a worker's ffmpeg has said; never fails. */
  async write(worker: WorkerConfig, known: KnownBuild): Promise<void> {
    if (known.build === "") return;
    const path = this.#path(worker);
    const part = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(part, JSON.stringify(known), { mode: 0o600, flag: "wx" });
      await rename(part, path);
    } catch {
      await rm(part, { force: true }).catch(() => undefined);
    }
  }

  #path({ host, user, port, ffmpeg_bin, identity_file }: WorkerConfig): string {
    const words = JSON.stringify([host, user ?? "", port ?? "", ffmpeg_bin, identity_file ?? ""]);
    return join(this.#folder, `worker-${createHash("sha256").update(words).digest("hex").slice(0, 32)}.json`);
  }
}

function knownBuild(value: unknown): KnownBuild | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { build, version, encoders } = value as Partial<Record<keyof KnownBuild, unknown>>;
  const isText = (text: unknown): text is string => typeof text === "string" && text !== "" && !/[\0\r\n]/.test(text);
  if (!isText(build) || !isText(version) || !Array.isArray(encoders) || encoders.length === 0) return undefined;
  return encoders.every(isText) ? { build, version, encoders } : undefined;
}
