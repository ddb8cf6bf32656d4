"""The screen's process: `python -m chatkit.localcloud.stage.azure.program API WEB SECONDS PORT`.

It listens on loopback only. The token is made new at each start; the parent process reads it in
the home (`chatkit.core.running.reachable`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from chatkit.core import listeners, log_files
from chatkit.core.codes import qr
from chatkit.core.errors import PortInUse
from chatkit.core.running import start_proof
from chatkit.core.running.presence import SCREEN, started_for
from chatkit.core.running.reachable import Reachable, new_token, told
from chatkit.core.running.until_interrupted import until_interrupted
from chatkit.core.time import clock
from chatkit.localcloud.core.browser.page_token import proving, refuse
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.stage import screen
from chatkit.localcloud.stage.azure.listening import Listening
from chatkit.localcloud.stage.azure.room import NO_POWER, AzureRoom
from chatkit.localcloud.stage.screen_port import ScreenPort

LOOK_S = 1.0


class AzureScreen:
    """What the page shows of a chat on Azure.

    Args:
        web_url: Where phones go.
        room: The messages.
        listening: Tells why nothing comes, when that is so.
        until: When the screen ends, by this machine's clock.
    """

    def __init__(self, web_url: str, room: AzureRoom, listening: Listening, until: float) -> None:
        self._web_url = web_url
        self._chat = room
        self._listening = listening
        self._until = until
        self.token = new_token()

    def server(self, secret: str, port: int) -> HttpServer:
        """What serves the port.

        Args:
            secret: What the process proves itself with.
            port: Where.
        """
        return ScreenPort(self).server([web.get("/", proving(secret, port, screen.SCREEN))])

    def state(self) -> dict[str, Any]:
        """What everybody may know. How many are there, nobody tells on Azure."""
        known: dict[str, Any] = {
            "open": True,
            "url": self._web_url,
            "people": None,
            "connected": None,
            "holds": None,
            "tier": None,
            "waiting": 0,
            "notice": self._listening.why_not or self._listening.missing,
            "seconds_left": max(0, round(self._until - clock.wall())),
        }
        if not self._listening.why_not:
            known["messages_per_s"] = self._chat.messages_per_s
        return known

    def snapshot(self) -> dict[str, Any]:
        """Messages, and what is hidden of them here."""
        return self._chat.snapshot()

    def code(self, _: web.Request) -> web.Response:
        """The chat's address."""
        return web.Response(text=qr.svg(self._web_url), content_type="image/svg+xml")

    async def learn(self, _: web.Request) -> None:
        """Nothing: what was said before comes with the connection."""

    def use(self, power: Mapping[str, Any]) -> str:
        """Use a power of this screen."""
        return self._chat.use(power)

    async def journeys(self, request: web.Request) -> web.Response:
        """None: the ways of messages on Azure are not known here."""
        return refuse(request, 400, NO_POWER)

    async def picture(self, request: web.Request) -> web.Response:
        """None, for the same reason."""
        return refuse(request, 400, NO_POWER)


async def serve(api: str, web_url: str, *, for_s: float, port: int) -> None:
    """Show the chat until the time is over, or until this is cancelled.

    Raises:
        PortInUse: Another program has the port.
    """
    room = AzureRoom()
    listening = Listening(api, room)
    until = clock.wall() + for_s
    shown = AzureScreen(web_url, room, listening, until)
    server = shown.server(start_proof.given_secret(), port)
    with told(started_for(), SCREEN, Reachable(port, shown.token)):
        opened = await listeners.listen(server, port=port, ipv4_only=True, wanted_for="the screen")
        staying = asyncio.create_task(listening.stay())
        try:
            # In small steps, by the clock on the wall: a laptop may sleep meanwhile.
            while clock.wall() < until and not staying.done():
                await asyncio.wait({staying}, timeout=LOOK_S)
                log_files.rotate_output()
        finally:
            staying.cancel()
            await asyncio.wait({staying})
            await opened.close()


async def _main(api: str, web_url: str, seconds: str, port: str) -> None:
    serving = serve(api, web_url, for_s=float(seconds), port=int(port))
    await until_interrupted(serving, home=started_for(), kind=SCREEN, folders=())


def main(arguments: Sequence[str]) -> int:
    """Serve the screen: `API WEB SECONDS PORT`."""
    api, web_url, seconds, port = arguments
    try:
        asyncio.run(_main(api, web_url, seconds, port))
    except PortInUse as error:
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
