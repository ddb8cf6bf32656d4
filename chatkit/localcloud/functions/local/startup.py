"""The start of a local run, before its server: read the settings, let the app's process import.

This module is light on purpose: while the app is imported, the server's own modules load.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.core import ports
from chatkit.core.running.reachable import new_token
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host import no_functions
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.local import interpreters, local_settings
from chatkit.localcloud.functions.local.local_settings import LocalSettings
from chatkit.localcloud.functions.triggers.timer_clock import TimerClock
from chatkit.localcloud.functions.worker_process.worker import Worker, WorkerOptions

if TYPE_CHECKING:
    from chatkit.localcloud.easy_auth.local.options import SignInOptions

DEFAULT_PORT = 7071
WORKSHOP_IDLE_AFTER_S = 30.0
"""A workshop's functions on this machine are called while their section is read, then hardly."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class LocalOptions:
    """Options of the command line; None means local.settings.json's value, then the default.

    Without `sign_in` nothing stands in front of the app, as with Core Tools. `development_storage`
    is the connection string that `UseDevelopmentStorage=true` stands for; empty: port 10000.
    `drills` is where the local cloud of the home keeps drills, which concern this run, too.
    `idle_after_s` is how long nobody calls the app before its process is ended until the next call;
    Core Tools keep it for ever. `shell` has the variables of who started the run, `token` lets the
    local cloud of the home ask for the run's trace.
    """

    port: int | None = None
    address: str = "localhost"
    cors: str | None = None
    cors_credentials: bool | None = None
    echo: Callable[[str], None] = print
    clock: TimerClock = field(default_factory=TimerClock)
    sign_in: SignInOptions | None = None
    development_storage: str = field(default="", repr=False)
    drills: Path | None = None
    idle_after_s: float | None = None
    shell: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    token: str = field(default_factory=new_token, repr=False)

    def settings_of(self, folder: Path) -> LocalSettings:
        """Read an app's local.settings.json.

        Raises:
            AppInvalid: It is malformed.
        """
        storage = self.development_storage
        return local_settings.load(folder, self.shell, development_storage=storage)


@dataclass(frozen=True)
class Prepared:
    """Everything that decides how an app runs.

    Attributes:
        folder: App root.
        options: What the command line said.
        settings: What local.settings.json said at the start.
        console: Where the run writes.
        port: The port it will have; 0 for any free one.
        sockets: Those that listen on the port already; none before `take_port`.
        worker: A child that loads the app already; None when it is yet to be started.
        trace: What the run keeps of its requests.
    """

    folder: Path
    options: LocalOptions
    settings: LocalSettings
    console: Console
    port: int
    sockets: ports.Sockets = field(default_factory=list)
    worker: Worker | None = None
    trace: Trace = field(default_factory=Trace, repr=False, compare=False)

    def close(self) -> None:
        """Leave the port."""
        for sock in self.sockets:
            sock.close()


def prepare(folder: Path, options: LocalOptions) -> Prepared:
    """Read what decides how the app runs.

    Raises:
        AppInvalid: No app there, malformed settings, an address that is not this machine's.
    """
    if options.address not in LOOPBACK:
        raise AppInvalid(f"The local host listens on this machine only, not on {options.address}.")
    if not (folder / "host.json").is_file():
        raise AppInvalid(
            f"There is no host.json in {folder}.", hint="Name the folder that holds host.json."
        )
    settings = options.settings_of(folder)
    port = options.port
    if port is None:
        port = settings.port or DEFAULT_PORT
    return Prepared(folder, options, settings, Console(folder.name, echo=options.echo), port)


def take_port(prepared: Prepared) -> Prepared:
    """Listen on the port, before anything is started: requests wait until the server is there.

    Raises:
        PortInUse: Another program has the port; the error names it and two ways on.
    """
    sockets = ports.bind_wanted(prepared.port, wanted_for="the local functions host")
    return replace(prepared, port=ports.port_of(sockets), sockets=sockets)


async def start_worker(prepared: Prepared) -> Prepared:
    """Start the child and let it import the app already."""
    if not prepared.port:
        return prepared  # the child is told its port, which is not chosen yet
    environment = local_settings.environment(
        prepared.folder, prepared.settings, prepared.port, prepared.options.shell
    )
    if no_functions.other_language(environment):
        return prepared
    command = interpreters.choose(environment).command
    console = prepared.console
    options = WorkerOptions(
        prepared.folder, environment, console.user_line, command, console.backlog, console.lasting
    )
    try:
        worker = await Worker.start(options)
    except (OSError, ValueError):
        return prepared  # the host starts it again, and then logs the error
    worker.begin_load()
    return replace(prepared, worker=worker)
