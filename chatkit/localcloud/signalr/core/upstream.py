"""Upstream: what happens on a connection goes by HTTP to the app.

Each connection has its own order, and none waits for another. Follows Microsoft's page "Upstream
endpoints in Azure SignalR Service" and its upstream request format.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import aiohttp

from chatkit.localcloud.core.background import BackgroundTasks
from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.localcloud.core.web import read_whole
from chatkit.localcloud.signalr.core.connection import PROTOCOL_ERROR, Connection, State
from chatkit.localcloud.signalr.core.spec import InstanceSpec, UpstreamTemplate
from chatkit.wire.hub_messages import Completion, Invocation

log = logging.getLogger("chatkit.local.signalr")
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=100)
REFUSED = {401, 403}
# Claims that are the service's own, not the user's.
SYSTEM_CLAIMS = {"aud", "exp", "iat", "nbf", "iss"}
# Prefix that Microsoft's SDK gives a claim whose name a token needs for itself.
RENAMED = "asrs.u."
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# As .NET reads a token (JwtSecurityTokenHandler.DefaultInboundClaimTypeMap).
LONG_NAMES = {
    "birthdate": f"{SOAP}dateofbirth",
    "email": f"{SOAP}emailaddress",
    "family_name": f"{SOAP}surname",
    "gender": f"{SOAP}gender",
    "given_name": f"{SOAP}givenname",
    "nameid": f"{SOAP}nameidentifier",
    "sub": f"{SOAP}nameidentifier",
    "unique_name": f"{SOAP}name",
    "upn": f"{SOAP}upn",
    "website": f"{SOAP}webpage",
    "role": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    "roles": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
}
# What one connection may have waiting for a slow app.
MAX_WAITING_BYTES = 16 * 1024 * 1024
# What an event takes besides its body: many small ones are as much as a few large ones.
EVENT_BYTES = 1024
TOO_SLOW = "Invocation failed, error: the app is too slow, too much waits for it."


@dataclass(frozen=True)
class Event:
    """One thing to tell the app."""

    category: str
    name: str
    body: bytes
    url: str
    content_type: str = "application/json"
    invocation_id: str | None = None
    resource: str = ""


# Gets the token of a managed identity, by its object id and the resource that it is for.
IdentityToken = Callable[[str, str], str]


class _Queue:
    """What waits for the app, of one connection. Its connect and disconnect are always taken."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self._bytes = 0

    def put(self, event: Event) -> bool:
        size = _size_bytes(event)
        if event.category == "messages" and self._bytes + size > MAX_WAITING_BYTES:
            return False
        self.events.append(event)
        self._bytes += size
        return True

    def drop_first(self) -> None:
        self._bytes -= _size_bytes(self.events.popleft())


def _size_bytes(event: Event) -> int:
    return EVENT_BYTES + len(event.body) + len(event.url) + len(event.name)


class Upstream:
    """Sends the events of connections to the first template that matches.

    Args:
        spec: Of the instance.
        note: Takes events for the trace.
        identity_token: Gets the token that goes along where a template asks for one.
    """

    def __init__(
        self, spec: InstanceSpec, note: Callable[..., None], identity_token: IdentityToken
    ) -> None:
        self.spec = spec
        self._identity_token = identity_token
        self._note = note
        self._http: aiohttp.ClientSession | None = None
        self._queues: dict[str, _Queue] = {}
        self._workers = BackgroundTasks(spec.name, log)

    async def close(self) -> None:
        """End what is under way."""
        await self._workers.close()
        if self._http is not None:
            await self._http.close()

    def connected(self, connection: Connection) -> None:
        """The handshake is done."""
        self._connection_event(connection, "connected", {"type": 10})

    def disconnected(self, connection: Connection) -> None:
        """The transport has ended."""
        body: dict[str, object] = {"type": 11}
        if connection.close_error:
            body["error"] = connection.close_error
        self._connection_event(connection, "disconnected", body)

    def message(self, connection: Connection, message: Invocation) -> bool:
        """The client called a method; say whether a template matches."""
        template = self._template(connection, "messages", message.target)
        if template is None:
            return False
        protocol = connection.protocol
        assert protocol is not None
        # The app gets the message without the framing of the client's connection.
        (body,) = protocol.decoder().feed(protocol.serialize(message))
        content_type = "application/x-msgpack" if protocol.binary else "application/json"
        event = Event(
            "messages",
            message.target,
            body,
            resolve(template, connection.hub, "messages", message.target),
            content_type,
            message.invocation_id,
            template.resource,
        )
        self._put(connection, event)
        return True

    def _connection_event(self, connection: Connection, name: str, body: dict[str, object]) -> None:
        template = self._template(connection, "connections", name)
        if template is None:
            return
        url = resolve(template, connection.hub, "connections", name)
        content = json.dumps(body).encode()
        event = Event("connections", name, content, url, resource=template.resource)
        self._put(connection, event)

    def _template(
        self, connection: Connection, category: str, name: str
    ) -> UpstreamTemplate | None:
        """The first template that matches, None without one."""
        for template in self.spec.upstream:
            if matches(template, connection.hub, category, name):
                return template
        return None

    def _put(self, connection: Connection, event: Event) -> None:
        queue = self._queues.get(connection.id)
        if queue is not None:
            if not queue.put(event):
                self._complete(connection, event, TOO_SLOW)
            return
        queue = _Queue()
        queue.put(event)
        self._queues[connection.id] = queue
        self._workers.start(self._work(connection, queue))

    async def _work(self, connection: Connection, queue: _Queue) -> None:
        try:
            while queue.events:
                await self._deliver(connection, queue.events[0])
                queue.drop_first()
        finally:
            del self._queues[connection.id]

    async def _deliver(self, connection: Connection, event: Event) -> None:
        try:
            status, body = await self._post(connection, event)
        except (aiohttp.ClientError, LocalCloudError, OSError, ValueError) as error:
            self._note(
                "upstream",
                connection=connection.id,
                event=event.name,
                url=event.url,
                error=str(error),
            )
            self._complete(connection, event, f"Invocation failed, error: {error}.")
            return
        except asyncio.CancelledError:
            self._complete(connection, event, "Invocation failed, response cancelled.")
            raise
        self._note(
            "upstream", connection=connection.id, event=event.name, url=event.url, status=status
        )
        if event.category == "messages":
            self._answer(connection, event, status, body)
        elif event.name == "connected" and status in REFUSED:
            connection.close(PROTOCOL_ERROR)

    def _answer(
        self, connection: Connection, event: Event, status: int, body: bytes | None
    ) -> None:
        """Pass on what the app answered to a call: a message in the client's encoding, or none."""
        if status not in (200, 204):
            log.warning(
                "%s: upstream %s answered %s for event '%s'",
                self.spec.name,
                event.url.partition("?")[0],
                status,
                event.name,
            )
            self._complete(connection, event, f"Invocation failed, status code {status}")
        elif body is None:
            self._complete(connection, event, "Invocation failed, response too large.")
        elif body:
            self._note(
                "frame", direction="out", connection=connection.id, completes=event.invocation_id
            )
            connection.write(body)
        else:
            self._complete(connection, event, None)

    async def _post(self, connection: Connection, event: Event) -> tuple[int, bytes | None]:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession(timeout=TIMEOUT)
        headers = request_headers(self.spec, connection, event)
        if event.resource:
            token = self._identity_token(self.spec.identity_id, event.resource)
            headers["Authorization"] = f"Bearer {token}"
        async with self._http.post(
            event.url, data=event.body, headers=headers, allow_redirects=False
        ) as answer:
            if event.invocation_id is None or answer.status != 200:
                return answer.status, b""
            body = await read_whole(answer.content, limit_bytes=MAX_RESPONSE_BYTES)
            return answer.status, body

    def _complete(self, connection: Connection, event: Event, error: str | None) -> None:
        if event.invocation_id is not None and connection.state is State.OPEN:
            self._note(
                "frame",
                direction="out",
                connection=connection.id,
                completes=event.invocation_id,
                error=error,
            )
            connection.send(Completion(event.invocation_id, error=error))


