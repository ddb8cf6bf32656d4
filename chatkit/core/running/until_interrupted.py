"""A server in the foreground: it runs until Ctrl+C, until it is stopped, or is not needed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from pathlib import Path

from chatkit.core.running.presence import watched
from chatkit.core.system import signals


async def until_interrupted(
    serve: Coroutine[None, None, None], *, home: Path | None, kind: str, folders: Collection[Path]
) -> None:
    """Run a server.

    Args:
        serve: Serves until it is cancelled, and cleans up then.
        home: The home in whose list of processes it stands; None for none.
        kind: What it is there.
        folders: What it works on; without one of them it ends.
    """
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals.call_when_asked_to_end(loop, interrupted.set)

    def end() -> None:
        loop.call_soon_threadsafe(interrupted.set)

    # Beside this task, so that Ctrl+C does not wait for what takes long to start.
    serving = asyncio.create_task(serve)
    with watched(home, kind, end, folders=folders):
        waiting = asyncio.create_task(interrupted.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
