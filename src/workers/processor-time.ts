import { runScript, type WorkerScript } from "./script.js";
import type { Session } from "./transport.js";

/** How long the asking may take, milliseconds: a frozen machine never answers. */
const WITHIN = 20_000;

/**
 * What /proc says of each process that has "$1" among its arguments; where there is no /proc, what ps says. This script has
 * it, too, and so has the shell around the program: the busiest is meant. Windows tells steps of 100 ns (Win32_Process).
 */
const SCRIPT: WorkerScript = {
  sh: [
    // Not `grep -F`: that of BusyBox reads no further than to the first NUL, which stands behind the program's name.
    "if [ -r /proc/self/stat ]; then for d in /proc/[0-9]*; do " +
      `case "$(tr '\\0' ' ' 2>/dev/null <"$d/cmdline")" in *"$1"*) cat "$d/stat";; esac; done`,
    'else ps -A -o time= -o args= | grep -F -- "$1"; fi; true',
  ].join("; "),
  powershell: [
    "Get-CimInstance Win32_Process|Where-Object{$_.CommandLine -and $_.CommandLine.Contains($argv[0])}|ForEach-Object{",
    "[string]::Format([Globalization.CultureInfo]::InvariantCulture,'0:{0:F2} {1}',($_.KernelModeTime+$_.UserModeTime)/1e7,$_.Name)}",
  ].join(""),
};

/** Ticks of /proc/PID/stat in a second, as Linux shows them to programs on all platforms in use (proc(5), sysconf(_SC_CLK_TCK)). */
const TICKS = 100;

/**
 * Seconds of processor time that the busiest process with `word` among its arguments has used so far; undefined when the
 * worker does not answer, or there is none.
 */
export async function processorTime(session: Session, word: string, stop: AbortSignal): Promise<number | undefined> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(WITHIN)]);
  const asked = await runScript(session, SCRIPT, [word], { signal });
  return asked.ok ? busiest(asked.value.stdout) : undefined;
}

/** The most of what lines of /proc/PID/stat (proc(5)), or of `ps -o time=,args=` (POSIX: [DD-]HH:MM:SS; BSD: M:SS.ss), say; seconds. */
export function busiest(text: string): number | undefined {
  const times = text.split("\n").flatMap((line) => {
    // The name in brackets may hold blanks and brackets itself: fields count from the last one. utime and stime are 14 and 15.
    const stat = /^\d+ \(.*\) \S (?:-?\d+ ){10}(\d+) (\d+) /.exec(line);
    if (stat) return [(Number(stat[1]) + Number(stat[2])) / TICKS];
    const ps = /^\s*(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s/.exec(line);
    if (!ps) return [];
    const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = ps;
    return [((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}
