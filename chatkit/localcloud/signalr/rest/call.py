"""One authenticated call of the REST API: what its path, query and body say."""

from __future__ import annotations

import codecs
import re
from typing import Any

from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.core.web import read_whole
from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import BODY_RULE, BadRequest, SignalRError
from chatkit.localcloud.signalr.core.hub import Hub
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.names import valid_group, valid_hub, valid_user
from chatkit.wire.hub_messages import Invocation

MAX_BODY_BYTES = 1024 * 1024


class Call:
    """One authenticated REST request."""

    def __init__(self, instance: Instance, request: web.Request, *, legacy: bool) -> None:
        self.instance = instance
        self.request = request
        self.legacy = legacy
        self._parts = request.match_info
        application = request.query.get("application", "")
        self.hub_name = valid_hub(self._parts["hub"])
        if application:
            self.hub_name = f"{application}_{self.hub_name}"

    @property
    def hub(self) -> Hub:
        return self.instance.connections.hub(self.hub_name)

    @property
    def user(self) -> str:
        return valid_user(self._parts["user"])

    @property
    def group(self) -> str:
        return valid_group(self._parts["group"])

    @property
    def connection(self) -> Connection | None:
        return self.hub.connections.get(self._parts["connection"])

    @property
    def excluded(self) -> list[str]:
        return self.request.query.getall("excluded", [])

    def done(self, legacy_status: int, status: int) -> web.Response:
        """An empty answer with the status of the API's generation."""
        return web.Response(status=legacy_status if self.legacy else status)

    async def message(self) -> Invocation:
        """The message in the body."""
        return message_of(await self.body())

    async def body(self) -> Any:
        """The body as JSON."""
        content = await read_whole(self.request.content, limit_bytes=MAX_BODY_BYTES)
        if content is None:
            raise SignalRError(413, "PayloadTooLarge", "The request body is larger than 1 MB.")
        content = content.removeprefix(codecs.BOM_UTF8)
        if not content.strip():
            raise BadRequest(BODY_RULE)
        try:
            return strict_json.loads(content)
        except ValueError as error:
            raise BadRequest("The request body is not valid JSON.") from error

    def ttl_s(self) -> float | None:
        """The time to live in the query, None without one."""
        text = self.request.query.get("ttl", "")
        if not text:
            return None
        return float(whole_number(text, "ttl"))


def message_of(body: Any) -> Invocation:
    """Read a message; its members in any case.

    Microsoft's own C# sample (AzureSignalR-samples, Serverless) sends `Target`.

    Raises:
        BadRequest: It has no target, or arguments that are no array.
    """
    if not isinstance(body, dict):
        raise BadRequest(BODY_RULE)
    members = {name.lower(): value for name, value in body.items()}
    target = members.get("target")
    arguments = members.get("arguments")
    if not isinstance(target, str) or not target:
        raise BadRequest("The target of the message is required.")
    if arguments is not None and not isinstance(arguments, list):
        raise BadRequest("The arguments of the message must be an array.")
    return Invocation(target, tuple(arguments or ()))


def whole_number(text: str, name: str, *, at_least: int = 0, at_most: int = 2**31 - 1) -> int:
    """A number in the query.

    Raises:
        BadRequest: It is not a whole number, or out of range.
    """
    if not re.fullmatch(r"[0-9]{1,10}", text) or not at_least <= int(text) <= at_most:
        raise BadRequest(f"{name} must be a whole number from {at_least} to {at_most}.")
    return int(text)
