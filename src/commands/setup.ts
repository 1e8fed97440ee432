import { loadConfig } from "../config/load.js";
import type { LoadedConfig } from "../config/types.js";
import { realProgram } from "../ffmpeg/real.js";
import { renderError } from "../ui/errors.js";
import { noProgram } from "./plain.js";

/** Exit status for a configuration that cannot be used. */
const BAD_CONFIG = 3;

/** The configuration with the real programs in it, or the status to end with once the problem was told. */
export type Setup = { readonly loaded: LoadedConfig } | { readonly status: number };

/** Reads the configuration, and looks for the real programs in case it is distffmpeg itself that it names. */
export function setUp(flags: ReadonlyMap<string, string>): Setup {
  const loaded = loadConfig({ flags, env: process.env, cwd: process.cwd() });
  if (!loaded.ok) {
    for (const problem of loaded.failure) process.stderr.write(renderError(problem));
    return { status: BAD_CONFIG };
  }
  const { ffmpeg_bin, ffprobe_bin } = loaded.value.config;
  const [ffmpeg, ffprobe] = [realProgram(ffmpeg_bin, process.env), realProgram(ffprobe_bin, process.env)];
  if (!ffmpeg.ok) return { status: noProgram(ffmpeg.failure) };
  if (!ffprobe.ok) return { status: noProgram(ffprobe.failure) };
  const programs = { ffmpeg_bin: ffmpeg.value, ffprobe_bin: ffprobe.value };
  return { loaded: { ...loaded.value, config: { ...loaded.value.config, ...programs } } };
}
