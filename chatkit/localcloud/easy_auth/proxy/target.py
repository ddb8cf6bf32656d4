"""The app that sign-in stands in front of: an address of this machine."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.core.errors import SetupError
from chatkit.core.peers.listening_users import is_anothers
from chatkit.core.ports import HIGHEST
from chatkit.core.public_urls import LOOPBACK
from chatkit.localcloud.core.web import parts_of

DEFAULT_PORTS = {"http": 80, "https": 443}
EXAMPLE = "For example http://localhost:3000."


@dataclass(frozen=True)
class Target:
    """Where an app listens.

    Attributes:
        scheme: http or https. The certificate of an app on this machine proves nothing, and is not
            looked at.
        host: localhost, 127.0.0.1 or ::1.
    """

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read an address.

        Raises:
            SetupError: It is not an address, has a path, or is not on this machine.
        """
        parts = parts_of(text if "://" in text else f"http://{text}")
        if text.isdecimal():
            raise SetupError(
                f"{text} is no address of an app.", hint=f"For example http://localhost:{text}."
            )
        if parts is None or parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise SetupError(f"{text} is no address of an app.", hint=EXAMPLE)
        if parts.hostname not in LOOPBACK:
            raise SetupError(
                f"{parts.hostname} is not this machine: sign-in stands in front of local apps.",
                hint=EXAMPLE,
            )
        if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
            raise SetupError(
                f"{text} is more than scheme, host and port: sign-in stands in front of a whole"
                " app.",
                hint=EXAMPLE,
            )
        return cls(parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme])

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def origins(self) -> tuple[str, ...]:
        """Its origin under all names of this machine."""
        hosts = ("localhost", "127.0.0.1", "[::1]")
        return tuple(f"{self.scheme}://{host}:{self.port}" for host in hosts)

    def is_anothers(self) -> bool:
        """Whether a program of another user listens there.

        It would be told who is signed in, and get their tokens. What root runs (Docker's proxy, for
        example) may do everything anyway.
        """
        return is_anothers(self.port)

    @property
    def next_port(self) -> int:
        """Where people look for the sign-in in front of it."""
        return self.port + 1 if self.port < HIGHEST else self.port - 1
