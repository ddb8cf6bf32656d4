"""`/runtime/webhooks/signalr`: where SignalR Service calls the app for `signalRTrigger`.

Follows Microsoft's page "Upstream endpoints in Azure SignalR Service" and the extension's request handling.
"""

from __future__ import annotations

from aiohttp import web

from chatkit.localcloud.functions.host import FunctionHost
from chatkit.localcloud.functions.spec import HostKeys

PREFIX = "/runtime/webhooks/"


async def handle(request: web.Request, host: FunctionHost, keys: HostKeys | None) -> web.Response:
    """Answer one webhook request."""
    return web.Response(status=404)
