"""What every service of the local cloud stands on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from chatkit.core import tls
from chatkit.core.listeners import Listen, Listeners, listen
from chatkit.core.tls import Certificates
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.core.trace import Trace

PORTS = "ports"


@dataclass(frozen=True)
class Platform:
    """Shared ground of the services.

    Attributes:
        folder: The local cloud's own folder; each service keeps its files in a folder below it.
        store: Durable documents.
        certificates: For TLS ports, and the CA file to hand to clients.
        listeners: Ports.
        trace: Structured events of what services do, bounded in memory.
    """

    folder: Path
    store: Store
    certificates: Certificates
    listeners: Listeners
    trace: Trace

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        certificates: Certificates | None = None,
        open_port: Listen = listen,
    ) -> Platform:
        """Open what a folder holds, making it on first use.

        Args:
            folder: The local cloud's own folder.
            certificates: Instead of those in the folder; tests share them.
            open_port: Opens a server at a port; in a test, in memory.
        """
        store = Store(folder / "state.db")
        return cls(
            folder,
            store,
            certificates or tls.load(folder / "tls"),
            Listeners(StoredPorts(store), open_port=open_port),
            Trace(),
        )

    async def close(self) -> None:
        """Close every port, and the store."""
        await self.listeners.close_all()
        self.store.close()


class StoredPorts:
    """Which service has which port, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, owner: str) -> int | None:
        """The owner's port, None when it has none yet."""
        known = self._store.get(PORTS, owner)
        if known is None:
            return None
        return int(known["port"])

    def put(self, owner: str, port: int) -> None:
        """Remember the owner's port."""
        self._store.put(PORTS, owner, {"port": port})

    def delete(self, owner: str) -> None:
        """Forget the owner's port."""
        self._store.delete(PORTS, owner)

    def taken(self) -> Collection[int]:
        """The ports of all owners."""
        return {int(value["port"]) for _, value in self._store.items(PORTS)}
