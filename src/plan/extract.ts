import { fileOptions } from "../ffmpeg/command.js";
import { decimalSeconds } from "../lib/rational.js";
import { type FilmPlan, shiftTicks } from "./film.js";
import { localPath } from "./local-path.js";
import { clockGlobals, goesByCompany } from "./stages.js";

/** A run of the source's segments, as PRE's index shows it: what a worker has to find that reads the source itself. */
export interface SourceRun {
  /** Packets of the film before it, and in it. */
  readonly before: number;
  readonly packets: number;
  /** Time of its first packet, a keyframe, in ticks of the source. */
  readonly keyPts: number;
  /** Size and checksum of the out-of-band headers, as framecrc prints them. */
  readonly extradata: string;
  /** Segment by segment: how many packets, and the digest of their times, sizes and checksums (split/source-runs.ts). */
  readonly segments: readonly { readonly packets: number; readonly digest: string }[];
}

/** Demuxers that seek by an index of their own, and whose times do not hang on where reading begins. */
const INDEXED = /^(mov,mp4,m4a,3gp,3g2,mj2|matroska,webm)$/;

/**
 * The source of a film whose chunks a worker can take out of it by itself, if it sees it: a file with an index, read as it
 * is. Undefined for others; what is taken out is proven packet by packet anyway.
 */
export function extractable(plan: FilmPlan): string | undefined {
  const input = plan.command.inputs[plan.film.inputFile];
  if (!input || fileOptions(input).length > 0 || clockGlobals(plan.command).length > 0) return undefined;
  if (!INDEXED.test(plan.sourceFormat) || goesByCompany(plan) || plan.sourceTag !== undefined) return undefined;
  if (plan.habits.madeTimes || plan.habits.decodedTimes) return undefined;
  return localPath(input.url);
}

/**
 * Takes a run of segments out of the source into a NUT file in the current folder, as PRE would have, and tells its
 * packets on standard output (framecrc).
 *
 * - `-copyts -start_at_zero` with `-ss` takes the same off the times as plain ffmpeg does without `-ss`: the file's start
 *   (fftools/ffmpeg_opt.c open_input_file, 5.1).
 * - where the seek lands is left open: everything before the run's keyframe is dropped, a state that the expression keeps.
 * - one muxer (`tee`): for NUT alone ffmpeg 5.1 hands the filter times in NUT's time base. It does not see to codec tags,
 *   and NUT does not know that of HEVC in MP4.
 *
 * `output` is a plain name without special characters.
 */
export function extractArgs(plan: FilmPlan, run: SourceRun, source: string, output: string): string[] {
  const before = `not(st(0\\,max(ld(0)\\,key*eq(pts\\,${run.keyPts}))))`;
  const filters = `noise=drop=${before},setts=dts=N+${run.before}-${shiftTicks(plan)}:pts=PTS`;
  return [
    ...["-v", "error", "-nostdin", "-y", "-copytb", "1", "-copyts", "-start_at_zero", "-noaccurate_seek"],
    ...[...seek(plan, run.keyPts), "-protocol_whitelist", "file", "-i", `file:${source}`],
    ...["-map", `0:${plan.film.inputStream}`, "-c", "copy", "-copyinkf", "-map_metadata", "-1"],
    ...(plan.source.codec === "hevc" ? ["-tag:v", "HEVC"] : []),
    ...["-avoid_negative_ts", "disabled", "-bsf:v", filters, "-frames:v", `${run.packets}`],
    ...["-output_ts_offset", `${plan.shiftSeconds}`, "-flush_packets", "1", "-f", "tee"],
    `[f=nut:write_index=0:avoid_negative_ts=disabled]${output}|[f=framecrc:avoid_negative_ts=disabled]pipe\\:1`,
  ];
}

/** Where to seek to: not behind a time of the source. */
function seek({ timeBase }: FilmPlan, ticks: number): string[] {
  const time = (BigInt(ticks) * timeBase.num * 1_000_000n) / timeBase.den;
  return time > 0n ? ["-ss", decimalSeconds(time)] : [];
}
