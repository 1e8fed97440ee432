import { createHash } from "node:crypto";
import { open, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../../config/types.js";
import type { Command, OptionUse } from "../../ffmpeg/command.js";
import { runLocal } from "../../ffmpeg/run.js";
import { ownVersion } from "../../lib/own-package.js";
import { localPath } from "../../plan/local-path.js";
import type { JournalHead, SourceFact } from "./journal.js";

/** Options that say how ffmpeg talks, and what it may overwrite; not what it makes. */
const TALK = new Set(
  "y n stdin stats v loglevel hide_banner report progress stats_period benchmark benchmark_all".split(" "),
);

/** Twelve digits for a command in a folder: the same for all its runs, however much they are to say. Pure. */
export function commandId({ inputs, outputs, trailing, order }: Command, cwd: string): string {
  const told = (options: readonly OptionUse[]): unknown =>
    options.filter(({ name }) => !TALK.has(name)).map(({ flag, value }) => [flag, value]);
  const files = [...inputs, ...outputs].map(({ options, url }) => [told(options), url]);
  const words = JSON.stringify([cwd, files, told(trailing), order, inputs.length]);
  return createHash("sha256").update(words).digest("hex").slice(0, 12);
}

/** Bytes of a source that are looked at, at its start, middle and end. */
const SAMPLE = 64 * 1024;

/** The sources of a command as they are now: those that are files on this machine. */
export async function readSources({ inputs }: Command): Promise<SourceFact[]> {
  const paths = inputs.flatMap(({ url }) => localPath(url) ?? []).filter((path) => path !== "-");
  const facts = await Promise.all([...new Set(paths)].map((path) => readSource(path)));
  return facts.flatMap((fact) => fact ?? []);
}

/** Undefined for what is no file by this name, such as a pattern of pictures. */
async function readSource(path: string): Promise<SourceFact | undefined> {
  try {
    const real = await realpath(resolve(path));
    const file = await open(real, "r");
    try {
      const found = await file.stat();
      const { size, mtimeMs } = found;
      if (!found.isFile()) return undefined;
      const hash = createHash("sha256");
      for (const at of new Set([0, Math.floor(size / 2), Math.max(0, size - SAMPLE)])) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE), 0, SAMPLE, at);
        hash.update(buffer.subarray(0, bytesRead));
      }
      return { path: real, size, mtime: mtimeMs, sample: hash.digest("hex").slice(0, 32) };
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** The first source that is not what it was; undefined where all are. Pure. */
export function changedSource(before: readonly SourceFact[], now: readonly SourceFact[]): string | undefined {
  const same = (a: SourceFact): boolean =>
    now.some((b) => b.path === a.path && b.size === a.size && b.mtime === a.mtime && b.sample === a.sample);
  return before.find((fact) => !same(fact))?.path;
}

/** What ffmpeg says of its version, its build and its libraries. */
export async function ffmpegBuild(ffmpeg: string): Promise<string> {
  const { stdout } = await runLocal(ffmpeg, ["-version"]);
  return createHash("sha256").update(stdout).digest("hex").slice(0, 32);
}

/** Our own version, and what of the configuration says where chunks begin. */
export function settingsOf({ segment_frames, keyint_min, keyint_max, split }: Config): string {
  return `${ownVersion()} ${keyint_min} ${segment_frames} ${keyint_max} ${split}`;
}

/** Why what was kept of a job is of no use to its next run; undefined where it is of use. Pure. */
export function whyAnew(
  before: JournalHead,
  now: Pick<JournalHead, "sources" | "ffmpeg" | "settings">,
): string | undefined {
  const changed = changedSource(before.sources, now.sources);
  if (changed !== undefined) return `${changed} has changed`;
  if (before.sources.length !== now.sources.length) return "there are other sources";
  if (before.ffmpeg !== now.ffmpeg) return "ffmpeg is of another build";
  return before.settings === now.settings ? undefined : "distffmpeg or its chunk lengths are others";
}
