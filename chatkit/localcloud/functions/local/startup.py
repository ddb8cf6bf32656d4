"""Run a function app on this machine, as `func start` does: settings from local.settings.json, no keys, no authentication.

This module is light on purpose: the app's process starts first, and while it imports the app, the server's own modules load.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chatkit.localcloud.functions.host.console import Console
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.local import local_settings
from chatkit.localcloud.functions.local.local_settings import LocalSettings
from chatkit.localcloud.functions.worker_process.worker import Worker, WorkerOptions

DEFAULT_PORT = 7071
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class LocalOptions:
    """What the command line says; None takes local.settings.json's word, then the default."""

    port: int | None = None
    address: str = "localhost"
    cors: str | None = None
    cors_credentials: bool | None = None
    echo: Callable[[str], None] = print


@dataclass(frozen=True)
class Early:
    """What is there before the server: settings, console, and a child that loads the app already."""

    settings: LocalSettings
    console: Console
    port: int
    worker: Worker | None = field(default=None)


def run(
    folder: Path,
    *,
    port: int | None = None,
    address: str = "localhost",
    cors: str | None = None,
    cors_credentials: bool | None = None,
) -> int:
    """Run the app in a folder until Ctrl+C; returns the exit code.

    Raises:
        AppInvalid: The folder holds no app, or its settings are malformed.
        PortInUse: Another program has the port.
    """
    asyncio.run(
        _until_interrupted(folder.resolve(), LocalOptions(port, address, cors, cors_credentials))
    )
    return 0


async def _until_interrupted(folder: Path, options: LocalOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT"):
        try:
            loop.add_signal_handler(getattr(signal, name), stop.set)
        except NotImplementedError:
            pass
    early = prepare(folder, options)
    early = await start_worker(folder, early)
    from chatkit.localcloud.functions.local.local_server import LocalRun

    local = LocalRun(folder, options)
    await local.start(early)
    try:
        await stop.wait()
    finally:
        await local.stop()


def prepare(folder: Path, options: LocalOptions) -> Early:
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
    settings = local_settings.load(folder, os.environ)
    port = options.port if options.port is not None else settings.port or DEFAULT_PORT
    return Early(settings, Console(folder.name, echo=options.echo), port)


async def start_worker(folder: Path, early: Early) -> Early:
    """Start the child and let it import the app, unless its port, which it is told, is yet to be chosen."""
    if not early.port:
        return early
    environment = local_settings.environment(folder, early.settings, early.port)
    command = local_settings.worker_command(environment)
    try:
        worker = await Worker.start(
            WorkerOptions(folder, environment, early.console.user_line, command)
        )
    except (OSError, ValueError):
        return early  # the host tries again, and says what is wrong
    worker.begin_load()
    return Early(early.settings, early.console, early.port, worker)
