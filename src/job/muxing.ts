import { join } from "node:path";
import { findPlaces } from "../config/places.js";
import { fileOptions, lastOption, type OutputFile } from "../ffmpeg/command.js";
import { readOutputLine } from "../ffmpeg/log.js";
import { parseStatLine } from "../ffmpeg/progress.js";
import { programBuild } from "../ffmpeg/real.js";
import { runLocal } from "../ffmpeg/run.js";
import { fail, ok, type Result } from "../lib/result.js";
import { SmallCache } from "../lib/small-cache.js";
import type { Findings } from "../plan/prepare.js";
import { streamingKind } from "../plan/streaming.js";
import { isTee } from "../plan/tee.js";
import type { HostTools } from "./probing.js";
import { extensionOf } from "./scratch.js";

/** What ffmpeg makes of an output's name and `-f`. */
export type Muxing = Pick<Findings, "muxer" | "defaultSync">;

const KIND = "muxer";

/** Such as H.263, MPEG-2 and DV take, which some muxers prefer. */
const SIZES = ["352x288", "720x576"] as const;

/**
 * Which container the output's name and `-f` mean, and whether this ffmpeg writes it at a constant or a variable rate:
 * three frames with a gap between them are written, and come out as three or as six. The answer depends on the muxer
 * and on ffmpeg's version, so it is asked for, not known. What an ffmpeg has said is remembered by its build: it follows from
 * ffmpeg's own code and its muxers' flags (fftools/ffmpeg_opt.c of 5.1, AVFMT_VARIABLE_FPS), which change with a release only.
 */
export async function askMuxer(output: OutputFile, tools: HostTools, name: string): Promise<Result<Muxing, string>> {
  const cache = new SmallCache(findPlaces(process.env).cache);
  const build = programBuild(tools.ffmpeg, process.env);
  const key = [build, ...trialArgs(output, SIZES[0], trialName(output, "", KIND))];
  const known = build === "" ? undefined : knownMuxing(await cache.read(KIND, key));
  if (known) return ok(known);
  for (const size of SIZES) {
    const answer = await tryMuxer(trialArgs(output, size, trialName(output, tools.folder, name)), tools);
    if (!answer) continue;
    if (build !== "") await cache.write(KIND, key, answer);
    return ok(answer);
  }
  return fail(`what ffmpeg does about the frame rate in ${output.url} cannot be tried out`);
}

function knownMuxing(value: unknown): Muxing | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { muxer, defaultSync } = value as Partial<Record<keyof Muxing, unknown>>;
  if (typeof muxer !== "string" || muxer === "") return undefined;
  return defaultSync === "cfr" || defaultSync === "vfr" ? { muxer, defaultSync } : undefined;
}

function trialArgs(output: OutputFile, size: string, name: string): string[] {
  const options = fileOptions(output);
  const format = lastOption(options, "f")?.value;
  const rate = options.some((use) => use.name === "r") ? ["-r", "25"] : [];
  return [
    ...["-v", "info", "-nostdin", "-y", "-f", "lavfi"],
    ...["-i", `color=s=${size}:r=25:d=0.12,setpts='if(eq(N,2),5,N)/25/TB'`, ...rate],
    ...(format === undefined ? [] : ["-f", format]),
    // A tee has no codec of its own, and takes no stream by itself.
    ...(isTee(output) ? ["-map", "0", "-c:v", "rawvideo"] : []),
    name,
  ];
}

async function tryMuxer(args: readonly string[], tools: HostTools): Promise<Muxing | undefined> {
  let muxer = "";
  let frames = 0;
  const run = await runLocal(tools.ffmpeg, args, {
    signal: tools.signal,
    onStderrLine: (line) => {
      muxer = readOutputLine(line)?.muxer ?? muxer;
      frames = parseStatLine(line)?.frame ?? frames;
    },
  });
  return muxer === "" || run.code !== 0 ? undefined : { muxer, defaultSync: frames > 3 ? "cfr" : "vfr" };
}

function trialName(output: OutputFile, folder: string, stem: string): string {
  if (isTee(output)) return "[f=null]-";
  // The segment muxers want a place for the number.
  const name = streamingKind(output) === "segment" ? `${stem}-%d` : stem;
  return join(folder, `${name}${extensionOf(output.url)}`);
}
