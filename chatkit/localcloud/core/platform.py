"""What every service of the local cloud stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from chatkit.core import tls
from chatkit.core.home import check, version
from chatkit.core.home.version import Version
from chatkit.core.listeners import Listen, Listeners, Move, listen
from chatkit.core.running.addresses import follow
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
        addressed: Sequence[str] = (),
    ) -> Platform:
        """Open what a folder holds, making it on first use.

        Args:
            folder: The local cloud's own folder.
            certificates: Instead of those in the folder; tests share them.
            open_port: Opens a server at a port; in a test, in memory.
            addressed: Collections of the store whose documents name addresses of this cloud. They
                follow when a port moves, as if the host's name had stayed.

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
            Listeners(StoredPorts(store, addressed), open_port=open_port),
            Trace(),
        )

    def note_start(self, *, tenant_id: str, subscription_id: str) -> None:
        """Remember which cloud has started in the folder."""
        with self.store.space_for_little():
            starts = self.store.count_start()
            known = Version(tenant_id=tenant_id, subscription_id=subscription_id, starts=starts)
            version.write(self.folder, known)

    def moved_ports(self) -> dict[int, int]:
        """The present port by each port that a service had before, and that none has now."""
        return StoredPorts(self.store).moved()

    async def close(self) -> None:
        """Close every port, and the store."""
        await self.listeners.close_all()
        self.store.close()


class StoredPorts:
    """Which service has which port, in the store.

    Args:
        store: Keeps the ports, and the ports that an owner had before.
        addressed: Collections whose documents follow when a port moves.
    """

    def __init__(self, store: Store, addressed: Sequence[str] = ()) -> None:
        self._store = store
        self._addressed = addressed

    def get(self, owner: str) -> int | None:
        """The owner's port, None when it has none yet."""
        known = self._store.get(PORTS, owner)
        if known is None:
            return None
        return int(known["port"])

    def put(self, owner: str, port: int) -> None:
        """Remember the owner's port."""
        with self._store.transaction():
            self._take_over(port)
            self._store.put(PORTS, owner, {"port": port})

    def delete(self, owner: str) -> None:
        """Forget the owner's port."""
        self._store.delete(PORTS, owner)

    def all(self) -> Mapping[str, int]:
        """The ports of all owners."""
        return {owner: int(value["port"]) for owner, value in self._store.items(PORTS)}

    def move(self, moves: Sequence[Move]) -> None:
        """Remember new ports, and let every document follow, all or none of them."""
        with self._store.transaction():
            for move in moves:
                self._take_over(move.now)
                known = self._store.get(PORTS, move.owner) or {}
                before = [*known.get("before", ()), move.before]
                self._store.put(PORTS, move.owner, {"port": move.now, "before": before})
            moved = {move.before: move.now for move in moves}
            for collection in self._addressed:
                for key, document in [*self._store.items(collection)]:
                    changed = follow(document, moved)
                    if changed != document:
                        self._store.put(collection, key, cast(dict[str, Any], changed))

    def moved(self) -> dict[int, int]:
        """The present port by each port that its owner had before, and that nobody has now."""
        return {
            int(before): int(value["port"])
            for _, value in self._store.items(PORTS)
            for before in value.get("before", ())
        }

    def _take_over(self, port: int) -> None:
        """Let an address with this port mean its new owner, and nobody who had it before."""
        for owner, value in [*self._store.items(PORTS)]:
            before = value.get("before", ())
            if port in before:
                kept = [one for one in before if one != port]
                self._store.put(PORTS, owner, {**value, "before": kept})
