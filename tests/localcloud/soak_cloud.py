"""A local cloud with a SignalR instance, a published app and a website, made with the kit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatkit.cloud import local_cloud
from chatkit.cloud.provision import signalr
from tests.localcloud.soak import Targets
from tests.web.deployed import finished_workshop


@contextmanager
def soak_cloud(home: Path) -> Iterator[Targets]:
    """Make everything in a home of its own; nothing runs at the end."""
    with finished_workshop(home, sign_in=True) as workshop:
        with workshop.session.step("Reading the connection string") as step:
            text = signalr.connection_string(step.stack)
        known = local_cloud.running(home / "local")
        assert known is not None
        yield Targets(known, text, str(workshop.api_base_url), str(workshop.web_url))
