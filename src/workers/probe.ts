import { fail, ok, type Result, type Problem } from "../lib/result.js";
import type { Machine } from "../plan/slots.js";
import type { KnownBuild } from "./build-cache.js";
import { MACHINE_SCRIPT } from "./machine-text.js";
import { parseProbe, type ProbeText } from "./probe-text.js";
import { runScript, type WorkerScript } from "./script.js";
import type { Session } from "./transport.js";
import { POWERSHELL_QUESTIONS } from "./windows/asking.js";

/** What a worker has to offer. */
export interface WorkerFacts {
  /** As ffmpeg writes it: "5.1.9-0+deb12u1", "n7.0", "N-109542-g1bf1b4cb1e". */
  readonly ffmpegVersion: string;
  /** Names as -c:v takes them. */
  readonly encoders: ReadonlySet<string>;
  /** Processors, memory and NUMA nodes that this login may use. */
  readonly machine: Machine;
  /** Whether the numactl program is installed. */
  readonly numactl: boolean;
  /** What tells this build of ffmpeg from another at the same place: path, size, time of change; empty where the system does not say. */
  readonly build: string;
  /** Version and encoders are what was known of this build. */
  readonly fromCache: boolean;
}

/** `no-ffmpeg` also stands for one that is too old or does not start. */
export type ProbeFailure =
  | ({ readonly kind: "no-ffmpeg" } & Problem)
  | ({ readonly kind: "no-encoder" } & Problem)
  | ({ readonly kind: "connection" } & Problem);

/** How long ffmpeg may take to tell its version and encoders, milliseconds: one on a hanging network drive never does. */
const WITHIN = 30_000;

/** What else there is to do about an ffmpeg that cannot be used; what is to be typed stands alone, so that it can be copied. */
const ELSEWHERE = "where there is another ffmpeg, set ffmpeg_bin to its path";

/** Begins each section of what the probe says. */
export const PROBE_MARK = "@distffmpeg ";

/**
 * Asks all at once, because each question costs a round trip and a process on the worker. A section a mark; the status
 * of a program in the mark after its words. `$1` is the ffmpeg to ask, `$2` the build of it that is known (BuildCache): the same program
 * need not be started to be asked once more, which is nine tenths of the time that this takes (measured). `stat` of Linux, else of BSD.
 */
const QUESTIONS = [
  `m() { echo; echo "${PROBE_MARK}$*"; }`,
  'p=$(command -v "$1"); m path "$p"',
  'b=$(stat -Lc "%s %Y" "$p" 2>/dev/null || stat -Lf "%z %m" "$p" 2>/dev/null) && b="$p $b"; m build "$b"',
  'if [ -n "$b" ] && [ "$b" = "$2" ]; then m known; else ' +
    'm version; "$1" -hide_banner -version 2>&1 </dev/null; m version-status $?; ' +
    'm encoders; "$1" -hide_banner -encoders 2>/dev/null </dev/null; fi',
  MACHINE_SCRIPT,
  "m numactl; command -v numactl",
  "m system; uname -s; cat /etc/os-release 2>/dev/null",
];

/** The probe, with more questions behind it (in sections of their own); the last section shows that it was heard out. */
export function probeScript(more?: WorkerScript): WorkerScript {
  return {
    sh: [...QUESTIONS, ...(more ? [more.sh] : []), "m end"].join("; "),
    powershell: [POWERSHELL_QUESTIONS, ...(more ? [more.powershell] : []), "m end"].join("\n"),
  };
}

/**
 * Asks a worker, in one round trip, for its ffmpeg (5.1 or later), encoders, machine and numactl.
 * `stop` ends the asking; `known` is what is known of the ffmpeg that was there last time. A session that fails or is
 * cancelled is "connection".
 */
