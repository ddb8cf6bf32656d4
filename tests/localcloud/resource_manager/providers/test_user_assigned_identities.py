"""User-assigned identities: resources of their own, given to others, and tokens for their code."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment
from tests.attacks.keyless import IDENTITIES
from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud
from tests.localcloud.resource_manager.providers.test_arm_tutorial import make_site
from tests.localcloud.resource_manager.raw import Raw

PATH = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
SITE = "/providers/Microsoft.Web/sites"
SIGNALR = "/providers/Microsoft.SignalRService/SignalR/chat-1"
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}
STORAGE = "https://storage.azure.com"


@pytest.fixture
def identity(raw: Raw, clients: Clients) -> dict[str, Any]:
    """An identity "class-id"."""
    clients.resources.providers.register("Microsoft.ManagedIdentity")
    reply = raw("PUT", f"{raw.group}{PATH}/class-id", {"location": "eastus2"})
    assert reply.status == 201
    found: dict[str, Any] = reply.body
    return found


def give(raw: Raw, path: str, *ids: str, kind: str = "UserAssigned") -> Any:
    """Give a resource user-assigned identities."""
    assigned: dict[str, Any] = {id_: {} for id_ in ids}
    body = {"identity": {"type": kind, "userAssignedIdentities": assigned}}
    return raw("PATCH", raw.group + path, body)


def token(cloud: LocalCloud, header: str, **query: str) -> tuple[int, dict[str, Any]]:
    """What the managed identity endpoint answers."""
    asked = urlencode({"resource": STORAGE, "api-version": "2019-08-01", **query})
    url = f"{cloud.entra.pages_origin}/msi/token?{asked}"
    headers = {"X-IDENTITY-HEADER": header} if header else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.loads(answer.read())


def header_of(cloud: LocalCloud, site: str = "chat-api") -> str:
    """The secret in an app's environment."""
    return cloud.planes.sites[site].app_settings["IDENTITY_HEADER"]


def test_an_identity_is_a_principal_that_stays_the_same(
    raw: Raw, cloud: LocalCloud, identity: dict[str, Any]
) -> None:
    """Over a second PUT, and gone with the resource, roles included."""
    about = identity["properties"]
    again = raw("PUT", identity["id"], {"location": "eastus2", "tags": {"a": "b"}}).body
    assert again["properties"] == about
    principal = cloud.call(cloud.entra.directory.principal, about["principalId"])
    assert (principal.kind, principal.app_id) == ("ManagedIdentity", about["clientId"])
    raw("DELETE", identity["id"])
    assert cloud.call(cloud.entra.directory.principal, about["principalId"]) is None


def test_a_resource_shows_who_its_identities_are(
    raw: Raw, clients: Clients, identity: dict[str, Any]
) -> None:
    """Principal and client by ARM id, beside the system-assigned one or alone; null removes."""
    make_site(clients)
    site = f"{SITE}/chat-api"
    shown = give(raw, site, identity["id"], kind="SystemAssigned, UserAssigned").body["identity"]
    about = identity["properties"]
    wanted = {"principalId": about["principalId"], "clientId": about["clientId"]}
    assert shown["userAssignedIdentities"] == {identity["id"]: wanted}
    assert shown["principalId"] and shown["type"] == "SystemAssigned, UserAssigned"
    gone = {identity["id"]: None}
    body = {"identity": {"type": "SystemAssigned", "userAssignedIdentities": gone}}
    left = raw("PATCH", raw.group + site, body).body["identity"]
    assert left == {name: shown[name] for name in ("tenantId", "principalId")} | {
        "type": "SystemAssigned"
    }


@pytest.mark.parametrize("name", ["client_id", "object_id", "principal_id", "mi_res_id"])
def test_an_app_asks_for_its_user_assigned_identity_by_any_of_its_names(
    raw: Raw, clients: Clients, cloud: LocalCloud, identity: dict[str, Any], name: str
) -> None:
    """By client id, object id or resource id; without a name there is no system-assigned one."""
    make_site(clients)
    give(raw, f"{SITE}/chat-api", identity["id"])
    about = identity["properties"]
    values = {"client_id": about["clientId"], "mi_res_id": identity["id"]}
    status, body = token(cloud, header_of(cloud), **{name: values.get(name, about["principalId"])})
    assert status == 200
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (claims["oid"], claims["xms_mirid"]) == (about["principalId"], identity["id"])
    assert token(cloud, header_of(cloud))[0] == 400


