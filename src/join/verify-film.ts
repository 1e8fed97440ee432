import type { Readable } from "node:stream";
import { filmInput } from "../ffmpeg/guarded-input.js";
import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import { FramecrcParser } from "../ffmpeg/packets.js";
import { startLocal } from "../ffmpeg/run.js";
import { compare, multiply, type Rational, rational, subtract } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** What the joined film must show. */
export interface ExpectedFilm {
  readonly encoderTimeBase: Rational;
  readonly ticks: readonly number[];
  /** Place of the film among the output's streams. */
  readonly stream: number;
  /** Only the film's end has to be there, however much of it. */
  readonly ofEnd?: boolean;
}

const MILLISECOND = rational(1, 1000);

/**
 * Holds the written file, or its bytes, against the whole index: every frame there, at its time as exactly as the
 * container keeps it.
 */
export async function verifyFilm(
  ffmpeg: string,
  file: string | Readable,
  expected: ExpectedFilm,
  signal: AbortSignal,
): Promise<Result<void, Problem>> {
  const read = await readPackets(ffmpeg, file, expected.stream, signal);
  if (!read.ok) return read;
  const { times, timeBase } = read.value;
  const ticks = expected.ofEnd && times.length > 0 ? expected.ticks.slice(-times.length) : expected.ticks;
  if (!timeBase || times.length !== ticks.length) {
    return fail({ what: `the joined film has ${times.length} frames instead of ${ticks.length}` });
  }
  // Sorted in place: there may be a million of them.
  const at = firstWrong(Float64Array.from(times).sort(), timeBase, { ...expected, ticks });
  return at === undefined ? ok(undefined) : fail({ what: `frame ${at} of the joined film is not at its time` });
}

/** How many packets a stream of a file has. */
export async function countPackets(
  ffmpeg: string,
  file: string,
  stream: number,
  signal: AbortSignal,
): Promise<Result<number, Problem>> {
  const read = await readPackets(ffmpeg, file, stream, signal);
  return read.ok ? ok(read.value.times.length) : read;
}

interface ReadPackets {
  readonly times: number[];
  readonly timeBase: Rational | undefined;
}

async function readPackets(
  ffmpeg: string,
  file: string | Readable,
  stream: number,
  signal: AbortSignal,
): Promise<Result<ReadPackets, Problem>> {
  const parser = new FramecrcParser();
  const times: number[] = [];
  const process = startLocal(
    ffmpeg,
    [
      ...["-v", "error", "-nostdin", "-copyts", "-copytb", "1"],
      ...filmInput(typeof file === "string" ? file : undefined),
      ...["-map", `0:${stream}`, "-c", "copy", "-copyinkf", "-f", "framecrc", "pipe:1"],
    ],
    {
      signal,
      ...(typeof file === "string" ? {} : { stdin: file }),
      onStdoutLine: (line) => {
        const packet = parser.line(line);
        if (packet) times.push(packet.pts ?? packet.dts ?? Number.NaN);
      },
    },
  );
  const end = await process.end;
  if (end.code !== 0) return fail({ what: "the joined film cannot be read", detail: end.stderrTail.join("\n") });
  return ok({ times, timeBase: parser.headers.get(0)?.timeBase });
}

function firstWrong(times: Float64Array, timeBase: Rational, expected: ExpectedFilm): number | undefined {
  const { ticks, encoderTimeBase } = expected;
  // A tick of the container's, and a millisecond at least: what it rounds to is its own.
  const slack = compare(timeBase, MILLISECOND) > 0 ? timeBase : MILLISECOND;
  const [firstTime = 0, firstTick = 0] = [times[0], ticks[0]];
  const index = ticks.findIndex((tick, i) => {
    const written = multiply(rational((times[i] ?? 0) - firstTime), timeBase);
    const wanted = multiply(rational(tick - firstTick), encoderTimeBase);
    const off = subtract(written, wanted);
    return compare(off.num < 0n ? rational(-off.num, off.den) : off, slack) > 0;
  });
  return index === -1 ? undefined : index;
}

const SAME = [
  "type",
  "codec",
  "codecTag",
  "width",
  "height",
  "pixelFormat",
  "sampleAspectRatio",
  "fieldOrder",
  "colorRange",
  "colorSpace",
  "colorTransfer",
  "colorPrimaries",
  "chromaLocation",
] as const satisfies readonly (keyof StreamInfo)[];

/**
 * Holds the streams of the written file against those that plain ffmpeg writes; gives the first difference in words.
 * A head too short for all its streams to have packets says nothing of those it leaves out: some containers then leave
 * the stream out altogether. The film is always there. `streams`: how many the command makes.
 */
export function compareStreams(
  written: MediaInfo,
  reference: MediaInfo,
  film: number,
  streams: number,
): string | undefined {
  const complete = reference.streams.length === streams;
  if (complete && written.streams.length !== streams) {
    return `the output has ${written.streams.length} streams instead of ${streams}`;
  }
  for (const wanted of reference.streams) {
    if (!complete && wanted.index !== film) continue;
    const got = written.streams[wanted.index];
    // Covers are FINAL's own, as in the user's command, and an MP4's head does not show them.
    if (got?.dispositions.includes("attached_pic") && wanted.index !== film) continue;
    const difference = got ? compareStream(got, wanted) : "it is missing";
    if (difference !== undefined) return `stream ${wanted.index} of the output: ${difference}`;
  }
  return undefined;
}

function compareStream(got: StreamInfo, wanted: StreamInfo): string | undefined {
  // What the head does not say of a stream, because it holds too little of it, cannot be compared.
  const key = SAME.find(
    (k) => wanted[k] !== undefined && got[k] !== wanted[k] && !(k === "codec" && alike(got, wanted)),
  );
  if (key !== undefined) return `${key} is ${got[key] ?? "unknown"} instead of ${wanted[key] ?? "unknown"}`;
  if (got.timeBase && wanted.timeBase && compare(got.timeBase, wanted.timeBase) !== 0) return "its time base differs";
  const rotation = (s: StreamInfo): number => s.sideData.find((d) => d.rotation !== undefined)?.rotation ?? 0;
  if (rotation(got) !== rotation(wanted)) return "its rotation differs";
  const [beside, wantedBeside] = [keptBeside(got), keptBeside(wanted)];
  if (beside !== wantedBeside)
    return `beside it is kept ${beside || "nothing"} instead of ${wantedBeside || "nothing"}`;
  if (got.dispositions.join() === wanted.dispositions.join()) return undefined;
  return `its dispositions are ${got.dispositions.join("+")} instead of ${wanted.dispositions.join("+")}`;
}

/** A few packets do not tell the layers of MPEG audio apart; FINAL has the user's own encoder for it. */
function alike(...streams: readonly StreamInfo[]): boolean {
  return streams.every((s) => /^mp[123]$/.test(s.codec ?? ""));
}

/** Rotation is compared by itself; the buffer's properties say how large the encoder's packets came out. */
function keptBeside(stream: StreamInfo): string {
  const others = stream.sideData.filter((d) => !/^(Display Matrix|CPB properties)$/.test(d.type));
  return others
    .map((d) => d.text)
    .sort()
    .join();
}
