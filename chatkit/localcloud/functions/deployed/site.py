"""One deployed site: its app and its deployments."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from chatkit.core.system.names import own_folder
from chatkit.localcloud.core.background import BackgroundTasks
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.deployed.deployment import Deployment, PackageStore
from chatkit.localcloud.functions.deployed.deployments import Deployments
from chatkit.localcloud.functions.deployed.package_url import (
    SETTING,
    download,
    fingerprint,
    package_url,
    shown,
)
from chatkit.localcloud.functions.deployed.site_app import HostServices, SiteApp
from chatkit.localcloud.functions.deployed.versions import Versions
from chatkit.localcloud.functions.host.errors import DeploymentRunning
from chatkit.localcloud.functions.host.spec import FunctionInfo, SiteSpec
from chatkit.localcloud.functions.http.frontend import Gate
from chatkit.localcloud.recorded.clock import Clock

log = logging.getLogger("chatkit.local.functions")


@dataclass(frozen=True)
class SiteServices:
    """What all sites share.

    Attributes:
        folder: Each site has a folder of its name in it.
        store: Keeps versions and deployment records.
        packages: Keeps released packages.
        hosts: What the apps' hosts share.
    """

    folder: Path
    store: Store
    packages: PackageStore
    hosts: HostServices


class RunningSite:
    """A site of the local cloud."""

    def __init__(self, spec: SiteSpec, services: SiteServices, gate: Gate | None) -> None:
        folder = services.folder / own_folder(spec.name)
        self._services = services
        self._background = BackgroundTasks(spec.name, log)
        self._versions = Versions(services.store, spec.name, folder)
        self._app = SiteApp(
            spec,
            gate,
            self._versions,
            services.hosts,
            self._background,
        )
        self.deployments = Deployments(services.store, spec.name)
        self._deploying = asyncio.Lock()
        self._fetch: asyncio.Task[None] | None = None  # the last that was ordered

    @property
    def spec(self) -> SiteSpec:
        """The site as it was last applied."""
        return self._app.spec

    @property
    def log_file(self) -> Path:
        """Where the app's console is kept; there is none before it has written a line."""
        return self._versions.log_file

    def application(self) -> web.Application:
        """The web application of the app's own port."""
        return self._app.application()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request that was handed on, past what stands in front of the app."""
        return await self._app.answer(request)

    def start(self) -> None:
        """Start what was deployed; remove what a stop of the local cloud interrupted."""
        self.deployments.interrupt()
        self._versions.remove_uploads()
        self._versions.remove_inactive()
        self._app.resume()
        self._run_package()

    def update(self, spec: SiteSpec, gate: Gate | None) -> None:
        """Take new settings over."""
        before = package_url(self.spec.app_settings)
        self._app.update(spec, gate)
        if package_url(spec.app_settings) != before:
            self._run_package()

    def restart(self) -> None:
        """Start the app in a new process; the old one finishes what it has.

        A package that an address names is fetched anew: another one may be there.
        """
        if package_url(self.spec.app_settings):
            self._run_package(anew=True)
        else:
            self._app.restart()

    async def stop(self) -> None:
        """End whatever runs, and wait until no process is left."""
        try:
            # First what could start another process: a deployment, a changed setting.
            await self._background.close()
        finally:
            await self._app.stop()

    def forget(self) -> None:
        """Delete the site's records."""
        self.deployments.forget()
        self._versions.forget()

    @property
    def console(self) -> Console:
        """What the app and its host write."""
        return self._app.console

    def functions(self) -> list[FunctionInfo]:
        """Functions as last synchronised."""
        return self._versions.functions()

    async def sync_triggers(self) -> None:
        """Wait for the app and renew the list of functions."""
        if self._fetch is not None:
            # Those before it have ended then, too. It goes on when this call is cancelled.
            await asyncio.wait([self._fetch])
        await self._app.sync_triggers()

    def new_upload(self, name: str) -> Path:
        """A path for an incoming package."""
        return self._versions.new_upload(name)

    def deploy(self, package: Path, *, deployer: str, remote_build: bool) -> str:
        """Begin a deployment of an uploaded file, which it takes over; returns its id.

        Raises:
            DeploymentRunning: Another one has not finished.
        """
        if self.deployments.running():
            raise DeploymentRunning(
                "There is a deployment currently in progress. Please try again when it completes."
            )
        deployment = self._begin(package, deployer=deployer, remote_build=remote_build)
        self._background.start(self._run(deployment))
        return deployment.id

    async def _run(self, deployment: Deployment) -> None:
        async with self._deploying:
            await deployment.run()

    def _begin(self, package: Path, *, deployer: str, remote_build: bool) -> Deployment:
        return Deployment(
            self.deployments.begin(deployer=deployer, remote_build=remote_build),
            package,
            remote_build,
            self._app,
            self.deployments,
            self._services.packages,
            self._services.hosts.trace,
            Clock.load(self._services.store),
        )

    def _run_package(self, *, anew: bool = False) -> None:
        """Fetch the package that the settings name and let it serve, if it does not yet."""
        url = package_url(self.spec.app_settings)
        if url and (anew or fingerprint(url) != self._versions.package):
            self._fetch = self._background.start(self._fetch_and_serve(url))

    async def _fetch_and_serve(self, url: str) -> None:
        async with self._deploying:
            if url != package_url(self.spec.app_settings):
                return  # another one is named meanwhile, and comes next
            file = self._versions.new_upload(uuid.uuid4().hex)
            deployment = self._begin(file, deployer=SETTING, remote_build=False)
            self.deployments.log(deployment.id, f"Fetching the package from {shown(url)} ...")
            await deployment.run(fetch=download(url, file, self._services.hosts.ca_bundle))
            if self._versions.active == deployment.id:
                self._versions.keep_package(fingerprint(url))
