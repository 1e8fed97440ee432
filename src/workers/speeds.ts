import { ok, type Result } from "../lib/result.js";
import { askMore } from "./ask-more.js";
import { PROBE_MARK, type ProbeFailure } from "./probe.js";
import { readSections } from "./sections.js";
import type { Session } from "./transport.js";
import { powershellSpeeds } from "./windows/asking.js";

/** The clip that is encoded, made on the worker itself: two seconds at 24 frames per second. */
export const SPEED_CLIP = { width: 1280, height: 720, frames: 48 } as const;

/** How quick an encoder is on a machine. */
export interface EncoderSpeed {
  readonly encoder: string;
  /** What it was told. */
  readonly options: string;
  /** Frames per second by the clock, decoding included, as in a job; undefined when it failed. */
  readonly fps: number | undefined;
  /** What ffmpeg said of one that failed, on one line. */
  readonly why?: string;
}

/** Encoders as people use them; those that a machine does not list are passed over. */
const MEASURED = new Map([
  ["libx264", "-preset medium -crf 23"],
  ["libx265", "-preset fast -crf 26"],
  ["libsvtav1", "-preset 8 -crf 35"],
  ["libvpx-vp9", "-crf 32 -b:v 0 -deadline good -cpu-used 4 -row-mt 1"],
]);

/** How long one encode may take, seconds, and all of it, milliseconds. */
const EACH = 60;
const WITHIN = 300_000;

/** One after another: each is to have the machine for itself, as far as it goes. `-benchmark` tells the time by the clock. */
const SH = [
  `T=; command -v timeout >/dev/null 2>&1 && T='timeout ${EACH}'`,
  `m clip; "$1" -nostdin -v error -f lavfi -i testsrc2=s=${SPEED_CLIP.width}x${SPEED_CLIP.height}:r=24 ` +
    `-frames:v ${SPEED_CLIP.frames} -c:v mpeg4 -q:v 2 -y clip.nut 2>&1 </dev/null; m clip-status $?`,
  'l=$("$1" -hide_banner -encoders 2>/dev/null </dev/null)',
  'speed() { e=$1; shift; printf "%s\n" "$l" | grep -qE "^ *V[^ ]* $e " || return 0; ' +
    'o=$($T "$ffmpeg" -nostdin -hide_banner -benchmark -i clip.nut "$@" -c:v $e -f null - 2>&1 </dev/null); ' +
    's=$?; m "speed-$e" $s; printf "%s\n" "$o" | tail -n 30; }',
  "ffmpeg=$1",
  ...[...MEASURED].map(([encoder, options]) => `speed ${encoder} ${options}`),
  "rm -f clip.nut",
].join("; ");

/** Has a machine encode a short clip by each of the usual encoders it has. Fails as `askMore` does; `stop` ends it. */
export async function measureSpeeds(
  session: Session,
  ffmpegBin: string,
  stop?: AbortSignal,
): Promise<Result<readonly EncoderSpeed[], ProbeFailure>> {
  const asked = await askMore(
    session,
    ffmpegBin,
    { sh: SH, powershell: powershellSpeeds(SPEED_CLIP, MEASURED, EACH) },
    WITHIN,
    stop,
  );
  return asked.ok ? ok(readSpeeds(asked.value.stdout)) : asked;
}

/** Reads what the script has said. Pure. */
export function readSpeeds(stdout: string): readonly EncoderSpeed[] {
  const { values, lines } = readSections(stdout, PROBE_MARK);
  const noClip = values.get("clip-status") === "0" ? undefined : (lines("clip")[0] ?? "no clip could be made");
  return [...MEASURED].flatMap(([encoder, options]): EncoderSpeed[] => {
    const status = values.get(`speed-${encoder}`);
    if (status === undefined) return [];
    const said = lines(`speed-${encoder}`);
    // `bench: utime=0.456s stime=0.021s rtime=0.234s` (fftools/ffmpeg.c).
    const [, seconds] =
      said.map((line) => /^bench: .*rtime=([\d.]+)s/.exec(line)).find((match) => match !== null) ?? [];
    if (status === "0" && Number(seconds) > 0) return [{ encoder, options, fps: SPEED_CLIP.frames / Number(seconds) }];
    const late = status === "124" || status === "143" ? `it was not through within ${EACH} s` : undefined;
    return [{ encoder, options, fps: undefined, why: noClip ?? late ?? said.at(-1) ?? `status ${status}` }];
  });
}