export async function probeWorker(
  session: Session,
  ffmpegBin: string,
  { stop, known }: { readonly stop?: AbortSignal; readonly known?: KnownBuild | undefined } = {},
): Promise<Result<WorkerFacts, ProbeFailure>> {
  const late = AbortSignal.timeout(WITHIN);
  const signal = stop ? AbortSignal.any([stop, late]) : late;
  const answer = await runScript(session, probeScript(), [ffmpegBin, known?.build ?? ""], { signal });
  if (!answer.ok) {
    const { what, detail, fix } = answer.failure;
    const said = late.aborted ? `${ffmpegBin} gave no answer within ${WITHIN / 1000} s` : what;
    return fail({
      kind: "connection",
      what: said,
      ...(detail === undefined ? {} : { detail }),
      ...(fix === undefined ? {} : { fix }),
    });
  }
  return judgeProbe(parseProbe(answer.value.stdout, PROBE_MARK), answer.value.stderrTail, ffmpegBin, known);
}

/** Makes facts of what the worker (or the machine of that name, `where`) said, or says why it cannot be used. Pure. */
export function judgeProbe(
  text: ProbeText,
  stderrTail: readonly string[],
  ffmpegBin: string,
  known?: KnownBuild,
  where = "the worker",
): Result<WorkerFacts, ProbeFailure> {
  const install = installHint(text.system);
  const noFfmpeg = (what: string, detail: string, fix: string): Result<never, ProbeFailure> =>
    fail({ kind: "no-ffmpeg", what, ...(detail === "" ? {} : { detail }), fix });
  if (!text.complete)
    return noFfmpeg(`the shell of ${where} does not work`, stderrTail.join("\n"), "sh -c 'echo works'");
  if (text.ffmpegPath === undefined) {
    return noFfmpeg(`there is no ${ffmpegBin} on ${where}`, ELSEWHERE, install);
  }
  const { machine, numactl, build } = text;
  if (known && text.isKnown) {
    const { version: ffmpegVersion, encoders } = known;
    return ok({ ffmpegVersion, encoders: new Set(encoders), machine, numactl, build, fromCache: true });
  }
  const { version } = text;
  if (text.versionStatus !== 0 || version === undefined) {
    return noFfmpeg(`${text.ffmpegPath} on ${where} does not work as ffmpeg`, text.versionWords, install);
  }
  if (!version.isRecent) {
    return noFfmpeg(
      `ffmpeg ${version.name} on ${where} is too old: 5.1 or later is needed`,
      `${text.ffmpegPath}; ${ELSEWHERE}`,
      install,
    );
  }
  if (text.encoders.size === 0) {
    return noFfmpeg(`${text.ffmpegPath} on ${where} lists no encoders`, stderrTail.join("\n"), install);
  }
  return ok({ ffmpegVersion: version.name, encoders: text.encoders, machine, numactl, build, fromCache: false });
}

/** Why a worker cannot encode, for want of one of these encoders. */
export function noEncoder(facts: WorkerFacts, encoders: readonly string[]): ProbeFailure | undefined {
  const lacking = encoders.find((encoder) => !facts.encoders.has(encoder));
  if (lacking === undefined) return undefined;
  return {
    kind: "no-encoder",
    what: `ffmpeg ${facts.ffmpegVersion} on the worker has no encoder ${lacking}`,
    fix: "set ffmpeg_bin of this worker to an ffmpeg that has it, or choose another encoder",
  };
}

/** The command that installs ffmpeg on this kind of system. `ids`: ID and ID_LIKE of os-release(5), or what uname says. */
export function installHint(ids: readonly string[]): string {
  for (const id of ids) {
    switch (id) {
      case "debian":
      case "ubuntu":
      case "raspbian":
        return "sudo apt install ffmpeg";
      case "fedora":
        return "sudo dnf install ffmpeg-free";
      case "rhel":
      case "centos":
      case "rocky":
      case "almalinux":
        return "sudo dnf install epel-release && sudo dnf install ffmpeg-free";
      case "alpine":
        return "sudo apk add ffmpeg";
      case "arch":
      case "manjaro":
        return "sudo pacman -S ffmpeg";
      case "suse":
      case "opensuse":
      case "opensuse-tumbleweed":
        return "sudo zypper install ffmpeg";
      case "freebsd":
        return "sudo pkg install ffmpeg";
      case "darwin":
        return "brew install ffmpeg";
      case "windows":
        return "winget install Gyan.FFmpeg";
    }
  }
  return "install ffmpeg 5.1 or later from https://ffmpeg.org/download.html";
}
