"""The deployment endpoint (SCM) of a site.

`/api/publish` for Flex, `/api/zipdeploy` for Consumption, deployment status and logs. Follows
Microsoft's pages "Flex Consumption one deploy" and "Kudu: deploying from a zip file". It takes
tokens of Entra from those who may publish, and the publishing password where the site allows it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from chatkit.core.files import new_file, write_all
from chatkit.core.system.moving import remove
from chatkit.core.text.constant_time import is_same_secret
from chatkit.core.time.propagation import SCM
from chatkit.localcloud.core.bearer import basic_credentials, parse_authorization
from chatkit.localcloud.core.store import Document
from chatkit.localcloud.core.web import OTHER_PAGE, SAFE_METHODS, Handler, is_from_other_page
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.functions.deployed import log_dump, log_stream
from chatkit.localcloud.functions.deployed.deployments import DeploymentRecord, Status, shown
from chatkit.localcloud.functions.deployed.package_url import NO_OTHER_DEPLOYMENT, package_url
from chatkit.localcloud.functions.deployed.site import RunningSite
from chatkit.localcloud.functions.host.errors import DeploymentRunning
from chatkit.localcloud.functions.host.spec import SiteSpec
from chatkit.localcloud.recorded.clock import Clock

AUDIENCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://appservice.azure.com",
)
# One right for everything here, reading included: settings are secrets, and who sees the files can
# change them (Kudu's page "Accessing the kudu service", section "Security").
PUBLISH = "Microsoft.Web/sites/publish/Action"
MAX_UPLOAD_BYTES = 500_000_000
FLEX = "FlexConsumption"


def application(
    site: RunningSite,
    tokens: Tokens,
    resource_manager_url: Callable[[], str],
    clock: Clock | None = None,
) -> web.Application:
    """Make the SCM application of a site.

    Args:
        site: Whose it is.
        tokens: Who asks.
        resource_manager_url: An audience that counts, too.
        clock: Whether the endpoint has started; it has by default.
    """
    lateness = clock or Clock()

    @web.middleware
    async def for_publishers(request: web.Request, handler: Handler) -> web.StreamResponse:
        if lateness.is_late(SCM, site.spec.name):
            return _text(503, "The service is unavailable.")
        refusal = _refusal(request, site.spec, tokens, resource_manager_url())
        if refusal is not None:
            return refusal
        # A browser keeps a publishing password, and sends it for any page.
        if request.method not in SAFE_METHODS and is_from_other_page(request):
            return refuse(request, 403, OTHER_PAGE)
        return await handler(request)

    app = web.Application(middlewares=[for_publishers])
    routes = Scm(site)
    app.add_routes(
        [
            web.get("/", routes.home),
            web.post("/api/publish", routes.publish),
            web.post("/api/zipdeploy", routes.zip_deploy),
            web.get("/api/deployments", routes.list),
            web.get("/api/deployments/", routes.list),  # as az writes it
            web.get("/api/deployments/{id}", routes.get),
            web.get("/api/deployments/{id}/log", routes.log),
            web.get("/api/isdeploying", routes.is_deploying),
            web.get("/api/settings", routes.settings),
            # With and without /api, which az leaves out.
            web.get("/{api:(api/)?}logstream", routes.log_stream),
            web.get("/{api:(api/)?}logstream/{provider:.*}", routes.log_stream),
            web.get("/{api:(api/)?}dump", routes.log_dump),
        ]
    )
    return app


def refuse(_: web.Request, status: int, sentence: str) -> web.Response:
    """What the endpoint answers when it fails, or cannot read a body."""
    message = "An error has occurred." if status == 500 else sentence
    return web.json_response({"Message": message}, status=status)


class Scm:
    """Handlers of one site's SCM."""

    def __init__(self, site: RunningSite) -> None:
        self._site = site

    async def home(self, _: web.Request) -> web.Response:
        """Say that the endpoint runs."""
        return web.Response(text=f"Deployment endpoint of {self._site.spec.name}.\n")

    async def publish(self, request: web.Request) -> web.Response:
        """One deploy: 202 with the id, then poll `Location`."""
        if self._site.spec.sku != FLEX:
            return _text(
                404, "/api/publish is for the Flex Consumption plan; this app uses /api/zipdeploy."
            )
        remote_build = request.query.get("RemoteBuild", "").lower() == "true"
        answer = await self._deploy(
            request,
            deployer=request.query.get("Deployer") or "LegionOneDeploy",
            remote_build=remote_build,
        )
        if isinstance(answer, web.Response):
            return answer
        return web.json_response(answer, status=202, headers={"Location": self._url(answer)})

    async def zip_deploy(self, request: web.Request) -> web.Response:
        """Zip deploy: 202 at once with isAsync=true, else when it is done."""
        if self._site.spec.sku == FLEX:
            return _text(
                404, "/api/zipdeploy is not there on the Flex Consumption plan; use /api/publish."
            )
        answer = await self._deploy(
            request,
            deployer=request.query.get("deployer") or "ZipDeploy",
            remote_build=self._builds(),
        )
        if isinstance(answer, web.Response):
            return answer
        headers = {"Scm-Deployment-Id": answer}
        if request.query.get("isAsync", "").lower() == "true":
            return web.Response(status=202, headers={**headers, "Location": self._url("latest")})
        record = await self._finished(answer)
        if record is None:
            return web.Response(status=400, headers=headers, text="The site was removed.")
        if record["status"] == Status.SUCCESS:
            return web.Response(status=200, headers=headers)
        return web.Response(status=400, headers=headers, text=record["status_text"])

    async def list(self, _: web.Request) -> web.Response:
        """All deployments, newest first."""
        return web.json_response(
            [self._shown(record) for record in reversed(self._site.deployments.all())]
        )

    async def get(self, request: web.Request) -> web.Response:
        """One deployment. The status is in the body: a failed one is answered 200 as well."""
        record = self._site.deployments.get(request.match_info["id"])
        if record is None:
            return _text(404, f"Deployment '{request.match_info['id']}' not found.")
        status = 200
        if self._site.spec.sku != FLEX and not record["complete"]:
            status = 202  # as Kudu answers until a zip deployment has ended
        return web.json_response(self._shown(record), status=status)

    async def log(self, request: web.Request) -> web.Response:
        """The build log."""
        record = self._site.deployments.get(request.match_info["id"])
        if record is None:
            return _text(404, f"Deployment '{request.match_info['id']}' not found.")
        return web.json_response(self._site.deployments.lines(record["id"]))

    async def log_stream(self, request: web.Request) -> web.StreamResponse:
        """The app's log, as it is written."""
        site = self._site
        return await log_stream.answer(request, site.console, site.log_file, site.spec.app_settings)

    async def log_dump(self, _: web.Request) -> web.Response:
        """The logs of the app and of its deployments, in a zip file."""
        kept = self._site.deployments
        builds = {record["id"]: kept.lines(record["id"]) for record in kept.all()}
        content = await asyncio.to_thread(log_dump.archive, self._site.log_file, builds)
        named = f"attachment; filename={log_dump.file_name()}"
        headers = {"Content-Type": "application/zip", "Content-Disposition": named}
        return web.Response(body=content, headers=headers)

    async def settings(self, _: web.Request) -> web.Response:
        """The app settings as the endpoint sees them."""
        # az asks here again and again until the settings for a remote build have arrived.
        return web.json_response(self._site.spec.app_settings)

    async def is_deploying(self, _: web.Request) -> web.Response:
        """Whether a deployment runs."""
        return web.json_response({"value": self._site.deployments.running() is not None})

    async def _deploy(
        self, request: web.Request, *, deployer: str, remote_build: bool
    ) -> str | web.Response:
        if package_url(self._site.spec.app_settings):
            return _text(409, NO_OTHER_DEPLOYMENT)
        package = self._site.new_upload(uuid.uuid4().hex)
        taken_over = False
        try:
            if not await _receive(request, package):
                return _text(413, f"The package is larger than {MAX_UPLOAD_BYTES:,} bytes.")
            if package.stat().st_size == 0:
                return _text(400, "The request has no package: send the zip file as its body.")
            deployment_id = self._site.deploy(package, deployer=deployer, remote_build=remote_build)
            taken_over = True
            return deployment_id
        except DeploymentRunning as error:
            return _text(409, str(error))
        finally:
            if not taken_over:
                remove(package)

    def _builds(self) -> bool:
        names = ("SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD")
        return any(
            self._site.spec.app_settings.get(name, "").lower() in ("1", "true") for name in names
        )

    async def _finished(self, deployment_id: str) -> DeploymentRecord | None:
        """The record once it is complete; None when the site was removed meanwhile."""
        while True:
            record = self._site.deployments.get(deployment_id)
            if record is None or record["complete"]:
                return record
            await asyncio.sleep(0.05)

    def _url(self, deployment_id: str) -> str:
        return f"https://localhost:{self._site.spec.scm_port}/api/deployments/{deployment_id}"

    def _shown(self, record: DeploymentRecord) -> Document:
        return shown(record, f"https://localhost:{self._site.spec.scm_port}", self._site.spec.name)


