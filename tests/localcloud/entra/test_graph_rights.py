"""Who may do what in Microsoft Graph: scopes, ownership, application permissions, consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from chatkit.localcloud.entra.core.permissions import AZURE_CLI, AZURE_CLI_SCOPES, PERMISSIONS
from chatkit.localcloud.entra.grants import user_claims
from tests.attacks.graph import GRAPH_CHANGES
from tests.localcloud.entra.tenant import ARM, Tenant

GRAPH = "https://graph.microsoft.com"
DENIED = (403, "Authorization_RequestDenied")
AS_AZ = " ".join(AZURE_CLI_SCOPES)


@dataclass
class Client:
    """Asks Graph with one token."""

    tenant: Tenant
    token: str

    async def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of one request; an error's code in place of the JSON."""
        url = f"{self.tenant.known['graph']}/v1.0{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.tenant.http.request(method, url, json=body, headers=headers) as answer:
            if answer.status == 204:
                return 204, None
            content = await answer.json()
        if "error" in content:
            assert content["error"]["innerError"]["request-id"]
            return answer.status, content["error"]["code"]
        return answer.status, content


def person(tenant: Tenant, name: str, scopes: str) -> Client:
    """Somebody with a token of these scopes."""
    claims = {**user_claims(tenant.service.directory.user(name)), "scp": scopes}
    return Client(tenant, tenant.service.tokens.issue(GRAPH, claims))


async def administrator(tenant: Tenant) -> Client:
    """The tenant's own service principal."""
    return Client(tenant, await tenant.token(f"{GRAPH}/.default"))


async def app_client(tenant: Tenant, *permissions: str) -> tuple[Client, str]:
    """An application with these permissions of Graph; also returns its object id."""
    app_id, secret = await tenant.register()
    admin = await administrator(tenant)
    _, made = await admin("POST", "/servicePrincipals", {"appId": app_id})
    _, found = await admin("GET", "/servicePrincipals")
    graph = next(one for one in found["value"] if one["displayName"] == "Microsoft Graph")
    for name in permissions:
        wanted = {
            "principalId": made["id"],
            "resourceId": graph["id"],
            "appRoleId": PERMISSIONS[name].role_id,
        }
        path = f"/servicePrincipals/{made['id']}/appRoleAssignments"
        assert (await admin("POST", path, wanted))[0] == 201
    status, answer = await tenant.post(
        grant_type="client_credentials",
        client_id=app_id,
        client_secret=secret,
        scope=f"{GRAPH}/.default",
    )
    assert status == 200
    return Client(tenant, answer["access_token"]), made["id"]


async def test_a_chat_user_sees_only_themself(tenant: Tenant) -> None:
    """What `/.auth/me` hands out: a token with User.Read."""
    alice = person(tenant, "alice", "openid profile email User.Read")
    status, me = await alice("GET", "/me")
    assert (status, me["displayName"]) == (200, "alice")
    assert (await alice("GET", f"/users/{me['id']}"))[0] == 200
    bob = tenant.service.directory.user("bob")
    own = tenant.service.directory.service_principal(tenant.known["client_id"])
    assert own is not None
    for method, path, body in (
        ("GET", "/users", None),
        ("GET", f"/users/{bob.id}", None),
        ("GET", "/users/nobody", None),
        ("GET", "/applications", None),
        ("GET", "/servicePrincipals", None),
        ("GET", f"/servicePrincipals/{own.id}", None),
        ("GET", f"/servicePrincipals/{own.id}/appRoleAssignments", None),
        ("POST", "/directoryObjects/getByIds", {"ids": [bob.id]}),
        ("POST", "/applications", {"displayName": "mine"}),
    ):
        assert await alice(method, path, body) == DENIED, path


async def test_a_token_without_a_permission_opens_nothing(tenant: Tenant) -> None:
    """Not even one's own page."""
    alice = person(tenant, "alice", "openid profile")
    assert await alice("GET", "/me") == DENIED
    assert await alice("GET", "/users") == DENIED


async def test_members_may_read_the_directory(tenant: Tenant) -> None:
    """Entra's default for ordinary people, with the scopes that az gets; no secret is shown."""
    alice = person(tenant, "alice", AS_AZ)
    for path in ("/applications", "/servicePrincipals", "/users", "/me"):
        assert (await alice("GET", path))[0] == 200
    _, found = await alice("GET", "/applications")
    kit = next(one for one in found["value"] if one["displayName"] == "chatkit")
    assert [one["secretText"] for one in kit["passwordCredentials"]] == [None]
    assert not {"digest", "owners"} & {*kit, *kit["passwordCredentials"][0]}


