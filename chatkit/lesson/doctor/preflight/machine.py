"""Preflight on this machine: Python, packages, ports, disk, clock, proxy.

Looks only, changes nothing, shows no secret.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from chatkit.core import settings
from chatkit.core.errors import ChatkitError, NotWritten
from chatkit.core.files import check_takes_writes
from chatkit.core.ports import answers, who_hold
from chatkit.lesson.doctor.preflight.finding import Finding

PACKAGES = (
    "aiohttp",
    "azure-identity",
    "azure-mgmt-signalr",
    "azure-storage-blob",
    "ipywidgets",
    "jupyterlab",
    "nbclient",
)
PORTS = {
    7071: "the functions' local run",
    5500: "the page's local run",
    8888: "SignalR",
    10000: "development storage",
}
LOCAL_CLOUD = "Local cloud"
OLDEST_PYTHON = (3, 11)
NEEDED_BYTES = 600_000_000
EARLIEST = 1_790_000_000
"""A moment in 2026: a clock before it makes every token invalid."""


def examine(*, cloud_runs: bool, absent: ChatkitError | None) -> list[Finding]:
    """Look at everything the workshop needs on this machine.

    Args:
        cloud_runs: Whether the local cloud of this home runs.
        absent: Why what the workshop has made cannot answer. It comes first: the rest follows from
            it.
    """
    home = settings.home()
    return [
        local_cloud(cloud_runs, absent),
        python(),
        packages(),
        *ports(),
        disk(home),
        clock(),
        proxy(),
    ]


def version() -> tuple[int, ...]:
    """The interpreter's version."""
    return sys.version_info[:3]


def python() -> Finding:
    """Whether the interpreter is new enough."""
    new_enough = version() >= OLDEST_PYTHON
    found = ".".join(map(str, version()))
    hint = "Install Python 3.11 or newer."
    return Finding.judge("Python", new_enough, found, else_do=hint, problem="python-version")


def packages() -> Finding:
    """The packages that the cells call."""
    missing = [name for name in PACKAGES if _version(name) is None]
    if not missing:
        return Finding("Packages", True, f"{len(PACKAGES)} found")
    return Finding(
        "Packages",
        False,
        f"missing: {', '.join(missing)}",
        "Start with `python3 -m chatkit lab`: it installs what is missing.",
    )


def ports() -> Iterator[Finding]:
    """The ports that people know. What finds its port taken moves to another, and says so."""
    taken = [port for port in PORTS if answers(port)]
    holders = who_hold(taken)
    for port, user in PORTS.items():
        found = f"free for {user}"
        if port in holders:
            found = f"{holders[port]} has it; {user} moves if that stays"
        yield Finding(f"Port {port}", True, found)


def disk(home: Path) -> Finding:
    """Whether the kit's folder can be written and has room."""
    try:
        check_takes_writes(home)
        free = shutil.disk_usage(home).free
    except NotWritten as error:
        if error.is_full:
            return Finding("Disk", False, error.message, error.hint)
        return Finding("Disk", False, error.message, "Set CHATKIT_HOME to a folder of yours.")
    except OSError as error:
        return Finding(
            "Disk",
            False,
            f"{home} cannot be written ({error.strerror})",
            "Set CHATKIT_HOME to a folder of yours.",
        )
    found = f"{free // 1_000_000} MB free"
    return Finding.judge("Disk", free >= NEEDED_BYTES, found, else_do="Free 600 MB.")


def clock() -> Finding:
    """Whether the clock is plausible: signed tokens are valid for an hour only."""
    now = time.time()
    found = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    return Finding.judge("Clock", now > EARLIEST, found, else_do="Set the clock.")


def proxy() -> Finding:
    """Whether a proxy would swallow calls to this machine."""
    proxies = urllib.request.getproxies()
    if not any(scheme in proxies for scheme in ("http", "https", "all")):
        return Finding("Proxy", True, "none")
    if all(urllib.request.proxy_bypass(host) for host in ("localhost", "127.0.0.1")):
        return Finding("Proxy", True, "set, not used for localhost")
    return Finding(
        "Proxy",
        False,
        "set, also for localhost",
        "Set NO_PROXY=localhost,127.0.0.1 so that the local cloud is reached directly.",
        "proxy-or-firewall",
    )


def local_cloud(runs: bool, absent: ChatkitError | None) -> Finding:
    """Whether the local cloud runs; before the first step there is nothing to miss."""
    if absent is not None:
        found = absent.message.rstrip(".").removeprefix("The local cloud ").removeprefix("is ")
        return Finding(LOCAL_CLOUD, False, found, absent.hint, "not-running")
    return Finding(LOCAL_CLOUD, True, "running" if runs else "not running; it starts when needed")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
