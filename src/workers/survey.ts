import { ok, type Result } from "../lib/result.js";
import { askMore } from "./ask-more.js";
import { PROBE_MARK, type ProbeFailure, type WorkerFacts } from "./probe.js";
import type { WorkerScript } from "./script.js";
import { readSections, type Sections } from "./sections.js";
import type { Session } from "./transport.js";
import { powershellSurvey } from "./windows/asking.js";

/** An encoder that was tried with a few frames. */
export interface EncoderTrial {
  readonly name: string;
  /** It needs a device. */
  readonly hardware: boolean;
  readonly works: boolean;
  /** What ffmpeg said of one that does not work, on one line. */
  readonly why?: string;
}

/** All that is to be known of a worker before it is trusted with work. */
export interface Survey {
  readonly facts: WorkerFacts;
  /** Kernel and name of the system, "Linux (Debian GNU/Linux 12 (bookworm))". */
  readonly os: string;
  readonly arch: string;
  /** Bytes free where its chunks go; undefined where the system does not say. */
  readonly free: number | undefined;
  readonly ffprobeVersion: string | undefined;
  /** What `ffmpeg -version` says of the build: version, compiler, configuration, libraries. */
  readonly build: readonly string[];
  readonly encoders: readonly EncoderTrial[];
  /** Frames per second of one second of 640x360 through the quickest usual encoder; undefined when that failed. */
  readonly speed: { readonly encoder: string; readonly fps: number } | undefined;
}

/** Software encoders that people ask for, the cheapest to try first. */
const COMMON = "mpeg4 libx264 libx265 libsvtav1 libaom-av1 librav1e libvpx libvpx-vp9 ffv1 prores_ks";

/** Kinds of devices, as names of encoders end with them, or began in older builds (libavcodec/allcodecs.c, 5.1 and 7.1). */
const DEVICES = "nvenc qsv vaapi amf videotoolbox v4l2m2m omx mf vulkan rkmpp mediacodec d3d12va";

/** How long one trial may take, seconds: opening a device may hang. */
const TRIAL = 20;

/** How long all of it may take, milliseconds. */
const WITHIN = 180_000;

/**
 * Each encoder gets four frames: that it is listed says nothing of whether its device, driver or library is there. Those
 * that take frames of the device only are given them there. `$1` is ffmpeg.
 *
 * Kinds of devices are tried side by side, and beside the software encoders; those of one kind one after another, because
 * drivers allow few encodes at once (NVENC three to eight), and no more once one of them has hung. What each says waits in
 * a file of its own, so that answers do not mix. timeout(1) ends with 124, busybox's with 143.
 */
const TRIALS = [
  `T=; command -v timeout >/dev/null 2>&1 && T='timeout ${TRIAL}'`,
  `l=$("$1" -hide_banner -encoders 2>/dev/null </dev/null | sed -nE 's/^ *V[F.][S.][X.][B.][D.] ([A-Za-z0-9_-]+) .*/\\1/p')`,
  'say() { { m "try $e $1"; printf "%s\\n" "$2" | head -n 5; } >"try.$e"; }',
  "try() { d=; v=; x=; case $e in " +
    'libx264|libx265) x="-preset ultrafast";; libsvtav1) x="-preset 10";; libaom-av1|libvpx*) x="-cpu-used 5";; librav1e) x="-speed 10";; ' +
    '*_vaapi) d="-vaapi_device /dev/dri/renderD128"; v="-vf format=nv12,hwupload";; ' +
    '*_vulkan) d="-init_hw_device vulkan=v -filter_hw_device v"; v="-vf format=nv12,hwupload";; esac; ' +
    'o=$($T "$ffmpeg" -nostdin -v error $d -f lavfi -i color=c=gray:s=320x240:r=25:d=1 -frames:v 4 $v -c:v $e $x -f null - 2>&1 </dev/null); ' +
    `s=$?; case $s in 124|143) o="it did not end within ${TRIAL} s"; h=$e;; esac; say $s "$o"; }`,
  'device() { h=; for e in $l; do case $e in *_"$1"|"$1"_*) ;; *) continue;; esac; ' +
    'if [ -z "$h" ]; then try; else say 124 "not tried: $h hung"; fi; done; }',
  "ffmpeg=$1",
  `( for k in ${DEVICES}; do device "$k" & done; wait ) & ` +
    `for e in $l; do case " ${COMMON} " in *" $e "*) try;; esac; done; wait`,
  'for e in $l; do [ -f "try.$e" ] && cat "try.$e" && rm -f "try.$e"; done',
].join("; ");

