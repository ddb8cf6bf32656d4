"""What a presenter orders: where a stage opens, for how long, and what it shows."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from chatkit.core.running.reachable import new_token
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.rooms import Room

MAX_S = 24 * 3600
MAX_PEOPLE = 100_000
MAX_REHEARSING = 5_000
PREFERRED_PORT = 8080


class OrderRefused(ValueError):
    """An order that cannot be carried out; the text says why."""


@dataclass(frozen=True)
class Scaled:
    """The size of the instance, which was changed for the stage.

    Attributes:
        sku: What it has now.
        units: How many units of it.
        from_sku: What it had.
        from_units: How many units of that.
    """

    sku: str
    units: int
    from_sku: str
    from_units: int


@dataclass(frozen=True)
class Order:
    """One order.

    Attributes:
        host: An IPv4 address of this machine.
        port: The port; 0 for one that is free.
        for_s: How long.
        people: How many are expected; 0 when nothing was said.
        instance: The SignalR Service instance.
        hub: Its hub.
        site: The function app, for the deployed chat.
        account: The storage account of the page, for the deployed chat.
        page_url: The page, for the chat that runs on this machine.
        api_url: The functions, for the chat that runs on this machine.
        scaled: How the size of the instance was changed for this; None when it was not.
    """

    host: str
    port: int
    for_s: float
    people: int
    instance: str
    hub: str
    site: str = ""
    account: str = ""
    page_url: str = ""
    api_url: str = ""
    scaled: Scaled | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Order:
        """Read what was sent, or kept.

        Raises:
            OrderRefused: The document is malformed.
        """
        try:
            scaled = document.get("scaled")
            order = cls(**{**document, "scaled": Scaled(**scaled) if scaled else None})
            host = ipaddress.IPv4Address(order.host)
        except (TypeError, ValueError):
            raise OrderRefused("A stage opens at one IPv4 address of this machine.") from None
        if host.is_unspecified or host.is_multicast:
            raise OrderRefused("A stage opens at one address of this machine, not at all of them.")
        if not 0 <= order.port <= 65535:
            raise OrderRefused("A port is a number from 0 to 65535.")
        if not (math.isfinite(order.for_s) and 0 < order.for_s <= MAX_S):
            raise OrderRefused("A stage is open for at most 24 hours.")
        if not 0 <= order.people <= MAX_PEOPLE:
            raise OrderRefused(f"A stage is for at most {MAX_PEOPLE} people.")
        return order

    @property
    def is_deployed(self) -> bool:
        """Whether it shows the deployed chat."""
        return bool(self.site)

    @property
    def room(self) -> Room:
        """The chat that it shows, for a drill that concerns it."""
        port = urlsplit(self.api_url).port
        return rooms.read({**self.document(), "functions_port": port})

    def document(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Kept:
    """A stage that was opened, as the store keeps it.

    Attributes:
        order: What was ordered, with the port that it has.
        until: Steady time at which it ends.
        interface: The network interface that has its address; empty for loopback.
        key: Signs the cookies of its guests.
        token: Makes those that open the presenter's powers.
    """

    order: Order
    until: float
    interface: str
    key: str = field(repr=False)
    token: str = field(repr=False)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Kept:
        """Read what the store keeps.

        Raises:
            OrderRefused: The document is malformed.
        """
        return cls(
            Order.read(document["order"]),
            float(document["until"]),
            str(document["interface"]),
            str(document["key"]),
            str(document.get("token") or new_token()),  # kept by a version without powers
        )

    def token_at(self, port: int) -> str:
        """What opens the powers at a port of the screen.

        Something else may get the port while the local cloud is down, which is at another one then.
        Were the token the same there, what the page proves to the one would open the other.
        """
        return hmac.new(self.token.encode(), str(port).encode(), hashlib.sha256).hexdigest()

    def document(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)


def rehearsing_people(document: object) -> int:
    """How many take part in a rehearsal.

    Raises:
        OrderRefused: There is no such number.
    """
    people = document.get("people") if isinstance(document, dict) else None
    if type(people) is not int or not 1 <= people <= MAX_REHEARSING:
        raise OrderRefused(f"A rehearsal is for 1 to {MAX_REHEARSING} people.")
    return people
