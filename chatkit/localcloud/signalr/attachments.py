"""Instances that take the emulator's well-known key, as long as somebody asks for it.

`chatkit signalr start --attach` keeps a request to the control API open. When that ends, however it
ends, the instance is as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import SetupError
from chatkit.localcloud.core.connection_limits import connection_of
from chatkit.localcloud.signalr import emulator_settings, well_known
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.emulator_settings import Templates

PERIOD_S = 0.5
# How long the end of a connection may take to get here.
LEAVING_S = 0.3
Find = Callable[[str], Instance | None]


class Attachments:
    """Which instances take the key, and which upstream templates come before their own.

    Args:
        find: The running instance of a name.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._templates: dict[str, Templates] = {}
        self._specs: dict[str, InstanceSpec] = {}
        # By instance: set when who holds its key has left.
        self._left: dict[str, asyncio.Event] = {}

    def spec(self, given: InstanceSpec) -> InstanceSpec:
        """What an instance does: what Resource Manager says, and the key where it is attached."""
        self._specs[given.name] = given
        templates = self._templates.get(given.name)
        if templates is None:
            return given
        upstream = (*templates, *given.upstream)
        return replace(given, emulator_key=well_known.KEY, upstream=upstream)

    def forget(self, name: str) -> None:
        """An instance has gone."""
        self._templates.pop(name, None)
        self._specs.pop(name, None)

    async def attach(self, request: web.Request) -> web.StreamResponse:
        """Let an instance take the key until the caller goes."""
        instance = self._find(request.match_info["name"])
        if instance is None:
            return _refused(404, f"There is no SignalR instance {request.match_info['name']}.")
        name = instance.spec.name
        try:
            document = strict_json.loads(await request.read() or b"{}")
            templates = emulator_settings.from_document(document)
        except (SetupError, ValueError) as error:
            return _refused(400, str(error))
        if instance.spec.disable_local_auth:
            return _refused(409, f"Access keys are disabled on the SignalR instance {name}.")
        if not await self._is_free(name):
            return _refused(409, f"The SignalR instance {name} has the well-known key already.")
        self._templates[name] = templates
        left = self._left[name] = asyncio.Event()
        self._apply(name)
        try:
            return await self._hold(request, name)
        finally:
            self._templates.pop(name, None)
            self._apply(name)
            left.set()

    async def _is_free(self, name: str) -> bool:
        """Whether nobody holds the key of an instance.

        Waits for a caller who is leaving: one whose settings change comes back at once.
        """
        if name in self._templates:
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAVING_S):
                    await self._left[name].wait()
        return name not in self._templates

    def _apply(self, name: str) -> None:
        instance = self._find(name)
        if instance is not None:
            instance.apply(self.spec(self._specs[name]))

    async def _hold(self, request: web.Request, name: str) -> web.StreamResponse:
        """Answer a line, and then nothing until the caller or the instance has gone."""
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await answer.prepare(request)
        await answer.write(b"attached\n")
        connection = connection_of(request)
        while connection and self._find(name) is not None and name in self._templates:
            with suppress(TimeoutError):
                async with asyncio.timeout(PERIOD_S):
                    await connection.lost()
                    break
        return answer


def _refused(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
