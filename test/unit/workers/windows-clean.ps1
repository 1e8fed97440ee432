$ProgressPreference='SilentlyContinue'
$utf8=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$utf8}catch{}
$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)
$argv=@('C:/Users/me/df')
$global:code=0
try{& {
$b=$argv[0].TrimEnd('/')
Get-ChildItem -LiteralPath ($b+'/') -Directory -Filter 'distffmpeg-*'|ForEach-Object{'folder '+$_.Name;if($_.LastWriteTime -gt (Get-Date).AddMinutes(-10)){'young '+$_.Name}}
$n=$b.Replace('/','\')
Get-CimInstance Win32_Process|Where-Object{$_.CommandLine -and $_.CommandLine.Replace('/','\').Contains($n+'\distffmpeg-')}|ForEach-Object{
'program '+$_.ProcessId+' '+$_.CommandLine.Replace('\','/').Replace('"',' ')}
}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}
catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}
[Environment]::Exit($global:code)

# ----

$ProgressPreference='SilentlyContinue'
$utf8=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$utf8}catch{}
$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)
$argv=@('C:/Users/me/df','','distffmpeg-bbbbbbbbbbbbbbbbbbbbbbbb')
$global:code=0
try{& {
$ErrorActionPreference='Stop'
foreach($i in $argv[1].Split(' ')){if($i){Stop-Process -Id $i -Force -ErrorAction SilentlyContinue}}
foreach($i in $argv[2..($argv.Count-1)]){$f=$argv[0]+'/'+$i
foreach($again in 1..3){try{if([IO.Directory]::Exists($f)){[IO.Directory]::Delete($f,$true)};break}catch{if($again -eq 3){throw};Start-Sleep 1}}}
}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}
catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}
[Environment]::Exit($global:code)