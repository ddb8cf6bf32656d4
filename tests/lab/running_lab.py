"""`chatkit lab` in a home of its own, as a person starts it, except that it saves nothing by
itself.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from chatkit.cloud import local_cloud
from chatkit.core.ports import any_free
from chatkit.core.settings import checkout
from chatkit.steps.local_servers import LocalServers

START_LIMIT_S, POLL_S = 180.0, 0.05
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*")
# Lab saves every two minutes, and tests that share its notebooks look at them as they came.
SAVES_NOTHING = {"@jupyterlab/docmanager-extension/plugin": {"autosave": False}}


@contextmanager
def running_lab(home: Path) -> Iterator[str]:
    """Start Lab, yield the address that it prints, and end everything that was started from it."""
    try:
        with running(
            ["chatkit", "lab", "--no-browser", "--port", str(any_free())], home
        ) as address:
            yield address
    finally:
        stop_servers(home)


@contextmanager
def running(module: list[str], home: Path) -> Iterator[str]:
    """Run a module that is a Jupyter server, with settings below a home; yields the address that it
    prints.
    """
    jupyter, log = home / "jupyter", home / "lab.log"
    write_settings(jupyter / "settings")
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=checkout(),
            env=variables(home, jupyter),
            stderr=output,
        )
    try:
        yield wait_for_address(process, log)
    finally:
        process.terminate()
        process.wait(START_LIMIT_S)


def stop_servers(home: Path) -> None:
    """End what the notebooks of a home have left running: functions, page, local cloud."""
    LocalServers(home).stop_both()
    local_cloud.stop(home / "local")


def variables(home: Path, jupyter: Path) -> dict[str, str]:
    """An environment in which Lab and its kernels know nothing of the person who runs the tests."""
    folders = {
        f"JUPYTER_{name.upper()}_DIR": str(jupyter / name) for name in ("config", "data", "runtime")
    }
    lab = {
        "JUPYTERLAB_SETTINGS_DIR": str(jupyter / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(jupyter / "workspaces"),
    }
    return {
        **os.environ,
        **folders,
        **lab,
        "IPYTHONDIR": str(jupyter / "ipython"),
        "CHATKIT_HOME": str(home),
    }


def write_settings(folder: Path) -> None:
    """Write Lab's user settings."""
    for plugin, values in SAVES_NOTHING.items():
        path = folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address in Lab's log, as soon as somebody listens there."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        found = ADDRESS.search(log.read_text(encoding="utf-8", errors="replace"))
        if found and listens(urlsplit(found[0]).port or 0):
            return found[0]
        time.sleep(POLL_S)
    raise AssertionError(f"Lab did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
