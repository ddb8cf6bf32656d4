"""The board's process: `python -m chatkit.localcloud.board.program PORT`.

It serves the page at a loopback port and, on the local cloud, the front at the address of the room.
What it needs to know stands in the home that it was started for.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from chatkit.core import listeners, log_files, ports
from chatkit.core.errors import PortInUse
from chatkit.core.running import start_proof
from chatkit.core.running.presence import BOARD, started_for
from chatkit.core.running.reachable import Reachable, told
from chatkit.core.running.until_interrupted import until_interrupted
from chatkit.localcloud.board import facts
from chatkit.localcloud.board.facts import Facts
from chatkit.localcloud.board.front import Front
from chatkit.localcloud.board.functions import Functions
from chatkit.localcloud.board.page_server import PageServer

LOOK_S = 1.0
ROOM_IN_USE = 4
"""Exit code when another program has the room's port."""


async def serve(home: Path, port: int) -> None:
    """Serve until this is cancelled.

    Raises:
        PortInUse: Another program has the page's port.
    """
    known = facts.read(home)
    async with AsyncExitStack() as stack:
        # Straight to the functions, whatever proxy the machine has; on Azure as it is set.
        session = aiohttp.ClientSession(trust_env=known.api.startswith("https:"))
        await stack.enter_async_context(session)
        functions = Functions(known.api, session)
        page = PageServer(home, known, functions)
        stack.enter_context(told(home, BOARD, Reachable(port, page.token)))
        server = page.server(start_proof.given_secret(), port)
        if known.host:
            await _open_room(stack, known, functions, session)
        opened = await listeners.listen(server, port=port, ipv4_only=True, wanted_for="the board")
        stack.push_async_callback(opened.close)
        while True:
            await asyncio.sleep(LOOK_S)
            log_files.rotate_output()


async def _open_room(
    stack: AsyncExitStack, known: Facts, functions: Functions, session: aiohttp.ClientSession
) -> None:
    try:
        sockets = ports.bind_at(known.host, known.port, wanted_for="the board's room")
    except (PortInUse, OSError) as error:
        print(f"{known.host}:{known.port} cannot be opened: {error}", flush=True)
        raise SystemExit(ROOM_IN_USE) from None
    front = Front(known.host, known.port, known.hub, functions, session)
    opened = await listeners.listen_on(sockets, front.server(), is_for_everybody=True)
    stack.push_async_callback(opened.close)


async def _main(home: Path, port: int) -> None:
    await until_interrupted(serve(home, port), home=home, kind=BOARD, folders=())


def main(arguments: Sequence[str]) -> int:
    """Serve the board: `PORT`."""
    (port,) = arguments
    home = started_for()
    if home is None:
        print("`chatkit class board up` starts this.", file=sys.stderr)
        return 2
    try:
        asyncio.run(_main(home, int(port)))
    except PortInUse as error:
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
