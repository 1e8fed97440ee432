$d='C:\Users\me\df\distffmpeg-1'
$q=50000
$w=[Diagnostics.Stopwatch]::StartNew()
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
