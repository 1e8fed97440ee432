/**
 * What `MACHINE_SCRIPT` tells of POSIX systems, in the same words: processors (of the login's affinity), and memory that is free
 * (Win32_OperatingSystem, kilobytes). Nodes are not told: there is no numactl.
 */
const MACHINE = [
  "$os=Get-CimInstance Win32_OperatingSystem",
  "m cores;[Environment]::ProcessorCount",
  "m memory;'MemAvailable: '+$os.FreePhysicalMemory+' kB'",
];

/**
 * What the probe asks of POSIX systems (`probe.ts`), with the same answers. ffmpeg is looked for as CreateProcess would find it: a program, no
 * batch file. Its words are strings: what PowerShell 5.1 makes of a program's stderr are records.
 */
export const POWERSHELL_QUESTIONS = [
  "function m{'';'@distffmpeg '+($args -join ' ')}",
  "$c=Get-Command -Name $argv[0] -CommandType Application -ErrorAction SilentlyContinue|Where-Object{$_.Extension -eq '.exe'}|Select-Object -First 1",
  "$p=if($c){$c.Source}else{''}",
  "m path $p",
  "$b=''",
  "if($p){$i=Get-Item -LiteralPath $p;$b=$p+' '+$i.Length+' '+$i.LastWriteTimeUtc.Ticks;m build $b}",
  "if($b -and $b -ceq $argv[1]){m known}elseif($p){",
  "m version;& $p -hide_banner -version 2>&1|ForEach-Object{[string]$_};m version-status $LASTEXITCODE",
  "m encoders;& $p -hide_banner -encoders 2>$null}",
  ...MACHINE,
  "m numactl",
  "m system;'Windows';'PRETTY_NAME='+$os.Caption",
].join("\n");

/** A function that runs ffmpeg for so many seconds at most; gives its status, and what it said. */
const trying = (seconds: number): string[] => [
  "function t($a){",
  "$s=New-Object Diagnostics.ProcessStartInfo($p,$a);$s.UseShellExecute=$false;$s.CreateNoWindow=$true;$s.RedirectStandardError=$true",
  "$h=[Diagnostics.Process]::Start($s);$w=$h.StandardError.ReadToEndAsync()",
  `if(-not $h.WaitForExit(${seconds * 1000})){$h.Kill();$h.WaitForExit();return 124,''}`,
  "return $h.ExitCode,$w.Result}",
];

/**
 * What the survey asks (`survey.ts`), with the same answers; `common` and `devices` as its script has them, names of encoders and kinds of
 * devices between blanks. `$p` is ffmpeg. Nothing that it is given here needs quotes.
 */
export function powershellSurvey(common: string, devices: string): string {
  const hardware = devices
    .split(" ")
    .flatMap((one) => [`*_${one}`, `${one}_*`])
    .join("|");
  return [
    "m uname;'Windows';$env:PROCESSOR_ARCHITECTURE",
    // As `df -Pk` has it; the folder's drive is the current one.
    "m disk",
    "$v=New-Object IO.DriveInfo ((Get-Location).ProviderPath.Substring(0,1))",
    "$z=[long]($v.TotalSize/1024);$y=[long]($v.AvailableFreeSpace/1024)",
    "$v.Name+' '+$z+' '+($z-$y)+' '+$y+' 0% '+$v.Name",
    "m ffprobe",
    "if($p){",
    "$q=Join-Path (Split-Path $p) 'ffprobe.exe'",
    "if(-not(Test-Path -LiteralPath $q)){$q='ffprobe'}",
    "try{& $q -hide_banner -version 2>$null|Select-Object -First 1}catch{}",
    ...trying(20),
    `$common='${common}'.Split(' ');$hardware='${hardware}'.Split('|')`,
    "foreach($e in @(& $p -hide_banner -encoders 2>$null|ForEach-Object{if($_ -cmatch '^ *V[F.][S.][X.][B.][D.] ([A-Za-z0-9_-]+) '){$Matches[1]}})){",
    "if($common -ccontains $e -or @($hardware|Where-Object{$e -clike $_}).Count){",
    "$x=switch -Wildcard ($e){'libx26?'{'-preset ultrafast'}'libsvtav1'{'-preset 10'}'libaom-av1'{'-cpu-used 5'}'libvpx*'{'-cpu-used 5'}'librav1e'{'-speed 10'}default{''}}",
    "$d='';$g=''",
    "if($e -clike '*_vulkan'){$d='-init_hw_device vulkan=v -filter_hw_device v';$g='-vf format=nv12,hwupload'}",
    '$k,$o=t "-nostdin -v error $d -f lavfi -i color=c=gray:s=320x240:r=25:d=1 -frames:v 4 $g -c:v $e $x -f null -"',
    "m try $e ([int]($k -ne 0));($o -split '\\r?\\n')[0..4]}}",
    "foreach($e in 'libx264','mpeg4'){",
    '$k,$o=t "-nostdin -hide_banner -benchmark -f lavfi -i testsrc2=s=640x360:r=30 -t 1 -c:v $e -f null -"',
    "if($k -eq 0){m speed $e;$o -split '\\r?\\n'|Where-Object{$_ -match 'bench: .*rtime='};break}}",
    "}",
  ].join("\n");
}

