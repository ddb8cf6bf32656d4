"""What a local run keeps of its requests, who is shown it, and drills that concern it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.rooms import Room
from chatkit.localcloud.drills.table import FUNCTIONS
from tests.attacks.chat_map import OF_A_LOCAL_RUN
from tests.localcloud.functions.functions_testing import Served, serving, write_app

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """An app with one function."""
    folder: Path = tmp_path_factory.mktemp("app")
    write_app(folder, "@app.route(route='hello')\ndef hello(req): return 'hi'\n")
    async with serving(folder, drills=folder.parent / "drills.json") as served:
        yield served


async def trace(app: Served) -> list[Any]:
    """As the local cloud asks for it."""
    headers = {"x-chatkit-token": app.run.reachable.token}
    async with app.client.get(f"{app.url}/?after=0", headers=headers) as got:
        return list((await got.json())["events"])


async def test_a_local_run_keeps_its_requests(app: Served) -> None:
    """With what ran, and without the query; asking for it leaves none."""
    assert (await app.ask("GET", "/api/hello?code=c2VjcmV0"))[0] == 200
    events = await trace(app)
    assert [event["kind"] for event in events] == ["invocation", "request"]
    assert {event["detail"]["function"] for event in events} == {"hello"}
    assert len({event["detail"]["cause"] for event in events}) == 1
    assert "c2VjcmV0" not in str(events) and await trace(app) == events


@pytest.mark.parametrize("name", OF_A_LOCAL_RUN)
async def test_a_local_run_shows_its_requests_to_nobody_else(app: Served, name: str) -> None:
    """Who does not know the token meets the app, at every address."""
    token = app.run.reachable.token
    shown = {
        key: value.format(token=token, half=token[:20])
        for key, value in OF_A_LOCAL_RUN[name].items()
    }
    for path in ("/?after=0", "/api/hello"):
        _, text = await app.ask("GET", path, headers=shown)
        assert "events" not in text


async def test_a_drill_concerns_the_run_that_it_names(app: Served) -> None:
    """As a deployed app: 503 until it ends; a run of another port does not notice."""
    drills = Drills(app.run._options.drills)
    drills.begin(FUNCTIONS, Room.of([rooms.local_run(app.run.port + 1)]))
    assert (await app.ask("GET", "/api/hello"))[0] == 200
    drills.begin(FUNCTIONS, Room.of([rooms.local_run(app.run.port)]))
    assert (await app.ask("GET", "/api/hello"))[0] == 503
    drills.end()
    assert (await app.ask("GET", "/api/hello"))[0] == 200
