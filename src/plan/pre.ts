import { fileOptions, type InputFile } from "../ffmpeg/command.js";
import { LONGER, LONGER_BY_ONE } from "../ffmpeg/packets.js";
import { type FilmPlan, shiftTicks } from "./film.js";
import { clockGlobals, companion, company, goesByCompany, inputWords, words } from "./stages.js";

/**
 * PRE: one pass of the demuxer over the source. Descriptor 1 gives the index (framecrc), descriptor 3 a line for every
 * segment that is complete. No `-copyts`: the times are those plain ffmpeg hands to its decoders, its mending of jumps,
 * wraps and start times included, shifted by whole seconds to stay above zero. Nothing is decoded, unless that is the
 * only way to learn the frames' times (framemd5 on descriptor 1).
 */
export function preArgs(plan: FilmPlan, folder: string): string[] {
  const film = `0:${plan.film.inputStream}`;
  const { madeTimes, decodedTimes } = plan.habits;
  return [
    ...["-v", "error", "-nostdin", "-copytb", "1", ...clockGlobals(plan.command)],
    ...(madeTimes ? ["-fflags", "+genpts"] : []),
    ...(decodedTimes ? WITHOUT_PICTURES : []),
    ...filmInput(plan).flatMap(endlessInput),
    ...["-map", film, "-c", "copy", "-copyinkf", "-map_metadata", "-1", "-avoid_negative_ts", "disabled"],
    ...["-bsf:v", settle(plan, `if(eq(PTS,NOPTS),if(eq(PREV_OUTPTS,NOPTS),0,PREV_OUTPTS+${step(plan)}),PTS)`)],
    ...(plan.sourceTag === undefined ? [] : ["-tag:v", plan.sourceTag]),
    ...["-output_ts_offset", `${plan.shiftSeconds}`, "-f", "segment", "-segment_format", "nut"],
    // Every GOP becomes a NUT file of its own, with a syncpoint before its first packet.
    ...["-segment_format_options", "avoid_negative_ts=disabled:write_index=0"],
    ...["-segment_list", "pipe:3", "-segment_list_type", "csv", "-segment_time", "0.001"],
    `${folder.replaceAll("%", "%%")}/g%06d.nut`,
    ...["-map", film, "-c", "copy", "-copyinkf", "-avoid_negative_ts", "disabled", "-flush_packets", "1"],
    ...["-bsf:v", madeTimes ? LONGER_BY_ONE : `${settle(plan, "PTS")}:${LONGER}`, "-f", "framecrc", "pipe:1"],
    ...(decodedTimes ? frameTimes(film) : []),
    ...withCompany(plan),
  ];
}

/** The first frames that plain ffmpeg decodes, by their times alone (framemd5 on descriptor 1). */
export function headArgs(plan: FilmPlan): string[] {
  return [
    ...["-v", "error", "-nostdin", ...clockGlobals(plan.command), ...WITHOUT_PICTURES],
    ...filmInput(plan).flatMap(inputWords),
    ...frameTimes(`0:${plan.film.inputStream}`),
    ...withCompany(plan),
  ];
}

/** NUT takes no packet without a time. What it is given is no frame's; but a segment ends only after a millisecond. */
function step({ timeBase }: FilmPlan): bigint {
  return (2n * timeBase.den) / (1000n * timeBase.num) + 1n;
}

/** Only the times of decoded frames are of interest. */
const WITHOUT_PICTURES = ["-skip_loop_filter:v", "all"];

/**
 * The user's input without `-t` and `-to`: a copied stream ends so long after time 0, decoded frames so long after the
 * first of them (fftools/ffmpeg.c do_streamcopy, libavfilter/trim.c; 5.1 and 7.1). The timeline stops at the latter.
 */
function endlessInput(input: InputFile): string[] {
  const lasting = fileOptions(input).filter((use) => use.name !== "t" && use.name !== "to");
  return [...words(lasting), "-i", input.url];
}

/** The input that has the film: the only one that is read here, and so number 0. */
function filmInput(plan: FilmPlan): readonly InputFile[] {
  return plan.command.inputs.slice(plan.film.inputFile).slice(0, 1);
}

/** Streams whose times count with the film's. */
function withCompany(plan: FilmPlan): string[] {
  const others = company(plan);
  return goesByCompany(plan) && others.length > 0 ? companion(0, others, { heard: plan.heard }) : [];
}

/**
 * A filter of packets that numbers their decoding times, below all others: ffmpeg moves packets whose decoding times do
 * not rise, and their pts with them (fftools/ffmpeg.c write_packet). The decoders go by `pts` alone, an expression.
 */
function settle(plan: FilmPlan, pts: string): string {
  return `setts=dts=N-${shiftTicks(plan)}:pts=${pts.replaceAll(",", "\\,")}`;
}

/** An output that decodes the film and tells the exact times of its frames, as plain ffmpeg hands them to the filters. */
function frameTimes(film: string): string[] {
  return [
    ...["-map", film, "-c:v", "wrapped_avframe", "-fps_mode", "passthrough", "-enc_time_base", "-1"],
    ...["-flush_packets", "1", "-f", "framemd5", "pipe:1"],
  ];
}
