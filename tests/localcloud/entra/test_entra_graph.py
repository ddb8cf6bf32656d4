"""Microsoft Graph's applications, managed identities and roles."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment, Roles
from tests.localcloud.entra.tenant import ARM, Tenant

GRAPH = "https://graph.microsoft.com/.default"


async def call(tenant: Tenant, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """Call Graph as the tenant's own service principal."""
    headers = {"Authorization": f"Bearer {await tenant.token(GRAPH)}"}
    async with tenant.http.request(
        method, f"{tenant.known['graph']}/v1.0{path}", headers=headers, **options
    ) as answer:
        return answer.status, await answer.json() if answer.status != 204 else None


async def test_an_application_lives_and_dies(tenant: Tenant) -> None:
    """Create, find, change, delete: what the authentication section and clean-up do."""
    _, made = await call(
        tenant, "POST", "/applications", json={"displayName": "chat", "web": {"redirectUris": []}}
    )
    changes = {"web": {"redirectUris": ["http://localhost:9/.auth/login/aad/callback"]}}
    assert (await call(tenant, "PATCH", f"/applications/{made['id']}", json=changes))[0] == 204
    _, found = await call(
        tenant, "GET", "/applications", params={"$filter": f"appId eq '{made['appId']}'"}
    )
    assert [one["web"] for one in found["value"]] == [changes["web"]]
    _, same = await call(tenant, "GET", f"/applications(appId='{made['appId']}')")
    assert same["id"] == made["id"]
    assert (await call(tenant, "DELETE", f"/applications/{made['id']}"))[0] == 204
    status, gone = await call(tenant, "GET", f"/applications/{made['id']}")
    assert (status, gone["error"]["code"]) == (404, "Request_ResourceNotFound")


NO_MOMENTS: tuple[object, ...] = (
    *("tomorrow", "zzz", "", "2027-01-01", "2027-01-01T00:00:00", "2027-13-01T00:00:00Z", 1, {}),
    "0001-01-01T00:00:00+14:00",
)


async def test_a_secrets_dates_are_moments(tenant: Tenant) -> None:
    """Others are refused as Graph's library does; an end in another zone or the past counts."""
    app_id, _ = await tenant.register()
    path = f"/applications(appId='{app_id}')/addPassword"
    for given in NO_MOMENTS:
        for name in ("endDateTime", "startDateTime"):
            body = {"passwordCredential": {name: given}}
            status, answer = await call(tenant, "POST", path, json=body)
            assert (status, answer["error"]["code"]) == (400, "RequestBodyRead"), given
    body = {"passwordCredential": {"endDateTime": "2101-01-01T01:30:00.1234567+02:00"}}
    _, made = await call(tenant, "POST", path, json=body)
    assert made["endDateTime"] == "2100-12-31T23:30:00Z"
    past = {"startDateTime": "2020-01-01T00:00Z", "endDateTime": "2020-01-02T00:00:00+00:00"}
    _, made = await call(tenant, "POST", path, json={"passwordCredential": past})
    form = {"grant_type": "client_credentials", "scope": f"{ARM}/.default"}
    _, answer = await tenant.post(client_id=app_id, client_secret=made["secretText"], **form)
    assert 7000222 in answer["error_codes"]
    swapped = {"startDateTime": past["endDateTime"], "endDateTime": past["startDateTime"]}
    status, answer = await call(tenant, "POST", path, json={"passwordCredential": swapped})
    assert (status, answer["error"]["code"]) == (400, "Request_BadRequest")
    late = {"passwordCredential": {"startDateTime": "9999-12-31T00:00:00Z"}}
    assert (await call(tenant, "POST", path, json=late))[0] == 200
    _, shown = await call(tenant, "GET", f"/applications(appId='{app_id}')")
    assert len(shown["passwordCredentials"]) == 4


