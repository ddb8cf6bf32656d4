"""A local run's server: one app on a port of its own, started anew whenever its files change."""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import os
from pathlib import Path

from chatkit.core import listeners, ports
from chatkit.core.listeners import Listener
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.functions.host import watching
from chatkit.localcloud.functions.host.console import Console
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.host import FunctionHost, HostOptions
from chatkit.localcloud.functions.host.signalr_bindings import RestSender
from chatkit.localcloud.functions.host.spec import Cors
from chatkit.localcloud.functions.http.admin import RUNTIME_VERSION
from chatkit.localcloud.functions.http.frontend import Site, application
from chatkit.localcloud.functions.local import local_settings
from chatkit.localcloud.functions.local.local_run import Early, LocalOptions, prepare
from chatkit.localcloud.functions.local.local_settings import LocalSettings
from chatkit.localcloud.functions.worker_process.worker import Worker

DRAIN_S = 3.0


class LocalRun:
    """One app served on a port of its own."""

    def __init__(self, folder: Path, options: LocalOptions) -> None:
        self._folder = folder
        self._options = options
        self._console = Console(folder.name)
        self._sender = RestSender()
        self._site = Site()
        self._watcher: asyncio.Task[None] | None = None
        self._draining: set[asyncio.Task[None]] = set()
        self._listener: Listener | None = None
        self.port = 0

    @property
    def host(self) -> FunctionHost:
        """The running app."""
        assert self._site.host is not None
        return self._site.host

    async def start(self, early: Early | None = None) -> None:
        """Open the port, start the app, print what it offers.

        Args:
            early: What `local_run` has begun already.

        Raises:
            AppInvalid: No app there, or malformed settings.
            PortInUse: Another program has the port.
        """
        known = watching.snapshot(self._folder)
        early = early or prepare(self._folder, self._options)
        self._console = early.console
        try:
            sockets = ports.bind(early.port, wanted_for="the local functions host")
            cors = self._cors(early.settings)
        except Exception:
            if early.worker:
                await early.worker.stop()
            raise
        self.port = int(sockets[0].getsockname()[1])
        self._banner(early.settings)
        self._site.cors = cors
        self._site.host = self._make_host(early.settings, early.worker)
        self._listener = await listeners.listen_on(sockets, HttpServer(application(self._site)))
        await self._site.host.start()
        asyncio.get_running_loop().run_in_executor(
            None, importlib.import_module, "chatkit.wire.tokens"
        )  # before it is needed
        self._watcher = asyncio.create_task(self._reload_on_change(known))

    async def stop(self) -> None:
        """End the app and close the port."""
        for task in (self._watcher, *self._draining):
            if task:
                task.cancel()
        if self._site.host:
            await self._site.host.stop()
        if self._listener:
            await self._listener.close()
        await self._sender.close()

    async def _reload_on_change(self, known: watching.Snapshot) -> None:
        async for names in watching.changes(self._folder, known):
            self._console.host_line(f"Changed: {', '.join(names)}. Starting the app anew.")
            try:
                settings = local_settings.load(self._folder, os.environ)
                cors = self._cors(settings)
            except AppInvalid as error:
                self._console.host_line(
                    f"{error} The settings from before stay in force.", error=True
                )
                continue
            old, self._site.cors, self._site.host = self.host, cors, self._make_host(settings)
            drained = asyncio.create_task(old.drain(DRAIN_S))
            self._draining.add(drained)
            drained.add_done_callback(self._draining.discard)
            await self._site.host.start()

    def _cors(self, settings: LocalSettings) -> Cors:
        if self._options.cors is None and self._options.cors_credentials is None:
            return settings.cors
        origins = (
            ",".join(settings.cors.allowed_origins)
            if self._options.cors is None
            else self._options.cors
        )
        credentials = self._options.cors_credentials
        return local_settings.cors_of(
            origins, settings.cors.support_credentials if credentials is None else credentials
        )

    def _make_host(self, settings: LocalSettings, worker: Worker | None = None) -> FunctionHost:
        values = local_settings.app_settings(self._folder, settings, self.port)
        environment = local_settings.environment(self._folder, settings, self.port)
        host = FunctionHost(
            HostOptions(self._folder, values, environment, local_settings.worker_command(values)),
            self._console,
            self._sender,
            worker=worker,
        )
        host.on_ready = self._list_functions
        return host

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

    def _list_functions(self, host: FunctionHost) -> None:
        if host.problem:
            return
        for line in function_list(host, self.port):
            self._console.plain(line)


def function_list(host: FunctionHost, port: int) -> list[str]:
    """The list of functions as `func start` prints it."""
    lines = ["", "Functions:", ""]
    for function in host.index.functions:
        if function.is_disabled:
            lines += [f"\tFunction {function.name} is disabled.", ""]
        elif function.is_http:
            methods = f"[{','.join(function.methods)}] " if function.methods else ""
            lines += [f"\t{function.name}: {methods}http://localhost:{port}/{function.route}", ""]
        else:
            lines += [f"\t{function.name}: {function.trigger['type']}", ""]
    if not host.index.functions:
        lines += [
            "\tNo functions: function_app.py has a FunctionApp without functions, or the file is missing.",
            "",
        ]
    return lines
