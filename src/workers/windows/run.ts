import { fail, ok, type Result } from "../../lib/result.js";
import type { Launch } from "../dialect.js";
import { BEAT_SECONDS, SILENT_BEATS } from "../heartbeat.js";
import type { ScriptWords } from "../script.js";
import { UNHEARD } from "../wrapper.js";
import { encodeCommand, literal, quoteArguments } from "./quote.js";

/**
 * The words before a script (about_PowerShell_exe). Text is asked for by name: else errors come as XML, when a script was encoded and
 * stderr is no terminal (PowerShell, ConsoleHost.ErrorFormat).
 */
const POWERSHELL = [
  "powershell.exe",
  ...["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-OutputFormat", "Text", "-EncodedCommand"],
];

/**
 * Reads the script proper from the first line of stdin, and does it; `$r` goes on reading. So the command stays one and the same, short enough
 * for cmd.exe (8191 characters; The Old New Thing, 2003-12-10), however long ffmpeg's is, and no file is needed. PowerShell leaves
 * stdin alone as long as the command does not speak of its variable `input` (ConsoleHost.DoRunspaceInitialization, AstSearcher.IsUsingDollarInput);
 * that goes for one that is the login shell, too.
 */
const BOOTSTRAP = [
  "$ProgressPreference='SilentlyContinue'",
  "$ErrorActionPreference='Stop'",
  "$r=New-Object IO.StreamReader([Console]::OpenStandardInput(),[Text.Encoding]::ASCII)",
  ". ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($r.ReadLine()))))",
].join(";");

/** The whole command line of a program may have 32767 characters (CreateProcessW), its own name with them. */
const LONGEST_LINE = 32_000;

/** Writes frames (`frames.ts`): into the stream itself, since PowerShell's own output is text with a width. */
const FRAMES = `$o=[Console]::OpenStandardOutput()
function Say($k,$b,$n){$t=[Text.Encoding]::ASCII.GetBytes('@df'+$k+':'+[Convert]::ToBase64String($b,0,$n)+";\`n");$o.Write($t,0,$t.Length);$o.Flush()}
function Tell($k,$t){$b=[Text.Encoding]::UTF8.GetBytes([string]$t);Say $k $b $b.Length}
function Leave($c){Tell 'x' $c;[Environment]::Exit($c)}
`;

/**
 * Runs `$f` with the command line `$a` in `$d`, tied to stdin as `wrapper()` is on other systems:
 * - by ProcessStartInfo with one line that is quoted here: PowerShell 5.1 drops quotation marks of arguments (PowerShell issue 1995);
 * - stdout and stderr are read as bytes, side by side, by tasks;
 * - a line on stdin is a beat. At its end, or after a silence, the program ends with all that it has started. Silence is added up of steps of
 *   2 s at most: a machine that was suspended wakes up to the rest of its patience. Nothing ends in good order here: there are no signals.
 * - should PowerShell itself be ended, the server's job object takes the program along: it is closed by the end of the shell that the
 *   server has started, not by that of the connection (Win32-OpenSSH issues 1751, 2452), hence the watch;
 * - no .bat and no .cmd: cmd.exe would read their arguments by rules of its own (CVE-2024-24576).
 */
const RUN = `${FRAMES}if($f -match '\\.(bat|cmd)[ .]*$'){Tell 'e' ($f+': a batch file is not run, name a program'+"\`n");Leave 126}
$s=New-Object Diagnostics.ProcessStartInfo
$s.FileName=$f;$s.Arguments=$a;$s.UseShellExecute=$false;$s.CreateNoWindow=$true
if($d){$s.WorkingDirectory=$d}
$s.RedirectStandardInput=$true;$s.RedirectStandardOutput=$true;$s.RedirectStandardError=$true
$p=New-Object Diagnostics.Process
$p.StartInfo=$s
try{[void]$p.Start()}catch{$e=$_.Exception.GetBaseException();Tell 'e' ($f+': '+$e.Message+"\`n");if($e.NativeErrorCode -eq 2){Leave 127};Leave 126}
function Stop-All{
try{$k=New-Object Diagnostics.ProcessStartInfo('taskkill.exe',('/PID '+$p.Id+' /T /F'));$k.UseShellExecute=$false;$k.CreateNoWindow=$true;$k.RedirectStandardOutput=$true;$k.RedirectStandardError=$true;[void][Diagnostics.Process]::Start($k).WaitForExit(5000)}catch{}
try{$p.Kill()}catch{}
}
$u=$false
try{
if($n){try{$p.PriorityClass=$n}catch{}}
$p.StandardInput.BaseStream.Close()
$c=@($p.StandardOutput.BaseStream,$p.StandardError.BaseStream)
$k=@('o','e')
$b=@([byte[]]::new(32768),[byte[]]::new(32768))
$t=@($c[0].ReadAsync($b[0],0,32768),$c[1].ReadAsync($b[1],0,32768))
$l=$r.ReadLineAsync()
$w=[Diagnostics.Stopwatch]::StartNew()
$g=0
while($t[0] -or $t[1] -or -not $p.HasExited){
$x=@($t+$l|Where-Object{$_})
$y=if($t[0] -or $t[1]){1000}else{50}
if($x.Count){[void][Threading.Tasks.Task]::WaitAny([Threading.Tasks.Task[]]$x,$y)}else{Start-Sleep -Milliseconds $y}
foreach($i in 0,1){if($t[$i] -and $t[$i].IsCompleted){
$m=0
if($t[$i].Status -eq 'RanToCompletion'){$m=$t[$i].Result}
if($m -gt 0){Say $k[$i] $b[$i] $m;$t[$i]=$c[$i].ReadAsync($b[$i],0,32768)}else{$t[$i]=$null}
}}
$g+=[Math]::Min(2000,$w.ElapsedMilliseconds)
$w.Restart()
if($l -and $l.IsCompleted){
if($l.Status -eq 'RanToCompletion' -and $l.Result -ne $null){$g=0;$l=$r.ReadLineAsync()}else{$l=$null;Stop-All}
}
if($l -and $g -gt $q){$u=$true;$l=$null;Stop-All}
}
$p.WaitForExit()
}finally{if(-not $p.HasExited){Stop-All}}
if($u){Leave ${UNHEARD}}
Leave $p.ExitCode
`;