async def test_annotations_of_a_payload_are_not_properties(tenant: Tenant) -> None:
    """`@odata.type` at every level, as Microsoft's Graph SDKs send it (OData JSON Format §4.6)."""
    web = {"@odata.type": "#microsoft.graph.webApplication", "redirectUris": ["http://localhost/x"]}
    body = {"@odata.type": "#microsoft.graph.application", "displayName": "chat", "web": web}
    status, made = await call(tenant, "POST", "/applications", json=body)
    assert (status, made["web"]) == (201, {"redirectUris": ["http://localhost/x"]})
    secret = {"@odata.type": "#microsoft.graph.passwordCredential", "displayName": "s"}
    status, _ = await call(
        tenant,
        "POST",
        f"/applications/{made['id']}/addPassword",
        json={"passwordCredential": secret},
    )
    assert status == 200


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("displayName eq 'robot'", ["robot"]),
        ("startswith(displayName,'RO')", ["robot"]),
        ("displayName eq 'robot' or displayName eq 'chatkit'", ["chatkit", "robot"]),
        ("startswith(displayName,'ro') and displayName eq 'chatkit'", []),
        ("identifierUris/any(x:x eq 'api://robot')", ["robot"]),
        ("displayName eq 'it''s and that'", []),
    ],
)
async def test_filters_are_understood(tenant: Tenant, text: str, found: list[str]) -> None:
    """The forms that az and the portal write."""
    await call(
        tenant,
        "POST",
        "/applications",
        json={"displayName": "robot", "identifierUris": ["api://robot"]},
    )
    _, answer = await call(tenant, "GET", "/applications", params={"$filter": text})
    assert sorted(one["displayName"] for one in answer["value"]) == found


@pytest.mark.parametrize(
    "text",
    [
        "displayName ne 'x'",
        "displayName eq 'x' and",
        "displayName eq x",
        "displayName",
        "not displayName eq 'x'",
        "identifierUris/any(x:y eq 'z')",
        "(" * 50,
        "'",
    ],
)
async def test_other_filters_are_refused_with_the_ones_there_are(tenant: Tenant, text: str) -> None:
    """Nothing is listed as if it fitted."""
    status, answer = await call(tenant, "GET", "/applications", params={"$filter": text})
    assert (status, answer["error"]["code"]) == (
        400,
        "Request_UnsupportedQuery",
    ) and "startswith" in answer["error"]["message"]


async def test_object_ids_tell_whose_they_are(tenant: Tenant) -> None:
    """People and service principals, as az shows them beside role assignments.

    Unknown ids are left out.
    """
    alice = tenant.service.directory.user("alice")
    own = tenant.service.directory.service_principal(tenant.known["client_id"])
    assert own is not None
    ids = [alice.id, own.id, "11111111-1111-1111-1111-111111111111"]
    _, answer = await call(tenant, "POST", "/directoryObjects/getByIds", json={"ids": ids})
    kinds = {one["@odata.type"]: one["displayName"] for one in answer["value"]}
    assert kinds == {
        "#microsoft.graph.user": "alice",
        "#microsoft.graph.servicePrincipal": "chatkit",
    }


async def test_a_secret_is_shown_once(tenant: Tenant) -> None:
    """addPassword gives the text, which a command line takes as it is.

    Afterwards only its first characters are known.
    """
    app_id, secret = await tenant.register()
    assert re.fullmatch("[A-Za-z0-9]{40}", secret) and re.fullmatch(
        "[A-Za-z0-9]{40}", tenant.known["client_secret"]
    )
    _, shown = await call(tenant, "GET", f"/applications(appId='{app_id}')")
    credential = shown["passwordCredentials"][0]
    assert (credential["hint"], credential["secretText"]) == (secret[:3], None)
    assert "digest" not in credential


@pytest.mark.parametrize(
    ("path", "options", "code"),
    [
        ("/applications", {"json": {}}, "Request_BadRequest"),
        (
            "/applications",
            {"json": {"displayName": "x", "web": {"redirectUris": ["http://example.com/"]}}},
            "Request_BadRequest",
        ),
        ("/applications", {"json": {"displayName": "x", "web": "y"}}, "Request_BadRequest"),
        (
            "/applications",
            {"json": {"displayName": "x", "spa": {"redirectUris": 1}}},
            "Request_BadRequest",
        ),
        (
            "/applications",
            {"json": {"displayName": "x", "keyCredentials": [1]}},
            "Request_BadRequest",
        ),
        ("/directoryObjects/getByIds", {"json": {"ids": 1}}, "Request_BadRequest"),
        ("/applications", {"data": "{"}, "BadRequest"),
        ("/groups", {"json": {}}, "NotImplemented"),
    ],
)
async def test_graph_refuses_in_its_own_shape(
    tenant: Tenant, path: str, options: dict[str, Any], code: str
) -> None:
    """Bad input is answered, never a traceback."""
    _, body = await call(tenant, "POST", path, **options)
    assert body["error"]["code"] == code and "innerError" in body["error"]


