import { rename, rm } from "node:fs/promises";
import { filmInput } from "../ffmpeg/guarded-input.js";
import { FramecrcParser } from "../ffmpeg/packets.js";
import { runLocal, startLocal } from "../ffmpeg/run.js";
import { toNumber } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** The head of a film whose making was ended early. */
export interface HeadFile {
  readonly path: string;
  /** Place of the film among its streams, and how many frames of it there are. */
  readonly stream: number;
  readonly frames: number;
  readonly muxer: string;
  /** Options of the muxer that the user gave (`-movflags`). */
  readonly options: readonly string[];
  /** What of a file is not as it must be. */
  readonly differs: (path: string) => Promise<string | undefined>;
}

/**
 * Cuts the streams beside the film where the film ends, in place: ffmpeg had gone on with them while the film's next
 * chunk was awaited. Fails when the film's frames are not all there. Where the
 * container does not keep all of its head through this, the other streams stay as long as they are.
 */
export async function cutToFilm(ffmpeg: string, head: HeadFile, signal: AbortSignal): Promise<Result<void, Problem>> {
  const end = await filmEnd(ffmpeg, head, signal);
  if (!end.ok) return end;
  const cut = head.path.replace(/(\.[^./]*)?$/, ".cut$1");
  const run = await runLocal(
    ffmpeg,
    [
      // -copyts: the film keeps its times, and -t counts from zero.
      ...["-v", "error", "-nostdin", "-y", "-copyts", ...filmInput(head.path), "-map", "0", "-c", "copy"],
      ...["-t", end.value.toFixed(6), ...head.options, "-f", head.muxer, `file:${cut}`],
    ],
    { signal },
  );
  if (run.code === 0 && (await head.differs(cut)) === undefined) await rename(cut, head.path);
  else await rm(cut, { force: true });
  return ok(undefined);
}

/** When the last frame of the film ends, in the file's own seconds; its frames are counted on the way. */
async function filmEnd(ffmpeg: string, head: HeadFile, signal: AbortSignal): Promise<Result<number, Problem>> {
  const parser = new FramecrcParser();
  let [frames, last] = [0, 0];
  const { end: ending } = startLocal(
    ffmpeg,
    [
      ...["-v", "error", "-nostdin", "-copyts", "-copytb", "1", ...filmInput(head.path)],
      ...["-map", `0:${head.stream}`, "-c", "copy", "-copyinkf", "-f", "framecrc", "pipe:1"],
    ],
    {
      signal,
      onStdoutLine: (line) => {
        const packet = parser.line(line);
        if (!packet) return;
        frames++;
        last = Math.max(last, (packet.pts ?? packet.dts ?? 0) + packet.duration);
      },
    },
  );
  const run = await ending;
  const timeBase = parser.headers.get(0)?.timeBase;
  if (run.code !== 0 || !timeBase) return fail({ what: "it cannot be read", detail: run.stderrTail.join("\n") });
  if (frames !== head.frames) return fail({ what: `it has ${frames} frames instead of ${head.frames}` });
  return ok(last * toNumber(timeBase));
}