async def _receive(request: web.Request, path: Path) -> bool:
    """Write the body to a file; False when it is too large."""
    size = 0
    with new_file(path) as file:
        async for chunk in request.content.iter_chunked(1 << 20):
            size += len(chunk)
            if size > MAX_UPLOAD_BYTES:
                return False
            write_all(file, chunk)
    return True


def _refusal(
    request: web.Request, spec: SiteSpec, tokens: Tokens, resource_manager_url: str
) -> web.Response | None:
    """The answer to a caller who may not use a site's endpoint; None to one who may."""
    scheme, credentials = parse_authorization(request.headers.get("Authorization", ""))
    if scheme == "basic":
        sentence = _password_refusal(credentials, spec)
        return _unauthorized(sentence) if sentence else None
    token = credentials if scheme == "bearer" else ""
    try:
        claims = tokens.verify(token, (*AUDIENCES, resource_manager_url))
    except TokenRejected as error:
        return _unauthorized(str(error))
    if tokens.roles.allows(claims.oid, spec.scope, PUBLISH):
        return None
    return _text(
        403,
        f"The client '{claims.appid or claims.name}' with object id '{claims.oid}' does not have"
        f" authorization to perform action '{PUBLISH}' over scope '{spec.scope}'.",
    )


def _unauthorized(sentence: str) -> web.Response:
    return web.Response(status=401, text=sentence, headers={"WWW-Authenticate": "Bearer"})


def _password_refusal(credential: str, spec: SiteSpec) -> str:
    """Why a user name and password do not open a site's endpoint; empty when they do."""
    if not spec.publishing_password:
        return "Basic authentication is disabled on this site. Use a Microsoft Entra token."
    found = basic_credentials(credential)
    if found is None:
        return "The Authorization header is malformed."
    user, password = found
    # Publishing profiles name the user "site\\$site"; "$site" alone is known, too.
    is_known = user.lower().rpartition("\\")[2] == f"${spec.name}"
    if is_known and is_same_secret(password, spec.publishing_password):
        return ""
    return "The user name or password is wrong."


def _text(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence)
