@echo off
rem Starts the course of this pack on Windows, without internet. A double click does it, too.
setlocal
set "PYTHON="
for %%P in (py python3 python) do if not defined PYTHON %%P -c "" >nul 2>nul && set "PYTHON=%%P"
if not defined PYTHON goto none
%PYTHON% "%~dp0start.py" %*
if errorlevel 1 goto failed
exit /b 0
:none
echo chatkit: this machine has no Python. Install one (README.txt says which), then start again.
:failed
rem Whoever came by a double click reads why before the window closes.
echo %CMDCMDLINE% | "%SystemRoot%\System32\find.exe" /i "/c" >nul && pause
exit /b 1
