import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import { FramecrcParser } from "../ffmpeg/packets.js";
import { startLocal } from "../ffmpeg/run.js";
import { compare, multiply, type Rational, rational, subtract } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { Tick } from "../plan/frame-clock.js";

/** What the joined film must show. */
export interface ExpectedFilm {
  readonly encoderTimeBase: Rational;
  readonly ticks: readonly number[];
  /** Place of the film among the output's streams. */
  readonly stream: number;
  readonly reference: MediaInfo;
}

const MILLISECOND = rational(1, 1000);

/** Holds the written file against the whole index: every frame there, at its time as exactly as the container keeps it. */
export async function verifyFilm(
  ffmpeg: string,
  file: string,
  expected: ExpectedFilm,
  signal: AbortSignal,
): Promise<Result<void, Problem>> {
  const parser = new FramecrcParser();
  const times: number[] = [];
  const process = startLocal(
    ffmpeg,
    [
      ...["-v", "error", "-nostdin", "-copyts", "-copytb", "1", "-i", `file:${file}`],
      ...["-map", `0:${expected.stream}`, "-c", "copy", "-copyinkf", "-f", "framecrc", "pipe:1"],
    ],
    {
      signal,
      onStdoutLine: (line) => {
        const packet = parser.line(line);
        if (packet) times.push(packet.pts ?? packet.dts ?? Number.NaN);
      },
    },
  );
  const end = await process.end;
  if (end.code !== 0) return fail({ what: "the joined film cannot be read", detail: end.stderrTail.join("\n") });
  const timeBase = parser.headers.get(0)?.timeBase;
  if (!timeBase || times.length !== expected.ticks.length) {
    return fail({ what: `the joined film has ${times.length} frames instead of ${expected.ticks.length}` });
  }
  times.sort((a, b) => a - b);
  const at = firstWrong(times, timeBase, expected);
  return at === undefined ? ok(undefined) : fail({ what: `frame ${at} of the joined film is not at its time` });
}

function firstWrong(times: readonly number[], timeBase: Rational, expected: ExpectedFilm): number | undefined {
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

/** Holds the streams of the written file against those that plain ffmpeg writes; gives the first difference in words. */
export function compareStreams(written: MediaInfo, reference: MediaInfo): string | undefined {
  if (written.streams.length !== reference.streams.length) {
    return `the output has ${written.streams.length} streams instead of ${reference.streams.length}`;
  }
  for (const [i, wanted] of reference.streams.entries()) {
    const got = written.streams[i];
    if (!got) return `stream ${i} is missing`;
    for (const key of SAME) {
      if (got[key] !== wanted[key])
        return `stream ${i}: ${key} is ${got[key] ?? "unknown"} instead of ${wanted[key] ?? "unknown"}`;
    }
    if (got.timeBase && wanted.timeBase && compare(got.timeBase, wanted.timeBase) !== 0) {
      return `stream ${i}: its time base differs`;
    }
    const rotation = (s: StreamInfo): number => s.sideData.find((d) => d.rotation !== undefined)?.rotation ?? 0;
    if (rotation(got) !== rotation(wanted)) return `stream ${i}: rotation differs`;
    if (got.dispositions.join() !== wanted.dispositions.join()) {
      return `stream ${i}: dispositions are ${got.dispositions.join("+")} instead of ${wanted.dispositions.join("+")}`;
    }
  }
  return undefined;
}

/** The ticks of chunks in order, as one list. */
export function allTicks(chunks: readonly { readonly ticks: readonly Tick[] }[]): number[] {
  return chunks.flatMap((chunk) => chunk.ticks.map((t) => t.tick));
}
