"""What Resource Manager acknowledges and Azure knows late: new resources, sites, settings."""

from __future__ import annotations

import re

from chatkit.core.time.propagation import HOST_NAME, LIST, SCM, SETTINGS
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Route

SITE = "Microsoft.Web/sites"
APP_SETTINGS = "/config/appsettings"
# These come from a cache of each region; a group's list of one type asks its provider (Azure/AKS
# #1964, Azure/azure-rest-api-specs#28600).
RESOURCES = "Microsoft.Resources/resources"
OF_SUBSCRIPTION = re.compile(r"^/subscriptions/[^/]+/providers/[^/]+/[^/]+/?$", re.IGNORECASE)


class Late:
    """Notes what calls change, and keeps what is new out of lists.

    Args:
        context: Its clock says how long.
        registry: Which types are resources.
    """

    def __init__(self, context: Context, registry: Registry) -> None:
        self._clock = context.clock
        self._resources = context.resources
        self._registry = registry

    def is_new(self, route: Route, call: Call) -> bool:
        """Whether a call, before it is carried out, would make a resource."""
        if route.method != "PUT" or self._registry.type_named(route.type) is None:
            return False
        is_whole = route.template.endswith("/{name}")
        return is_whole and self._resources.get(call.path.rstrip("/")) is None

    def note(self, route: Route, call: Call, *, is_new: bool) -> None:
        """Let what a call has changed be known late."""
        id_ = call.path.rstrip("/").lower()
        name = call.params.get("name", "")
        if route.method == "DELETE":
            self._clock.propagating.end(id_)
        elif is_new:
            self._clock.begin(LIST, id_)
            if route.type == SITE:
                self._clock.begin(HOST_NAME, name)
                self._clock.begin(SCM, name)
        elif route.method in ("PUT", "PATCH") and id_.endswith(APP_SETTINGS):
            self._clock.begin(SETTINGS, name)

    def hide(self, route: Route, call: Call, answer: Answer) -> None:
        """Leave out of a list what is too new for it."""
        body = answer.body
        if route.method != "GET" or not isinstance(body, dict):
            return
        if route.type != RESOURCES and OF_SUBSCRIPTION.match(call.path) is None:
            return
        listed = body.get("value")
        if isinstance(listed, list):
            body["value"] = [one for one in listed if not self._is_hidden(one)]

    def _is_hidden(self, entry: object) -> bool:
        id_ = entry.get("id") if isinstance(entry, dict) else None
        return isinstance(id_, str) and self._clock.is_late(LIST, id_)
