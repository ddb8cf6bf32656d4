"""Who may call what: master, function and extension keys.

Follows Microsoft's page "Work with access keys in Azure Functions".
"""

from __future__ import annotations

from aiohttp import web

from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.host.spec import HostKeys


def given_key(request: web.Request) -> str:
    """The key of a request: the header first, else the query."""
    return request.headers.get("x-functions-key") or request.query.get("code") or ""


def is_admin(request: web.Request, keys: HostKeys | None) -> bool:
    """Whether the caller holds the master key. Without keys (a local run) everyone does."""
    return keys is None or is_same_secret(given_key(request), keys.master)


def may_call(request: web.Request, function: Function, keys: HostKeys | None) -> bool:
    """Check a function's authorization level."""
    if function.auth_level == "anonymous" or is_admin(request, keys):
        return True
    if function.auth_level == "admin" or keys is None:
        return False
    key = given_key(request)
    own = keys.own_keys.get(function.name.lower(), {})
    # A list, not a generator: all are compared, so that time does not tell which one it was.
    return any(
        [is_same_secret(key, known) for known in (*keys.function_keys.values(), *own.values())]
    )


def may_call_extension(request: web.Request, keys: HostKeys | None, name: str) -> bool:
    """Check an extension's system key."""
    if is_admin(request, keys):
        return True
    return keys is not None and is_same_secret(given_key(request), keys.system_keys.get(name, ""))