/** One second of pictures that are not all alike; -benchmark tells how long ffmpeg has worked on them. */
const SPEED =
  'for e in libx264 mpeg4; do o=$("$1" -nostdin -hide_banner -benchmark -f lavfi -i testsrc2=s=640x360:r=30 -t 1 ' +
  '-c:v $e -f null - 2>&1 </dev/null) && { m "speed $e"; echo "$o" | grep "bench: .*rtime="; break; }; done';

const QUESTIONS: WorkerScript = {
  sh: [
    "m uname; uname -s; uname -m",
    "m disk; df -Pk . 2>/dev/null",
    'm ffprobe; f=${p%/*}/ffprobe; [ -x "$f" ] || f=ffprobe; "$f" -hide_banner -version 2>/dev/null </dev/null | head -n 1',
    TRIALS,
    SPEED,
  ].join("; "),
  powershell: powershellSurvey(COMMON, DEVICES),
};

/**
 * Asks a worker in one round trip for all of it. `stop` ends the asking. Fails as `askMore` does.
 */
export async function surveyWorker(
  session: Session,
  ffmpegBin: string,
  stop?: AbortSignal,
  where?: string,
): Promise<Result<Survey, ProbeFailure>> {
  const asked = await askMore(session, ffmpegBin, QUESTIONS, WITHIN, stop, where);
  return asked.ok ? ok(readSurvey(asked.value.stdout, asked.value.facts)) : asked;
}

/** Reads what the survey's script has said. Pure. */
export function readSurvey(stdout: string, facts: WorkerFacts): Survey {
  const sections = readSections(stdout, PROBE_MARK);
  const { lines } = sections;
  const [kernel = "unknown", arch = "unknown"] = lines("uname");
  const [, pretty] = /^PRETTY_NAME=["']?(.*?)["']?$/m.exec(lines("system").join("\n")) ?? [];
  const [, ffprobeVersion] = /^ffprobe version (\S+)/m.exec(lines("ffprobe").join("\n")) ?? [];
  return {
    ...{ facts, arch, ffprobeVersion },
    os: pretty === undefined ? kernel : `${kernel} (${pretty})`,
    free: freeOf(lines("disk")),
    build: lines("version"),
    encoders: readTrials(stdout),
    speed: speedOf(sections),
  };
}

/** df -P (POSIX): file system, blocks of 1024 bytes, used, free, share, mount point; the name may hold blanks. */
function freeOf(lines: readonly string[]): number | undefined {
  const [, free] = /\s\d+\s+\d+\s+(\d+)\s+\d+%\s/.exec(`${lines.at(-1) ?? ""} `) ?? [];
  return free === undefined ? undefined : Number(free) * 1024;
}

function readTrials(stdout: string): EncoderTrial[] {
  const trials: { name: string; hardware: boolean; works: boolean; why?: string }[] = [];
  let open = false;
  for (const line of stdout.split(/\r?\n/)) {
    if (line.startsWith(PROBE_MARK)) {
      const [, name, status] = /^try (\S+) (\d+)$/.exec(line.slice(PROBE_MARK.length).trim()) ?? [];
      open = name !== undefined;
      if (name !== undefined) trials.push({ name, hardware: !COMMON.split(" ").includes(name), works: status === "0" });
    } else {
      const last = open ? trials.at(-1) : undefined;
      if (last && !last.works && line.trim() !== "")
        last.why ??= line.trim().replace(/^\[[^\]]* @ (?:0x)?[0-9a-f]+\] /, "");
    }
  }
  return trials;
}

/** `bench: utime=0.456s stime=0.021s rtime=0.234s` (fftools/ffmpeg.c). */
function speedOf({ values, lines }: Sections): Survey["speed"] {
  const encoder = values.get("speed");
  const [, seconds] = /rtime=([\d.]+)s/.exec(lines("speed").at(-1) ?? "") ?? [];
  if (encoder === undefined || !(Number(seconds) > 0)) return undefined;
  return { encoder, fps: 30 / Number(seconds) };
}
