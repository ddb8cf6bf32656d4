"""Deployments of a function app as Resource Manager lists them; SCM makes them."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.core.type_names import SITES
from chatkit.localcloud.resource_manager.providers.web.resource import Site
from chatkit.localcloud.resource_manager.providers.web.shapes import child
from chatkit.localcloud.resource_manager.providers.web.sites import Sites

SHOWN = (
    "status",
    "message",
    "author",
    "deployer",
    "received_time",
    "start_time",
    "end_time",
    "active",
)


class SiteDeployments(Provider):
    """Read-outs of a site's deployments."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._sites = Sites(context)

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{SITES}/{{name}}/deployments"
        one = many + "/{deployment}"
        return [
            Route("GET", many, self.list_all, SITES, "WebApps_ListDeployments"),
            Route("GET", one, self.get, SITES, "WebApps_GetDeployment"),
            Route("GET", one + "/log", self.log, SITES, "WebApps_ListDeploymentLog"),
        ]

    async def list_all(self, call: Call) -> Answer:
        """All deployments, newest first."""
        document, records = self._records(call)
        return Answer(
            body={"value": [_shown(document, record) for record in records], "nextLink": None}
        )

    async def get(self, call: Call) -> Answer:
        """One deployment."""
        document, record = self._record(call)
        return Answer(body=_shown(document, record))

    async def log(self, call: Call) -> Answer:
        """One deployment with its log, line by line."""
        document, record = self._record(call)
        functions = self.context.planes.functions
        lines = functions.deployment_log(document["name"].lower(), record["id"])
        shown = _shown(document, record)
        shown["properties"]["details"] = "\n".join(
            f"{line['log_time']} {line['message']}" for line in lines
        )
        return Answer(body=shown)

    def _records(self, call: Call) -> tuple[Site, list[JsonObject]]:
        document = self._sites.one(call)
        return document, self.context.planes.functions.deployments(document["name"].lower())

    def _record(self, call: Call) -> tuple[Site, JsonObject]:
        document, records = self._records(call)
        wanted = call.params["deployment"]
        for record in records:
            if record["id"] == wanted.lower():
                return document, record
        raise errors.web_error(
            404,
            "NotFound",
            f"Deployment with id '{wanted}' does not exist.",
            wanted,
            extended_code="51004",
        )


def _shown(site: Site, record: JsonObject) -> JsonObject:
    values = {name: record[name] for name in SHOWN}
    values["message"] = record["status_text"] or record["message"]
    return child(site, f"deployments/{record['id']}", "deployments", {"id": record["id"], **values})
