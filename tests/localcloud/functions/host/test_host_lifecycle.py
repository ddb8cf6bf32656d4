"""A host that is started, restarted and stopped at awkward moments has one child or none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host.errors import HostUnavailable
from chatkit.localcloud.functions.host.host import FunctionHost, HostObserver
from chatkit.localcloud.functions.host.signalr_service import RestSender
from chatkit.localcloud.functions.host.spec import HostOptions
from chatkit.localcloud.functions.worker_process.worker import base_environment
from tests.localcloud.functions.functions_testing import serving, until, write_app

SCRIPT = "@app.route(route='f')\ndef f(req): return 'f'\n"
SLOW = "import pathlib, time\npathlib.Path({marker!r}).touch()\ntime.sleep(600)\n"


OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def leave_others_alone() -> None:
    """Processes that run already are not this test's: a local cloud of the session, for example."""
    OTHERS.clear()
    OTHERS.update(child.pid for child in psutil.Process().children(recursive=True))


def children() -> list[int]:
    """Processes that the test has started and that run."""
    found = psutil.Process().children(recursive=True)
    return [
        child.pid
        for child in found
        if child.pid not in OTHERS and child.status() != psutil.STATUS_ZOMBIE
    ]


def make_host(folder: Path) -> FunctionHost:
    """A host that is not started."""
    options = HostOptions(folder, {}, base_environment())
    return FunctionHost(options, Console("app"), RestSender(), HostObserver())


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[FunctionHost]:
    """A host whose app imports at once."""
    made = make_host(write_app(tmp_path / "app", SCRIPT))
    yield made
    await made.stop()


async def test_two_restarts_at_once_leave_one_child(host: FunctionHost) -> None:
    """A person may click twice; both wait until the app serves."""
    await host.start()
    await asyncio.gather(host.restart(), host.restart())
    await host.ready()
    assert children() == [host.worker_pid]


async def test_a_restart_during_the_first_start_leaves_one_child(host: FunctionHost) -> None:
    """The first child is ended while it imports the app, which is no fault of the app."""
    starting = asyncio.create_task(host.start())
    await until(lambda: host.worker_pid is not None)
    await host.restart()
    await starting
    assert host.problem is None
    assert children() == [host.worker_pid]


@pytest.mark.parametrize("action", ["start", "restart"])
async def test_a_stop_while_the_app_is_imported_leaves_no_child(
    tmp_path: Path, action: str
) -> None:
    """It does not wait for the import, and nothing starts after it."""
    marker = tmp_path / "reached"
    host = make_host(write_app(tmp_path / "app", SLOW.format(marker=str(marker))))
    working = asyncio.create_task(getattr(host, action)())
    await until(marker.exists)
    async with asyncio.timeout(5):
        await host.stop()
        await working
        await host.restart()
    assert children() == []
    with pytest.raises(HostUnavailable):
        await host.ready()


async def test_a_drain_that_is_cancelled_still_ends_the_child(host: FunctionHost) -> None:
    """Who drains may itself be stopped meanwhile."""
    await host.start()
    draining = asyncio.create_task(host.drain(60))
    await asyncio.sleep(0)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    await until(lambda: children() == [], limit_s=1)


async def test_a_local_run_that_ends_while_a_change_is_imported_leaves_no_child(
    tmp_path: Path,
) -> None:
    """Neither the old child nor the new one."""
    marker = tmp_path / "reached"
    folder = write_app(tmp_path / "app", SCRIPT)
    async with serving(folder):
        (folder / "function_app.py").write_text(SLOW.format(marker=str(marker)), encoding="utf-8")
        await until(marker.exists)
    assert children() == []
