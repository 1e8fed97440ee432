import type { LaneFailure } from "../schedule/lane.js";
import type { ProcessEnd, TransportFailure } from "../workers/transport.js";

/** What a failed operation on a worker means for the lane. */
export function laneFailure(failure: TransportFailure): LaneFailure {
  const kind = failure.kind === "connection" ? "lost" : failure.kind === "cancelled" ? "cancelled" : "failed";
  return { ...failure, kind };
}

/** An ffmpeg of a worker that did not come to its end. */
export function encodeFailure(end: ProcessEnd): LaneFailure {
  const how = end.signal === undefined ? `ended with status ${end.code ?? "unknown"}` : `was ended by ${end.signal}`;
  return { kind: "failed", what: `ffmpeg ${how}`, detail: end.stderrTail.join("\n") };
}

/**
 * H.264 frames behind a recovery point may let go of reference frames from before it, which a chunk never had
 * (h264_refs.c): nothing is decoded from those.
 */
const HARMLESS = /mmco: unref short failure$/;

/**
 * What the decoder said at loglevel error. Where it has to guess, its guess depends on its threads and on the packets
 * before, so that plain ffmpeg's pictures cannot be made again from a part of the film.
 */
export function decoderComplaint(end: ProcessEnd, decoder: string | undefined): string | undefined {
  if (decoder === undefined) return undefined;
  // 7.1 speaks of the decoder as part of a stream, too: "[vist#0:0/h264 @ …] [dec:h264 @ …] …".
  const speakers = [`[${decoder} @ `, `[dec:${decoder} @ `];
  const complaint = end.stderrTail.find((line) => speakers.some((s) => line.includes(s)) && !HARMLESS.test(line));
  return complaint?.replace(/^(\[[^\]]*\] )+/, "");
}
