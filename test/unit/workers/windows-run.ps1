$f='ffmpeg'
$a='-i "file:C:/a ''b''.nut" -f nut "x\"y"'
$d='C:\Users\Zoë\df'
$n='Idle'
$q=50000
$o=[Console]::OpenStandardOutput()
function Say($k,$b,$n){$t=[Text.Encoding]::ASCII.GetBytes('@df'+$k+':'+[Convert]::ToBase64String($b,0,$n)+";`n");$o.Write($t,0,$t.Length);$o.Flush()}
function Tell($k,$t){$b=[Text.Encoding]::UTF8.GetBytes([string]$t);Say $k $b $b.Length}
function Leave($c){Tell 'x' $c;[Environment]::Exit($c)}
if($f -match '\.(bat|cmd)[ .]*$'){Tell 'e' ($f+': a batch file is not run, name a program'+"`n");Leave 126}
$s=New-Object Diagnostics.ProcessStartInfo
$s.FileName=$f;$s.Arguments=$a;$s.UseShellExecute=$false;$s.CreateNoWindow=$true
if($d){$s.WorkingDirectory=$d}
$s.RedirectStandardInput=$true;$s.RedirectStandardOutput=$true;$s.RedirectStandardError=$true
$p=New-Object Diagnostics.Process
$p.StartInfo=$s
try{[void]$p.Start()}catch{$e=$_.Exception.GetBaseException();Tell 'e' ($f+': '+$e.Message+"`n");if($e.NativeErrorCode -eq 2){Leave 127};Leave 126}
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
if($u){Leave 125}
Leave $p.ExitCode
