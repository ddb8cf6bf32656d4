"""What every service of the local cloud stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

from chatkit.core import tls
from chatkit.core.errors import NotWritten
from chatkit.core.home import check, version
from chatkit.core.home.state import COPY
from chatkit.core.home.version import Version
from chatkit.core.listeners import Listen, Listeners, Move, listen
from chatkit.core.running.addresses import follow
from chatkit.core.system.moving import remove
from chatkit.core.time import clock
from chatkit.core.time.clock import Mark
from chatkit.core.tls import Certificates
from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.core.trace import Trace

PORTS = "ports"
STEADY_TIME: Final = ("clock", "steady")
# After a start of the machine the mark is all that is known: it must not be old.
KEEP_EVERY_S: Final = 60.0


@dataclass(frozen=True)
class Platform:
    """Shared ground of the services.

    Attributes:
        folder: The local cloud's own folder; each service keeps its files in a folder below it.
        store: Durable documents.
        certificates: For TLS ports, and the CA file to hand to clients.
        listeners: Ports.
        trace: Structured events of what services do, bounded in memory.
        steady_time: For how long things last; over restarts, too.
    """

    folder: Path
    store: Store
    certificates: Certificates
    listeners: Listeners
    trace: Trace
    steady_time: SteadyTime

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
            SteadyTime(store),
        )

    def ca_bundle(self) -> Path:
        """A file of the authorities that apps trust: those of this machine's programs, and ours."""
        path = self.folder / "tls" / "bundle.pem"
        tls.write_trusted(path, self.certificates.ca_file)
        return path

    def note_start(self, *, tenant_id: str, subscription_id: str) -> None:
        """Remember which cloud has started in the folder."""
        with self.store.space_for_little():
            starts = self.store.count_start()
            known = Version(tenant_id=tenant_id, subscription_id=subscription_id, starts=starts)
            version.write(self.folder, known)

    def moved_ports(self) -> dict[int, int]:
        """The present port by each port that a service had before, and that none has now."""
        return StoredPorts(self.store).moved()

    def forget_deleted(self) -> None:
        """Leave nothing of deleted documents on the disk, in the second copy of them neither."""
        copy = self.folder / COPY
        if copy.exists():
            remove(copy)
            self.store.copy_to(copy)
        self.store.forget_deleted()

    async def close(self) -> None:
        """Close every port, and the store."""
        await self.listeners.close_all()
        self.steady_time.keep()
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


class SteadyTime:
    """Steady time goes on when the local cloud starts again, whatever the clock shows then.

    Leases, refresh tokens, operations and roles are kept with the steady time at which they end. A
    clock that was set a day back while the cloud was down would make them last a day longer.

    Args:
        store: Keeps a mark, which is brought up to date.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        known = store.get(*STEADY_TIME)
        if known is not None:
            clock.go_on_from(read_mark(known))
        self._kept_at = clock.elapsed()
        self.keep()

    def keep_when_due(self) -> None:
        """Write the mark, once a minute."""
        if clock.elapsed() - self._kept_at >= KEEP_EVERY_S:
            self.keep()

    def keep(self) -> None:
        """Write the mark. On a full disk the one before has to do."""
        self._kept_at = clock.elapsed()
        with suppress(NotWritten):
            self._store.put(*STEADY_TIME, asdict(clock.mark()))


def read_mark(document: Document) -> Mark:
    """The mark in a document of the store."""
    return Mark(float(document["steady"]), float(document["elapsed"]), str(document["boot"]))
