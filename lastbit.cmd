@echo off
rem Builds LastBit where its sources are newer than the last build, and runs it: lastbit reproduce
setlocal
set DOTNET_TieredPGO=0
dotnet build "%~dp0src\LastBit.Cli" --configuration Release --nologo --verbosity quiet -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:GenerateDocumentationFile=false 1>&2 || exit /b 1
dotnet "%~dp0src\LastBit.Cli\bin\Release\net10.0\LastBit.Cli.dll" %*
exit /b %errorlevel%
