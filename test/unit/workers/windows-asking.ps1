$ProgressPreference='SilentlyContinue'
$utf8=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$utf8}catch{}
$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)
$argv=@('ffmpeg','')
$global:code=0
try{& {
function m{'';'@distffmpeg '+($args -join ' ')}
$c=Get-Command -Name $argv[0] -CommandType Application -ErrorAction SilentlyContinue|Where-Object{$_.Extension -eq '.exe'}|Select-Object -First 1
$p=if($c){$c.Source}else{''}
m path $p
$b=''
if($p){$i=Get-Item -LiteralPath $p;$b=$p+' '+$i.Length+' '+$i.LastWriteTimeUtc.Ticks;m build $b}
if($b -and $b -ceq $argv[1]){m known}elseif($p){
m version;& $p -hide_banner -version 2>&1|ForEach-Object{[string]$_};m version-status $LASTEXITCODE
m encoders;& $p -hide_banner -encoders 2>$null}
$os=Get-CimInstance Win32_OperatingSystem
m cores;[Environment]::ProcessorCount
m memory;'MemAvailable: '+$os.FreePhysicalMemory+' kB'
m numactl
m system;'Windows';'PRETTY_NAME='+$os.Caption
m end
}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}
catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}
[Environment]::Exit($global:code)

# ----

$ProgressPreference='SilentlyContinue'
$utf8=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$utf8}catch{}
$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)
$argv=@('C:/it''s/ffmpeg.exe','')
$global:code=0
try{& {
function m{'';'@distffmpeg '+($args -join ' ')}
$c=Get-Command -Name $argv[0] -CommandType Application -ErrorAction SilentlyContinue|Where-Object{$_.Extension -eq '.exe'}|Select-Object -First 1
$p=if($c){$c.Source}else{''}
m path $p
$b=''
if($p){$i=Get-Item -LiteralPath $p;$b=$p+' '+$i.Length+' '+$i.LastWriteTimeUtc.Ticks;m build $b}
if($b -and $b -ceq $argv[1]){m known}elseif($p){
m version;& $p -hide_banner -version 2>&1|ForEach-Object{[string]$_};m version-status $LASTEXITCODE
m encoders;& $p -hide_banner -encoders 2>$null}
$os=Get-CimInstance Win32_OperatingSystem
m cores;[Environment]::ProcessorCount
m memory;'MemAvailable: '+$os.FreePhysicalMemory+' kB'
m numactl
m system;'Windows';'PRETTY_NAME='+$os.Caption
m uname;'Windows';$env:PROCESSOR_ARCHITECTURE
m disk
$v=New-Object IO.DriveInfo ((Get-Location).ProviderPath.Substring(0,1))
$z=[long]($v.TotalSize/1024);$y=[long]($v.AvailableFreeSpace/1024)
$v.Name+' '+$z+' '+($z-$y)+' '+$y+' 0% '+$v.Name
m ffprobe
if($p){
$q=Join-Path (Split-Path $p) 'ffprobe.exe'
if(-not(Test-Path -LiteralPath $q)){$q='ffprobe'}
try{& $q -hide_banner -version 2>$null|Select-Object -First 1}catch{}
function t($a){
$s=New-Object Diagnostics.ProcessStartInfo($p,$a);$s.UseShellExecute=$false;$s.CreateNoWindow=$true;$s.RedirectStandardError=$true
$h=[Diagnostics.Process]::Start($s);$w=$h.StandardError.ReadToEndAsync()
if(-not $h.WaitForExit(20000)){$h.Kill();$h.WaitForExit();return 124,''}
return $h.ExitCode,$w.Result}
$common='mpeg4 libx264 libx265 libsvtav1 libaom-av1 librav1e libvpx libvpx-vp9 ffv1 prores_ks'.Split(' ');$hardware='*_nvenc|nvenc_*|*_qsv|qsv_*|*_vaapi|vaapi_*|*_amf|amf_*|*_videotoolbox|videotoolbox_*|*_v4l2m2m|v4l2m2m_*|*_omx|omx_*|*_mf|mf_*|*_vulkan|vulkan_*|*_rkmpp|rkmpp_*|*_mediacodec|mediacodec_*|*_d3d12va|d3d12va_*'.Split('|')
foreach($e in @(& $p -hide_banner -encoders 2>$null|ForEach-Object{if($_ -cmatch '^ *V[F.][S.][X.][B.][D.] ([A-Za-z0-9_-]+) '){$Matches[1]}})){
if($common -ccontains $e -or @($hardware|Where-Object{$e -clike $_}).Count){
$x=switch -Wildcard ($e){'libx26?'{'-preset ultrafast'}'libsvtav1'{'-preset 10'}'libaom-av1'{'-cpu-used 5'}'libvpx*'{'-cpu-used 5'}'librav1e'{'-speed 10'}default{''}}
$d='';$g=''
if($e -clike '*_vulkan'){$d='-init_hw_device vulkan=v -filter_hw_device v';$g='-vf format=nv12,hwupload'}
$k,$o=t "-nostdin -v error $d -f lavfi -i color=c=gray:s=320x240:r=25:d=1 -frames:v 4 $g -c:v $e $x -f null -"
m try $e ([int]($k -ne 0));($o -split '\r?\n')[0..4]}}
foreach($e in 'libx264','mpeg4'){
$k,$o=t "-nostdin -hide_banner -benchmark -f lavfi -i testsrc2=s=640x360:r=30 -t 1 -c:v $e -f null -"
if($k -eq 0){m speed $e;$o -split '\r?\n'|Where-Object{$_ -match 'bench: .*rtime='};break}}
}
m end
}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}
catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}
[Environment]::Exit($global:code)