@pytest.mark.parametrize("change", GRAPH_CHANGES)
async def test_nobody_changes_what_they_do_not_own(tenant: Tenant, change: str) -> None:
    """Whatever the scopes say: a scope never makes a person an owner."""
    method, path, body = GRAPH_CHANGES[change]
    directory = tenant.service.directory
    kit = directory.application(tenant.known["client_id"])
    principal = directory.service_principal(tenant.known["client_id"])
    mallory = directory.user("mallory")
    assert kit is not None and principal is not None
    path = path.format(app=kit["id"], app_id=kit["appId"], principal=principal.id, me=mallory.id)
    sent = body and {
        name: str(value).format(app_id=kit["appId"], me=mallory.id, principal=principal.id, key="x")
        for name, value in body.items()
    }
    for scopes in ("User.Read", AS_AZ, "Directory.Read.All", ""):
        assert await person(tenant, "mallory", scopes)(method, path, sent) == DENIED
    assert directory.application(tenant.known["client_id"]) == kit
    assert directory.service_principal(tenant.known["client_id"]) == principal


async def test_who_registers_an_application_owns_it(tenant: Tenant) -> None:
    """alice may change hers, bob may once she has made him an owner, and not after that."""
    alice = person(tenant, "alice", AS_AZ)
    bob = person(tenant, "bob", AS_AZ)
    _, made = await alice("POST", "/applications", {"displayName": "hers"})
    one = f"/applications/{made['id']}"
    assert (await alice("POST", f"{one}/addPassword", {}))[1]["secretText"]
    assert (await alice("POST", "/servicePrincipals", {"appId": made["appId"]}))[0] == 201
    assert await bob("POST", f"{one}/addPassword", {}) == DENIED
    him = tenant.service.directory.user("bob").id
    reference = {"@odata.id": f"{tenant.known['graph']}/v1.0/directoryObjects/{him}"}
    assert (await alice("POST", f"{one}/owners/$ref", reference))[0] == 204
    assert await alice("POST", f"{one}/owners/$ref", reference) == (400, "Request_BadRequest")
    _, owners = await alice("GET", f"{one}/owners")
    assert [owner["displayName"] for owner in owners["value"]] == ["alice", "bob"]
    assert (await bob("PATCH", one, {"displayName": "ours"}))[0] == 204
    assert (await bob("DELETE", f"{one}/owners/{him}/$ref"))[0] == 204
    assert await bob("PATCH", one, {"displayName": "his"}) == DENIED
    assert (await alice("DELETE", one))[0] == 204


@pytest.mark.parametrize(
    ("permissions", "reads", "creates", "changes"),
    [
        ((), 403, 403, 403),
        (("User.Read.All",), 403, 403, 403),
        (("Directory.Read.All",), 200, 403, 403),
        (("Application.Read.All",), 200, 403, 403),
        (("Application.ReadWrite.OwnedBy",), 200, 201, 403),
        (("Application.ReadWrite.All",), 200, 201, 200),
    ],
)
async def test_an_application_may_what_it_was_granted(
    tenant: Tenant, permissions: tuple[str, ...], reads: int, creates: int, changes: int
) -> None:
    """Application permissions stand in the token; what it creates belongs to it."""
    client, _ = await app_client(tenant, *permissions)
    kit = tenant.service.directory.application(tenant.known["client_id"])
    assert kit is not None
    assert (await client("GET", "/applications"))[0] == reads
    assert (await client("POST", f"/applications/{kit['id']}/addPassword", {}))[0] == changes
    status, made = await client("POST", "/applications", {"displayName": "mine"})
    assert status == creates
    if creates == 201:
        assert (await client("POST", f"/applications/{made['id']}/addPassword", {}))[0] == 200
    assert await client("GET", "/me") == (400, "BadRequest")


async def test_a_permission_is_granted_and_taken_away(tenant: Tenant) -> None:
    """By the tenant's own service principal alone; the next token tells."""
    client, principal = await app_client(tenant, "Application.ReadWrite.All")
    path = f"/servicePrincipals/{principal}/appRoleAssignments"
    admin = await administrator(tenant)
    _, listed = await admin("GET", path)
    held = listed["value"][0]
    again = {name: held[name] for name in ("principalId", "resourceId", "appRoleId")}
    assert await admin("POST", path, again) == (400, "Request_BadRequest")
    assert await admin("POST", path, {**again, "appRoleId": "x"}) == (400, "Request_BadRequest")
    assert await admin("POST", path, {**again, "principalId": "x"}) == (400, "Request_BadRequest")
    assert await client("POST", path, again) == DENIED
    assert await client("DELETE", f"{path}/{held['id']}") == DENIED
    assert (await admin("DELETE", f"{path}/{held['id']}"))[0] == 204
    assert await admin("DELETE", f"{path}/{held['id']}") == (404, "Request_ResourceNotFound")
    assert tenant.service.directory.app_roles(principal) == []


async def test_an_object_has_two_names(tenant: Tenant) -> None:
    """OData's key with the application id, for service principals as for applications."""
    admin = await administrator(tenant)
    app_id = tenant.known["client_id"]
    for objects in ("applications", "servicePrincipals"):
        status, one = await admin("GET", f"/{objects}(appId='{app_id}')")
        assert (status, one["appId"]) == (200, app_id)


