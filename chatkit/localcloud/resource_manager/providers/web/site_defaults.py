"""What every site has in Azure and nobody can change here: no mounts, no backup, no custom host names, logs at their defaults.

Tools that read a whole site (Terraform, az) ask for all of it; writing any of it is answered 405.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, Operation, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.web.rules import SITES
from chatkit.localcloud.resource_manager.providers.web.shapes import child, host_name

OFF = {"enabled": False, "retentionInDays": None}
LOGS: Document = {
    "applicationLogs": {
        "fileSystem": {"level": "Off"},
        "azureTableStorage": {"level": "Off", "sasUrl": None},
        "azureBlobStorage": {"level": "Off", "sasUrl": None, "retentionInDays": None},
    },
    "httpLogs": {
        "fileSystem": {**OFF, "retentionInMb": 35},
        "azureBlobStorage": {**OFF, "sasUrl": None},
    },
    "failedRequestsTracing": {"enabled": False},
    "detailedErrorMessages": {"enabled": False},
}


class SiteDefaults:
    """Read-outs of a function app that are the same for every one."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """The operations."""
        site = GROUP + f"/providers/{SITES}/{{name}}"
        config, bindings = site + "/config", site + "/hostNameBindings"
        table: list[tuple[str, str, Operation, str]] = [
            ("GET", config + "/logs", self.logs, "WebApps_GetDiagnosticLogsConfiguration"),
            ("POST", config + "/metadata/list", self.nothing, "WebApps_ListMetadata"),
            (
                "POST",
                config + "/azurestorageaccounts/list",
                self.nothing,
                "WebApps_ListAzureStorageAccounts",
            ),
            ("POST", config + "/backup/list", self.no_backup, "WebApps_GetBackupConfiguration"),
            ("GET", bindings, self.bindings, "WebApps_ListHostNameBindings"),
            ("GET", site + "/virtualNetworkConnections", self.none, "WebApps_ListVnetConnections"),
        ]
        return [
            Route(method, template, handler, SITES, name)
            for method, template, handler, name in table
        ]

    async def logs(self, call: Call) -> Answer:
        """Log settings: what the app writes is in the local cloud's own log."""
        return Answer(
            body=child(self._context.resource(call, SITES), "config/logs", "config", LOGS)
        )

    async def nothing(self, call: Call) -> Answer:
        """A collection without entries."""
        name = call.path.rstrip("/").split("/")[-2]
        return Answer(
            body=child(self._context.resource(call, SITES), f"config/{name}", "config", {})
        )

    async def none(self, call: Call) -> Answer:
        """An empty list."""
        self._context.resource(call, SITES)
        return Answer(body=[])

    async def no_backup(self, call: Call) -> Answer:
        """404: there is no backup."""
        document = self._context.resource(call, SITES)
        raise errors.web_error(
            404, "NotFound", f"Backup configuration not found for site '{document['name']}'."
        )

    async def bindings(self, call: Call) -> Answer:
        """The one host name that a site has."""
        document = self._context.resource(call, SITES)
        host = host_name(document)
        body = {"siteName": document["name"], "hostNameType": "Verified", "sslState": "Disabled"}
        entry = child(document, f"hostNameBindings/{host}", "hostNameBindings", body)
        return Answer(body={"value": [entry], "nextLink": None})
