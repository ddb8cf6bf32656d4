"""How guests come to the hub: who has a place, and whose connection it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakSet

from aiohttp import web

from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import QuotaExceeded
from chatkit.localcloud.stage.admission.lobby import Lobby, Place
from chatkit.localcloud.stage.guests import COOKIE, Guests

NO_PLACE = "The room is full. The page gets in by itself when somebody leaves."


@dataclass(frozen=True)
class Entrance:
    """Where connections to the hub come in.

    Attributes:
        guests: Who is who.
        lobby: Who waits for a place.
        connections: Those that came by the stage's address.
    """

    guests: Guests
    lobby: Lobby
    connections: WeakSet[Connection] = field(default_factory=WeakSet)

    def admit(self, headers: Mapping[str, str]) -> None:
        """Let a guest with a place connect.

        Raises:
            QuotaExceeded: Others are before them.
        """
        if not self.lobby.may_connect(self._who(headers)):
            raise QuotaExceeded(NO_PLACE)

    def note(self, connection: Connection, headers: Mapping[str, str]) -> None:
        """Remember whose a connection is."""
        self.connections.add(connection)
        self.lobby.entered(self._who(headers), connection)

    def disconnect(self) -> None:
        """End every connection."""
        for connection in [*self.connections]:
            connection.close()

    def _who(self, headers: Mapping[str, str]) -> str:
        """The id of a request's guest; empty for somebody without a cookie of this stage."""
        guest = self.guests.of(_cookie(headers.get("Cookie", "")))
        return guest.id if guest is not None else ""


def waits(place: Place) -> web.Response:
    """The room is full: a place in the line."""
    headers = {"Retry-After": str(-(-place.again_ms // 1000))}
    return web.json_response(place.document(), status=429, headers=headers)


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