@pytest.mark.parametrize(
    ("scope", "number"),
    [
        ("Application.ReadWrite.All", 90094),
        ("openid https://graph.microsoft.com/Directory.Read.All", 90094),
        ("User.Read Directory.AccessAsUser.All", 90094),
        ("openid profile User.ReadBasic.All", None),
    ],
)
async def test_people_cannot_consent_to_what_needs_an_administrator(
    tenant: Tenant, scope: str, number: int | None
) -> None:
    """A client that asks for it when a person signs in is told so; nobody gets a code."""
    app_id, _ = await tenant.register(web={"redirectUris": ["http://localhost:5000/back"]})
    asked = {
        "client_id": app_id,
        "redirect_uri": "http://localhost:5000/back",
        "response_type": "code",
        "scope": scope,
    }
    back = await tenant.sign_in(asked)
    if number is None:
        assert back["code"]
    else:
        assert back["error"] == "consent_required"
        assert back["error_description"].startswith(f"AADSTS{number}")


async def test_a_refresh_token_does_not_widen_what_was_consented(tenant: Tenant) -> None:
    """Renewed for a permission that needs an administrator: AADSTS65001."""
    app_id, secret = await tenant.register(web={"redirectUris": ["http://localhost:5000/back"]})
    asked = {
        "client_id": app_id,
        "redirect_uri": "http://localhost:5000/back",
        "response_type": "code",
        "scope": "openid offline_access",
    }
    proof = {"client_id": app_id, "client_secret": secret}
    code = (await tenant.sign_in(asked))["code"]
    _, first = await tenant.post(
        grant_type="authorization_code", code=code, redirect_uri=asked["redirect_uri"], **proof
    )
    claims = tenant.service.tokens.verify(first["access_token"], [GRAPH]).raw
    assert claims["scp"] == "openid profile email User.Read"
    renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    for scope in ("Application.ReadWrite.All", f"{GRAPH}/Directory.AccessAsUser.All"):
        status, refused = await tenant.post(**renewal, **proof, scope=scope)
        assert (status, refused["error"], refused["error_codes"]) == (400, "invalid_grant", [65001])
    _, again = await tenant.post(**renewal, **proof, scope=f"{GRAPH}/.default")
    claims = tenant.service.tokens.verify(again["access_token"], [GRAPH]).raw
    assert claims["scp"] == "openid profile email User.Read"


async def test_a_client_gets_tokens_for_what_people_signed_in_for(tenant: Tenant) -> None:
    """An app cannot turn a sign-in to the chat into a token for Resource Manager."""
    app_id, secret = await tenant.register(web={"redirectUris": ["http://localhost:5000/back"]})
    asked = {
        "client_id": app_id,
        "redirect_uri": "http://localhost:5000/back",
        "response_type": "code",
    }
    proof = {"client_id": app_id, "client_secret": secret}
    redeemed = {"grant_type": "authorization_code", "redirect_uri": asked["redirect_uri"]}
    code = (await tenant.sign_in({**asked, "scope": "openid offline_access"}))["code"]
    _, tokens = await tenant.post(**redeemed, **proof, code=code)
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for resource in (ARM, "https://storage.azure.com", "https://appservice.azure.com"):
        status, refused = await tenant.post(**renewal, **proof, scope=f"{resource}/.default")
        assert (status, refused["error_codes"]) == (400, [65001])
    assert (await tenant.post(**renewal, **proof, scope=f"{app_id}/.default"))[0] == 200
    scope = f"{ARM}//user_impersonation offline_access"
    code = (await tenant.sign_in({**asked, "scope": scope}))["code"]
    status, tokens = await tenant.post(**redeemed, **proof, code=code, scope=f"{ARM}/.default")
    assert status == 200
    assert tenant.service.tokens.verify(tokens["access_token"], [ARM]).raw["appid"] == app_id


async def test_az_has_its_permissions_without_consent(tenant: Tenant) -> None:
    """Microsoft has consented for it: `.default` gives all of them."""
    device = f"{tenant.known['authority']}/{tenant.known['tenant_id']}/oauth2/v2.0/devicecode"
    form = {"client_id": AZURE_CLI, "scope": f"{GRAPH}//.default"}
    async with tenant.http.post(device, data=form) as answer:
        started = await answer.json()
    async with tenant.http.post(
        started["verification_uri"], data={"otc": started["user_code"], "user": "alice"}
    ) as answer:
        assert answer.status == 200
    _, tokens = await tenant.post(
        grant_type="urn:ietf:params:oauth:grant-type:device_code",
        client_id=AZURE_CLI,
        device_code=started["device_code"],
    )
    claims = tenant.service.tokens.verify(tokens["access_token"], [GRAPH]).raw
    assert claims["scp"] == AS_AZ
    assert (await Client(tenant, tokens["access_token"])("GET", "/applications"))[0] == 200
