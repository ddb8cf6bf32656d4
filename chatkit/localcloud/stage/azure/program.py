"""The screen's process: `python -m chatkit.localcloud.stage.azure.program API WEB SECONDS PORT`.

It listens on loopback only. The token is made new at each start; who has started the process reads
it in the home (`chatkit.core.running.reachable`).
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from chatkit.core import listeners, log_files
from chatkit.core.codes import qr
from chatkit.core.errors import PortInUse
from chatkit.core.running import start_proof
from chatkit.core.running.presence import SCREEN, started_for
from chatkit.core.running.reachable import TOKEN_HEADER, Reachable, new_token, told
from chatkit.core.running.until_interrupted import until_interrupted
from chatkit.core.text.constant_time import is_same_secret
from chatkit.core.time import clock
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.journeys.service import proof
from chatkit.localcloud.stage import screen
from chatkit.localcloud.stage.azure.listening import Listening
from chatkit.localcloud.stage.azure.room import NO_POWER, AzureRoom
from chatkit.localcloud.stage.edge import STATE
from chatkit.localcloud.stage.moderation.moderator import NothingToUndo
from chatkit.localcloud.stage.moderation.powers import PowerRefused
from chatkit.localcloud.stage.presenter import (
    JOURNEYS,
    MAX_BODY_BYTES,
    NO_OBJECT,
    PICTURE,
    POWERS,
    ROOM,
    RUN,
    forbid,
    harden,
    power_of,
    refuse,
    version_of,
    when_new,
)

LOOK_S = 1.0


class AzureScreen:
    """The page and its port.

    Args:
        web_url: Where phones go.
        room: What the page shows.
        listening: Tells why nothing comes, when that is so.
        until: When the screen ends, by this machine's clock.
    """

    def __init__(self, web_url: str, room: AzureRoom, listening: Listening, until: float) -> None:
        self._web_url = web_url
        self._chat = room
        self._listening = listening
        self._until = until
        self._run = secrets.token_hex(8)
        self._is_closing = False
        self.token = new_token()

    def app(self, secret: str, port: int) -> web.Application:
        """The paths of the port.

        Args:
            secret: What the process proves itself with.
            port: Where.
        """

        async def prove(request: web.Request) -> web.Response:
            challenge = request.headers.get(start_proof.CHALLENGE_HEADER, "")
            if not challenge or not secret:
                raise web.HTTPFound(screen.SCREEN)
            given = start_proof.proof(secret, challenge, port=port)
            return web.Response(status=204, headers={start_proof.PROOF_HEADER: given})

        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.on_response_prepare.append(harden)
        app.on_shutdown.append(self._close)
        app.add_routes([web.get(path, self._file) for path in screen.FILES])
        app.add_routes(
            [
                web.get("/", prove),
                web.get(screen.CODE, self._code),
                web.get(STATE, self._state),
                web.get(RUN, self._tell_run),
                web.get(ROOM, self._room),
                web.post(POWERS, self._powers),
                web.get(JOURNEYS, self._no_map),
                web.get(PICTURE, self._no_map),
            ]
        )
        return app

    async def _close(self, _: web.Application) -> None:
        self._is_closing = True

    # For everybody on this machine

    async def _file(self, request: web.Request) -> web.Response:
        return screen.file(request.path)

    async def _code(self, _: web.Request) -> web.Response:
        return web.Response(text=qr.svg(self._web_url), content_type="image/svg+xml")

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self._told())

    async def _tell_run(self, _: web.Request) -> web.Response:
        return web.json_response({"run": self._run})

    # For who has the token

    async def _room(self, request: web.Request) -> web.Response:
        if not self._knows_token(request):
            return forbid(request)
        return await when_new(request, self._snapshot, lambda: self._is_closing)

    async def _powers(self, request: web.Request) -> web.Response:
        if not self._knows_token(request):
            return forbid(request)
        power = await power_of(request)
        if power is None:
            return refuse(request, 400, NO_OBJECT)
        try:
            said = self._chat.use(power)
        except NothingToUndo as refused:
            return refuse(request, 409, str(refused))
        except PowerRefused as refused:
            return refuse(request, 400, str(refused))
        return web.json_response({"said": said, "version": version_of(self._snapshot())})

    async def _no_map(self, request: web.Request) -> web.Response:
        if not self._knows_token(request):
            return forbid(request)
        return refuse(request, 400, NO_POWER)

    def _snapshot(self) -> dict[str, Any]:
        return {"state": self._told(), **self._chat.snapshot()}

    def _told(self) -> dict[str, Any]:
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

    def _knows_token(self, request: web.Request) -> bool:
        right = proof(self.token, self._run)
        return is_same_secret(request.headers.get(TOKEN_HEADER, ""), right)


async def serve(api: str, web_url: str, *, for_s: float, port: int) -> None:
    """Show the chat until the time is over, or until this is cancelled.

    Raises:
        PortInUse: Another program has the port.
    """
    room = AzureRoom()
    listening = Listening(api, room)
    until = clock.wall() + for_s
    shown = AzureScreen(web_url, room, listening, until)
    server = HttpServer(
        shown.app(start_proof.given_secret(), port),
        refuse=refuse,
        cancels_when_client_leaves=True,
    )
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
