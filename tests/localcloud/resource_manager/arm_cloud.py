"""A local Resource Manager over TLS with recording data planes in place of the real ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.signalr import SignalRManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.web import WebSiteManagementClient

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.service import EntraService
from chatkit.localcloud.functions.host.spec import FunctionInfo, SiteSpec
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.service import ResourceManagerService
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.storage.state.spec import AccountSpec, ContainerSettings, StaticWebsite
from tests.localcloud.credentials import credential_of
from tests.localcloud.resource_manager import coverage_table
from tests.localcloud.resource_manager.clients.loops import drop_connections
from tests.localcloud.resource_manager.specs import SpecCheck


@dataclass
class Hold:
    """Keeps a change at the data plane until the test lets it go on."""

    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    async def __call__(self) -> None:
        """Say that the change is here, then wait."""
        self.reached.set()
        await asyncio.to_thread(self.released.wait, 20)


@dataclass
class Planes:
    """Stands in for the three data planes and remembers what it was told."""

    instances: dict[str, InstanceSpec] = field(default_factory=dict)
    accounts: dict[str, AccountSpec] = field(default_factory=dict)
    sites: dict[str, SiteSpec] = field(default_factory=dict)
    websites: dict[str, StaticWebsite] = field(default_factory=dict)
    cors: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    containers: dict[str, set[str]] = field(default_factory=dict)
    restarts: list[str] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    holds: dict[str, Hold] = field(default_factory=dict)

    async def apply(self, spec: InstanceSpec | AccountSpec | SiteSpec) -> None:
        """Keep a spec."""
        if spec.name in self.refuse:
            raise OSError("no room")
        hold = self.holds.pop(spec.name, None)
        if hold is not None:
            await hold()
        kept: dict[type, Any] = {
            InstanceSpec: self.instances,
            AccountSpec: self.accounts,
            SiteSpec: self.sites,
        }
        kept[type(spec)][spec.name] = spec

    def blob_endpoint(self, name: str) -> str:
        """A blob URL in path style."""
        return f"https://localhost:1/{name}"

    def suffix(self) -> str:
        """As of a port that nobody has."""
        return "core.localhost:1"

    def web_endpoint(self, name: str) -> str:
        """A website URL."""
        return "http://127.0.0.1:2/"

    def get_website(self, name: str) -> StaticWebsite:
        """The kept setting."""
        return self.websites.get(name, StaticWebsite())

    def set_website(self, name: str, website: StaticWebsite) -> None:
        """Keep a setting."""
        self.websites[name] = website

    def get_cors(self, name: str) -> list[dict[str, str]]:
        """The kept rules."""
        return self.cors.get(name, [])

    def set_cors(self, name: str, rules: list[dict[str, str]]) -> None:
        """Keep rules."""
        self.cors[name] = rules

    def create_container(self, account: str, container: str) -> None:
        """Keep a container's name."""
        self.containers.setdefault(account, set()).add(container)

    def get_container(self, account: str, container: str) -> ContainerSettings | None:
        """Nothing in particular about a name that is kept."""
        return ContainerSettings() if container in self.containers.get(account, ()) else None

    def set_container(
        self, account: str, container: str, *, public: str | None, metadata: dict[str, str] | None
    ) -> None:
        """Change nothing."""

    def list_containers(self, account: str) -> list[str]:
        """The kept names."""
        return sorted(self.containers.get(account, ()))

    def delete_container(self, account: str, container: str) -> None:
        """Forget a name."""
        self.containers[account].discard(container)

    async def restart(self, name: str) -> None:
        """Remember a restart."""
        self.restarts.append(name)

    def list_functions(self, name: str) -> list[FunctionInfo]:
        """One function for every site."""
        return [
            FunctionInfo(
                "SendMessage", ({"type": "httpTrigger"},), "http://localhost:1/api/messages"
            )
        ]

    def deployments(self, name: str) -> list[dict[str, Any]]:
        """One that has succeeded."""
        times = dict.fromkeys(
            ("received_time", "start_time", "end_time"), "2026-11-23T18:00:00.000000Z"
        )
        who = {"author": "N/A", "deployer": "chatkit", "message": "", "active": True}
        return [{"id": "d1", "status": 4, "status_text": "", **who, **times}]

    def deployment_log(self, name: str, deployment_id: str) -> list[dict[str, Any]]:
        """One line."""
        time = "2026-11-23T18:00:00.000000Z"
        return [{"id": "l1", "log_time": time, "message": "Starting the app ...", "type": 0}]

    async def sync_triggers(self, name: str) -> None:
        """Nothing to index."""


