"""A Python 3.13 with Microsoft's azure-functions-runtime, in an environment that is kept."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

RUNTIME = "azure-functions-runtime==1.3.*"
CHECKOUT = Path(__file__).parents[4]
ENVIRONMENT = CHECKOUT / ".chatkit" / "functions-runtime-1.3"


class NotAvailable(Exception):
    """There is no such Python here, or the packages cannot be had."""


def find() -> str:
    """Path of a Python 3.13.

    Raises:
        NotAvailable: None was found; the sentence says where it was looked for.
    """
    for candidate in _candidates():
        if _version(candidate) == "3.13":
            return candidate
    raise NotAvailable(
        "no Python 3.13 found: not named by CHATKIT_PYTHON313, not on PATH, not under "
        "pyenv, not known to uv"
    )


def with_runtime() -> str:
    """Path of a Python 3.13 that has the runtime, installing it on first use.

    Raises:
        NotAvailable: It cannot be had.
    """
    python = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
    ready = ENVIRONMENT / "ready"
    if not ready.exists():
        base = find()
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        _run(
            base, "-m", "venv", *(["--without-pip"] if shutil.which("uv") else []), str(ENVIRONMENT)
        )
        _install(str(python))
        ready.touch()
    return str(python)


def _install(python: str) -> None:
    uv = shutil.which("uv")
    command = (
        (uv, "pip", "install", "--quiet", "--python", python)
        if uv
        else (python, "-m", "pip", "install", "--quiet")
    )
    _run(*command, RUNTIME)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)
    if done.returncode != 0:
        raise NotAvailable(f"{' '.join(command[:4])} ... failed: {done.stderr.strip()[-300:]}")


def _candidates() -> Iterator[str]:
    if named := os.environ.get("CHATKIT_PYTHON313"):
        yield named
    if on_path := shutil.which("python3.13"):
        yield on_path
    root = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    yield from sorted(glob.glob(f"{root}/versions/3.13*/bin/python"))
    if uv := shutil.which("uv"):
        done = subprocess.run(
            [uv, "python", "find", "--no-python-downloads", "3.13"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )
        if done.returncode == 0:
            yield done.stdout.strip()


def _version(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run(
            [python, "-c", code], capture_output=True, text=True, encoding="utf-8", timeout=60
        ).stdout.strip()
    except OSError:
        return ""
