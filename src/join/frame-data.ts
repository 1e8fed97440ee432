import { join } from "node:path";
import { nutInput } from "../ffmpeg/guarded-input.js";
import { runLocal } from "../ffmpeg/run.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** Says by whom and when the film was encoded, or counts: nothing that the picture is shown by. */
const PASSING = /Unregistered SEI|timecode/i;

interface Programs {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** What the first frame of a file's only stream carries beside its picture, in one line; "" when it carries nothing. */
export async function firstFrameData(
  { ffprobe, signal }: Pick<Programs, "ffprobe" | "signal">,
  path: string,
): Promise<Result<string, Problem>> {
  const args = ["-v", "error", "-select_streams", "v:0", "-read_intervals", "%+#1", "-show_frames", "-of", "json"];
  const run = await runLocal(ffprobe, [...args, ...nutInput(`file:${path}`)], { signal });
  const failed = { what: "its first frame cannot be read", detail: run.startError ?? run.stderrTail.join("\n") };
  if (run.code !== 0) return fail(failed);
  try {
    const { frames = [] } = JSON.parse(run.stdout) as { frames?: { side_data_list?: { side_data_type?: string }[] }[] };
    const said = (frames[0]?.side_data_list ?? []).filter((d) => !PASSING.test(d.side_data_type ?? ""));
    return ok(
      said
        .map((d) => JSON.stringify(d))
        .sort()
        .join(),
    );
  } catch {
    return fail(failed);
  }
}

/** The same of a stream of the reference, by what stands in the stream itself: NUT has no place for anything else. */
export async function referenceFrameData(
  programs: Programs,
  reference: string,
  stream: number,
): Promise<Result<string, Problem>> {
  const path = join(programs.folder, "reference.nut");
  const copy = ["-map", `0:${stream}`, "-c", "copy", "-frames:v", "1", "-f", "nut", `file:${path}`];
  const run = await runLocal(programs.ffmpeg, ["-v", "error", "-nostdin", "-y", "-i", `file:${reference}`, ...copy], {
    signal: programs.signal,
  });
  if (run.code !== 0) return fail({ what: "the reference cannot be read", detail: run.stderrTail.join("\n") });
  return firstFrameData(programs, path);
}
