"""A local run's server: one app on a port of its own, started anew whenever its files change."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import importlib.metadata
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.core import listeners, ports
from chatkit.core.running import start_proof
from chatkit.core.running.reachable import TOKEN_HEADER, Reachable
from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.core.background import BackgroundTasks
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.trace import Trace, events_answer
from chatkit.localcloud.core.web import Handler, whole_number
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import KeptDrills
from chatkit.localcloud.easy_auth.local.options import LOGIN
from chatkit.localcloud.easy_auth.local.sign_in import LocalSignIn
from chatkit.localcloud.functions.host import no_functions
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.host import FunctionHost, HostObserver
from chatkit.localcloud.functions.host.signalr_service import RestSender
from chatkit.localcloud.functions.host.spec import Cors, HostOptions
from chatkit.localcloud.functions.http.admin import RUNTIME_VERSION
from chatkit.localcloud.functions.http.frontend import Frontend, Gate, Site, application, refuse
from chatkit.localcloud.functions.http.requests import AppTrace, note_invocation
from chatkit.localcloud.functions.local import interpreters, local_settings
from chatkit.localcloud.functions.local.local_settings import LocalSettings
from chatkit.localcloud.functions.local.startup import Prepared, take_port
from chatkit.localcloud.functions.local.watching import Watch
from chatkit.localcloud.functions.triggers.listeners import Listeners
from chatkit.localcloud.functions.worker_process.calls import Failure
from chatkit.localcloud.functions.worker_process.worker import Worker

log = logging.getLogger("chatkit.local.functions")
DRAIN_S = 3.0


class LocalRun(HostObserver):
    """One app served on a port of its own. `start` makes one that serves.

    Attributes:
        reachable: How the local cloud of this home asks for the run's trace.
    """

    def __init__(self, prepared: Prepared, port: int, sign_in: LocalSignIn | None = None) -> None:
        self.port = port
        self._sign_in = sign_in
        self._folder = prepared.folder
        self._options = prepared.options
        self._console = prepared.console
        self._sender = RestSender()
        self._background = BackgroundTasks(prepared.folder.name, log)
        self._noted = ""
        owner = f"localhost:{port}"  # one run has a port
        self._listeners = Listeners(prepared.console, prepared.options.clock, owner=owner)
        # Files that change while the app starts are noticed, too.
        self._files = Watch(prepared.folder)
        first = self._make_host(prepared.settings, prepared.worker)
        self._hosts = {first}
        self._site = Site(
            cors=self._cors(prepared.settings),
            keys=None,
            gate=self._gate(prepared.settings),
            trace=AppTrace(prepared.trace, f"functions/{prepared.folder.name}"),
            host=first,
            drills=KeptDrills(prepared.options.drills),
            part=rooms.local_run(port),
        )
        app = application(Frontend(self._site))
        app.middlewares.insert(0, _after_saving(self._files))
        self.reachable = Reachable(port, prepared.options.token)
        app.middlewares.insert(0, _showing_trace(self.reachable.token, prepared.trace))
        secret = start_proof.given_secret(prepared.options.shell)
        if secret:
            app.middlewares.insert(0, _proving(secret, port))
        self._server = HttpServer(app, refuse=refuse)
        self._on_stop = AsyncExitStack()

    @classmethod
    async def start(cls, prepared: Prepared) -> LocalRun:
        """Open the port, start the app, print what it offers.

        Raises:
            AppInvalid: CORS of the command line and of the settings do not go together.
            PortInUse: Another program has the port.
            SetupError: Another process signs people in to this app.
            NotStarted: The local cloud does not answer.
        """
        sign_in = None
        try:
            if not prepared.sockets:
                prepared = take_port(prepared)
            sign_in = await _sign_in_for(prepared)
            run = cls(prepared, prepared.port, sign_in)
        except BaseException:
            if sign_in is not None:
                await sign_in.close()
            prepared.close()
            if prepared.worker is not None:
                await prepared.worker.stop()
            raise
        try:
            await run._serve(prepared.sockets, prepared.settings)
        except BaseException:
            await run.stop()
            raise
        return run

    @property
    def host(self) -> FunctionHost:
        """The running app."""
        assert self._site.host is not None
        return self._site.host

    async def stop(self) -> None:
        """End the app and close the port."""
        try:
            await self._background.close()
        finally:
            await self._listeners.close()
            await asyncio.gather(*(host.stop() for host in self._hosts))
            await self._on_stop.aclose()
            await self._sender.close()
            if self._sign_in is not None:
                await self._sign_in.close()
            self._console.close()

    def on_ready(self, host: FunctionHost) -> None:
        """List the functions, and let timers and blobs set them off."""
        if host is self._site.host:
            self._background.start(self._listeners.follow(host))
        if host.problem:
            return
        lines = function_list(host, self.port)
        if self._sign_in is not None:
            lines += sign_in_lines(self.port)
        for line in lines:
            self._console.plain(line)

    def on_invoked(self, name: str, seconds: float, failure: Failure | None) -> None:
        """Keep an event of each invocation."""
        note_invocation(self._site.trace, name, seconds, failure)

    async def _serve(self, sockets: ports.Sockets, settings: LocalSettings) -> None:
        self._banner(settings)
        listener = await listeners.listen_on(sockets, self._server)
        self._on_stop.push_async_callback(listener.close)
        # Before the first start: an app that takes for ever to import can be mended, too.
        self._background.start(self._reload_on_change())
        await self.host.start()
        self._background.start(_import_early("chatkit.wire.tokens"))

    async def _reload_on_change(self) -> None:
        async for names in self._files.changes():
            self._console.host_line(f"Changed: {', '.join(names)}. Starting the app anew.")
            try:
                settings = self._options.settings_of(self._folder)
                cors = self._cors(settings)
            except AppInvalid as error:
                self._console.host_line(
                    f"{error} The settings from before stay in force.", error=True
                )
                continue
            before = self.host
            new = self._make_host(settings)
            self._hosts.add(new)
            self._site.cors = cors
            self._site.gate = self._gate(settings)
            self._site.host = new
            self._background.start(self._listeners.follow(None))
            self._background.start(self._finish(before))
            self._background.start(new.start())

    async def _finish(self, host: FunctionHost) -> None:
        """Let a host that was replaced answer the requests it has."""
        await host.drain(DRAIN_S)
        self._hosts.discard(host)

    def _cors(self, settings: LocalSettings) -> Cors:
        """CORS of the settings; what the command line says wins."""
        options = self._options
        if options.cors is None and options.cors_credentials is None:
            return settings.cors
        origins = options.cors
        if origins is None:
            origins = ",".join(settings.cors.allowed_origins)
        credentials = options.cors_credentials
        if credentials is None:
            credentials = settings.cors.support_credentials
        return local_settings.cors_of(origins, credentials)

    def _gate(self, settings: LocalSettings) -> Gate | None:
        """What stands in front of the app: the page that calls it may be signed in to."""
        if self._sign_in is None:
            return None
        origins = self._cors(settings).allowed_origins
        return self._sign_in.module(tuple(origin for origin in origins if origin != "*"))

    def _make_host(self, settings: LocalSettings, worker: Worker | None = None) -> FunctionHost:
        shell = self._options.shell
        environment = local_settings.environment(self._folder, settings, self.port, shell)
        interpreter = interpreters.choose(environment)
        self._note(interpreter.note)
        options = HostOptions(
            self._folder,
            environment,
            environment,
            interpreter.command,
            ca_file=_trusted(environment),
            idle_after_s=self._options.idle_after_s,
        )
        return FunctionHost(options, self._console, self._sender, self, worker=worker)

    def _note(self, sentence: str) -> None:
        """Say something about how the app runs, once."""
        if sentence and sentence != self._noted:
            self._console.host_line(sentence)
        self._noted = sentence

    def _banner(self, settings: LocalSettings) -> None:
        self._console.plain("")
        self._console.plain(
            "chatkit local functions host (stands in for Azure Functions Core Tools)"
        )
        self._console.plain(
            f"azure-functions SDK:      {importlib.metadata.version('azure-functions')}"
        )
        self._console.plain(f"Function Runtime Version: {RUNTIME_VERSION}")
        self._console.plain("")
        for warning in settings.warnings:
            self._console.plain(warning)


def _trusted(environment: Mapping[str, str]) -> Path | None:
    """What the app trusts, its host trusts, too: `chatkit local env` names the file."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        path = environment.get(name)
        if path and Path(path).is_file():
            return Path(path)
    return None


