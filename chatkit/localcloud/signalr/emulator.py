"""One SignalR Service instance on its own, in the place of Microsoft's emulator.

It needs no local cloud and no home: port 8888, the key that every sample has, `settings.json`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from chatkit.core import descriptors, listeners, ports
from chatkit.core.errors import SetupError
from chatkit.core.running.until_interrupted import until_interrupted
from chatkit.localcloud.core.log_limits import log_to_terminal
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.signalr import emulator_settings, well_known
from chatkit.localcloud.signalr.core.errors import Unauthorized
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.edge import server
from chatkit.localcloud.signalr.emulator_settings import Templates, upstream_lines
from chatkit.localcloud.signalr.heartbeat import beat

WANTED_FOR = "the SignalR emulator"
LOOK_S = 0.5
# The emulator has no quotas. This is more than one machine's connections.
UNITS = 100


@dataclass(frozen=True)
class Emulator:
    """What the command line has said.

    Attributes:
        port: The port; 0 for any free one.
        settings: The settings file; it may be missing, and appear later.
        echo: Takes lines for the person.
    """

    port: int
    settings: Path
    echo: Callable[[str], None] = print

    def run(self) -> None:
        """Serve until Ctrl+C.

        Raises:
            PortInUse: Another program has the port.
            SetupError: The settings cannot be read, or this user may not have the port.
        """
        templates = emulator_settings.read(self.settings)
        try:
            sockets = ports.bind(self.port, wanted_for=WANTED_FOR)
        except PermissionError:
            raise ports.not_allowed(self.port, wanted_for=WANTED_FOR) from None
        descriptors.raise_limit()
        with log_to_terminal():
            serving = self.serve(sockets, templates)
            folder = self.settings.parent
            asyncio.run(until_interrupted(serving, home=None, kind="signalr", folders=[folder]))

    async def serve(self, sockets: ports.Sockets, templates: Templates) -> None:
        """Serve on sockets of `ports.bind` until this task is cancelled."""
        wanted = spec(ports.port_of(sockets), templates)
        instance = Instance(wanted, Trace(), _NoEntra(), _no_identity)
        async with AsyncExitStack() as on_end:
            listener = await listeners.listen_on(sockets, server(instance, tls=None))
            on_end.push_async_callback(listener.close)
            on_end.push_async_callback(instance.close)
            clock = asyncio.create_task(beat(lambda: [instance]))
            on_end.callback(clock.cancel)
            for line in introduction(instance.spec.port, self.settings, templates):
                self.echo(line)
            async for changed in changes(self.settings, templates, self.echo):
                instance.apply(replace(instance.spec, upstream=changed))


class _NoEntra:
    """Nobody has a role here: there is no tenant."""

    def check(self, spec: InstanceSpec, token: str, action: str) -> Claims:
        raise Unauthorized("Microsoft Entra authentication is disabled on this resource")


def _no_identity(_object_id: str, _resource: str) -> str:
    raise ValueError("the emulator has no managed identity")


def spec(port: int, templates: Templates) -> InstanceSpec:
    """The instance that every sample expects."""
    return InstanceSpec(
        "emulator",
        port,
        well_known.KEY,
        "",
        token_key=secrets.token_urlsafe(32),
        sku="Premium_P1",
        capacity=UNITS,
        upstream=templates,
    )


def introduction(port: int, settings: Path, templates: Templates) -> list[str]:
    """What a person has to know of an emulator that serves."""
    return [
        f"The SignalR emulator listens on http://localhost:{port}. Its connection string is",
        "",
        well_known.connection_string(port),
        "",
        *upstream_lines(settings, templates),
        "Ctrl+C ends it.",
    ]


async def changes(
    settings: Path, known: Templates, echo: Callable[[str], None]
) -> AsyncIterator[Templates]:
    """Yield the templates whenever the file has changed to others.

    Templates that cannot be read are told once, and those from before stay in force.
    """
    seen = _stamp(settings)
    while True:
        await asyncio.sleep(LOOK_S)
        stamp = _stamp(settings)
        if stamp == seen:
            continue
        seen = stamp
        try:
            found = emulator_settings.read(settings)
        except SetupError as error:
            echo(f"{error} The settings from before stay in force.")
            continue
        if found != known:
            known = found
            for line in upstream_lines(settings, found):
                echo(line)
            yield found


def _stamp(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_mtime_ns, status.st_size
    return None