def matches(template: UpstreamTemplate, hub: str, category: str, event: str) -> bool:
    """Say whether a template is for this event; patterns are `*`, a name, or names with commas."""
    pairs = (
        (template.hub_pattern, hub),
        (template.category_pattern, category),
        (template.event_pattern, event),
    )
    return all(_matches(pattern, value) for pattern, value in pairs)


def _matches(pattern: str, value: str) -> bool:
    names = [name.strip().lower() for name in pattern.split(",")]
    return pattern.strip() in ("", "*") or value.lower() in names


def resolve(template: UpstreamTemplate, hub: str, category: str, event: str) -> str:
    """The template's URL with its placeholders filled in, percent-encoded."""
    url = template.url_template
    for name, value in (("hub", hub), ("category", category), ("event", event)):
        url = url.replace("{" + name + "}", quote(value, safe=""))
    return url


def signature(spec: InstanceSpec, connection_id: str) -> str:
    """X-ASRS-Signature: one HMAC of the connection id per access key."""
    digests = (
        hmac.new(key.encode(), connection_id.encode(), hashlib.sha256).hexdigest().upper()
        for key in spec.access_keys
    )
    return ",".join(f"sha256={digest}" for digest in digests)


def request_headers(spec: InstanceSpec, connection: Connection, event: Event) -> dict[str, str]:
    """Headers of an upstream request. The client's access token never goes along."""
    headers = {
        "Content-Type": event.content_type,
        "X-ASRS-Connection-Id": connection.id,
        "X-ASRS-Hub": connection.hub,
        "X-ASRS-Category": event.category,
        "X-ASRS-Event": _one_line(event.name),
    }
    if spec.primary_key:  # there is nothing to sign with while access keys are disabled
        headers["X-ASRS-Signature"] = signature(spec, connection.id)
    if connection.user_id:
        headers["X-ASRS-User-Id"] = _one_line(connection.user_id)
    claims = user_claims(connection.claims)
    if claims:
        headers["X-ASRS-User-Claims"] = _one_line(
            ", ".join(f"{name}: {value}" for name, value in claims)
        )
    query = [
        (name, value)
        for name, value in parse_qsl(connection.query, keep_blank_values=True)
        if name.lower() not in ("access_token", "id")
    ]
    if query:
        headers["X-ASRS-Client-Query"] = "?" + urlencode(query)
    return headers


def user_claims(claims: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The user's own claims.

    Those the SDK had renamed get their names back, known ones their long .NET names.
    """
    found = []
    for name, value in claims.items():
        if name in SYSTEM_CLAIMS or (name.startswith("asrs.") and not name.startswith(RENAMED)):
            continue
        kind = name.removeprefix(RENAMED)
        values = value if isinstance(value, list) else [value]
        found += [(LONG_NAMES.get(kind, kind), _claim_text(item)) for item in values]
    return found


def _claim_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _one_line(text: str) -> str:
    """Text as a header may carry it: no control characters."""
    return CONTROL.sub(" ", text)
