"""An app that nobody calls is scaled to zero, as on Azure, and starts again with the next call."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chatkit.localcloud.functions.local.startup import LocalOptions
from chatkit.localcloud.functions.worker_process import rest
from chatkit.localcloud.functions.worker_process.rest import IdlePause
from tests.localcloud.functions.functions_testing import serving, until, write_app

IDLE_S = 0.2
COUNTER = """
import time
calls = []
@app.route(route="count")
def count(req):
    calls.append(1)
    return str(len(calls))

@app.route(route="slow")
def slow(req):
    time.sleep(1)
    return str(len(calls))
"""


async def test_an_app_that_nobody_calls_has_no_process(tmp_path: Path) -> None:
    """What its memory held is gone then, as on Azure; its functions are known all the time."""
    async with serving(write_app(tmp_path, COUNTER), idle_after_s=IDLE_S) as served:
        assert await served.ask("GET", "/api/count") == (200, "1")
        await until(lambda: served.run.host.worker_pid is None)
        assert [function.name for function in served.run.host.index.functions] == ["count", "slow"]
        assert await served.ask("GET", "/api/count") == (200, "1")
        assert served.run.host.worker_pid is not None
        assert served.log.count("Functions:") == 1 and "worker process ended" not in served.log


async def test_an_app_rests_sooner_when_another_one_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People try their functions on this machine, or the deployed ones: one process is enough."""
    monkeypatch.setattr(rest, "OTHERS_IDLE_AFTER_S", IDLE_S)
    async with (
        serving(write_app(tmp_path / "one", COUNTER), idle_after_s=60) as one,
        serving(write_app(tmp_path / "other", COUNTER), idle_after_s=60) as other,
    ):
        await one.ask("GET", "/api/count")
        await other.ask("GET", "/api/count")
        await until(lambda: one.run.host.worker_pid is None)
        await asyncio.sleep(2 * IDLE_S)
        assert other.run.host.worker_pid is not None
        assert await one.ask("GET", "/api/count") == (200, "1")
        await until(lambda: other.run.host.worker_pid is None)


async def test_an_open_call_keeps_the_process(tmp_path: Path) -> None:
    """However long it takes."""
    async with serving(write_app(tmp_path, COUNTER), idle_after_s=IDLE_S) as served:
        await served.ask("GET", "/api/count")
        assert await served.ask("GET", "/api/slow") == (200, "1")


async def test_calls_that_come_at_once_start_one_process(tmp_path: Path) -> None:
    """Everybody in the room has waited for the talk to end."""
    async with serving(write_app(tmp_path, COUNTER), idle_after_s=IDLE_S) as served:
        await until(lambda: served.run.host.worker_pid is None)
        answers = await asyncio.gather(*(served.ask("GET", "/api/count") for _ in range(20)))
        assert sorted(int(text) for _, text in answers) == [*range(1, 21)]


async def test_a_change_is_served_after_a_rest(tmp_path: Path) -> None:
    """A file that is saved while the app rests counts for the next call."""
    async with serving(write_app(tmp_path, COUNTER), idle_after_s=IDLE_S) as served:
        await until(lambda: served.run.host.worker_pid is None)
        write_app(tmp_path, "@app.route(route='count')\ndef count(req): return 'new'\n")
        assert await served.ask("GET", "/api/count") == (200, "new")


async def test_an_app_that_no_longer_loads_says_so(tmp_path: Path) -> None:
    """What it imports may have gone while it rested."""
    script = f"import pathlib\nif pathlib.Path({str(tmp_path / 'gone')!r}).exists(): 1 / 0\n"
    folder = write_app(tmp_path / "app", script + COUNTER)
    async with serving(folder, idle_after_s=IDLE_S) as served:
        await until(lambda: served.run.host.worker_pid is None)
        (tmp_path / "gone").touch()
        status, text = await served.ask("GET", "/api/count")
        assert status == 503 and "division by zero" in text


async def test_what_the_host_answers_itself_starts_no_app(tmp_path: Path) -> None:
    """Whether it is there: the doctor asks that."""
    async with serving(write_app(tmp_path, COUNTER), idle_after_s=IDLE_S) as served:
        await until(lambda: served.run.host.worker_pid is None)
        assert await served.ask("GET", "/admin/host/ping") == (200, "")
        assert served.run.host.worker_pid is None


async def test_a_resting_app_stops_at_once(tmp_path: Path) -> None:
    """Nothing is started for that."""
    async with serving(write_app(tmp_path, COUNTER), idle_after_s=IDLE_S) as served:
        await until(lambda: served.run.host.worker_pid is None)
        await served.run.host.stop()
        assert served.run.host.worker_pid is None


async def test_without_a_limit_only_its_own_end_ends_a_process() -> None:
    """A person's own run, as with Core Tools, and an app with instances that are always ready."""
    ended = asyncio.Event()
    waiting = asyncio.create_task(IdlePause(None).is_due(ended, lambda: False))
    ended.set()
    assert not await waiting
    assert LocalOptions().idle_after_s is None
