"""Where a stage is open: one address and port, and the names under which it answers."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.core import ports
from chatkit.core.errors import PortInUse
from chatkit.localcloud.stage.order import PREFERRED_PORT, Order, OrderRefused

HTTP_PORT = 80
PREFERRED_TRIES = 20
REFUSAL = "Nothing but the stage answers at this address, and only under its own name."


@dataclass(frozen=True)
class Place:
    """One address.

    Attributes:
        host: An IPv4 address of this machine.
        port: The port.
    """

    host: str
    port: int

    @property
    def origin(self) -> str:
        """What browsers know it by."""
        if self.port == HTTP_PORT:
            return f"http://{self.host}"
        return f"http://{self.host}:{self.port}"

    def is_meant(self, host: str) -> bool:
        """Whether a Host header names it: the address itself, with its port.

        Every other name is refused. A page elsewhere cannot reach it by DNS rebinding.
        """
        full = f"{self.host}:{self.port}"
        return host == full or (self.port == HTTP_PORT and host == self.host)

    def token_host(self, host: str) -> str:
        """Under which name a client's token counts for a Host header; empty when it is refused.

        The app signs tokens for the instance's own address, which is localhost.
        """
        return "localhost" if self.is_meant(host) else ""


def bound(order: Order, before: int = 0) -> ports.Sockets:
    """A port at the order's address: the one that is wanted, or near 8080.

    Args:
        order: Says which.
        before: The port that the stage had, which phones know; 0 for none.

    Raises:
        OrderRefused: The address is not this machine's, or not for this user.
        PortInUse: Another program has the port.
    """
    wanted = [order.port]
    if not order.port:
        near = range(PREFERRED_PORT, PREFERRED_PORT + PREFERRED_TRIES)
        wanted = [*([before] if before else []), *near, 0]
    for port in wanted:
        try:
            return ports.bind_at(order.host, port, wanted_for="the stage")
        except PortInUse:
            if port == wanted[-1]:
                raise
        except OSError as error:
            why = f"{order.host} port {port or ''}".strip()
            raise OrderRefused(f"{why} cannot be opened: {error.strerror}.") from None
    raise AssertionError("there is always a port to try")
