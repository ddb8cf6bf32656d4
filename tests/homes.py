"""A workshop in a home of its own, for as long as a test or a file needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit.cloud import local_cloud
from chatkit.steps.local_servers import FUNCTIONS, PAGE
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
    for server in (FUNCTIONS, PAGE):
        workshop.session.servers.stop(server)
    local_cloud.stop(workshop.home / "local")
