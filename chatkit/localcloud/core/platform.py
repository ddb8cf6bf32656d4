"""What every service of the local cloud stands on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from chatkit.core import tls
from chatkit.core.home import check, version
from chatkit.core.home.version import Version
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

        Raises:
            HomeUnusable: A file is damaged, or this user cannot use it.
        """
        found = check.check_documents(folder)
        if version.read(folder) is None:
            # Before the store is made: from now on an empty one is noticed.
            begun = Version(tenant_id=found.tenant_id, subscription_id=found.subscription_id)
            version.write(folder, begun)
        store = Store(folder / "state.db")
        return cls(
            folder,
            store,
            certificates or tls.load(folder / "tls"),
            Listeners(StoredPorts(store), open_port=open_port),
            Trace(),
        )

    def note_start(self, *, tenant_id: str, subscription_id: str) -> None:
        """Remember which cloud has started in the folder."""
        with self.store.space_for_little():
            starts = self.store.count_start()
            known = Version(tenant_id=tenant_id, subscription_id=subscription_id, starts=starts)
            version.write(self.folder, known)

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
