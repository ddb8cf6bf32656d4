"""Where a stage is open: one address and port, and the names under which it answers."""

from __future__ import annotations

from dataclasses import dataclass

HTTP_PORT = 80
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
