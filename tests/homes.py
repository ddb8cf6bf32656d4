"""A workshop in a home of its own, for as long as a test or a file needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatkit.cloud import local_cloud
from chatkit.core import ports
from chatkit.localcloud.core.platform import StoredPorts
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.service import DEV_PORT
from chatkit.workshop import Workshop


@contextmanager
def workshop_in(home: Path) -> Iterator[Workshop]:
    """Open the workshop of a home, as everything in the block does; nothing runs at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(home))
        workshop = Workshop.open()
        try:
            yield workshop
        finally:
            switch_off(workshop)


def switch_off(workshop: Workshop) -> None:
    """End what runs for a workshop, as when its machine is switched off."""
    workshop.session.servers.stop_both()
    local_cloud.stop(workshop.home / "local")


def with_ports_of_its_own(where: Path) -> Path:
    """A local cloud's folder that gives the development storage a port which no other cloud wants.

    All clouds look for it at 10000 and the next ones: while one is down, another that starts then
    has its port.
    """
    where.mkdir(parents=True)
    with closing(Store(where / "state.db")) as store:
        StoredPorts(store).put(DEV_PORT, ports.any_free())
    return where