/** Waits for the end of stdin, or of its beats, then removes the folder `$d`; again and again for a while, since Windows removes no
 * file that is open. Each beat is seen at the folder's time, by which others know that it is in use (`job/clean/worker.ts`). */
const JANITOR = `$w=[Diagnostics.Stopwatch]::StartNew()
$g=0
$l=$r.ReadLineAsync()
while($g -le $q){
try{[void]$l.Wait(1000)}catch{}
$g+=[Math]::Min(2000,$w.ElapsedMilliseconds)
$w.Restart()
if($l.IsCompleted){if($l.Status -ne 'RanToCompletion' -or $l.Result -eq $null){break};$g=0;$l=$r.ReadLineAsync();try{[IO.Directory]::SetLastWriteTimeUtc($d,[DateTime]::UtcNow)}catch{}}
}
foreach($i in 1..15){
if(-not [IO.Directory]::Exists($d)){break}
try{[IO.Directory]::Delete($d,$true)}catch{Start-Sleep -Seconds 2}
}
`;

const SILENCE = `$q=${SILENT_BEATS * BEAT_SECONDS * 1000}`;

/** The path of a folder with the marks between its parts that Windows itself writes. */
const backslashed = (path: string): string => path.replaceAll("/", "\\");

function launchOf(variables: readonly string[], script: string): Launch {
  const text = `${[...variables, SILENCE].join("\n")}\n${script}`;
  return {
    command: [...POWERSHELL, encodeCommand(BOOTSTRAP)].join(" "),
    words: `${Buffer.from(text).toString("base64")}\n`,
    isFramed: true,
  };
}

/**
 * Runs exactly `argv` in a folder (empty: the home folder). `nice -n N` in front, by which programs are made nice everywhere else, becomes a
 * priority class: up to 9 BelowNormal, from there on Idle (only with what others leave).
 */
export function launch(folder: string, argv: readonly string[]): Result<Launch, string> {
  const isNice = argv[0] === "nice" && argv[1] === "-n";
  const nice = isNice ? Number(argv[2]) : 0;
  const [file = "", ...args] = isNice ? argv.slice(3) : argv;
  if (file.includes('"')) return fail(`no program of Windows has a quotation mark in its name: ${file}`);
  const line = quoteArguments(args);
  const length = file.length + line.length;
  if (length > LONGEST_LINE) return fail(`the command is too long for Windows (${length} characters)`);
  const priority = nice === 0 ? "" : nice < 10 ? "BelowNormal" : "Idle";
  const variables = { f: file, a: line, d: backslashed(folder), n: priority };
  return ok(
    launchOf(
      Object.entries(variables).map(([name, value]) => `$${name}=${literal(value)}`),
      RUN,
    ),
  );
}

/** Removes a folder at the end of the connection. */
export function janitorLaunch(folder: string): Launch {
  return launchOf([`$d=${literal(backslashed(folder))}`], JANITOR);
}

/**
 * A script as a program of its own, started as any other is: so it ends with the connection, too. What its statements put out are lines of UTF-8,
 * written past PowerShell's own output, which has a width. It ends with `$global:code`, or with 1 when a statement has failed.
 */
export const powershellWords: ScriptWords = (script, args) => {
  const text = [
    "$ProgressPreference='SilentlyContinue'",
    "$utf8=New-Object Text.UTF8Encoding $false",
    "try{[Console]::OutputEncoding=$utf8}catch{}",
    "$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)",
    `$argv=@(${args.map(literal).join(",")})`,
    "$global:code=0",
    `try{& {\n${script.powershell}\n}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}`,
    "catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}",
    "[Environment]::Exit($global:code)",
  ];
  return [...POWERSHELL, encodeCommand(text.join("\n"))];
};
