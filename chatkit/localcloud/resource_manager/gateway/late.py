"""Changes that take effect late on Azure: new resources, sites, settings."""

from __future__ import annotations

from chatkit.core.time.propagation import (
    APP_HOST,
    BLOB_HOST,
    HOST_NAME,
    LIST,
    SCM,
    SETTINGS,
    SIGNALR_HOST,
)
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Route
from chatkit.localcloud.resource_manager.core.type_names import SIGNALR, SITES, STORAGE

APP_SETTINGS = "/config/appsettings"
HOSTS = {
    SITES: APP_HOST,
    STORAGE: BLOB_HOST,
    SIGNALR: SIGNALR_HOST,
}


class Late:
    """Notes what calls change.

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
        if is_new:
            self._clock.begin(LIST, id_)
            if route.type in HOSTS:
                self._clock.begin(HOST_NAME, HOSTS[route.type].format(name))
            if route.type == SITES:
                self._clock.begin(SCM, name)
        elif route.method in ("PUT", "PATCH") and id_.endswith(APP_SETTINGS):
            self._clock.begin(SETTINGS, name)