def _proving(secret: str, port: int) -> Middleware:
    """Answer the challenge of the program that has started this one, at once.

    The app may take long to load, and who waits for it wants to know whom they wait for.
    """

    @web.middleware
    async def prove(request: web.Request, handler: Handler) -> web.StreamResponse:
        challenge = request.headers.get(start_proof.CHALLENGE_HEADER)
        if challenge is None:
            return await handler(request)
        given = start_proof.proof(secret, challenge, port=port)
        return web.Response(status=204, headers={start_proof.PROOF_HEADER: given})

    return prove


def _after_saving(files: Watch) -> Middleware:
    """Let the app as it was saved last answer, not the one from before."""

    @web.middleware
    async def wait(request: web.Request, handler: Handler) -> web.StreamResponse:
        await files.until_loaded()
        return await handler(request)

    return wait


def _showing_trace(token: str, trace: Trace) -> Middleware:
    """Show the trace to who knows the token; for everybody else there is nothing but the app."""

    @web.middleware
    async def show(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_same_secret(request.headers.get(TOKEN_HEADER, ""), token):
            return await handler(request)
        after = whole_number(request.query.get("after", "0"))
        return await events_answer(trace.after(after or 0))

    return show


async def _import_early(module: str) -> None:
    """Import a module on another thread, before the first request needs it."""
    await asyncio.to_thread(importlib.import_module, module)


def function_list(host: FunctionHost, port: int) -> list[str]:
    """The list of functions as `func start` prints it."""
    lines = ["", "Functions:", ""]
    for function in host.index.functions:
        if function.error:
            lines += [f"\t{function.name}: in error, see above", ""]
        elif function.is_disabled:
            lines += [f"\tFunction {function.name} is disabled.", ""]
        elif function.is_http:
            methods = f"[{','.join(function.methods)}] " if function.methods else ""
            lines += [f"\t{function.name}: {methods}http://localhost:{port}/{function.route}", ""]
        else:
            lines += [f"\t{function.name}: {function.trigger['type']}", ""]
    if not host.index.functions:
        options = host.options
        why = no_functions.reason(options.folder, options.settings, host.index.unlisted)
        lines += [f"\tNo functions: {why}", ""]
    elif left_out := no_functions.left_out(host.options.folder):
        lines += [left_out, ""]
    return lines


def sign_in_lines(port: int) -> list[str]:
    """Where people sign in, below the list of functions."""
    site = f"http://localhost:{port}"
    return [
        f"Sign-in:\t{site}{LOGIN}",
        f"\t\t{site}/.auth/me, {site}/.auth/logout; the test users are alice, bob and carol",
        "",
    ]


async def _sign_in_for(prepared: Prepared) -> LocalSignIn | None:
    """Register the app in the local Entra, when people are to sign in."""
    options = prepared.options.sign_in
    if options is None:
        return None
    folder = prepared.folder
    key = f"functions-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    origin = f"http://localhost:{prepared.port}"
    return await LocalSignIn.open(
        key, name=f"{folder.name} on this machine", origin=origin, options=options
    )
