"""One deployment, from an uploaded package to a version that serves.

Follows Microsoft's page "Flex Consumption one deploy": what fails leaves the version that was there
before in place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from packaging.requirements import Requirement

from chatkit.core.errors import ChatkitError, NotWritten
from chatkit.core.system.moving import remove
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.functions.deployed import brought, build, packages
from chatkit.localcloud.functions.deployed.deployments import Deployments, Status
from chatkit.localcloud.functions.deployed.site_app import SiteApp
from chatkit.localcloud.functions.host import no_functions
from chatkit.localcloud.functions.host.errors import HostUnavailable, PackageRejected
from chatkit.localcloud.functions.host.host import FunctionHost
from chatkit.localcloud.functions.host.spec import PackageContainer
from chatkit.localcloud.recorded.clock import Clock

log = logging.getLogger("chatkit.local.functions")
OLD_VERSION_SERVES = "The version that was there before goes on serving."


class Package(Protocol):
    """A package that has come into a deployment container, and is not seen there yet."""

    def write(self) -> None:
        """Write down that it is the released one, in the transaction that says so of its version;
        raises when the container is not there.
        """

    def show(self) -> None:
        """Let readers see it, once that transaction has ended."""

    def discard(self) -> None:
        """Remove it: the version is not released."""


class PackageStore(Protocol):
    """Where released packages are kept: the storage data plane."""

    async def receive_package(self, url: str, content: bytes, *, identity: str | None) -> Package:
        """Take a package for a deployment container; raises when the account is not there, or does
        not let in who saves it: an identity, or with None a key.
        """


@dataclass(frozen=True)
class Deployment:
    """One deployment.

    Attributes:
        id: Of its record, and the name of the version it makes.
        package: The uploaded file, which the deployment deletes at its end.
        remote_build: Install what requirements.txt names.
        app: The site's app.
        records: What SCM tells about deployments.
        package_store: Keeps the package of a version that is released.
        trace: Gets an event when a version is released.
        clock: How long building takes.
    """

    id: str
    package: Path
    remote_build: bool
    app: SiteApp
    records: Deployments
    package_store: PackageStore
    trace: Trace
    clock: Clock = field(default_factory=Clock)

    async def run(self, *, fetch: Awaitable[None] | None = None) -> None:
        """Go through all steps; the record says how it ended.

        Args:
            fetch: Brings the package first.
        """
        failure = ""
        try:
            if fetch is not None:
                await fetch
            await self._build()
            await self._release(await self._try())
        except ChatkitError as error:
            failure = str(error)
        except Exception as error:
            log.exception("%s: deployment %s", self.app.spec.name, self.id)
            kind = type(error).__name__
            failure = f"The deployment failed inside the local cloud: {kind}."
        finally:
            remove(self.package)
            await self.app.versions.remove_inactive_aside()
        # Only now: on a full disk the record needs the space that the rest has given back.
        if failure:
            self._fail(failure)

    @property
    def _folder(self) -> Path:
        return self.app.versions.folder_of(self.id)

    async def _build(self) -> None:
        self.records.set_status(self.id, Status.BUILDING)
        self._say("Checking the package ...")
        for warning in await asyncio.to_thread(packages.unpack, self.package, self._folder):
            self.records.log(self.id, warning, kind="warnings")
        of_environment = list[Requirement]()
        if self.remote_build:
            of_environment = await build.install_requirements(self._folder, self._say)
            await self.clock.wait("publish.build")
        await asyncio.to_thread(brought.write_down, self._folder, of_environment)

    async def _try(self) -> FunctionHost:
        """Start the version beside the one that serves; return its app if it is healthy.

        Raises:
            PackageRejected: It is not. A first version serves even so: its URLs say what is wrong.
        """
        self.records.set_status(self.id, Status.DEPLOYING)
        self._say("Starting the app ...")
        host = self.app.create(self._folder)
        async with self._discarded(host):  # also when a site that is deleted cancels this task
            await host.start()
            problem = host.problem or _nothing_served(host)
        if problem is None:
            return host
        for line in host.last_failure.splitlines():
            self._say(line)
        if self.app.versions.active:
            await self.app.discard(host)
            raise PackageRejected(problem.message, hint=OLD_VERSION_SERVES)
        async with self._discarded(host):
            with self.records.together():
                self.app.keep(self.id, host)
        self.app.serve(host)
        raise PackageRejected(problem.message)

    async def _release(self, host: FunctionHost) -> None:
        """Let a healthy version serve once all that says so is kept; else the one before goes on.

        Its package is kept where the site's deployment setting says, as Flex does.

        Raises:
            PackageRejected: The container is not there; the version is not released.
        """
        async with self._discarded(host):
            package = await self._received_package()
            try:
                with self.records.together():
                    self.app.keep(self.id, host)
                    if package is not None:
                        with self._explained():
                            package.write()
                    self._say_released(host)
            except BaseException:
                if package is not None:
                    package.discard()
                raise
        if package is not None:
            package.show()
        self.app.serve(host)
        count = len(host.index.functions)
        self.trace.emit(f"functions/{self.app.spec.name}", "deployed", functions=count)

    async def _received_package(self) -> Package | None:
        container = self.app.spec.package_container
        if container is None:
            return None
        with self._explained():
            content = await asyncio.to_thread(self.package.read_bytes)
            return await self.package_store.receive_package(
                container.url, content, identity=container.identity
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of what fails in the block that the package could not be kept."""
        container = self.app.spec.package_container
        assert container is not None
        try:
            yield
        except NotWritten:
            raise
        except Exception as error:
            log.exception("%s: saving the package in %s", self.app.spec.name, container.url)
            raise PackageRejected(
                "BlobUploadFailedException: the package could not be saved "
                f"in the deployment container {container.url}: {error}",
                hint=_what_it_needs(container),
            ) from None

    @asynccontextmanager
    async def _discarded(self, host: FunctionHost) -> AsyncIterator[None]:
        """End a host if the block fails."""
        try:
            yield
        except BaseException:
            await self.app.discard(host)
            raise

    def _say_released(self, host: FunctionHost) -> None:
        functions = host.index.functions
        for function in functions:
            if function.error:
                warning = f"'{function.name}' is in error: {function.error}"
                self.records.log(self.id, warning, kind="warnings")
        if left_out := no_functions.left_out(host.options.folder):
            self.records.log(self.id, left_out, kind="warnings")
        names = ", ".join(function.name for function in functions if not function.error)
        self._say(f"The app serves: {names}.")
        self.records.set_status(self.id, Status.SUCCESS)

    def _say(self, text: str) -> None:
        self.records.log(self.id, text)

    def _fail(self, sentence: str) -> None:
        self.records.fail(self.id, sentence)
        self.app.console.host_line(f"Deployment failed: {sentence}", error=True)


def _what_it_needs(container: PackageContainer) -> str:
    """What to look at when a package cannot be saved."""
    hint = "Does the container exist, and the storage account?"
    if container.identity is not None:
        return (
            f"{hint} The identity in the site's deployment settings needs the role 'Storage Blob"
            " Data Contributor' there; in Azure a new role takes some minutes."
        )
    return f"{hint} Does the account take keys (allowSharedKeyAccess)?"


def _nothing_served(host: FunctionHost) -> HostUnavailable | None:
    """An app that loads but serves nothing is not healthy either."""
    functions = host.index.functions
    if not functions:
        options = host.options
        why = no_functions.reason(options.folder, options.settings, host.index.unlisted)
        return HostUnavailable(f"The app has no functions: {why}")
    if all(function.error for function in functions):
        first = functions[0]
        return HostUnavailable(f"No function can be served. '{first.name}': {first.error}")
    return None
