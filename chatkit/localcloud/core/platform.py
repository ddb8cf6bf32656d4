"""What every service of the local cloud stands on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatkit.core.listeners import Listeners
from chatkit.core.tls import Certificates
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.core.trace import Trace


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
