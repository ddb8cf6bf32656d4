"""Deployed function apps: a port for each app and one for its deployment endpoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from aiohttp import web

from chatkit.core.disk.tail import read_tail
from chatkit.core.errors import PortInUse
from chatkit.core.system.moving import discard_tree
from chatkit.core.system.names import own_folder
from chatkit.localcloud.core.first_bytes import http_or_https
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.store import Document
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.functions.deployed import scm
from chatkit.localcloud.functions.deployed.deployment import PackageStore
from chatkit.localcloud.functions.deployed.site import RunningSite, SiteServices
from chatkit.localcloud.functions.deployed.site_app import HostServices
from chatkit.localcloud.functions.host.signalr_service import RestSender
from chatkit.localcloud.functions.host.spec import FunctionInfo, SiteSpec, port_owners
from chatkit.localcloud.functions.http import frontend
from chatkit.localcloud.functions.http.frontend import Gate
from chatkit.localcloud.recorded.clock import Clock

log = logging.getLogger("chatkit.local.functions")
MakeGate = Callable[[SiteSpec], Gate | None]


class FunctionsService:
    """Function apps of the local cloud."""

    def __init__(
        self,
        platform: Platform,
        tokens: Tokens,
        *,
        packages: PackageStore,
        make_gate: MakeGate,
        forget_gate: Callable[[str], None],
        drills: Drills | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Make the service; it opens nothing yet.

        Args:
            platform: Store, folder, ports, certificates.
            tokens: Verifies the tokens of the deployment endpoints.
            packages: Keeps released packages.
            make_gate: Called with a site's spec whenever it is applied; what it returns stands in
                front of the app. App Service Authentication is plugged in here.
            forget_gate: Called with a site's name when it was removed.
            drills: Failures that callers meet; none by default.
            clock: What is known late; nothing by default.
        """
        self._platform = platform
        self._tokens = tokens
        self._make_gate = make_gate
        self._forget_gate = forget_gate
        self._clock = clock or Clock()
        ca_bundle = platform.ca_bundle()
        self._sender = RestSender(ca_bundle)
        self._services = SiteServices(
            folder=platform.folder / "sites",
            store=platform.store,
            packages=packages,
            hosts=HostServices(
                platform.trace,
                self._sender,
                ca_bundle,
                drills=drills or Drills(),
                azure_clock=self._clock,
            ),
        )
        self._sites: dict[str, RunningSite] = {}

    async def start(self) -> None:
        """Get ready; sites come back when Resource Manager applies them."""

    async def stop(self) -> None:
        """End every process of an app."""
        try:
            await asyncio.gather(*(site.stop() for site in self._sites.values()))
        finally:
            await self._sender.close()

    async def apply(self, spec: SiteSpec) -> None:
        """Create or update a site.

        Changed settings restart its app; a request that comes meanwhile waits for the new one.
        """
        name = spec.name.lower()
        gate = self._make_gate(spec)
        known = self._sites.get(name)
        if known is not None:
            known.update(spec, gate)
            return
        site = RunningSite(spec, self._services, gate)
        self._sites[name] = site
        site.start()  # before its port opens: a request that comes at once waits for the app
        try:
            await self._open_ports(name, site)
        except PortInUse as error:
            log.error("Function app %s is not reachable. %s", name, error)

    async def _open_ports(self, name: str, site: RunningSite) -> None:
        listeners = self._platform.listeners
        tls = self._platform.certificates.server
        owners = port_owners(name)
        # Browsers use http here; az asks for the app's status over https.
        app = HttpServer(site.application(), refuse=frontend.refuse, peek=http_or_https(tls))
        await listeners.open(owners["site"], app, port=site.spec.port)
        deployment = HttpServer(
            scm.application(site, self._tokens, self._resource_manager_url, self._clock),
            refuse=scm.refuse,
        )
        await listeners.open(owners["scm"], deployment, port=site.spec.scm_port, tls=tls)

    def forget(self, name: str) -> None:
        """Delete what is stored about a site, in the caller's transaction if there is one.

        Else a site that gets the name after a crash would serve the code of the deleted one, and
        take its sessions. `remove` deletes the rest.
        """
        site = self._sites.get(name.lower())
        if site is not None:
            site.forget()
        self._forget_gate(name.lower())

    async def remove(self, name: str) -> None:
        """Remove a site with everything it had: ports, process, files, records.

        Unknown names are fine.
        """
        name = name.lower()
        site = self._sites.pop(name, None)
        for owner in port_owners(name).values():
            await self._platform.listeners.close(owner)
        if site is not None:
            await site.stop()
            site.forget()  # with what a deployment has written until it was stopped
        self._forget_gate(name)
        await asyncio.to_thread(discard_tree, self._services.folder / own_folder(name))

    async def answer(self, name: str, request: web.Request) -> web.StreamResponse:
        """Let a site answer a request that was handed on, past App Service Authentication.

        Whoever hands it on has made sure of the caller (`request[HANDED_ON]`).

        Raises:
            KeyError: There is no such site.
        """
        return await self._site(name).answer(request)

    async def restart(self, name: str) -> None:
        """Start a site's app in a new process."""
        self._site(name).restart()

    def list_functions(self, name: str) -> list[FunctionInfo]:
        """Functions of a site as last indexed; none before its first deployment."""
        return self._site(name).functions()

    def deployments(self, name: str) -> list[Document]:
        """Records of a site's deployments, newest first."""
        records = self._site(name).deployments.all()
        return [cast(Document, record) for record in reversed(records)]

    def deployment_log(self, name: str, deployment_id: str) -> list[Document]:
        """The lines of a deployment's build log."""
        lines = self._site(name).deployments.lines(deployment_id)
        return [cast(Document, line) for line in lines]

    def control_routes(self) -> list[web.RouteDef]:
        """Routes for the local cloud's control API: what the functions of an app said.

        Azure has a log stream for other plans than Flex Consumption only; the owner reads it here.
        """
        return [web.get("/sites/{name}/log", self._log)]

    async def _log(self, request: web.Request) -> web.Response:
        site = self._sites.get(request.match_info["name"].lower())
        if site is None:
            sentence = f"There is no function app {request.match_info['name']}."
            return web.json_response({"error": sentence}, status=404)
        after = request.query.get("after", "")
        tail = await asyncio.to_thread(read_tail, site.log_file, after=after)
        return web.json_response({"text": tail.text, "position": tail.position})

    async def sync_triggers(self, name: str) -> None:
        """Wait until the app is up and its list of functions is fresh.

        A broken app is no error here.
        """
        await self._site(name).sync_triggers()

    def _site(self, name: str) -> RunningSite:
        return self._sites[name.lower()]

    def _resource_manager_url(self) -> str:
        port = self._platform.listeners.remembered("resource-manager")
        if port is None:
            return ""
        return f"https://localhost:{port}"
