"""What people type in the shell that they have here. Standard library only."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def is_powershell() -> bool:
    """Whether people have PowerShell; elsewhere they have one that knows `export`."""
    return sys.platform == "win32"


def quoted(path: Path) -> str:
    """A path as the shell reads it: it may have spaces."""
    return f'"{path}"' if sys.platform == "win32" else shlex.quote(str(path))


def killing(pid: int) -> str:
    """The command with which a person ends a process, whatever it does."""
    return f"`taskkill /F /PID {pid}`" if sys.platform == "win32" else f"`kill -9 {pid}`"


def going_on(pid: int) -> str:
    """The command that lets a suspended process go on; empty where no shell has one."""
    return "" if sys.platform == "win32" else f"`kill -CONT {pid}`"


def allowing(path: Path) -> str:
    """The command that gives its owner a file back; empty where no shell has a short one."""
    return "" if sys.platform == "win32" else f"`chmod u+rw {quoted(path)}`"
