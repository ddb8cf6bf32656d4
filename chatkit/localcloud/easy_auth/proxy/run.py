"""`chatkit auth --for URL`: the authentication module on a port of its own, the app behind it.

Any program that speaks HTTP can be the app, in any language, started before or after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from chatkit.core import descriptors, listeners, ports
from chatkit.core.errors import PortInUse, SetupError
from chatkit.core.public_urls import public_url
from chatkit.core.running.presence import AUTH
from chatkit.core.running.until_interrupted import until_interrupted
from chatkit.localcloud.core import cors
from chatkit.localcloud.core.log_limits import log_to_terminal
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.web import EVERY_PATH
from chatkit.localcloud.easy_auth.local.options import ANONYMOUS, EMPTIED, LOGIN, SignInOptions
from chatkit.localcloud.easy_auth.local.sign_in import LocalModule, LocalSignIn
from chatkit.localcloud.easy_auth.proxy.forwarding import Forwarding, as_the_app_says
from chatkit.localcloud.easy_auth.proxy.target import Target

WANTED_FOR = "the sign-in in front of the app"


@dataclass(frozen=True)
class ProxyOptions:
    """What the command line says.

    Attributes:
        target: The app.
        sign_in: How people sign in.
        home: Whose process this is.
        port: Where to listen; None for the one after the app's, or the next free one.
        cors: Origins whose pages may call the app; a sign-in may end there, too. None of them
            leaves the question to the app.
        echo: Writes a line to the person.
    """

    target: Target
    sign_in: SignInOptions
    home: Path
    port: int | None = None
    cors: tuple[str, ...] = ()
    echo: Callable[[str], None] = print


def run(options: ProxyOptions) -> int:
    """Stand in front of the app until Ctrl+C; returns the exit code.

    Raises:
        PortInUse: Another program has the port that was asked for; the error names it and two
            ways on.
        SetupError: Another process stands in front of this app, or the port is the app's.
        NotStarted: The local cloud does not answer.
    """
    descriptors.raise_limit()
    with log_to_terminal():
        serving = until_interrupted(
            _serve(options), home=options.home, kind=AUTH, folders=(options.sign_in.folder,)
        )
        asyncio.run(serving)
    if not options.sign_in.folder.is_dir():
        options.echo(EMPTIED)
    return 0


async def _serve(options: ProxyOptions) -> None:
    async with AsyncExitStack() as stack:
        front = await Front.open(options, stack)
        for line in front.lines():
            options.echo(line)
        await asyncio.Event().wait()


class Front:
    """The server that stands in front of one app. `open` makes one that serves."""

    def __init__(self, options: ProxyOptions, port: int, sign_in: LocalSignIn) -> None:
        self._options = options
        self.url = f"http://localhost:{port}"
        self.client_id = sign_in.client_id
        self._forwarding = Forwarding(options.target, port)
        self._module = sign_in.module(tuple(one for one in options.cors if one != cors.ANY))

    @classmethod
    async def open(cls, options: ProxyOptions, stack: AsyncExitStack) -> Front:
        """Take the port, register the app, and serve until the stack closes.

        Raises:
            PortInUse: Another program has the port that was asked for.
            SetupError: Another process stands in front of this app, or the port is the app's.
            NotStarted: The local cloud does not answer.
        """
        with ExitStack() as taken:
            sockets = take_port(options)
            for sock in sockets:
                taken.callback(sock.close)
            port = ports.port_of(sockets)
            sign_in = await LocalSignIn.open(
                f"{options.target.scheme}-{options.target.port}",
                name=f"the app at {options.target.origin}",
                origin=f"http://localhost:{port}",
                options=options.sign_in,
            )
            stack.push_async_callback(sign_in.close)
            front = cls(options, port, sign_in)
            stack.push_async_callback(front._forwarding.close)
            app = application(front._module, front._forwarding, options.cors)
            server = HttpServer(app, cancels_when_client_leaves=True)
            listener = await listeners.listen_on(sockets, server)
            stack.push_async_callback(listener.close)
            taken.pop_all()
            return front

    def lines(self) -> list[str]:
        """What the person reads at the start."""
        target = self._options.target
        rule = "Who is not signed in reaches the app without a name; --require asks everybody."
        if self._options.sign_in.action != ANONYMOUS:
            rule = "Everybody has to sign in first."
        lines = [
            "",
            f"Sign-in stands in front of {target.origin}. Open {public_url(self.url)}",
            "",
            f"  sign in    {public_url(self.url + LOGIN)}",
            f"  who I am   {public_url(self.url)}/.auth/me".replace("//.auth", "/.auth"),
            f"  sign out   {public_url(self.url)}/.auth/logout".replace("//.auth", "/.auth"),
            "",
            f"{rule} The app reads who it is",
            "in the headers X-MS-CLIENT-PRINCIPAL-NAME, X-MS-CLIENT-PRINCIPAL-ID and"
            " X-MS-CLIENT-PRINCIPAL.",
            "The test users are alice, bob and carol. Ctrl+C ends it.",
        ]
        if not ports.answers(target.port, host=target.host):
            lines += ["", f"Nothing answers at {target.origin} yet: start the app at any time."]
        return lines


def application(
    module: LocalModule, forwarding: Forwarding, origins: tuple[str, ...] = ()
) -> web.Application:
    """The module with the app behind it; CORS stands in front of both, as in App Service."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await module.handle(request, forwarding.handle)

    app = web.Application()
    app.on_response_prepare.append(as_the_app_says)
    if origins:
        rule = cors.Rule(origins=origins, ignore_case=True)
        app.middlewares.append(cors.middleware(lambda: rule, cors.answer_allowed))
        app.on_response_prepare.append(cors.add_headers)
    app.router.add_route("*", EVERY_PATH, handle)
    return app


def take_port(options: ProxyOptions) -> ports.Sockets:
    """Listen on the port, before anything else is done.

    Raises:
        PortInUse: Another program has the port that was asked for.
        SetupError: The port that was asked for is the app's.
    """
    wanted = options.port
    if wanted == options.target.port:
        raise SetupError(
            f"Port {wanted} is the app's own: sign-in in front of it needs another one.",
            hint="Leave --port out, or choose another port.",
        )
    if wanted is None:
        return _first_free(options.target.next_port)
    return ports.bind_wanted(wanted, wanted_for=WANTED_FOR)


def _first_free(port: int) -> ports.Sockets:
    while True:
        try:
            return ports.bind(port, wanted_for=WANTED_FOR)
        except PortInUse:
            port = ports.next_free(port)
