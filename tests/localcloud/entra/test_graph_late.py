"""Entra ID on a clock that knows changes late: what was just made does not work yet."""

from __future__ import annotations

from typing import Any

from chatkit.core.time.propagation import FEDERATION, REGISTRATION, SECRET, UNREGISTERED
from chatkit.localcloud.entra.core.federation import EXCHANGE
from tests.localcloud.entra.tenant import ARM, Tenant
from tests.localcloud.entra.test_graph_rights import administrator

NOT_FOUND = (404, "Request_ResourceNotFound")
NOT_YET = (400, "Request_BadRequest")
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def token_of(tenant: Tenant, app_id: str, **proof: str) -> tuple[int, list[int]]:
    """Ask for a token as an application; status, and the numbers of a refusal."""
    form = {"grant_type": "client_credentials", "client_id": app_id, "scope": f"{ARM}/.default"}
    status, answer = await tenant.post(**form, **proof)
    numbers: Any = answer.get("error_codes", [])
    return status, numbers


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
    for name in ("id", "appId"):
        clock.propagating.end(REGISTRATION, made[name])
    assert (await admin("GET", address))[0] == 200
    status, principal = await admin("POST", "/servicePrincipals", wanted)
    assert status == 201
    assert await admin("GET", f"/servicePrincipals/{principal['id']}") == NOT_FOUND
    clock.propagating.end(REGISTRATION, principal["id"])
    assert (await admin("GET", f"/servicePrincipals/{principal['id']}"))[0] == 200


async def test_a_deleted_application_is_found_for_a_while(tenant: Tenant) -> None:
    """By who reads; nothing can be written to it, and nobody signs in to it."""
    clock = tenant.service._clock
    admin = await administrator(tenant)
    app_id, secret = await tenant.register()
    address = f"/applications(appId='{app_id}')"
    clock.mode = "azure"
    assert (await admin("DELETE", address))[0] == 204
    status, found = await admin("GET", address)
    assert status == 200
    assert await admin("POST", f"{address}/addPassword", {}) == NOT_FOUND
    assert await admin("DELETE", address) == NOT_FOUND
    assert await token_of(tenant, app_id, client_secret=secret) == (400, [700016])
    clock.propagating.end(UNREGISTERED, found["id"])
    assert await admin("GET", address) == NOT_FOUND


async def test_a_new_client_secret_works_late(tenant: Tenant) -> None:
    """It is shown at once; one of before works meanwhile."""
    clock = tenant.service._clock
    admin = await administrator(tenant)
    app_id, before = await tenant.register()
    await admin("POST", "/servicePrincipals", {"appId": app_id})
    clock.mode = "azure"
    address = f"/applications(appId='{app_id}')"
    _, made = await admin("POST", f"{address}/addPassword", {})
    _, shown = await admin("GET", address)
    assert made["keyId"] in [one["keyId"] for one in shown["passwordCredentials"]]
    assert await token_of(tenant, app_id, client_secret=made["secretText"]) == (401, [7000215])
    assert (await token_of(tenant, app_id, client_secret=before))[0] == 200
    clock.propagating.end(SECRET, made["keyId"])
    assert (await token_of(tenant, app_id, client_secret=made["secretText"]))[0] == 200


async def test_nobody_signs_in_to_a_new_application_at_once(tenant: Tenant) -> None:
    """AADSTS700016 says that it is not in the directory, though Graph has answered 201."""
    clock = tenant.service._clock
    admin = await administrator(tenant)
    clock.mode = "azure"
    _, made = await admin("POST", "/applications", {"displayName": "chat"})
    app_id = made["appId"]
    assert await token_of(tenant, app_id, client_secret="any") == (400, [700016])
    clock.propagating.end(REGISTRATION, app_id)
    assert (await token_of(tenant, app_id, client_secret="any"))[1] == [7000215]


async def test_a_new_federated_credential_works_late(tenant: Tenant) -> None:
    """The refusal is the one of a token that nothing fits."""
    clock = tenant.service._clock
    admin = await administrator(tenant)
    app_id, _ = await tenant.register()
    await admin("POST", "/servicePrincipals", {"appId": app_id})
    directory = tenant.service.directory
    identity = directory.create_identity("sign-in", resource_id="/identities/a")
    principal = directory.principal(identity)
    assert principal is not None
    assertion = tenant.service.identities.issue(principal, EXCHANGE)
    proof = {"client_assertion_type": ASSERTION, "client_assertion": assertion}
    clock.mode = "azure"
    wanted = {
        "name": "app-service",
        "issuer": tenant.service.tokens.issuer,
        "subject": identity,
        "audiences": [EXCHANGE],
    }
    address = f"/applications(appId='{app_id}')/federatedIdentityCredentials"
    status, made = await admin("POST", address, wanted)
    assert status == 201
    assert await token_of(tenant, app_id, **proof) == (401, [700211])
    clock.propagating.end(FEDERATION, made["id"])
    assert (await token_of(tenant, app_id, **proof))[0] == 200
