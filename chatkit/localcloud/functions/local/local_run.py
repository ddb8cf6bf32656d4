"""Run a function app on this machine, as `func start` does.

Settings from local.settings.json, no keys, no authentication.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from chatkit.core import descriptors
from chatkit.localcloud.functions.local.startup import LocalOptions, prepare, start_worker


def run(folder: Path, options: LocalOptions) -> int:
    """Run the app in a folder until Ctrl+C; returns the exit code.

    Raises:
        AppInvalid: The folder holds no app, or its settings are malformed.
        PortInUse: Another program has the port.
    """
    descriptors.raise_limit()
    asyncio.run(_until_interrupted(folder.resolve(), options))
    return 0


async def _until_interrupted(folder: Path, options: LocalOptions) -> None:
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT"):
        with suppress(NotImplementedError):  # Windows; there Ctrl+C cancels this task
            loop.add_signal_handler(getattr(signal, name), interrupted.set)
    # Beside this task, so that Ctrl+C does not wait for an app that takes long to import.
    serving = asyncio.create_task(_serve(folder, options))
    waiting = asyncio.create_task(interrupted.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def _serve(folder: Path, options: LocalOptions) -> None:
    """Serve the app until this task is cancelled."""
    prepared = await start_worker(prepare(folder, options))
    # Only now: while the child imports the app, the server's own modules load.
    from chatkit.localcloud.functions.local.local_server import LocalRun

    local = await LocalRun.start(prepared)
    try:
        await asyncio.Event().wait()
    finally:
        await local.stop()
