import { plainProgram, startReal } from "./plain.js";

/** Runs the real ffprobe with these arguments, where distffmpeg was called under its name; gives its status. */
export async function runProbe(argv: readonly string[]): Promise<number> {
  const status = await plainProgram("ffprobe", argv);
  if (status !== undefined) return status;
  const { loadConfig } = await import("../config/load.js");
  const loaded = loadConfig({ env: process.env, cwd: process.cwd() });
  // What is wrong with the configuration is for ffmpeg's commands to say.
  return startReal(loaded.ok ? loaded.value.config.ffprobe_bin : "ffprobe", argv);
}
