"""SignalR Service with access keys switched off, and upstream templates with an identity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud
from tests.localcloud.resource_manager.providers.test_arm_tutorial import (
    make_site,
    make_storage,
)
from tests.localcloud.resource_manager.raw import Raw

CHAT = "/providers/Microsoft.SignalRService/SignalR/chat-1"
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}
URL = "https://chat.example/runtime/webhooks/signalr"


def switch(raw: Raw, *, keys: bool) -> None:
    """Enable or disable access keys."""
    body = {"properties": {"disableLocalAuth": not keys}}
    assert raw("PATCH", raw.group + CHAT, body).status == 202


def test_switching_keys_off_deletes_them(raw: Raw, cloud: LocalCloud, clients: Clients) -> None:
    """Nobody reads or renews them; switched on again, there are others."""
    raw("PUT", raw.group + CHAT, FREE)
    before = raw("POST", f"{raw.group}{CHAT}/listKeys").body
    switch(raw, keys=False)
    spec = cloud.planes.instances["chat-1"]
    assert (spec.primary_key, spec.secondary_key, bool(spec.token_key)) == ("", "", True)
    for action, body in (("listKeys", None), ("regenerateKey", {"keyType": "Primary"})):
        reply = raw("POST", f"{raw.group}{CHAT}/{action}", body)
        assert (reply.status, reply.code) == (403, "LocalAuthDisabled")
    switch(raw, keys=True)
    after = raw("POST", f"{raw.group}{CHAT}/listKeys").body
    assert {before["primaryKey"], before["secondaryKey"]}.isdisjoint(
        {after["primaryKey"], after["secondaryKey"]}
    )


def test_an_instance_can_be_made_without_keys(
    raw: Raw, cloud: LocalCloud, clients: Clients
) -> None:
    """From its first moment; another PUT keeps what its body says, and keys that are there."""
    raw("PUT", raw.group + CHAT, {**FREE, "properties": {"disableLocalAuth": True}})
    assert cloud.planes.instances["chat-1"].primary_key == ""
    raw("PUT", raw.group + CHAT, FREE)
    key = cloud.planes.instances["chat-1"].primary_key
    raw("PUT", raw.group + CHAT, FREE)
    assert key and cloud.planes.instances["chat-1"].primary_key == key


def upstream(auth: Any) -> dict[str, Any]:
    """An instance with one template."""
    templates = [{"urlTemplate": URL, "auth": auth}]
    return {**FREE, "properties": {"upstream": {"templates": templates}}}


@pytest.mark.parametrize(
    ("auth", "resource"),
    [
        (None, ""),
        ({"type": "None"}, ""),
        ({"type": "ManagedIdentity", "managedIdentity": {"resource": "api://chat"}}, "api://chat"),
    ],
)
def test_a_template_says_for_what_the_token_is(
    raw: Raw, cloud: LocalCloud, clients: Clients, auth: Any, resource: str
) -> None:
    """The data plane learns the resource, and which identity asks."""
    body = {**upstream(auth), "identity": {"type": "SystemAssigned"}}
    raw("PUT", raw.group + CHAT, body)
    shown = raw("GET", raw.group + CHAT).body
    spec = cloud.planes.instances["chat-1"]
    assert spec.upstream[0].resource == resource
    assert spec.identity_id == shown["identity"]["principalId"]
    assert shown["properties"]["upstream"]["templates"][0]["auth"] == auth


@pytest.mark.parametrize(
    "auth",
    [
        {"type": "ApiKey"},
        {"type": "ManagedIdentity"},
        {"type": "ManagedIdentity", "managedIdentity": {}},
        {"type": "ManagedIdentity", "managedIdentity": "api://chat"},
    ],
)
def test_a_template_with_authentication_that_is_none_is_refused(
    raw: Raw, clients: Clients, auth: Any
) -> None:
    """400, and no instance."""
    assert raw("PUT", raw.group + CHAT, upstream(auth)).status == 400


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("Chat__serviceUri", "https://chat-1.service.signalr.net", "http://localhost:{port}"),
        ("Chat__serviceUri", "https://CHAT-1.service.signalr.net/", "http://localhost:{port}"),
        ("Chat__serviceUri", "https://other.service.signalr.net", None),
        ("Chat__serviceUri", "https://chat-1.service.signalr.net.evil.example", None),
        (
            "Chat__serviceUri",
            "https://chatstore1.blob.core.windows.net",
            "https://localhost:1/chatstore1",
        ),
        (
            "AzureWebJobsStorage__blobServiceUri",
            "https://chatstore1.blob.core.windows.net/",
            "https://localhost:1/chatstore1",
        ),
        (
            "AzureWebJobsStorage__blobServiceUri",
            "https://elsewhere.blob.core.windows.net",
            None,
        ),
        ("AzureWebJobsStorage__accountName", "chatstore1", "https://localhost:1/chatstore1"),
        ("AzureWebJobsStorage__accountName", "elsewhere", None),
    ],
)
def test_settings_without_keys_name_services_of_this_cloud(
    raw: Raw, cloud: LocalCloud, clients: Clients, name: str, value: str, wanted: str | None
) -> None:
    """The app gets the address that the name means here; Resource Manager shows what was set."""
    raw("PUT", raw.group + CHAT, FREE)
    make_storage(clients)
    make_site(clients)
    settings = {"properties": {name: value}}
    update = clients.web.web_apps.update_application_settings
    assert update("class", "chat-api", settings).properties == {name: value}
    seen = cloud.planes.sites["chat-api"].app_settings
    port = cloud.planes.instances["chat-1"].port
    shown = seen.get("AzureWebJobsStorage__blobServiceUri", seen.get("Chat__serviceUri"))
    if wanted is None:
        assert shown in (value, None)
    else:
        assert shown == wanted.format(port=port)
    assert seen["AZURE_AUTHORITY_HOST"] == cloud.endpoints["authority"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            "Endpoint=https://chat-1.service.signalr.net;AuthType=azure.msi;Version=1.0;",
            "Endpoint=http://localhost:{port};AuthType=azure.msi;Version=1.0;",
        ),
        (
            "AuthType=azure; endpoint=https://CHAT-1.service.signalr.net/",
            "AuthType=azure; endpoint=http://localhost:{port}",
        ),
        (
            "BlobEndpoint=https://chatstore1.blob.core.windows.net/"
            ";SharedAccessSignature=sv=1&sig=x",
            "BlobEndpoint=https://localhost:1/chatstore1;SharedAccessSignature=sv=1&sig=x",
        ),
        (
            "AccountName=chatstore1;SharedAccessSignature=sv=1&sig=x",
            "AccountName=chatstore1;SharedAccessSignature=sv=1&sig=x"
            ";BlobEndpoint=https://localhost:1/chatstore1",
        ),
        ("Endpoint=https://other.service.signalr.net;AuthType=azure", None),
        ("ClientEndpoint=https://chat-1.service.signalr.net", None),
        ("Endpoint=https://chat-1.service.signalr.net.evil.example;AuthType=azure", None),
        ("https://chat-1.service.signalr.net", None),
        ("https://chatstore1.blob.core.windows.net/packages/a.zip?sig=x", None),
    ],
)
def test_connection_strings_name_services_of_this_cloud(
    raw: Raw, cloud: LocalCloud, clients: Clients, given: str, wanted: str | None
) -> None:
    """By Azure's domain, with and without keys; what names others stays as it is."""
    raw("PUT", raw.group + CHAT, FREE)
    make_storage(clients)
    make_site(clients)
    settings = {"properties": {"Chat": given}}
    clients.web.web_apps.update_application_settings("class", "chat-api", settings)
    port = cloud.planes.instances["chat-1"].port
    seen = cloud.planes.sites["chat-api"].app_settings["Chat"]
    assert seen == (wanted or given).format(port=port)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("https://chatstore1.blob.core.windows.net", "https://localhost:1/chatstore1"),
        ("https://chatstore1.blob.core.localhost:29169", "https://localhost:1/chatstore1"),
        ("https://chatstore1.blob.core.windows.net.evil.example", None),
        ("https://other.blob.core.windows.net", None),
    ],
)
def test_the_package_that_an_app_runs_is_found_in_this_cloud(
    raw: Raw, cloud: LocalCloud, clients: Clients, given: str, wanted: str | None
) -> None:
    """On the Consumption plan, by this cloud's name for an account (az) and by Azure's."""
    make_storage(clients)
    package = "/function-releases/a.zip?sp=r&sig=x"
    setting = {"name": "WEBSITE_RUN_FROM_PACKAGE", "value": given + package}
    linux = {"location": "eastus2", "kind": "functionapp,linux"}
    plan = raw.group + "/providers/Microsoft.Web/serverfarms/plan"
    raw("PUT", plan, {**linux, "sku": {"name": "Y1"}, "properties": {"reserved": True}})
    site = {"serverFarmId": plan, "siteConfig": {"appSettings": [setting]}}
    address = raw.group + "/providers/Microsoft.Web/sites/chat-api"
    assert raw("PUT", address, {**linux, "properties": site}).status in (200, 201)
    seen = cloud.planes.sites["chat-api"].app_settings["WEBSITE_RUN_FROM_PACKAGE"]
    assert seen == (wanted or given) + package


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("StorageAccountConnectionString", None),
        ("SystemAssignedIdentity", "system"),
        ("UserAssignedIdentity", "assigned"),
        ("UserAssignedIdentity of another", ""),
    ],
)
def test_the_deployment_setting_says_who_saves_the_package(
    raw: Raw, cloud: LocalCloud, clients: Clients, kind: str, wanted: str | None
) -> None:
    """An identity of the site, by its object id; with a connection string none."""
    make_site(clients)
    path = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/chat-id"
    clients.resources.providers.register("Microsoft.ManagedIdentity")
    assigned = raw("PUT", raw.group + path, {"location": "eastus2"}).body
    site = f"{raw.group}/providers/Microsoft.Web/sites/chat-api"
    before = raw("GET", site).body
    config = before["properties"]["functionAppConfig"]
    config["deployment"]["storage"]["authentication"] = {
        "type": kind.partition(" ")[0],
        "userAssignedIdentityResourceId": assigned["id"] + kind.partition(" ")[2],
        "storageAccountConnectionStringName": "X",
    }
    identity = {
        "type": "SystemAssigned, UserAssigned",
        "userAssignedIdentities": {assigned["id"]: {}},
    }
    body = {
        "location": before["location"],
        "kind": before["kind"],
        "identity": identity,
        "properties": {
            "serverFarmId": before["properties"]["serverFarmId"],
            "functionAppConfig": config,
        },
    }
    shown = raw("PUT", site, body).body["identity"]
    ids = {"system": shown["principalId"], "assigned": assigned["properties"]["principalId"]}
    container = cloud.planes.sites["chat-api"].package_container
    assert container is not None
    assert container.identity == (None if wanted is None else ids.get(wanted, wanted))
