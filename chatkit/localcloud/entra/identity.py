"""Managed identities: tokens without any secret in the code that asks for them.

A running app asks at App Service's endpoint, with the secret that the platform has put into its
environment. Services of the cloud ask here directly.

Follows Microsoft's page "How to use managed identities for App Service": `IDENTITY_ENDPOINT`,
`IDENTITY_HEADER`.
"""

from __future__ import annotations

from time import monotonic

from aiohttp import web

from chatkit.core.time import clock
from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.entra.core.federation import EXCHANGE
from chatkit.localcloud.entra.core.identity_hosts import IdentityHost, IdentityHosts
from chatkit.localcloud.entra.core.principals import Principal
from chatkit.localcloud.entra.grants import app_claims
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.tokens import LIFETIME_S, Tokens

PATH = "/msi/token"
NO_IDENTITY = "The X-IDENTITY-HEADER header is missing or of no app with an identity."
NOT_FOUND = "No Managed Identity found for specified ClientId/ResourceId/PrincipalId."
# A token that a service has asked for is used again until it has less left than this.
RENEWED_BEFORE_S = 300


class NoToken(LocalCloudError):
    """There is no token for this identity, or for this resource."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=400)


class ManagedIdentities:
    """Tokens of managed identities."""

    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    def issue(self, identity: Principal, resource: str) -> str:
        """A new token.

        Raises:
            NoToken: The tenant does not know the resource.
        """
        if not self._directory.knows_resource(resource):
            raise NoToken(f"The resource principal named {resource} was not found in the tenant.")
        claims = {
            **app_claims(self._directory, identity, resource),
            "xms_mirid": identity.resource_id,
        }
        return self._tokens.issue(resource, claims)

    def token(self, object_id: str, resource: str) -> str:
        """A token for a service of the cloud that has an identity; the same for a while.

        Raises:
            NoToken: There is no such identity, or no such resource.
        """
        known, until = self._known.get((object_id, resource), ("", 0.0))
        identity = self._directory.principal(object_id)
        if identity is None:
            raise NoToken("The resource has no managed identity.")
        now = clock.wall()
        if not known or not now < until < now + LIFETIME_S:
            known = self.issue(identity, resource)
            self._known[object_id, resource] = (known, now + LIFETIME_S - RENEWED_BEFORE_S)
        return known


class IdentityEndpoint:
    """Answers apps that have managed identities."""

    def __init__(
        self,
        directory: Directory,
        hosts: IdentityHosts,
        identities: ManagedIdentities,
        trace: Trace,
    ) -> None:
        self._trace = trace
        self._directory = directory
        self._hosts = hosts
        self._identities = identities

    def routes(self) -> list[web.RouteDef]:
        """For the plain-http port: clients take http here, and only here."""
        return [web.get(PATH, self.token)]

    async def token(self, request: web.Request) -> web.Response:
        """A token for an identity of the app behind the secret header."""
        header = request.headers.get("X-IDENTITY-HEADER") or request.headers.get("Secret") or ""
        if not header:
            return _refused(400, NO_IDENTITY)
        host = self._hosts.by_header(header)
        if host is None:
            return _refused(403, NO_IDENTITY)
        begun = monotonic()
        answer = self._answer(host, request)
        self._trace.emit(
            "entra",
            "identity",
            resource=request.query.get("resource", ""),
            app=_app(host),
            status=answer.status,
            ms=round((monotonic() - begun) * 1000, 2),
        )
        return answer

    def _answer(self, host: IdentityHost, request: web.Request) -> web.Response:
        resource = request.query.get("resource", "").removesuffix("/.default")
        if not resource:
            return _refused(400, "The resource query parameter is missing.")
        identity = self._wanted(host, request)
        if identity is None:
            return _refused(400, NOT_FOUND)
        try:
            token = self._identities.issue(identity, resource)
        except NoToken as error:
            return _refused(400, str(error))
        return web.json_response(
            {
                "access_token": token,
                "expires_on": str(int(clock.wall()) + LIFETIME_S),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": identity.app_id,
            },
            headers={"Cache-Control": "no-store"},
        )

    def assertion(self, resource_id: str, client_id: str) -> str:
        """What proves an application that trusts a user-assigned identity of a resource.

        Args:
            resource_id: Of the resource, for example a site behind App Service Authentication.
            client_id: The identity's.

        Raises:
            NoToken: The resource does not have it.
        """
        for one in self._hosts.of(resource_id).assigned:
            identity = self._directory.principal(one)
            if identity is not None and identity.app_id == client_id.lower():
                return self._identities.issue(identity, EXCHANGE)
        raise NoToken(NOT_FOUND)

    def _wanted(self, host: IdentityHost, request: web.Request) -> Principal | None:
        """The identity that the query names; without a name the system-assigned one."""
        query = request.query
        client_id = query.get("client_id", "").lower()
        object_id = (query.get("principal_id") or query.get("object_id") or "").lower()
        resource_id = (query.get("mi_res_id") or query.get("msi_res_id") or "").lower()
        if not (client_id or object_id or resource_id):
            if not host.system:
                return None
            return self._directory.principal(host.system)
        for one in filter(None, (host.system, *host.assigned)):
            identity = self._directory.principal(one)
            if identity is None:
                continue
            own_id = ""
            if one != host.system:  # the other one has no id of its own as a resource
                own_id = identity.resource_id.lower()
            if (
                client_id in ("", identity.app_id)
                and object_id in ("", identity.id)
                and resource_id in ("", own_id)
            ):
                return identity
        return None


def _app(host: IdentityHost) -> str:
    """The app's name; empty for a program of the person."""
    if not host.resource_id.startswith("/"):
        return ""
    return host.resource_id.rpartition("/")[2]


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)