class Plane:
    """One face of `Planes` with its own `remove`."""

    def __init__(self, planes: Planes, kept: dict[str, Any]) -> None:
        self._planes = planes
        self._kept = kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._planes, name)

    async def remove(self, name: str) -> None:
        """Forget an instance, account or site."""
        self.forget(name)

    def forget(self, name: str) -> None:
        """The first half of removing an account."""
        self._kept.pop(name, None)


@dataclass
class LocalCloud:
    """Entra and Resource Manager on a thread with a loop of their own, as in the daemon."""

    folder: Path
    planes: Planes
    specs: SpecCheck = field(default_factory=SpecCheck)
    credentials: list[ClientSecretCredential] = field(default_factory=list)

    def start(self) -> None:
        """Run a loop on a thread and start both services on it."""
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self._start())

    def stop(self) -> None:
        """Close everything, as at the end of the daemon."""
        while self.credentials:
            self.credentials.pop().close()
        self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def run(self, work: Any) -> Any:
        """Run a coroutine on the services' loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def call(self, function: Any, *args: Any, **options: Any) -> Any:
        """Call a plain function on the services' thread, where the store lives."""

        async def work() -> Any:
            return function(*args, **options)

        return self.run(work())

    async def _start(self) -> None:
        self.platform = Platform.open(self.folder)
        self.platform.listeners.settle()
        clock = Clock.load(self.platform.store)
        self.entra = EntraService(self.platform, clock)
        planes: Any = self.planes
        self.arm = ResourceManagerService(
            self.platform,
            self.entra.directory,
            self.entra.tokens,
            signalr=Plane(planes, planes.instances),
            storage=Plane(planes, planes.accounts),
            functions=Plane(planes, planes.sites),
            clock=clock,
        )
        self.arm.dispatch.observe = self.specs
        await self.entra.start()
        await self.arm.start()

    async def _stop(self) -> None:
        await self.arm.stop()
        await self.entra.stop()
        await self.platform.close()
        await drop_connections()

    @property
    def endpoints(self) -> dict[str, str]:
        """What `chatkit local status` shows."""
        ca_file = str(self.platform.certificates.ca_file)
        return {**self.entra.endpoints(), **self.arm.endpoints(), "ca_file": ca_file}

    def credential(self) -> ClientSecretCredential:
        """The unmodified azure-identity credential."""
        made = credential_of(self.endpoints)
        self.credentials.append(made)
        return made

    def client(self, kind: Any, **options: Any) -> Any:
        """An unmodified management client, pointed here."""
        known = self.endpoints
        return kind(
            self.credential(),
            known["subscription_id"],
            base_url=known["resource_manager"],
            credential_scopes=["https://management.azure.com/.default"],
            connection_verify=known["ca_file"],
            polling_interval=1,
            **options,
        )


@dataclass
class Clients:
    """The four management clients."""

    resources: Any
    signalr: Any
    storage: Any
    web: Any


@pytest.fixture
def cloud(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LocalCloud]:
    """A running local Entra and Resource Manager; what it answered must fit Azure's models."""
    running = LocalCloud(tmp_path, Planes())
    running.start()
    yield running
    running.stop()
    coverage_table.RAN.add(request.path.name)
    for name in running.specs.tried:
        coverage_table.TESTED_BY.setdefault(name, set()).add(request.path.name)
    assert not running.specs.problems, "\n".join(sorted(set(running.specs.problems)))


@pytest.fixture
def clients(cloud: LocalCloud) -> Iterator[Clients]:
    """The four clients, with a group "class" and the providers registered."""
    kinds = (
        ResourceManagementClient,
        SignalRManagementClient,
        StorageManagementClient,
        WebSiteManagementClient,
    )
    made = Clients(*(cloud.client(kind) for kind in kinds))
    for namespace in ("Microsoft.SignalRService", "Microsoft.Storage", "Microsoft.Web"):
        made.resources.providers.register(namespace)
    made.resources.resource_groups.create_or_update("class", {"location": "eastus2"})
    yield made
    for client in vars(made).values():
        client.close()
