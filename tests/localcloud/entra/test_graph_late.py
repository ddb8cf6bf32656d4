"""Microsoft Graph on a clock that knows changes late: what was just made is not found yet."""

from __future__ import annotations

from tests.localcloud.entra.tenant import Tenant
from tests.localcloud.entra.test_graph_rights import administrator

NOT_FOUND = (404, "Request_ResourceNotFound")
NOT_YET = (400, "Request_BadRequest")


async def test_a_new_application_is_found_late(tenant: Tenant) -> None:
    """By its id, by its application id, in lists and by its service principal; it is kept."""
    clock = tenant.service._clock
    admin = await administrator(tenant)
    clock.mode = "azure"
    status, made = await admin("POST", "/applications", {"displayName": "chat"})
    assert status == 201
    address = f"/applications/{made['id']}"
    assert await admin("GET", address) == NOT_FOUND
    assert await admin("GET", f"/applications(appId='{made['appId']}')") == NOT_FOUND
    assert await admin("POST", f"{address}/addPassword", {}) == NOT_FOUND
    wanted = {"appId": made["appId"]}
    assert await admin("POST", "/servicePrincipals", wanted) == NOT_YET
    _, listed = await admin("GET", "/applications")
    assert made["id"] not in [one["id"] for one in listed["value"]]
    clock.propagating.end(made["id"])
    clock.propagating.end(made["appId"])
    assert (await admin("GET", address))[0] == 200
    status, principal = await admin("POST", "/servicePrincipals", wanted)
    assert status == 201
    assert await admin("GET", f"/servicePrincipals/{principal['id']}") == NOT_FOUND
    clock.propagating.end(principal["id"])
    assert (await admin("GET", f"/servicePrincipals/{principal['id']}"))[0] == 200