async def test_graph_needs_a_token_of_its_own(tenant: Tenant) -> None:
    """A Resource Manager token does not open Graph."""
    headers = {"Authorization": f"Bearer {await tenant.token(f'{ARM}/.default')}"}
    async with tenant.http.get(
        f"{tenant.known['graph']}/v1.0/applications", headers=headers
    ) as answer:
        assert answer.status == 401


async def test_an_app_with_an_identity_gets_tokens_without_a_secret(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unmodified ManagedIdentityCredential with App Service's two variables."""
    principal_id = tenant.service.directory.create_identity("chat-api")
    host = tenant.service.identity_hosts.put("/sites/chat-api", system=principal_id, assigned=())
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{tenant.service.pages_origin}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", host.header)
    with ManagedIdentityCredential() as credential:
        token = (
            await asyncio.to_thread(credential.get_token, "https://storage.azure.com/.default")
        ).token
    assert tenant.service.tokens.verify(token, ["https://storage.azure.com"]).oid == principal_id


async def test_the_identity_endpoint_refuses_strangers(tenant: Tenant) -> None:
    """Another header, another app: no token."""
    url = f"{tenant.service.pages_origin}/msi/token?resource={ARM}"
    async with tenant.http.get(url, headers={"X-IDENTITY-HEADER": "0" * 32}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("resource=https://storage.azure.com", 200),
        ("resource=https://storage.azure.com/.default&client_id={app}", 200),
        ("resource=https://storage.azure.com&principal_id={id}", 200),
        ("resource=https://storage.azure.com&client_id=11111111-1111-1111-1111-111111111111", 400),
        (
            "resource=https://storage.azure.com&mi_res_id=/subscriptions/s/resourceGroups/g/providers/x/y/z",
            400,
        ),
        ("resource=https://unknown.example", 400),
        ("api-version=2019-08-01", 400),
    ],
)
async def test_an_app_gets_tokens_of_its_own_identity_only(
    tenant: Tenant, query: str, status: int
) -> None:
    """Named by client, by object or not at all.

    Another identity is not found, and every refusal says why.
    """
    identity = tenant.service.directory.principal(
        tenant.service.directory.create_identity("chat-api")
    )
    assert identity is not None
    host = tenant.service.identity_hosts.put("/sites/chat-api", system=identity.id, assigned=())
    asked = query.format(app=identity.app_id, id=identity.id)
    url = f"{tenant.service.pages_origin}/msi/token?{asked}"
    async with tenant.http.get(url, headers={"X-IDENTITY-HEADER": host.header}) as answer:
        body = await answer.json()
        assert answer.status == status
    assert set(body) >= (
        {"access_token", "expires_on", "resource", "token_type"}
        if status == 200
        else {"statusCode", "message"}
    )


async def test_a_role_counts_at_its_scope_and_below(tenant: Tenant) -> None:
    """Data roles and control roles are different things."""
    roles: Roles = tenant.service.tokens.roles
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
    roles.assign(
        Assignment(
            "/x/1",
            "/subscriptions/s/resourceGroups/G",
            BY_NAME["Storage Blob Data Contributor"],
            "p1",
        )
    )
    roles.assign(Assignment("/x/2", "/subscriptions/s", BY_NAME["Owner"], "p2"))
    write = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
    assert roles.allows("p1", account, write, is_data=True)
    assert not roles.allows("p2", account, write, is_data=True)
    assert roles.allows("p2", account, "Microsoft.Storage/storageAccounts/listKeys/action")
    assert not roles.allows("p1", "/subscriptions/s/resourceGroups/G2", write, is_data=True)


async def test_a_section_that_is_set_to_null_is_empty(tenant: Tenant) -> None:
    """Version 0.1.0 kept the null and could sign nobody out any more."""
    app_id, _ = await tenant.register(web={"redirectUris": ["http://localhost:5000/x"]})
    path = f"/applications(appId='{app_id}')"
    status, _ = await call(tenant, "PATCH", path, json={"web": None})
    _, shown = await call(tenant, "GET", path)
    assert (status, shown["web"]) == (204, {})
    store = tenant.store
    document = store.get("entra-applications", app_id)
    assert document is not None
    store.put("entra-applications", app_id, {**document, "web": None})
    url = f"{tenant.service.pages_origin}/{tenant.known['tenant_id']}/oauth2/v2.0/logout"
    async with tenant.http.get(url) as answer:
        assert answer.status == 200
