"""Where programs are, how one replaces this process, and how one is kept apart from it.

Standard library only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

BATCH = (".bat", ".cmd")


def scripts(environment: Path) -> Path:
    """The folder of an environment's programs."""
    return environment / ("Scripts" if sys.platform == "win32" else "bin")


def executable(name: str) -> str:
    """The name of a program's file."""
    return f"{name}.exe" if sys.platform == "win32" else name


def python_of(environment: Path) -> Path:
    """The interpreter of an environment, whether it is there or not; conda has it on top."""
    if sys.platform != "win32":
        return environment / "bin" / "python"
    on_top = environment / "python.exe"
    return on_top if on_top.is_file() else environment / "Scripts" / "python.exe"


def processors() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def become(command: Sequence[str]) -> int:
    """Run a program in the place of this one.

    Returns:
        Its exit code, on Windows, where no program can do that: there it is waited for.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if sys.platform != "win32":
        _execute(command)
    return wait_for(subprocess.Popen([*command]))


def _execute(command: Sequence[str]) -> NoReturn:
    os.execv(command[0], [*command])


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for a child that shares this terminal; returns its exit code."""
    while True:
        # Ctrl+C reaches the child, too. What it means is the child's to say.
        with suppress(KeyboardInterrupt):
            return process.wait()


def kept_apart() -> int:
    """The creation flags of a process that neither Ctrl+C nor a closed console reaches.

    Elsewhere `start_new_session` does it. Without a window rather than detached: what a detached
    one starts gets a console window each ("Process Creation Flags" of Microsoft).
    """
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return 0


def kill_group(pid: int) -> None:
    """Kill a child that still runs and what it has started; it leads a group of its own."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        return
    import psutil  # Windows has no process groups

    with suppress(psutil.Error):
        child = psutil.Process(pid)
        for process in [*child.children(recursive=True), child]:
            with suppress(psutil.Error):
                process.kill()


def not_a_batch(program: str) -> list[str]:
    """The command that starts the Azure CLI or another Python program.

    Windows runs a batch file by cmd.exe, which takes `&`, `|` and `%` of any argument for its own.
    Those of the Azure CLI only start an interpreter, and that can be done without (`az.bat` of its
    package, `az_msi.cmd` of its installer in the repository Azure/azure-cli).
    """
    if sys.platform != "win32" or not program.lower().endswith(BATCH):
        return [program]
    folder = Path(program).parent
    for python, options in ((folder.parent, ["-IBm"]), (folder, ["-m"])):
        if (python / "python.exe").is_file():
            return [str(python / "python.exe"), *options, "azure.cli"]
    return [program]
