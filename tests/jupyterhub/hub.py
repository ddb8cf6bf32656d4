"""A real JupyterHub on loopback, and an environment of its users that has the wheel.

Packages come from PyPI by the lock in docs/jupyterhub, the hub's proxy from npm. What the test
environment has already is not fetched again.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from chatkit.core import ports
from chatkit.setup import installers
from tests.tools import Tools
from tests.wheel.installed import OF_THIS_RUN, ROOT, share_packages

SETUP = ROOT / "docs" / "jupyterhub"
PASSWORD = "only-for-this-test"
LIMIT_S, POLL_S = 120.0, 0.1


@dataclass(frozen=True)
class Hub:
    """A hub that runs.

    Attributes:
        url: Its address as browsers see it, with a slash at the end.
        token: May start, stop and use everybody's servers.
        folder: Homes and what the hub writes.
        python: Of its environment.
    """

    url: str
    token: str
    folder: Path
    python: Path

    def home(self, name: str) -> Path:
        """The home folder of a person."""
        return self.folder / "home" / name

    def processes(self, name: str) -> list[psutil.Process]:
        """What runs for a person: their server and all that it or its kernels have started."""
        own = str(self.home(name))
        return [process for process in psutil.process_iter() if _home_of(process) == own]

    @contextmanager
    def culling(self) -> Iterator[None]:
        """End the server of everybody who is idle for a second, while the block runs."""
        options = ["--timeout=1", "--cull-every=1", f"--url={self.url}hub/api"]
        command = [str(self.python), "-m", "jupyterhub_idle_culler", *options]
        variables = {**os.environ, "JUPYTERHUB_API_TOKEN": self.token}
        with (
            open(self.folder / "culler.log", "wb") as log,
            subprocess.Popen(command, env=variables, stdout=log, stderr=log) as process,
        ):
            try:
                yield
            finally:
                process.terminate()


def tljh(folder: Path, wheel: Path) -> Path:
    """Lay out what The Littlest JupyterHub has, and let our script put chatkit there.

    Returns:
        The environment of the users, which is the hub's as well here.
    """
    user, config = folder / "user", folder / "hub" / "bin" / "tljh-config"
    installers.create(user, None)
    config.parent.mkdir(parents=True)
    config.write_text(f'#!/bin/sh\necho "$@" >>"{folder}/tljh-config.log"\n', encoding="utf-8")
    config.chmod(0o755)
    alone = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(
        [str(SETUP / "tljh.sh"), str(wheel)],
        env={**os.environ, **alone, "TLJH_INSTALL_PREFIX": str(folder)},
        check=True,
        capture_output=True,
    )
    _share_packages(user)
    installers.install(user / "bin" / "python", SETUP / "requirements.lock", None, again=False)
    return user


def _share_packages(user: Path) -> None:
    """Let an environment see this one's packages, and Lab's files."""
    share_packages(user / "bin" / "python")
    here = Path(sys.prefix)
    shutil.copytree(here / "etc" / "jupyter", user / "etc" / "jupyter", dirs_exist_ok=True)
    (user / "share").mkdir(exist_ok=True)
    (user / "share" / "jupyter").symlink_to(here / "share" / "jupyter")


@contextmanager
def running(user: Path, folder: Path, tools: Tools) -> Iterator[Hub]:
    """Run a hub in a folder; nothing of it and of its people's servers runs at the end.

    Args:
        user: The environment.
        folder: For homes, and what the hub writes.
        tools: Where the programs are.
    """
    proxy = tools.node_package("jupyterhub", "configurable-http-proxy")
    public, inner, api = (ports.any_free() for _ in range(3))
    token = secrets.token_hex(16)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(OF_THIS_RUN)},
        "HUB_FOLDER": str(folder),
        "HUB_PREFIX": str(user),
        "HUB_PORTS": f"{public} {inner} {api}",
        "HUB_TOKEN": token,
        "HUB_PASSWORD": PASSWORD,
        "HUB_PROXY": f"{tools.program('node')}\n{proxy / 'bin' / 'configurable-http-proxy'}",
    }
    config = Path(__file__).with_name("jupyterhub_config.py")
    command = [str(user / "bin" / "python"), "-m", "jupyterhub", "-f", str(config)]
    log = folder / "hub.log"
    with (
        open(log, "wb") as output,
        subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        hub = Hub(f"http://127.0.0.1:{public}/", token, folder, user / "bin" / "python")
        try:
            _wait_until_it_answers(hub, process, log)
            yield hub
        finally:
            process.terminate()  # it ends its people's servers, its proxy and its services
            process.wait(LIMIT_S)


def _wait_until_it_answers(hub: Hub, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(f"{hub.url}hub/api/"):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_S)
    raise AssertionError(f"The hub did not start:\n{log.read_text(encoding='utf-8')}")


def _home_of(process: psutil.Process) -> str:
    """The home folder in a process's environment; empty when it has ended or is of others."""
    try:
        return process.environ().get("HOME", "")
    except (psutil.Error, OSError):
        return ""
