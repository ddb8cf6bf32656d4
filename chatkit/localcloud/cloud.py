"""The services of the local cloud, put together in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from aiohttp import web

from chatkit.localcloud.core.control import Control
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.drills.control import control_routes
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.kept import FILE
from chatkit.localcloud.easy_auth.module import EasyAuth
from chatkit.localcloud.easy_auth.service import EasyAuthService
from chatkit.localcloud.entra.models import APPLICATIONS
from chatkit.localcloud.entra.service import EntraService
from chatkit.localcloud.functions.host.spec import SiteSpec
from chatkit.localcloud.functions.local.carried import CarriedRuns
from chatkit.localcloud.functions.service import FunctionsService
from chatkit.localcloud.journeys.service import MapService
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core.state import RESOURCES
from chatkit.localcloud.resource_manager.service import ResourceManagerService
from chatkit.localcloud.signalr.service import SignalRService
from chatkit.localcloud.stage import control as stage_control
from chatkit.localcloud.stage.presenter import Presenter
from chatkit.localcloud.stage.service import StageService
from chatkit.localcloud.storage.auth.access import by_roles
from chatkit.localcloud.storage.service import StorageService
from chatkit.localcloud.storage.state.repository import ACCOUNTS


class LocalCloud:
    """All services over one platform.

    They start in this order: identity, data planes, then Resource Manager, which restores what it
    knows, and the stage, which shows some of it.

    Attributes:
        moves: Ports that were given up at this start.
    """

    def __init__(self, folder: Path, *, on_stop: Callable[[], None]) -> None:
        self.platform = Platform.open(folder, addressed=(RESOURCES, APPLICATIONS, ACCOUNTS))
        # First of all: the services read their ports and documents when they are made.
        self.moves = self.platform.listeners.settle()
        self.drills = Drills(folder / FILE)
        clock = Clock.load(self.platform.store)
        self.entra = EntraService(self.platform, clock)
        tokens = self.entra.tokens
        role_check = by_roles(tokens.roles)
        self.storage = StorageService(
            self.platform, tokens, role_check=role_check, drills=self.drills, clock=clock
        )
        self.signalr = SignalRService(
            self.platform, tokens, self.entra.identities.token, self.drills, clock
        )
        self.easy_auth = EasyAuthService(self.platform)
        self.functions = FunctionsService(
            self.platform,
            tokens,
            packages=self.storage,
            make_gate=self._authentication_of,
            forget_gate=self.easy_auth.forget,
            drills=self.drills,
            clock=clock,
        )
        self.resource_manager = ResourceManagerService(
            self.platform,
            self.entra.directory,
            tokens,
            signalr=self.signalr,
            storage=self.storage,
            functions=self.functions,
            clock=clock,
        )
        self.stage = StageService(
            self.platform,
            self.signalr,
            self.functions,
            self.storage,
            resize=self.resource_manager.resize,
        )
        self.map = MapService(self.platform)
        self.presenter = Presenter(self.platform, self.stage, self.drills, self.map, clock)
        self.platform.note_start(
            tenant_id=self.entra.directory.tenant_id,
            subscription_id=self.resource_manager.context.subscription_id,
        )
        self.carried = CarriedRuns(folder / FILE, self.endpoints)
        self.control = Control(self.platform, on_stop=on_stop, routes=self._control_routes())

    async def start(self) -> None:
        """Open every port and bring everything back that was acknowledged before."""
        for service in (
            self.entra,
            self.storage,
            self.signalr,
            self.functions,
            self.resource_manager,
            self.stage,
            self.map,
            self.presenter,
            self.control,
        ):
            await service.start()
        self.platform.listeners.leave_unopened()

    async def stop(self) -> None:
        """End child processes, drills too, close ports and the store."""
        self.drills.end()
        for service in (
            self.carried,
            self.presenter,
            self.stage,
            self.map,
            self.resource_manager,
            self.functions,
            self.easy_auth,
            self.signalr,
            self.storage,
            self.entra,
        ):
            await service.stop()
        await self.platform.close()

    def _control_routes(self) -> list[web.RouteDef]:
        return [
            *self.resource_manager.control_routes(),
            *self.signalr.control_routes(),
            *self.functions.control_routes(),
            *control_routes(self.drills, self.stage.room),
            *stage_control.control_routes(self.stage, self.drills),
            *self.map.control_routes(),
            *self.carried.control_routes(),
        ]

    def _authentication_of(self, site: SiteSpec) -> EasyAuth | None:
        origin = f"http://localhost:{site.port}"
        return self.easy_auth.module(
            site.name,
            origin=origin,
            authentication=site.authentication,
            secrets=site.app_settings,
            assertion=partial(self.entra.identity_endpoint.assertion, site.scope),
        )

    def endpoints(self) -> dict[str, str]:
        """Enough for any Azure client to use this cloud, secrets included.

        The file they go to is private.
        """
        return {
            **self.resource_manager.endpoints(),
            **self.entra.endpoints(),
            "ca_file": str(self.platform.certificates.ca_file),
            "dev_storage": self.storage.dev_endpoint(),
            **self.map.endpoints(),
            **self.control.endpoints(),
        }
