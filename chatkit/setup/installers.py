"""The tools that make an environment, uv or else venv and pip, and what their failures mean.

Standard library only.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

OFFLINE = (
    "name resolution",
    "dns error",
    "failed to lookup",
    "error sending request",
    "client error (connect)",
    "connection refused",
    "network is unreachable",
    "newconnectionerror",
    "proxyerror",
    "tunnel",
    "timed out",
    "could not connect",
    "failed to fetch",
    "from versions: none",
)


class SetupFailed(Exception):
    """The environment cannot be made; the message says what to do."""


class Progress:
    """Counts pip's packages on one line of a terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0

    def __call__(self, line: str) -> None:
        if line.startswith("Collecting ") and sys.stderr.isatty():
            self._seen += 1
            print(
                f"\rchatkit: {min(self._seen, self._total)} of about {self._total} packages",
                end="",
                file=sys.stderr,
            )
        elif line.startswith("Installing ") and sys.stderr.isatty():
            print("\rchatkit: installing …              ", file=sys.stderr)


def find_uv() -> str | None:
    """Return the path of a uv that works and knows the options used here, or None."""
    uv = shutil.which("uv")
    if (
        uv is None
        or subprocess.run([uv, "venv", "--no-project", "--help"], capture_output=True).returncode
        != 0
    ):
        return None
    return uv


def create(folder: Path, uv: str | None) -> None:
    """Make an empty environment.

    Raises:
        SetupFailed: This Python cannot.
    """
    base = getattr(sys, "_base_executable", "") or sys.executable
    if uv:
        run_tool([uv, "venv", "--no-project", "--quiet", "--python", base, str(folder)])
        return
    probe = subprocess.run([base, "-c", "import venv, ensurepip"], capture_output=True)
    if probe.returncode != 0:
        raise SetupFailed(
            "this Python has no venv module. Install it (Debian and Ubuntu: sudo apt install"
            " python3-venv) or install uv, then start again."
        )
    run_tool([base, "-m", "venv", str(folder)])


def install(python: Path, lock: Path, uv: str | None, *, again: bool) -> None:
    """Install everything a lock names, with its hashes checked.

    Args:
        python: The environment's interpreter.
        lock: The lock file.
        uv: Path of uv; None uses pip.
        again: Install also what seems to be there.

    Raises:
        SetupFailed: The tool failed; the sentence says why.
    """
    # A lock names every package. Left to follow dependencies, pip refuses it as soon as there is a
    # newer version of a package that another one asks for with an extra.
    requirements = ["--no-deps", "--require-hashes", "-r", str(lock)]
    if uv:
        # pip compiles always. Where Python keeps what it compiles itself, leaving it to the first
        # use is quicker.
        options = [
            *(["--reinstall"] if again else []),
            *(["--compile-bytecode"] if sys.dont_write_bytecode else []),
        ]
        run_tool([uv, "pip", "install", "--python", str(python), *options, *requirements])
        return
    if subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode != 0:
        run_tool([str(python), "-m", "ensurepip"])
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
    ]
    progress = Progress(lock.read_text(encoding="utf-8").count("=="))
    run_tool([*pip, *(["--force-reinstall"] if again else []), *requirements], on_line=progress)


def compile_package(python: Path, folder: Path) -> None:
    """Compile the kit's own modules where Python would compile them anew at every start."""
    if sys.dont_write_bytecode:
        subprocess.run([str(python), "-m", "compileall", "-q", str(folder)], capture_output=True)


def run_tool(command: list[str], *, on_line: Callable[[str], None] = lambda _: None) -> None:
    """Run a tool quietly, handing on each line it prints.

    Raises:
        SetupFailed: It ended with an error.
    """
    variables = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PYTHONUNBUFFERED": "1"}
    variables.pop("VIRTUAL_ENV", None)
    variables.pop("PYTHONPATH", None)
    lines: list[str] = []
    with subprocess.Popen(
        command,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            on_line(line)
    if process.returncode != 0:
        raise SetupFailed(tool_sentence("".join(lines)))


def tool_sentence(output: str) -> str:
    """Say in one sentence why an installation failed."""
    low = output.lower()
    if "no space left" in low:
        return "the disk is full. Free about 600 MB, then start again."
    if "read-only file system" in low or "permission denied" in low:
        return (
            "the checkout's folder cannot be written. Copy it to a folder of yours, then start"
            " again."
        )
    if "hash mismatch" in low or "do not match the hashes" in low:
        return (
            "a downloaded package is not the one that the lock names (its hash differs). Try"
            " another network or package index."
        )
    if any(sign in low for sign in OFFLINE):
        return (
            "the packages cannot be downloaded. The first set-up needs the internet once: "
            "check the network (behind a proxy, set HTTPS_PROXY), then start again."
        )
    last = next(
        (line.strip() for line in reversed(output.splitlines()) if line.strip()), "no reason given"
    )
    return (
        f"the environment could not be installed ({last}). Delete the folder .venv and start again."
    )


def disk_sentence(error: OSError, checkout: Path) -> str:
    """Say in one sentence why a file could not be written."""
    if error.errno == errno.ENOSPC:
        return "the disk is full. Free about 600 MB, then start again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            f"{checkout} cannot be written. Copy the checkout to a folder of yours, then start"
            " again."
        )
    return f"the environment could not be set up ({error})."
