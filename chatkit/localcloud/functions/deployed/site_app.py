"""The app of one deployed site: hosts that are tried, that serve, that finish their requests."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from chatkit.localcloud.core.background import BackgroundTasks
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.deployed.site_environment import site_environment, site_settings
from chatkit.localcloud.functions.deployed.versions import Versions
from chatkit.localcloud.functions.host.errors import HostUnavailable
from chatkit.localcloud.functions.host.host import FunctionHost, HostObserver
from chatkit.localcloud.functions.host.signalr_service import RestSender
from chatkit.localcloud.functions.host.spec import FunctionInfo, HostOptions, SiteSpec
from chatkit.localcloud.functions.http.frontend import Frontend, Gate, Site, application
from chatkit.localcloud.functions.http.requests import AppTrace, note_invocation
from chatkit.localcloud.functions.triggers.listeners import Listeners
from chatkit.localcloud.functions.triggers.timer_clock import TimerClock
from chatkit.localcloud.functions.worker_process.calls import Failure
from chatkit.localcloud.functions.worker_process.rest import IDLE_AFTER_S
from chatkit.localcloud.recorded.clock import Clock

log = logging.getLogger("chatkit.local.functions")
DRAIN_S = 5.0


@dataclass(frozen=True)
class HostServices:
    """What the hosts of all sites share.

    Attributes:
        trace: Gets an event for each request and each invocation.
        sender: Carries out SignalR output bindings.
        ca_bundle: Certificate authorities that apps trust.
        clock: What timers wait on.
        drills: Failures that callers meet.
        idle_after_s: How long nobody calls an app before it is scaled to zero; None for never.
        azure_clock: What is known late.
    """

    trace: Trace
    sender: RestSender
    ca_bundle: Path
    clock: TimerClock = field(default_factory=TimerClock)
    drills: Drills = field(default_factory=Drills)
    idle_after_s: float | None = IDLE_AFTER_S
    azure_clock: Clock = field(default_factory=Clock)


class SiteApp(HostObserver):
    """The hosts of one site.

    A new host is tried beside the one that serves. Then it serves and the one before it finishes:
    it gets no new requests and has `DRAIN_S` for those it has. A host that fails its trial is
    discarded. Every host is known from `create` until its process is gone, so that `stop` leaves
    none behind.
    """

    def __init__(
        self,
        spec: SiteSpec,
        gate: Gate | None,
        versions: Versions,
        services: HostServices,
        background: BackgroundTasks,
    ) -> None:
        self.spec = spec
        self.versions = versions
        self.console = Console(spec.name, file=versions.log_file)
        self._services = services
        self._background = background
        self._front = Site(
            cors=spec.cors,
            keys=spec.host_keys,
            gate=gate,
            trace=AppTrace(services.trace, f"functions/{spec.name}"),
            enabled=spec.enabled,
            drills=services.drills,
            part=rooms.site(spec.name),
            clock=services.azure_clock,
        )
        self._frontend = Frontend(self._front)
        self._hosts: set[FunctionHost] = set()
        self._listeners = Listeners(self.console, services.clock, owner=f"site {spec.name}")

    def application(self) -> web.Application:
        """The web application of the app's own port."""
        return application(self._frontend)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request that was handed on, past the app's gate."""
        return await self._frontend.answer(request)

    def resume(self) -> None:
        """Bring back the active version; a request that comes at once waits for it."""
        folder = self.versions.folder_of(self.versions.active)
        if self.versions.active and folder.is_dir():
            self._start_serving(folder)

    def update(self, spec: SiteSpec, gate: Gate | None) -> None:
        """Apply new settings: those the app can see restart it, others work at once."""
        old = self.spec
        self.spec = spec
        self._front.cors = spec.cors
        self._front.keys = spec.host_keys
        self._front.gate = gate
        self._front.enabled = spec.enabled
        if site_settings(old) != site_settings(spec):
            self.restart()
        elif old.enabled != spec.enabled:
            self._follow()

    def restart(self) -> None:
        """Start the app in a new process; the old one finishes what it has."""
        host = self._front.host
        if host is not None:
            self._start_serving(host.options.folder)

    async def sync_triggers(self) -> None:
        """Wait for the app and renew the list of functions; a broken app is no error."""
        host = self._front.host
        if host is None:
            return
        try:
            await host.ready()
        except HostUnavailable:
            return
        self._keep_functions(host)

    async def stop(self) -> None:
        """End every process, and close the log file."""
        await self._listeners.close()
        await asyncio.gather(*(host.stop() for host in self._hosts))
        self._hosts.clear()
        self.console.close()

    # Hosts from their trial to their end

    def create(self, folder: Path) -> FunctionHost:
        """Make a host for a version with the current settings. It is not started yet."""
        host = FunctionHost(self._options(folder), self.console, self._services.sender, self)
        self._hosts.add(host)
        return host

    def keep(self, version: str, host: FunctionHost) -> None:
        """Write down that a version is the active one, and what it offers."""
        self.versions.activate(version)
        self._keep_functions(host)

    def serve(self, host: FunctionHost) -> None:
        """Let a host that was tried serve as the active version."""
        self._serve(host)
        if host.options != self._options(host.options.folder):
            self._start_serving(host.options.folder)  # a setting was changed during the trial

    async def discard(self, host: FunctionHost) -> None:
        """End a host that failed its trial."""
        await host.stop()
        self._hosts.discard(host)

    def _start_serving(self, folder: Path) -> None:
        host = self.create(folder)
        self._serve(host)
        self._background.start(self._start(host))

    async def _start(self, host: FunctionHost) -> None:
        await host.start()
        if host is self._front.host and host.problem is None:
            self._keep_functions(host)

    def _serve(self, host: FunctionHost) -> None:
        before = self._front.host
        self._front.host = host
        self._follow()
        if before is not None:
            self._background.start(self._finish(before))

    def _follow(self) -> None:
        """Let timers and blobs set off the functions of the host that serves, if it does."""
        host = self._front.host
        if host is not None and (host.problem is not None or not self._front.enabled):
            host = None
        self._background.start(self._listeners.follow(host))

    async def _finish(self, host: FunctionHost) -> None:
        await host.drain(DRAIN_S)
        self._hosts.discard(host)

    # What hosts report

    def on_ready(self, host: FunctionHost) -> None:
        """Set functions off; say when the site names another Python than it gets here."""
        if host is self._front.host:
            self._follow()
        # In Azure a site gets the Python it names; here every site gets that of the environment.
        named = self.spec.python_version
        running = host.python_version
        if named and running and running.split(".")[:2] != named.split(".")[:2]:
            self.console.host_line(
                f"This site names Python {named}; the local cloud runs it under Python {running}, "
                "which this environment has. "
                "What only one of the two can do will differ in Azure."
            )

    def on_invoked(self, name: str, seconds: float, failure: Failure | None) -> None:
        """Keep an event of each invocation."""
        note_invocation(self._front.trace, name, seconds, failure)

    # Details

    def _options(self, folder: Path) -> HostOptions:
        bundle = self._services.ca_bundle
        environment = site_environment(self.spec, folder=folder, ca_bundle=bundle)
        settings = site_settings(self.spec)
        idle_after_s = None if self.spec.is_always_ready else self._services.idle_after_s
        return HostOptions(folder, settings, environment, ca_file=bundle, idle_after_s=idle_after_s)

    def _keep_functions(self, host: FunctionHost) -> None:
        self.versions.keep_functions(
            [
                FunctionInfo(
                    function.name,
                    function.bindings,
                    self._invoke_url(function.route),
                    function.is_disabled,
                )
                for function in host.index.functions
            ]
        )

    def _invoke_url(self, route: str) -> str:
        if not route:
            return ""
        return f"http://localhost:{self.spec.port}/{route}"
