"""Time and faults over the control API."""

from __future__ import annotations

import uuid

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core.control import control_routes
from chatkit.localcloud.resource_manager.core.faults import Faults
from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud
from tests.localcloud.resource_manager.providers.test_arm_tutorial import make_storage
from tests.localcloud.resource_manager.raw import Raw

ROLES = "/providers/Microsoft.Authorization/roleDefinitions"
BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"


class Memory:
    """A store that forgets, and a context with what the control API changes."""

    def __init__(self) -> None:
        self.store = self.platform = self
        self.clock = Clock()
        self.faults = Faults(self)  # type: ignore[arg-type]

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
    app.add_routes(control_routes(context))  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client:
        assert (await client.put("/time", json={"mode": "recorded", "scale": 0.05})).status == 200
        assert context.clock.duration_s("storage.create") == 17.0 * 0.05
        assert (await client.put("/time", json={"mode": "never"})).status == 400
        assert (await client.put("/faults/slow", json={"times": 0, "seconds": 1})).status == 200
        assert (await client.put("/faults/slow", json={"times": -1})).status == 400
        assert "no fault 'x'" in (await (await client.put("/faults/x")).json())["error"]
        assert [*context.faults.active] == ["slow"]
        assert (await (await client.delete("/faults")).json())["active"] == []


def test_a_deleted_resource_takes_its_role_assignments_along(
    raw: Raw, cloud: LocalCloud, clients: Clients
) -> None:
    """One made again under its name gives no role; those of its neighbours stay."""
    made = [make_storage(clients, name) for name in ("chatstore1", "chatstore2")]
    reader = cloud.call(cloud.entra.directory.create_identity, "reader")
    for account in made:
        url = f"{account.id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        given = {"roleDefinitionId": f"{ROLES}/{BLOB_DATA_READER}", "principalId": reader}
        assert raw("PUT", url, {"properties": given}, version="2022-04-01").status == 201
    clients.storage.storage_accounts.delete("class", "chatstore1")
    left = [one.scope for one in cloud.call(cloud.entra.tokens.roles.at, reader, made[1].id)]
    assert left == [made[1].id]
    assert cloud.call(cloud.entra.tokens.roles.at, reader, made[0].id) == []
