"""Time and faults over the control API."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatkit.localcloud.resource_manager.clock import Clock
from chatkit.localcloud.resource_manager.faults import Faults
from chatkit.localcloud.resource_manager.levers import levers


class Memory:
    """A store that forgets, and a context with what the levers move."""

    def __init__(self) -> None:
        self.store = self.platform = self
        self.clock, self.faults = Clock(), Faults(self)  # type: ignore[arg-type]

    def items(self, collection: str) -> list[object]:
        """Nothing kept."""
        return []

    def put(self, *words: object) -> None:
        """Forget."""

    delete = put


async def test_time_and_faults_are_set_checked_and_cleared() -> None:
    """Good values are taken, wrong ones answered 400 with a sentence."""
    context = Memory()
    app = web.Application()
    app.add_routes(levers(context))  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client:
        assert (await client.put("/time", json={"mode": "recorded", "scale": 0.05})).status == 200
        assert context.clock.duration_s("storage.create") == 17.0 * 0.05
        assert (await client.put("/time", json={"mode": "never"})).status == 400
        assert (await client.put("/faults/slow", json={"times": 0, "seconds": 1})).status == 200
        assert (await client.put("/faults/slow", json={"times": -1})).status == 400
        assert "no fault 'x'" in (await (await client.put("/faults/x")).json())["error"]
        assert [*context.faults.active] == ["slow"]
        assert (await (await client.delete("/faults")).json())["active"] == []
