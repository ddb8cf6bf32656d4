"""No process of an app outlives its site, whatever the site was doing at its end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from chatkit.localcloud.functions.deployed import build
from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud, app_zip
from tests.localcloud.functions.functions_testing import until

SLOW_IMPORT = "import pathlib, time\npathlib.Path({marker!r}).touch()\ntime.sleep(600)\n"
SLOW_REQUEST = (
    "import pathlib, time\n@app.route(route='v')\ndef v(req): return 'one '\n"
    "@app.route(route='slow')\ndef slow(req):\n"
    "    pathlib.Path({marker!r}).touch()\n    time.sleep(600)\n"
)
# An app that imports for ten minutes when its setting A is no longer "1".
SLOW_WITH_NEW_SETTING = (
    "import os, pathlib, time\n@app.route(route='v')\ndef v(req): return 'one '\n"
    "if os.environ['A'] != '1':\n    pathlib.Path({marker!r}).touch()\n    time.sleep(600)\n"
)


OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def leave_others_alone() -> None:
    """Processes that run already are not this test's: a local cloud of the session, for example."""
    OTHERS.clear()
    OTHERS.update(child.pid for child in psutil.Process().children(recursive=True))


class Marker:
    """A file that an app makes when it has reached the place the test waits for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def app(self, script: str) -> bytes:
        """A package with a script that makes the file."""
        return app_zip("x", script=script.format(marker=str(self.path)))

    async def reached(self) -> None:
        """Wait for it."""
        await until(self.path.exists)


@pytest.fixture
def marker(tmp_path_factory: pytest.TempPathFactory) -> Marker:
    """Outside of the folder of the local cloud."""
    return Marker(tmp_path_factory.mktemp("marker") / "reached")


@pytest.fixture(params=["the site is deleted", "the local cloud stops"])
def end_of(request: pytest.FixtureRequest) -> str:
    """How it ends."""
    return str(request.param)


async def end(cloud: Cloud, how: str = "the site is deleted") -> None:
    """Delete the site or stop the service; one second later at the latest, no process is left."""
    assert children()
    async with asyncio.timeout(5):
        if how == "the site is deleted":
            await cloud.service.remove(NAME)
        else:
            await cloud.service.stop()
    await until(lambda: not children(), limit_s=1)


def runs(process: psutil.Process) -> bool:
    """Whether a process runs; one that has ended may stay listed as a zombie."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def children() -> list[psutil.Process]:
    """Processes that the test has started and that run: those of the apps."""
    found = psutil.Process().children(recursive=True)
    return [child for child in found if child.pid not in OTHERS and runs(child)]


@pytest.fixture(autouse=True)
def nothing_stays_of_a_failed_test(leave_others_alone: None) -> Iterator[None]:
    """A process that a failed test has left must not disturb the next one."""
    yield
    for child in children():
        child.kill()


async def test_while_the_first_version_is_imported(
    cloud: Cloud, marker: Marker, end_of: str
) -> None:
    """The deployment has started a process that serves nothing yet."""
    package = marker.app(SLOW_IMPORT)
    assert (await cloud.scm("POST", "/api/publish", data=package))[0] == 202
    await marker.reached()
    await end(cloud, end_of)


async def test_while_a_request_runs_in_a_process_that_was_replaced(
    cloud: Cloud, marker: Marker, end_of: str
) -> None:
    """A changed setting starts a new process; the old one still has a request."""
    await cloud.publish(marker.app(SLOW_REQUEST))
    asking = asyncio.create_task(cloud.ask("/api/slow"))
    await marker.reached()
    await cloud.service.apply(replace(cloud.spec, app_settings={"A": "2"}))
    assert await cloud.version() == "one"
    await end(cloud, end_of)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_at_once_after_a_setting_was_changed(cloud: Cloud, end_of: str) -> None:
    """Neither the old process nor the new one has been given any time."""
    await cloud.publish(app_zip("one"))
    await cloud.service.apply(replace(cloud.spec, app_settings={"A": "2"}))
    await end(cloud, end_of)


async def test_while_the_new_process_of_a_changed_setting_is_imported(
    cloud: Cloud, marker: Marker, end_of: str
) -> None:
    """The old process is on its way out."""
    await cloud.publish(marker.app(SLOW_WITH_NEW_SETTING))
    await cloud.service.apply(replace(cloud.spec, app_settings={"A": "2"}))
    await marker.reached()
    await end(cloud, end_of)


async def test_a_setting_changed_while_a_version_was_tried_leaves_one_process(
    cloud: Cloud, marker: Marker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The version is started again with the new setting.

    The process that was tried with the old one ends.
    """
    go = tmp_path_factory.mktemp("go") / "on"
    script = (
        "import os, pathlib, time\npathlib.Path({marker!r}).touch()\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\n"
        "@app.route(route='v')\ndef v(req): return os.environ['A'] + ' '\n"
    )
    _, deployment_id = await cloud.scm("POST", "/api/publish", data=marker.app(script))
    await marker.reached()
    await cloud.service.apply(replace(cloud.spec, app_settings={"A": "2"}))
    go.touch()
    assert (await cloud.finished(deployment_id))["status"] == 4
    assert await cloud.version() == "2"
    await until(lambda: len(children()) == 1)
    await end(cloud)


async def test_while_requirements_are_installed(
    cloud: Cloud, marker: Marker, end_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installer starts processes, too: those that build packages."""
    code = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(marker.path)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    monkeypatch.setattr(build, "installer", lambda *_: [sys.executable, "-c", code])
    package = app_zip("x", requirements_txt="quux-zz\n")
    await cloud.scm("POST", "/api/publish?RemoteBuild=true", data=package)
    await until(lambda: marker.path.exists() and marker.path.read_text(encoding="utf-8") != "")
    grandchild = psutil.Process(int(marker.path.read_text(encoding="utf-8")))
    await end(cloud, end_of)
    await until(lambda: not runs(grandchild), limit_s=1)
