"""Whom a drill concerns: the parts of one chat, or every chat of the local cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DEVELOPMENT_ACCOUNT = "devstoreaccount1"

Part = tuple[str, str]
"""What a part is, and its name: ("site", "chat-1a2b")."""


def hub(instance: str, name: str) -> Part:
    """A hub of a SignalR Service instance."""
    return ("hub", f"{instance}/{name}".lower())


def site(name: str) -> Part:
    """A deployed function app."""
    return ("site", name.lower())


def account(name: str) -> Part:
    """A storage account, with its website."""
    return ("account", name.lower())


def local_run(port: int) -> Part:
    """Functions that run on this machine."""
    return ("run", str(port))


@dataclass(frozen=True)
class Room:
    """One chat.

    Attributes:
        parts: What it consists of; None for everything that there is.
    """

    parts: frozenset[Part] | None

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Room:
        """The chat that consists of some parts; those without a name are left out."""
        return cls(frozenset(part for part in parts if part[1] and not part[1].startswith("/")))

    def has(self, part: Part) -> bool:
        """Whether a part is one of it."""
        return self.parts is None or part in self.parts

    def meets(self, other: Room) -> bool:
        """Whether the two have a part in common."""
        if self.parts is None or other.parts is None:
            return True
        return not self.parts.isdisjoint(other.parts)


EVERYWHERE = Room(None)


def read(document: Mapping[str, Any]) -> Room:
    """The chat that somebody names: {"instance", "hub", "site", "account", "functions_port"}.

    What it does not have is left out, or empty. Its functions on this machine keep their history in
    the development account, and its deployed ones in the account of the page.
    """

    def name(key: str) -> str:
        return str(document.get(key) or "")

    parts = [hub(name("instance"), name("hub")), site(name("site")), account(name("account"))]
    if document.get("functions_port"):
        parts += [local_run(int(document["functions_port"])), account(DEVELOPMENT_ACCOUNT)]
    return Room.of(parts)