# ----

$ProgressPreference='SilentlyContinue'
$utf8=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$utf8}catch{}
$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)
$argv=@('C:/Users/me/df/own/1.nut')
$global:code=0
try{& {
Get-CimInstance Win32_Process|Where-Object{$_.CommandLine -and $_.CommandLine.Contains($argv[0])}|ForEach-Object{[string]::Format([Globalization.CultureInfo]::InvariantCulture,'0:{0:F2} {1}',($_.KernelModeTime+$_.UserModeTime)/1e7,$_.Name)}
}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}
catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}
[Environment]::Exit($global:code)

# ----

$ProgressPreference='SilentlyContinue'
$utf8=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$utf8}catch{}
$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)
$argv=@('ffmpeg','')
$global:code=0
try{& {
function m{'';'@distffmpeg '+($args -join ' ')}
$c=Get-Command -Name $argv[0] -CommandType Application -ErrorAction SilentlyContinue|Where-Object{$_.Extension -eq '.exe'}|Select-Object -First 1
$p=if($c){$c.Source}else{''}
m path $p
$b=''
if($p){$i=Get-Item -LiteralPath $p;$b=$p+' '+$i.Length+' '+$i.LastWriteTimeUtc.Ticks;m build $b}
if($b -and $b -ceq $argv[1]){m known}elseif($p){
m version;& $p -hide_banner -version 2>&1|ForEach-Object{[string]$_};m version-status $LASTEXITCODE
m encoders;& $p -hide_banner -encoders 2>$null}
$os=Get-CimInstance Win32_OperatingSystem
m cores;[Environment]::ProcessorCount
m memory;'MemAvailable: '+$os.FreePhysicalMemory+' kB'
m numactl
m system;'Windows';'PRETTY_NAME='+$os.Caption
function t($a){
$s=New-Object Diagnostics.ProcessStartInfo($p,$a);$s.UseShellExecute=$false;$s.CreateNoWindow=$true;$s.RedirectStandardError=$true
$h=[Diagnostics.Process]::Start($s);$w=$h.StandardError.ReadToEndAsync()
if(-not $h.WaitForExit(60000)){$h.Kill();$h.WaitForExit();return 124,''}
return $h.ExitCode,$w.Result}
m clip;$k,$o=t "-nostdin -v error -f lavfi -i testsrc2=s=1280x720:r=24 -frames:v 48 -c:v mpeg4 -q:v 2 -y clip.nut"
$o;m clip-status $k
$l=@(& $p -hide_banner -encoders 2>$null|ForEach-Object{if($_ -cmatch '^ *V\S* (\S+) '){$Matches[1]}})
function speed($e,$x){if($l -ccontains $e){
$k,$o=t "-nostdin -hide_banner -benchmark -i clip.nut $x -c:v $e -f null -"
m speed-$e $k;$o -split '\r?\n'|Select-Object -Last 30}}
speed 'libx264' '-preset medium -crf 23'
speed 'libx265' '-preset fast -crf 26'
speed 'libsvtav1' '-preset 8 -crf 35'
speed 'libvpx-vp9' '-crf 32 -b:v 0 -deadline good -cpu-used 4 -row-mt 1'
Remove-Item -LiteralPath clip.nut -ErrorAction SilentlyContinue
m end
}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}
catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}
[Environment]::Exit($global:code)