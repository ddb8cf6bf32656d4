"""Start, find and stop the local cloud's process: one per home, detached, shared by every terminal and kernel."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chatkit.core.errors import SetupError
from chatkit.core.file_lock import holder
from chatkit.core.settings import checkout, home

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
LOCKED_EXIT = 3


def folder() -> Path:
    """The local cloud's folder in the kit's home."""
    return home() / "local"


def running(where: Path) -> dict[str, Any] | None:
    """Return what `cloud.json` says when the process it names really answers, else None."""
    try:
        known = json.loads((where / "cloud.json").read_text(encoding="utf-8"))
        return known if _ask(known, "GET", f"/trace?after={2**53}") == 200 else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def start(where: Path) -> dict[str, Any]:
    """Start the local cloud of a home, or return the one that runs.

    Raises:
        SetupError: It ended or did not answer in time; the sentence has the last line it wrote.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        known = running(where)
        if known is not None:
            return known
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        process = _launch(where)
        known = _wait(
            lambda: running(where), until=deadline, unless=partial(_hopeless, process, where)
        )
        if known is not None:
            process.returncode = (
                0  # it outlives us: without this, Python warns that it was forgotten while it runs
            )
            return known
        if process.returncode != LOCKED_EXIT or time.monotonic() > deadline:
            raise SetupError(
                f"The local cloud did not start: {last_words(where).rstrip('.')}.",
                hint="`chatkit local logs` shows more.",
            )


def stop(where: Path) -> bool:
    """Stop the local cloud of a home and wait until its process has ended.

    Returns:
        Whether there was one.

    Raises:
        SetupError: It is still there after some time.
    """
    import psutil

    known = running(where)
    pid = int(known["pid"]) if known else holder(where / "lock")
    if pid is None:
        (where / "cloud.json").unlink(missing_ok=True)
        return False
    try:
        process = psutil.Process(pid)
        if known is not None:
            _ask(known, "POST", "/stop")
        else:
            process.terminate()
        process.wait(STOP_TIMEOUT_S)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired as error:
        raise SetupError(
            f"The local cloud (process {pid}) does not end.",
            hint="End that process, then try again.",
        ) from error
    return True


def last_words(where: Path) -> str:
    """The last line the local cloud wrote, without the name of the exception class."""
    for name in ("cloud.out", "cloud.log"):
        try:
            lines = (where / name).read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            continue
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        if last:
            ours = "chatkit.core.errors."
            return last.removeprefix(ours).partition(": ")[2] if last.startswith(ours) else last
    return "it said nothing."


def _launch(where: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "chatkit.localcloud.daemon", str(where)]
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
    with open(where / "cloud.out", "wb") as output:
        return subprocess.Popen(
            command,
            cwd=checkout(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            creationflags=flags,
        )


def _hopeless(process: subprocess.Popen[bytes], where: Path) -> bool:
    """Whether it ended, and not because another one that is just starting holds the home."""
    return process.poll() is not None and not (
        process.returncode == LOCKED_EXIT and holder(where / "lock")
    )


def _wait(
    look: Callable[[], dict[str, Any] | None], *, until: float, unless: Callable[[], bool]
) -> dict[str, Any] | None:
    """Look until there is something; give up at a time, or when nothing can come any more."""
    while time.monotonic() < until:
        ended = unless()
        found = look()
        if found is not None or ended:
            return found
        time.sleep(0.02)
    return None


def _ask(known: dict[str, Any], method: str, path: str) -> int:
    """Call the control endpoint of a running cloud, never through a proxy; return the status."""
    connection = http.client.HTTPConnection(urlsplit(known["control"]).netloc, timeout=2)
    try:
        connection.request(method, path, headers={"x-chatkit-token": known["control_token"]})
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