def test_signalr_service_has_one_identity_of_either_kind(
    raw: Raw, cloud: LocalCloud, identity: dict[str, Any]
) -> None:
    """Microsoft: "The service supports only one managed identity"."""
    raw("PUT", raw.group + SIGNALR, FREE)
    assert give(raw, SIGNALR, identity["id"]).status == 202
    assert cloud.planes.instances["chat-1"].identity_id == identity["properties"]["principalId"]
    both = give(raw, SIGNALR, identity["id"], kind="SystemAssigned, UserAssigned")
    assert both.status == 400


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"type": "Borrowed"}, 400),
        ({"type": "UserAssigned"}, 400),
        ({"type": "UserAssigned", "userAssignedIdentities": "mine"}, 400),
        ({"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/x": {}}}, 400),
        ({"type": "none"}, 200),
    ],
)
def test_an_identity_that_cannot_be_given_is_refused(
    raw: Raw, clients: Clients, given: dict[str, Any], status: int
) -> None:
    """In Azure's format, and nothing changes."""
    make_site(clients)
    reply = raw("PATCH", f"{raw.group}{SITE}/chat-api", {"identity": given})
    assert reply.status == status


def test_giving_an_identity_needs_the_right_to_it(
    raw: Raw, clients: Clients, cloud: LocalCloud, identity: dict[str, Any]
) -> None:
    """Website Contributor changes the site, and does not become somebody else by that."""
    make_site(clients)
    site = f"{raw.group}{SITE}/chat-api"
    robot = cloud.call(cloud.entra.directory.create_identity, "robot")
    bearer = cloud.call(
        cloud.entra.tokens.issue, "https://management.azure.com", {"oid": robot, "appid": robot}
    )

    def assign(role: str, scope: str) -> None:
        id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}"
        made = Assignment(id_, scope, BY_NAME[role], robot)
        cloud.call(cloud.entra.tokens.roles.assign, made)

    assign("Website Contributor", site)
    its = Raw(cloud, token=bearer)
    assert give(its, f"{SITE}/chat-api", identity["id"]).code == "LinkedAuthorizationFailed"
    assign("Managed Identity Operator", identity["id"])
    assert give(its, f"{SITE}/chat-api", identity["id"]).status == 200


@pytest.mark.parametrize("attempt", IDENTITIES)
def test_an_app_gets_no_token_of_an_identity_it_does_not_have(
    raw: Raw, clients: Clients, cloud: LocalCloud, identity: dict[str, Any], attempt: str
) -> None:
    """400 or 403, and a sentence instead of a token."""
    make_site(clients)
    site = f"{SITE}/chat-api"
    give(raw, site, identity["id"], kind="SystemAssigned, UserAssigned")
    other = raw("PUT", f"{raw.group}{PATH}/other-id", {"location": "eastus2"}).body
    header = header_of(cloud)
    theirs = other["properties"]
    query: dict[str, str] = {}
    match attempt:
        case "no header":
            header = ""
        case "another app's header":
            header = header[::-1]
        case "an older header in the query":
            query = {"secret": header}
            header = ""
        case "another app's user-assigned identity, by client id":
            query = {"client_id": theirs["clientId"]}
        case "another app's user-assigned identity, by object id":
            query = {"object_id": theirs["principalId"]}
        case "another app's user-assigned identity, by resource id":
            query = {"mi_res_id": other["id"]}
        case "an identity that was taken away":
            raw("PATCH", raw.group + site, {"identity": {"type": "SystemAssigned"}})
            query = {"client_id": identity["properties"]["clientId"]}
        case "an identity that was deleted":
            raw("DELETE", identity["id"])
            query = {"client_id": identity["properties"]["clientId"]}
        case "client id of one and resource id of another":
            query = {"client_id": identity["properties"]["clientId"], "mi_res_id": other["id"]}
        case "a site's own resource id":
            query = {"mi_res_id": raw.group + site}
    status, body = token(cloud, header, **query)
    assert status in (400, 403)
    assert set(body) == {"statusCode", "message"}
