"""One deployed site: its current app, its deployments, and the switch from one version to the next."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web

from chatkit.core.errors import ChatkitError
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.functions.deployed import build, packages
from chatkit.localcloud.functions.deployed.deployments import Deployments, Status
from chatkit.localcloud.functions.deployed.site_environment import site_environment, site_settings
from chatkit.localcloud.functions.host.console import Console
from chatkit.localcloud.functions.host.errors import DeploymentRunning, HostUnavailable, PackageRejected
from chatkit.localcloud.functions.host.host import FunctionHost, HostOptions
from chatkit.localcloud.functions.host.signalr_bindings import RestSender
from chatkit.localcloud.functions.host.spec import FunctionInfo, SiteSpec
from chatkit.localcloud.functions.http.frontend import Gate, Site, application
from chatkit.localcloud.functions.worker_process.calls import Failure

log = logging.getLogger("chatkit.local.functions")
DRAIN_S = 5.0


class PackageStore(Protocol):
    """Where released packages are kept: the storage data plane."""

    async def save_package(self, container_url: str, content: bytes) -> None:
        """Keep a package in the deployment container; raises when the container is not there."""


@dataclass(frozen=True)
class SiteGround:
    """What all sites share."""

    folder: Path
    store: Store
    trace: Trace
    packages: PackageStore
    sender: RestSender
    ca_bundle: Path


class RunningSite:
    """A site of the local cloud."""

    def __init__(self, spec: SiteSpec, ground: SiteGround, gate: Gate | None) -> None:
        self.spec = spec
        self._ground = ground
        self._folder = ground.folder / spec.name
        self._front = Site()
        self._console = Console(spec.name, file=self._folder / "app.log")
        self._tasks: set[asyncio.Task[None]] = set()
        self.deployments = Deployments(ground.store, spec.name)
        self._take_live(spec, gate)

    def application(self) -> web.Application:
        """The web application of the app's own port."""
        return application(self._front)

    def start(self) -> None:
        """Bring back what was deployed; a request that comes at once waits for it."""
        self.deployments.interrupt()
        for upload in self._folder.glob("*.upload"):
            upload.unlink()
        active = self._active()
        _remove_all_but(self._folder / "versions", active)
        if active and self._version_folder(active).is_dir():
            self._begin(self._make_host(self._version_folder(active)))

    async def update(self, spec: SiteSpec, gate: Gate | None) -> None:
        """Take new settings over. What the child sees restarts it; the rest works at once."""
        old, self.spec = self.spec, spec
        self._take_live(spec, gate)
        if site_settings(old) != site_settings(spec):
            await self.restart()

    async def restart(self) -> None:
        """Start the app in a new process; the old one finishes what it has."""
        old = self._front.host
        if old is not None:
            self._begin(self._make_host(old.options.folder))
            self._later(old.drain(DRAIN_S))

    async def stop(self) -> None:
        """End processes and whatever still runs."""
        for task in self._tasks:
            task.cancel()
        if self._front.host:
            await self._front.host.stop()
        self._console.close()

    def forget(self) -> None:
        """Delete the site's records."""
        self.deployments.forget()
        self._ground.store.delete("sites", self.spec.name)

    def functions(self) -> list[FunctionInfo]:
        """Functions as last synchronised."""
        known = self._ground.store.get("sites", self.spec.name) or {}
        return [
            FunctionInfo(**{**item, "bindings": tuple(item["bindings"])})
            for item in known.get("functions", [])
        ]

    async def sync_triggers(self) -> None:
        """Wait for the app and renew the list of functions."""
        if self._front.host is None:
            return
        try:
            await self._front.host.ready()
        except HostUnavailable:
            return
        self._keep_functions(self._front.host)

    # Deployment

    def deploy(self, package: Path, *, deployer: str, remote_build: bool) -> str:
        """Begin a deployment of an uploaded file, which it takes over; returns its id.

        Raises:
            DeploymentRunning: Another one has not finished.
        """
        if self.deployments.running():
            raise DeploymentRunning(
                "There is a deployment currently in progress. Please try again when it completes."
            )
        deployment_id = self.deployments.begin(deployer=deployer, remote_build=remote_build)
        self._later(self._deploy(deployment_id, package, remote_build))
        return deployment_id

    async def _deploy(self, deployment_id: str, package: Path, remote_build: bool) -> None:
        folder = self._version_folder(deployment_id)
        try:
            host = await self._build(deployment_id, package, folder, remote_build)
            await self._release(deployment_id, package, host)
        except ChatkitError as error:
            self._fail(deployment_id, str(error))
        except Exception as error:
            log.exception("%s: deployment %s", self.spec.name, deployment_id)
            self._fail(
                deployment_id,
                f"The deployment failed inside the local cloud: {type(error).__name__}.",
            )
        finally:
            package.unlink(missing_ok=True)
            await asyncio.to_thread(_remove_all_but, self._folder / "versions", self._active())

    async def _build(
        self, deployment_id: str, package: Path, folder: Path, remote_build: bool
    ) -> FunctionHost:
        def say(text: str) -> None:
            self.deployments.log(deployment_id, text)

        self.deployments.set_status(deployment_id, Status.BUILDING)
        say("Checking the package ...")
        for warning in await asyncio.to_thread(packages.unpack, package, folder):
            self.deployments.log(deployment_id, warning, kind="warnings")
        if remote_build:
            await build.install_requirements(folder, say)
        self.deployments.set_status(deployment_id, Status.DEPLOYING)
        say("Starting the app ...")
        host = self._make_host(folder)
        await host.start()
        return host

    async def _release(self, deployment_id: str, package: Path, host: FunctionHost) -> None:
        """Switch to the new version if it is healthy. A first version stays even if it is not: its URLs say what is wrong."""
        broken = host.problem or _nothing_served(host)
        if broken is not None:
            for line in host.last_failure.splitlines():
                self.deployments.log(deployment_id, line)
            if self._active():
                await host.stop()
            else:
                self._switch(deployment_id, host)
            raise PackageRejected(broken.message, hint=self._what_serves(deployment_id))
        await self._save(package, host)
        self._switch(deployment_id, host)
        for function in host.index.functions:
            if function.error:
                self.deployments.log(
                    deployment_id,
                    f"'{function.name}' is in error: {function.error}",
                    kind="warnings",
                )
        names = ", ".join(function.name for function in host.index.functions if not function.error)
        self.deployments.log(deployment_id, f"The app serves: {names}.")
        self.deployments.set_status(deployment_id, Status.SUCCESS)
        self._ground.trace.emit(
            f"functions/{self.spec.name}", "deployed", functions=len(host.index.functions)
        )

    async def _save(self, package: Path, host: FunctionHost) -> None:
        """Keep the package where the site's deployment setting says, as Flex does: what is not there is not released."""
        url = self.spec.package_container_url
        if not url:
            return
        try:
            await self._ground.packages.save_package(
                url, await asyncio.to_thread(package.read_bytes)
            )
        except Exception as error:
            log.exception("%s: saving the package in %s", self.spec.name, url)
            await host.stop()
            raise PackageRejected(
                f"BlobUploadFailedException: the package could not be saved in the deployment container {url}: {error}",
                hint="Does the container exist, and the storage account?",
            ) from None

    def _switch(self, deployment_id: str, host: FunctionHost) -> None:
        old, self._front.host = self._front.host, host
        self._ground.store.put("sites", self.spec.name, {"active": deployment_id, "functions": []})
        self._keep_functions(host)
        if old is not None:
            self._later(old.drain(DRAIN_S))
        if host.options != self._options(host.options.folder):
            self._begin(self._make_host(host.options.folder))  # settings changed while it was built

    def _fail(self, deployment_id: str, sentence: str) -> None:
        self.deployments.log(deployment_id, sentence, kind="errors")
        self.deployments.set_status(deployment_id, Status.FAILED, sentence)
        self._console.host_line(f"Deployment failed: {sentence}", error=True)

    def _what_serves(self, deployment_id: str) -> str:
        return (
            ""
            if self._active() == deployment_id
            else "The version that was there before goes on serving."
        )

    # Details

    def _take_live(self, spec: SiteSpec, gate: Gate | None) -> None:
        self._front.cors = spec.cors
        self._front.keys = spec.host_keys
        self._front.enabled = spec.enabled
        self._front.gate = gate

    def _make_host(self, folder: Path) -> FunctionHost:
        host = FunctionHost(self._options(folder), self._console, self._ground.sender)
        host.on_invoked = self._trace_invocation
        host.on_ready = self._say_which_python
        return host

    def _say_which_python(self, host: FunctionHost) -> None:
        """In Azure a site gets the Python it names; here every site gets the environment's."""
        named, running = self.spec.python_version, host.python_version
        if named and running and running.split(".")[:2] != named.split(".")[:2]:
            self._console.host_line(
                f"This site names Python {named}; the local cloud runs it under Python {running}, which this environment has. "
                "What only one of the two can do will differ in Azure."
            )

    def _trace_invocation(self, name: str, seconds: float, failure: Failure | None) -> None:
        ms = round(seconds * 1000, 1)
        self._ground.trace.emit(
            f"functions/{self.spec.name}",
            "invocation",
            function=name,
            ms=ms,
            failure=str(failure or ""),
        )

    def _options(self, folder: Path) -> HostOptions:
        environment = site_environment(self.spec, folder=folder, ca_bundle=self._ground.ca_bundle)
        return HostOptions(folder, site_settings(self.spec), environment)

    def _begin(self, host: FunctionHost) -> None:
        self._front.host = host
        self._later(self._start_host(host))

    async def _start_host(self, host: FunctionHost) -> None:
        await host.start()
        if host is self._front.host and host.problem is None:
            self._keep_functions(host)

    def _keep_functions(self, host: FunctionHost) -> None:
        infos = [
            FunctionInfo(
                function.name,
                function.bindings,
                self._invoke_url(function.route),
                function.is_disabled,
            )
            for function in host.index.functions
        ]
        known = self._ground.store.get("sites", self.spec.name) or {}
        self._ground.store.put(
            "sites", self.spec.name, {**known, "functions": [asdict(info) for info in infos]}
        )

    def _invoke_url(self, route: str) -> str:
        return f"http://localhost:{self.spec.port}/{route}" if route else ""

    def _active(self) -> str:
        return str((self._ground.store.get("sites", self.spec.name) or {}).get("active", ""))

    def _version_folder(self, deployment_id: str) -> Path:
        return self._folder / "versions" / deployment_id

    def new_upload(self, name: str) -> Path:
        """A path for an incoming package."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{name}.upload"

    def _later(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception:  # nobody awaits it: the log must say
                log.exception("%s: work in the background failed", self.spec.name)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _nothing_served(host: FunctionHost) -> HostUnavailable | None:
    """An app that loads but serves nothing is not healthy either."""
    functions = host.index.functions
    if not functions:
        return HostUnavailable(
            "The app has no functions: is there a function_app.py with a FunctionApp at its root?"
        )
    if all(function.error for function in functions):
        return HostUnavailable(
            f"No function can be served. '{functions[0].name}': {functions[0].error}"
        )
    return None


def _remove_all_but(versions: Path, active: str) -> None:
    """Delete the folders of versions that no longer serve."""
    for folder in versions.glob("*"):
        if folder.name != active:
            shutil.rmtree(folder, ignore_errors=True)
