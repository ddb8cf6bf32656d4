"""Run a function app on this machine, as `func start` does.

Settings from local.settings.json, no keys, authentication on request.
"""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

from chatkit.core import descriptors, log_files
from chatkit.core.running.presence import FUNCTIONS, started_for
from chatkit.core.running.reachable import told
from chatkit.core.running.until_interrupted import until_interrupted
from chatkit.core.settings import home as settings_home
from chatkit.core.system.free_memory import give_memory_back
from chatkit.localcloud.core.log_limits import log_to_terminal
from chatkit.localcloud.functions.local.startup import (
    LocalOptions,
    prepare,
    start_worker,
    take_port,
)

ROTATE_PERIOD_S = 1.0
TRIM_LOOKS = 10


def run(folder: Path, options: LocalOptions) -> int:
    """Run the app in a folder until Ctrl+C; returns the exit code.

    Raises:
        AppInvalid: The folder holds no app, or its settings are malformed.
        PortInUse: Another program has the port.
    """
    descriptors.raise_limit()
    with log_to_terminal():  # or to functions.log
        folder = folder.resolve()
        home = _home()
        folders = [folder]
        if options.sign_in is not None:
            folders.append(options.sign_in.folder)
        serving = until_interrupted(
            _serve_with_care(folder, options, home), home=home, kind=FUNCTIONS, folders=folders
        )
        asyncio.run(serving)
    if options.sign_in is not None and not options.sign_in.folder.is_dir():
        from chatkit.localcloud.easy_auth.local.options import EMPTIED

        options.echo(EMPTIED)
    return 0


def _home() -> Path | None:
    """The home for which this runs, wherever the app lies; None where there is none yet."""
    home = started_for() or settings_home()
    return home if home.is_dir() else None


async def _serve_with_care(folder: Path, options: LocalOptions, home: Path | None) -> None:
    """Serve the app, and look after this process meanwhile: an app may print while it loads."""
    caring = asyncio.create_task(_take_care())
    try:
        await _serve(folder, options, home)
    finally:
        caring.cancel()


async def _serve(folder: Path, options: LocalOptions, home: Path | None) -> None:
    """Serve the app until this task is cancelled."""
    prepared = await start_worker(take_port(prepare(folder, options)))
    # Only now: while the child imports the app, the server's own modules load.
    from chatkit.localcloud.functions.local.local_server import LocalRun

    local = await LocalRun.start(prepared)
    try:
        with told(home, FUNCTIONS, local.reachable):
            await asyncio.Event().wait()
    finally:
        await local.stop()


async def _take_care() -> None:
    """Keep this process's output short and its memory small, until this task is cancelled."""
    for looks in count(1):
        await asyncio.sleep(ROTATE_PERIOD_S)
        log_files.rotate_output()
        if looks % TRIM_LOOKS == 0:
            give_memory_back()
