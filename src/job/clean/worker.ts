import { posix } from "node:path";
import type { WorkerConfig } from "../../config/types.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { folderIsUsed, isPrivateFolder } from "../../workers/folder.js";
import { sshTransport } from "../fleet.js";
import { runScript, type WorkerScript } from "../../workers/script.js";
import type { Session } from "../../workers/transport.js";

/** What was left of dead jobs on a worker, and is gone now. */
export interface SweptWorker {
  readonly worker: string;
  /** Folders of jobs. */
  readonly removed: readonly string[];
  /** Programs that were still at work. */
  readonly ended: readonly number[];
}

/** Minutes for which the folder of another machine's job is left alone, though nothing on the worker speaks of it. */
const YOUNG = 10;

/**
 * Lists our folders in "$1", those of them that were changed lately, and the programs that name one or work in it.
 * Linux shows both; elsewhere `ps` shows the names.
 */
const LOOK: WorkerScript = {
  sh: [
    `cd "$1" || exit 0`,
    `for d in distffmpeg-*; do [ -d "$d" ] && echo "folder $d"; done`,
    `find . -maxdepth 1 -name 'distffmpeg-*' -mmin -${YOUNG} | sed 's,^\\./,young ,'`,
    `if [ -r /proc/self/cmdline ]; then ${[
      `for p in /proc/[0-9]*; do w=$(readlink "$p/cwd" 2>/dev/null)`,
      `case "$w" in "$1"/distffmpeg-*) echo "program \${p#/proc/} $w/";; esac; done`,
      `for c in $(grep -lsa "$1/distffmpeg-" /proc/[0-9]*/cmdline); do p=\${c%/cmdline}; p=\${p#/proc/}`,
      `[ "$p" = $$ ] || echo "program $p $(tr '\\0\\n' '  ' <"$c" 2>/dev/null)"; done`,
    ].join("; ")}; else ps -A -ww -o pid=,args= | sed -n 's/^ *\\([0-9][0-9]*\\) /program \\1 /p'; fi`,
  ].join("; "),
  powershell: [
    "$b=$argv[0].TrimEnd('/')",
    `Get-ChildItem -LiteralPath ($b+'/') -Directory -Filter 'distffmpeg-*'|ForEach-Object{'folder '+$_.Name;if($_.LastWriteTime -gt (Get-Date).AddMinutes(-${YOUNG})){'young '+$_.Name}}`,
    "$n=$b.Replace('/','\\')",
    "Get-CimInstance Win32_Process|Where-Object{$_.CommandLine -and $_.CommandLine.Replace('/','\\').Contains($n+'\\distffmpeg-')}|ForEach-Object{",
    "'program '+$_.ProcessId+' '+$_.CommandLine.Replace('\\','/').Replace('\"',' ')}",
  ].join("\n"),
};

/** Ends the programs of "$2" and removes the folders behind "--"; once more a moment later, for what was just being written. */
const SWEEP: WorkerScript = {
  sh: [
    `cd "$1" || exit 0`,
    `[ -z "$2" ] || kill -KILL $2 2>/dev/null`,
    "shift 2",
    `for again in 1 2; do rm -rf -- "$@" && break; sleep 1; done`,
  ].join("; "),
  powershell: [
    "$ErrorActionPreference='Stop'",
    "foreach($i in $argv[1].Split(' ')){if($i){Stop-Process -Id $i -Force -ErrorAction SilentlyContinue}}",
    "foreach($i in $argv[2..($argv.Count-1)]){$f=$argv[0]+'/'+$i",
    "foreach($again in 1..3){try{if([IO.Directory]::Exists($f)){[IO.Directory]::Delete($f,$true)};break}catch{if($again -eq 3){throw};Start-Sleep 1}}}",
  ].join("\n"),
};

/** Connects to a worker (`stall`: see `sshTransport`) and takes away what dead jobs have left there; what a running one uses is not touched. */
export async function sweepWorker(
  worker: WorkerConfig,
  stall: number,
  signal: AbortSignal,
): Promise<Result<SweptWorker, Problem>> {
  const opened = await (await sshTransport(worker, stall)).openSession(signal);
  if (!opened.ok) return opened;
  const session = opened.value;
  try {
    return await sweep(worker.name, session, signal);
  } finally {
    await session.close();
  }
}

/** The same over a session that is open. */
export async function sweep(
  worker: string,
  session: Session,
  signal: AbortSignal,
): Promise<Result<SweptWorker, Problem>> {
  const base = posix.dirname(session.folder);
  const looked = await runScript(session, LOOK, [base], { signal });
  if (!looked.ok) return looked;
  const dead = findDead(looked.value.stdout, base, posix.basename(session.folder));
  if (dead.folders.length === 0) return ok({ worker, removed: [], ended: [] });
  const pids = dead.programs.join(" ");
  const swept = await runScript(session, SWEEP, [base, pids, ...dead.folders], { signal });
  if (!swept.ok) return swept;
  const { code, stderrTail } = swept.value;
  if (code !== 0) return fail({ what: `${worker}: not all could be removed`, detail: stderrTail.join("\n") });
  return ok({ worker, removed: dead.folders.map((name) => posix.join(base, name)), ended: dead.programs });
}

/**
 * The folders that are nobody's, and the programs at work in them. A job of this machine is dead when its process is; one
 * of another machine's when nothing on the worker speaks of its folder (its connection has a janitor there as long as it
 * lasts) and nothing in it has changed for a while. `own` is in use. Pure.
 */
export function findDead(
  listing: string,
  base: string,
  own: string,
): { readonly folders: readonly string[]; readonly programs: readonly number[] } {
  const lines = listing.split(/\r?\n/);
  const named = (kind: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  const young = new Set(named("young"));
  const programs = named("program").flatMap((line) => {
    const [, pid, text] = /^(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined || text === undefined ? [] : [{ pid: Number(pid), text: `${text} ` }];
  });
  const at = (folder: string): number[] =>
    programs.filter(({ text }) => mentions(text, posix.join(base, folder))).map(({ pid }) => pid);
  const folders = named("folder").filter((folder) => {
    if (folder === own || !isPrivateFolder(folder)) return false;
    const used = folderIsUsed(folder);
    return used === undefined ? at(folder).length === 0 && !young.has(folder) : !used;
  });
  return { folders, programs: [...new Set(folders.flatMap(at))] };
}

/** Whether a path, or one below it, stands in a text. */
function mentions(text: string, path: string): boolean {
  return text.includes(`${path}/`) || text.includes(`${path} `);
}
