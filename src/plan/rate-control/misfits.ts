import { joinFrameLogs } from "../../ffmpeg/frame-log.js";
import type { Rational } from "../../lib/rational.js";
import type { ChunkPart } from "../chunk.js";
import { type RateOrder, secondsOf } from "./book.js";
import { type PassLog, sharesByLog } from "./pass-log.js";
import type { RatePlan } from "./plan.js";

/**
 * How far from the bitrate that it was told a chunk's share may be: what x264 and x265 tell of a frame holds near the
 * quantizer it was encoded with, and a flat scene told the film's average is encoded at next to none.
 */
const FAR = 1.5;

/**
 * The chunks of a first pass that are to be gone through again, with what they will have: in the first, each is told the
 * film's average. Only for logs that hang on the bitrate (libvpx's and libaom's do not).
 */
export function misfits(
  rate: RatePlan,
  chunks: readonly Pick<ChunkPart, "ticks">[],
  logs: readonly PassLog[],
  encoderTimeBase: Rational,
): readonly RateOrder[] {
  const { bitrate } = rate;
  const parts = logs.flatMap((log) => (log.kind === "frames" ? [log.log] : []));
  if (bitrate === undefined || parts.length < logs.length) return [];
  const booked = chunks.map(({ ticks }) => ({ ticks: ticks.map(({ tick }) => tick) }));
  const seconds = booked.map((_, i) => secondsOf(booked, i, encoderTimeBase));
  const film = seconds.reduce((a, b) => a + b, 0);
  const frames = chunks.map(({ ticks }) => ticks.length);
  const all: PassLog = { kind: "frames", log: joinFrameLogs(parts), treeBytes: undefined };
  const shares = sharesByLog(all, rate, frames, { seconds: film, target: bitrate * film, height: 0 });
  return shares.flatMap((bits, chunk) => {
    const asked = bits / (seconds[chunk] ?? 1);
    const near = asked < bitrate * FAR && asked > bitrate / FAR;
    return near ? [] : [{ chunk, bitrate: asked, start: undefined }];
  });
}
