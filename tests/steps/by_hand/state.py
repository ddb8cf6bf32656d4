"""What there is in a subscription and in its directory, said so that two clouds can be compared."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from chatkit.cloud.connection import Cloud
from chatkit.core.settings import Names

GUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
DAY = re.compile(r"\b\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)?")
OF_THE_APP = "chat-history"  # made by the app with its first message, not by a step
SECRET_SETTING = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
VERSIONS = {
    "Microsoft.SignalRService/signalR": "2023-02-01",
    "Microsoft.Storage/storageAccounts": "2025-06-01",
    "Microsoft.Web/serverfarms": "2025-05-01",
    "Microsoft.Web/sites": "2025-05-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
}
# They are chosen anew each time, or tell when something was done.
CHANGING = {"etag", "lastModifiedTimeUtc", "createdDateTime", "creationTime", "keyId", "hint"}
# Each subscription has its own, and each run its ports.
OWN = re.compile(
    r"signalR/properties/(public|server)Port|serverfarms/properties/(mdmId|serverFarmId|webSpace)"
    r"|sites/properties/(customDomainVerificationId|webSpace)"
    # It names the app's address, which the section's check compares.
    r"|account/page/config\.json/md5"
)
Document = dict[str, Any]


class Asked:
    """One cloud, asked by somebody who may see everything."""

    def __init__(self, cloud: Cloud, names: Names) -> None:
        self.cloud = cloud
        self.names = names
        self._manager = cloud.rest(cloud.resource_manager)

    def addresses(self) -> dict[str, str]:
        """What this cloud's services are called, by what stands for it; "" for what is not."""
        site = self.resource("Microsoft.Web/sites", self.names.function_app)
        account = self.resource("Microsoft.Storage/storageAccounts", self.names.storage_account)
        instance = self.resource("Microsoft.SignalRService/signalR", self.names.signalr)
        endpoints = account.get("properties", {}).get("primaryEndpoints", {})
        properties = site.get("properties", {})
        hosts = [state["name"] for state in properties.get("hostNameSslStates") or ()]
        host = instance.get("properties", {})
        return {
            "{arm}": self.cloud.resource_manager.rstrip("/"),
            "{graph}": self.cloud.graph.rstrip("/"),
            "{authority}": self.cloud.authority.rstrip("/"),
            "{subscription}": self.cloud.subscription_id,
            "{tenant}": self.cloud.tenant_id,
            "{blob}": str(endpoints.get("blob", "")).rstrip("/"),
            "{web}": str(endpoints.get("web", "")).rstrip("/"),
            "{app}": str(properties.get("defaultHostName") or ""),
            "{scm}": next((one for one in hosts if one != properties["defaultHostName"]), ""),
            "{client}": self._client_id(),
            "{signalr}": f"{host.get('hostName')}:{host.get('publicPort')}" if host else "",
        }

    def state(self) -> dict[str, str]:
        """Everything there is: a path of names, and the text there."""
        found: Document = {"group": self.get(self._path(), "2025-04-01")}
        for kind, name in self._resources():
            found[kind.rpartition("/")[2]] = self.resource(kind, name)
        found |= {"account": self._account(), "app": self._app(), "entra": self._registration()}
        own = self._own()
        if SECRET_SETTING in found["app"].get("settings", {}):
            found["app"]["settings"][SECRET_SETTING] = "{secret}"
        flat = {"/".join(path): text for path, text in _flat(found)}
        plain = {_without(path, own): _without(text, own) for path, text in flat.items()}
        return {path: text for path, text in plain.items() if not OWN.fullmatch(path)}

    def resource(self, kind: str, name: str, below: str = "") -> Document:
        """A resource's document, empty when there is none."""
        return self.get(f"{self._path()}/providers/{kind}/{name}{below}", VERSIONS[kind])

    def get(self, path: str, version: str, *, method: str = "GET") -> Document:
        """A document of Resource Manager, empty when there is none."""
        answer = self._manager.send(method, f"{path}?api-version={version}")
        if answer.status_code == 404:
            return {}
        answer.raise_for_status()
        found: Document = answer.json()
        return found

    def key(self) -> str:
        """The storage account's first key, empty when there is no account."""
        path = f"{self._path()}/providers/Microsoft.Storage/storageAccounts"
        found = self.get(
            f"{path}/{self.names.storage_account}/listKeys", "2025-06-01", method="POST"
        )
        return str(found["keys"][0]["value"]) if found else ""

    def app_settings(self) -> dict[str, str]:
        """The deployed app's settings, secrets included."""
        site = f"{self._path()}/providers/Microsoft.Web/sites/{self.names.function_app}"
        found = self.get(f"{site}/config/appsettings/list", "2025-05-01", method="POST")
        return {str(name): str(value) for name, value in found.get("properties", {}).items()}

    def secret_id(self) -> str:
        """The id of the registration's secret, as the portal shows it."""
        (application,) = self._registration()["applications"]
        (secret,) = application["passwordCredentials"]
        return str(secret["keyId"])

    def _path(self) -> str:
        group = self.names.resource_group
        return f"/subscriptions/{self.cloud.subscription_id}/resourceGroups/{group}"

    def _resources(self) -> Iterator[tuple[str, str]]:
        names = self.names
        yield "Microsoft.SignalRService/signalR", names.signalr
        yield "Microsoft.Storage/storageAccounts", names.storage_account
        site = self.resource("Microsoft.Web/sites", names.function_app)
        plan = str(site.get("properties", {}).get("serverFarmId") or names.plan)
        yield "Microsoft.Web/serverfarms", plan.rpartition("/")[2]
        yield "Microsoft.Web/sites", names.function_app
        yield "Microsoft.ManagedIdentity/userAssignedIdentities", names.sign_in_identity

    def _account(self) -> Document:
        kind, name = "Microsoft.Storage/storageAccounts", self.names.storage_account
        if not self.resource(kind, name):
            return {}
        containers = self.resource(kind, name, "/blobServices/default/containers")
        names = {one["name"] for one in containers["value"]}
        return {
            "blobs": self.resource(kind, name, "/blobServices/default"),
            "containers": sorted(names - {OF_THE_APP}),
            "page": self._page(),
        }

    def _page(self) -> Document:
        """Every file of the website with what a browser is told about it."""
        account = self.resource("Microsoft.Storage/storageAccounts", self.names.storage_account)
        keyless = account["properties"].get("allowSharedKeyAccess") is False
        address = account["properties"]["primaryEndpoints"]["blob"]
        blobs = self.cloud.blobs(address, None if keyless else self.key())
        try:
            found = [*blobs.get_container_client("$web").list_blobs()]
        except ResourceNotFoundError:
            return {}
        return {
            blob.name: {
                "md5": base64.b64encode(bytes(blob.content_settings.content_md5 or b"")).decode(),
                "type": blob.content_settings.content_type,
                "cache": blob.content_settings.cache_control,
            }
            for blob in found
        }

    def _app(self) -> Document:
        kind, name = "Microsoft.Web/sites", self.names.function_app
        if not self.resource(kind, name):
            return {}
        functions = self.get(f"{self._path()}/providers/{kind}/{name}/functions", "2025-05-01")
        return {
            "web": self.resource(kind, name, "/config/web"),
            "settings": self.app_settings(),
            "auth": self.resource(kind, name, "/config/authsettingsV2"),
            "functions": sorted(one["name"] for one in functions["value"]),
            "roles": self._roles(),
        }

    def _roles(self) -> list[str]:
        """Who of the app's identities may do what, by the ends of role and scope."""
        path = f"{self._path()}/providers/Microsoft.Authorization/roleAssignments"
        found = self.get(path, "2022-04-01")
        site = self.resource("Microsoft.Web/sites", self.names.function_app)
        mine = (site.get("identity") or {}).get("principalId")
        return sorted(
            f"{one['properties']['roleDefinitionId'][-12:]} at"
            f" {one['properties']['scope'].rpartition('/')[2]}"
            for one in found["value"]
            if one["properties"]["principalId"] == mine
        )

    def _registration(self) -> Document:
        name = self.names.function_app
        graph = self.cloud.graph_rest()
        found: Document = {}
        for kind in ("applications", "servicePrincipals"):
            known = graph.get(f"/v1.0/{kind}?$filter=displayName eq '{name}'").json()["value"]
            documents = [{key: one[key] for key in one if key != "id"} for one in known]
            found[kind] = sorted(documents, key=lambda one: str(one.get("servicePrincipalType")))
        for application in found["applications"]:
            address = f"/v1.0/applications(appId='{application['appId']}')"
            trusted = graph.get(f"{address}/federatedIdentityCredentials").json()["value"]
            application["trusted"] = [
                {key: one[key] for key in one if key != "id"} for one in trusted
            ]
        return found

    def _client_id(self) -> str:
        found = self._registration()["applications"]
        return str(found[0]["appId"]) if found else ""

    def _own(self) -> dict[str, str]:
        """What every cloud has of its own, and what stands for it."""
        own = {value: name for name, value in self.addresses().items() if value}
        key = self.key()
        return {**own, key: "{key}"} if key else own


def _without(text: str, own: dict[str, str]) -> str:
    for value in sorted(own, key=len, reverse=True):
        text = text.replace(value, own[value])
    text = re.sub(r"Port=\d+", "Port={port}", re.sub(r"AccessKey=[^;]+", "AccessKey={key}", text))
    return DAY.sub("WHEN", GUID.sub("ID", text))


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            if name not in CHANGING:
                yield from _flat(inner, (*path, str(name)))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _flat(inner, (*path, str(number)))
    else:
        yield path, str(value)
