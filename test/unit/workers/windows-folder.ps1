$ErrorActionPreference='Stop'
$b=$argv[0] -replace '^~(?=$|[\\/])',$HOME.Replace('$','$$')
if($b[0] -eq '~'){throw 'of home folders only one''s own can be named: ~ or ~/...'}
if(-not [IO.Path]::IsPathRooted($b)){$b=[IO.Path]::Combine($HOME,$b)}
$b=[IO.Path]::GetFullPath($b)
[void][IO.Directory]::CreateDirectory($b)
$s=New-Object Security.AccessControl.DirectorySecurity
$s.SetAccessRuleProtection($true,$false)
foreach($i in [Security.Principal.WindowsIdentity]::GetCurrent().User,(New-Object Security.Principal.SecurityIdentifier 'S-1-5-18')){
$s.AddAccessRule((New-Object Security.AccessControl.FileSystemAccessRule($i,'FullControl','ContainerInherit,ObjectInherit','None','Allow')))}
$f=[IO.Path]::Combine($b,$argv[1])
if([IO.Directory]::Exists($f)){throw 'it is there already'}
[void][IO.Directory]::CreateDirectory($f,$s)
'@distffmpeg folder '+$f