/** What `workers bench` asks (`speeds.ts`), with the same answers: a clip, the encoders with their options, seconds for each. */
export function powershellSpeeds(
  { width, height, frames }: { readonly width: number; readonly height: number; readonly frames: number },
  encoders: ReadonlyMap<string, string>,
  seconds: number,
): string {
  return [
    ...trying(seconds),
    `m clip;$k,$o=t "-nostdin -v error -f lavfi -i testsrc2=s=${width}x${height}:r=24 -frames:v ${frames} -c:v mpeg4 -q:v 2 -y clip.nut"`,
    "$o;m clip-status $k",
    "$l=@(& $p -hide_banner -encoders 2>$null|ForEach-Object{if($_ -cmatch '^ *V\\S* (\\S+) '){$Matches[1]}})",
    "function speed($e,$x){if($l -ccontains $e){",
    '$k,$o=t "-nostdin -hide_banner -benchmark -i clip.nut $x -c:v $e -f null -"',
    "m speed-$e $k;$o -split '\\r?\\n'|Select-Object -Last 30}}",
    ...[...encoders].map(([encoder, options]) => `speed '${encoder}' '${options}'`),
    "Remove-Item -LiteralPath clip.nut -ErrorAction SilentlyContinue",
  ].join("\n");
}

/**
 * Makes the private folder `$argv[1]` in the work path `$argv[0]` and says where: `~` and what is relative count from the home folder, as over SFTP.
 * From the first moment it is open to its user and the system alone, whatever the folder above passes down (Directory.CreateDirectory with
 * a DirectorySecurity; S-1-5-18 is the system). SFTP could not say so: modes mean nothing there.
 */
export const MAKE_FOLDER = [
  "$ErrorActionPreference='Stop'",
  "$b=$argv[0] -replace '^~(?=$|[\\\\/])',$HOME.Replace('$','$$')",
  "if($b[0] -eq '~'){throw 'of home folders only one''s own can be named: ~ or ~/...'}",
  "if(-not [IO.Path]::IsPathRooted($b)){$b=[IO.Path]::Combine($HOME,$b)}",
  "$b=[IO.Path]::GetFullPath($b)",
  "[void][IO.Directory]::CreateDirectory($b)",
  "$s=New-Object Security.AccessControl.DirectorySecurity",
  "$s.SetAccessRuleProtection($true,$false)",
  "foreach($i in [Security.Principal.WindowsIdentity]::GetCurrent().User,(New-Object Security.Principal.SecurityIdentifier 'S-1-5-18')){",
  "$s.AddAccessRule((New-Object Security.AccessControl.FileSystemAccessRule($i,'FullControl','ContainerInherit,ObjectInherit','None','Allow')))}",
  "$f=[IO.Path]::Combine($b,$argv[1])",
  "if([IO.Directory]::Exists($f)){throw 'it is there already'}",
  "[void][IO.Directory]::CreateDirectory($f,$s)",
  "'@distffmpeg folder '+$f",
].join("\n");
