"""The board's process: `python -m chatkit.localcloud.board.program PORT`.

It serves the page at a loopback port and, on the local cloud, the front at the address of the room.
What it needs to know stands in the home that it was started for.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from chatkit.core import listeners, log_files
from chatkit.core.errors import PortInUse
from chatkit.core.running import start_proof
from chatkit.core.running.presence import BOARD, started_for
from chatkit.core.running.reachable import tell, told
from chatkit.core.running.until_interrupted import until_interrupted
from chatkit.localcloud.board import facts
from chatkit.localcloud.board.facts import Facts
from chatkit.localcloud.board.front import Front
from chatkit.localcloud.board.functions import Functions
from chatkit.localcloud.board.page_server import PageServer, Place
from chatkit.localcloud.board.room import Room

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
        room = await _open_room(stack, known, functions, session)
        page = PageServer(home, known, functions, lambda: _place(known, room))
        stack.enter_context(told(home, BOARD, page.reachable(port)))
        server = page.server(start_proof.given_secret(), port)
        opened = await listeners.listen(server, port=port, ipv4_only=True, wanted_for="the board")
        stack.push_async_callback(opened.close)
        while True:
            await asyncio.sleep(LOOK_S)
            log_files.rotate_output()
            if room is not None and await _has_moved(room):
                print(room.notice or f"The board is at {room.address} again.", flush=True)
                tell(home, BOARD, page.reachable(port))


async def _has_moved(room: Room) -> bool:
    try:
        return await room.look()
    except Exception:  # what tells the addresses may fail while they change: the page goes on
        traceback.print_exc()
        return False


async def _open_room(
    stack: AsyncExitStack, known: Facts, functions: Functions, session: aiohttp.ClientSession
) -> Room | None:
    """Open the board to the room; None where people go to Azure."""
    if not known.host:
        return None
    front = partial(Front, hub=known.hub, functions=functions, session=session)
    room = Room(known.host, known.port, front)
    try:
        await room.open()
    except (PortInUse, OSError) as error:
        print(f"{known.host}:{known.port} cannot be opened: {error}", flush=True)
        raise SystemExit(ROOM_IN_USE) from None
    stack.push_async_callback(room.close)
    return room


def _place(known: Facts, room: Room | None) -> Place:
    if room is None:
        return Place(f"{urlsplit(known.api).hostname}:443")
    return Place(room.address, room.notice)


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
