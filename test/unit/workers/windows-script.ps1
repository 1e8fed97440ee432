$ProgressPreference='SilentlyContinue'
$utf8=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$utf8}catch{}
$out=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$utf8)
$argv=@('it''s','’’')
$global:code=0
try{& {
'hello '+$argv[0]
}|ForEach-Object{$out.WriteLine([string]$_);$out.Flush()}}
catch{$global:code=1;[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)}
[Environment]::Exit($global:code)