import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { nutInput } from "../ffmpeg/guarded-input.js";
import { bodyOffset } from "../ffmpeg/nut.js";
import { FramecrcParser, type Packet } from "../ffmpeg/packets.js";
import { startLocal } from "../ffmpeg/run.js";
import { MICROSECOND, formatRational, type Rational, rescale } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { ChunkPart } from "../plan/chunk.js";
import type { PassLog } from "../plan/rate-control/pass-log.js";
import type { ToldPackets } from "./told-packets.js";

/** An encoded chunk that was found to be what it should be, rewritten by this machine's ffmpeg. */
export interface VerifiedChunk {
  readonly path: string;
  /** Hash of all that stands in it before the first packet. Only chunks that have it in common can be joined. */
  readonly header: string;
  /** Bytes of its packets, in coded order. */
  readonly sizes: readonly number[];
  /** In a first pass `path` is a log, and this what it says. */
  readonly log?: PassLog;
}

/** NUT keeps no decoding times; ffmpeg guesses the first ones, and does not find them rising for every order of B-frames. */
const RISING = "setts=pts=PTS:dts=STARTPTS-1000+N";

/**
 * Holds what a worker made of a chunk for one rendition against the plan: one packet for every frame foretold, at
 * exactly its time, the first a keyframe, each as the encoder handed it over (`told`). The chunk is rewritten on the way, because NUT's tables differ between builds of ffmpeg, and only files
 * of one build can be joined byte by byte; a crafted file cannot lead further than the NUT demuxer.
 */
export async function verifyChunk(
  ffmpeg: string,
  chunk: ChunkPart,
  encoderTimeBase: Rational,
  files: { readonly from: string; readonly to: string; readonly told: ToldPackets },
  signal: AbortSignal,
): Promise<Result<VerifiedChunk, Problem>> {
  const copy = ["-map", "0:v:0", "-c", "copy", "-copyinkf", "-bsf:v", RISING, "-avoid_negative_ts", "disabled"];
  const parser = new FramecrcParser();
  const packets: Packet[] = [];
  // A file that has far more is read no further: it is not to take this machine's memory.
  const tooMany = new AbortController();
  const { end: ending } = startLocal(
    ffmpeg,
    [
      // -xerror: without it ffmpeg 5.1 ends with status 0 when the disk is full at the very end.
      ...["-v", "error", "-nostdin", "-y", "-xerror", "-copyts", "-copytb", "1"],
      // NUT's tables depend on the average rate (libavformat/nutenc.c build_frame_code): none is to be guessed from a part.
      ...["-nofind_stream_info", ...nutInput(`file:${files.from}`)],
      ...copy,
      ...["-map_metadata", "-1", "-write_index", "0", "-f", "nut", `file:${files.to}`],
      ...copy,
      ...["-f", "framecrc", "pipe:1"],
    ],
    {
      signal: AbortSignal.any([signal, tooMany.signal]),
      onStdoutLine: (line) => {
        const packet = parser.line(line);
        if (!packet) return;
        if (packets.length > chunk.ticks.length) tooMany.abort();
        else packets.push(packet);
      },
    },
  );
  const run = await ending;
  if (tooMany.signal.aborted) return fail({ what: `it has more frames than ${chunk.ticks.length}` });
  if (run.code !== 0) return fail({ what: "it cannot be read", detail: run.startError ?? run.stderrTail.join("\n") });
  const header = parser.headers.get(0);
  if (!header?.timeBase || packets.length === 0) return fail({ what: "it has no frames" });
  if (packets[0]?.key !== true) return fail({ what: "it does not begin with a keyframe" });
  if (packets.length !== chunk.ticks.length) {
    return fail({ what: `it has ${packets.length} frames instead of ${chunk.ticks.length}` });
  }
  const { timeBase } = header;
  const found = packets.map((packet) => packet.pts ?? Number.NaN).sort((a, b) => a - b);
  const wrong = chunk.ticks.findIndex(({ tick }, i) => found[i] !== exactTicks(tick, encoderTimeBase, timeBase));
  if (wrong !== -1) {
    const wanted = rescale(BigInt(chunk.ticks[wrong]?.tick ?? 0), encoderTimeBase, MICROSECOND);
    return fail({
      what: `frame ${wrong} is not at ${wanted} µs (it is at ${found[wrong]} × ${formatRational(timeBase)} s)`,
    });
  }
  const changed = packets.findIndex((packet) => !files.told.take(packet));
  if (changed !== -1) return fail({ what: `packet ${changed} is not what the encoder made: its checksum differs` });
  const misplaced = misplacedKeyframe(chunk, packets);
  if (misplaced !== undefined) return fail({ what: misplaced });
  const head = await headerHash(files.to);
  return head === undefined
    ? fail({ what: "it is no NUT file" })
    : ok({ path: files.to, header: head, sizes: packets.map(({ size }) => size) });
}

/** Why the keyframes are not those that plain ffmpeg has; the packets' times have been found to be right. */
function misplacedKeyframe({ keys, ticks }: ChunkPart, packets: readonly Packet[]): string | undefined {
  if (!keys) return undefined;
  const inOrder = packets.map(({ pts = 0, key }) => ({ pts, key })).sort((a, b) => a.pts - b.pts);
  const certain = new Set(keys.certain);
  const wrong = ticks.findIndex(({ tick }, i) =>
    certain.has(tick) ? inOrder[i]?.key !== true : keys.complete && inOrder[i]?.key === true,
  );
  if (wrong === -1) return undefined;
  return `frame ${wrong} is ${inOrder[wrong]?.key ? "a" : "no"} keyframe, other than in plain ffmpeg's film`;
}

async function headerHash(path: string): Promise<string | undefined> {
  const end = await bodyOffset(path);
  if (end === undefined) return undefined;
  const hash = createHash("sha256");
  for await (const block of createReadStream(path, { end: end - 1 })) hash.update(block as Buffer);
  return hash.digest("hex");
}

/** `tick` in ticks of `to`; NaN when it falls between two of them. */
function exactTicks(tick: number, from: Rational, to: Rational): number {
  const num = BigInt(tick) * from.num * to.den;
  const den = from.den * to.num;
  return num % den === 0n ? Number(num / den) : Number.NaN;
}
