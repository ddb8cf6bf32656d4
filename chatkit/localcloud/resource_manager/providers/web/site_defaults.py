"""What every site has in Azure and cannot be changed here.

No mounts, no backup, no custom host names.

Tools that read a whole site (Terraform, az) ask for all of it; writing any of it is answered 405.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.routing import GROUP, Handler, Route
from chatkit.localcloud.resource_manager.core.type_names import SITES
from chatkit.localcloud.resource_manager.providers.web.shapes import child, host_name
from chatkit.localcloud.resource_manager.providers.web.sites import Sites


class SiteDefaults(Provider):
    """Read-outs of a function app that are the same for every one."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._sites = Sites(context)

    def routes(self) -> list[Route]:
        """The operations."""
        site = GROUP + f"/providers/{SITES}/{{name}}"
        config = site + "/config"
        bindings = site + "/hostNameBindings"
        mounts = config + "/azurestorageaccounts/list"
        table: list[tuple[str, str, Handler, str]] = [
            ("POST", config + "/metadata/list", self.nothing, "WebApps_ListMetadata"),
            ("POST", mounts, self.nothing, "WebApps_ListAzureStorageAccounts"),
            ("POST", config + "/backup/list", self.no_backup, "WebApps_GetBackupConfiguration"),
            ("GET", bindings, self.bindings, "WebApps_ListHostNameBindings"),
            ("GET", site + "/virtualNetworkConnections", self.none, "WebApps_ListVnetConnections"),
        ]
        return [
            Route(method, template, handler, SITES, name)
            for method, template, handler, name in table
        ]

    async def nothing(self, call: Call) -> Answer:
        """A collection without entries."""
        name = call.path.rstrip("/").split("/")[-2]
        return Answer(body=child(self._sites.one(call), f"config/{name}", "config", {}))

    async def none(self, call: Call) -> Answer:
        """An empty list."""
        self._sites.one(call)
        return Answer(body=[])

    async def no_backup(self, call: Call) -> Answer:
        """404: there is no backup."""
        document = self._sites.one(call)
        message = f"Backup configuration not found for site '{document['name']}'."
        raise errors.web_error(404, "NotFound", message)

    async def bindings(self, call: Call) -> Answer:
        """The one host name that a site has."""
        document = self._sites.one(call)
        host = host_name(document)
        body = {"siteName": document["name"], "hostNameType": "Verified", "sslState": "Disabled"}
        entry = child(document, f"hostNameBindings/{host}", "hostNameBindings", body)
        return Answer(body={"value": [entry], "nextLink": None})
