"""What runs for a home begins with a server of a hub, and ends with it, without a hub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit.cli.jupyterhub import ending
from chatkit.cloud import local_cloud
from chatkit.core import settings
from chatkit.core.file_lock import FileLock, holder
from chatkit.core.running import presence
from chatkit.core.work.course_choice import VARIABLE
from tests.homes import with_ports_of_its_own

pytestmark = pytest.mark.skipif(os.name == "nt", reason="hubs run on Linux")
LIMIT_S, POLL_S = 40.0, 0.05
SERVER = """
import logging, sys, threading, types
from chatkit.cli.jupyterhub import server_extension
log = logging.getLogger("server")
logging.basicConfig(stream=sys.stdout, force=True)
server_extension._load_jupyter_server_extension(types.SimpleNamespace(log=log))
print("loaded", flush=True)
print([one.name for one in threading.enumerate()], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of a person who has a local cloud."""
    home = tmp_path / "home"
    monkeypatch.setenv("CHATKIT_HOME", str(home))
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    with_ports_of_its_own(home / "local")
    yield home
    local_cloud.stop(home / "local")


@contextmanager
def server() -> Iterator[subprocess.Popen[str]]:
    """A process that loads the extension, as Jupyter's server does; it is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(look: Callable[[], object]) -> None:
    """Wait for a condition of other processes."""
    deadline = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < deadline
        time.sleep(POLL_S)


@pytest.mark.slow
def test_a_local_cloud_ends_with_a_killed_server_and_begins_with_the_next(home: Path) -> None:
    """The hub's culler, or a full machine, asks nobody; the notebooks lie there before."""
    where = home / "local"
    with server():
        wait_until(lambda: local_cloud.running(where))
        assert (home / "my-chat" / "notebooks" / "00-start-here.ipynb").exists()
    wait_until(lambda: holder(where / "lock") is None)
    with server() as second:
        wait_until(lambda: local_cloud.running(where))
        assert presence.hub_server(home) == second.pid
    wait_until(lambda: holder(where / "lock") is None)


@pytest.mark.slow
def test_what_another_server_has_is_left_alone(home: Path) -> None:
    """A person may have two servers, and a second one may start while the first one ends."""
    where = home / "local"
    known = local_cloud.start(where)
    with FileLock(home / presence.SERVER_LOCK) as lock:
        assert lock.try_acquire()
        assert ending.main() == 0
        assert local_cloud.running(where) == known
    assert ending.main() == 0
    assert local_cloud.running(where) is None


def test_a_server_of_no_hub_ends_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain `jupyter lab` beside `chatkit lab` brings the notebooks and holds nothing."""
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX")
    with server() as process:
        assert process.stdout is not None
        while process.stdout.readline() not in ("loaded\n", ""):
            pass
        assert "chatkit-home" not in process.stdout.readline()
    assert (home / "my-chat" / "notebooks" / "00-start-here.ipynb").exists()
    assert not (home / presence.SERVER_LOCK).exists()


def test_a_home_that_was_deleted_is_not_made_again(home: Path) -> None:
    """Nothing is left to end."""
    gone = home.with_name("gone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(gone))
        assert ending.main() == 0
    assert not gone.exists()


def test_a_damaged_home_stops_no_server(home: Path) -> None:
    """Its person needs the server to mend it, and the server's log says what is wrong."""
    (home / "settings.json").write_text("{", encoding="utf-8")
    with server() as process:
        assert process.stdout is not None
        assert "settings.json" in process.stdout.readline()
        assert process.stdout.readline() == "loaded\n"


def test_a_home_of_another_course_ends_with_its_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its notebooks stay as they are, and the server's log says how to go on."""
    shutil.rmtree(home / "local")  # a server that is killed while its cloud starts is another test
    settings.save(home, settings.load(home).with_section("00"))
    monkeypatch.setenv(VARIABLE, "blobs")
    with server() as process:
        assert process.stdout is not None
        assert "CHATKIT_COURSE=tutorial goes on here" in process.stdout.readline()
        assert process.stdout.readline() == "loaded\n"
        assert "chatkit-home" in process.stdout.readline()
    wait_until(lambda: presence.hub_server(home) is None)
    assert not (home / "my-chat" / "notebooks").exists()
