"""The managed identity endpoint of App Service: a running app asks for tokens without any secret of its own in the code.

Follows Microsoft's page "How to use managed identities for App Service": `IDENTITY_ENDPOINT`, `IDENTITY_HEADER`.
"""

from __future__ import annotations

import time

from aiohttp import web

from chatkit.localcloud.entra.grants import app_claims
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.tokens import LIFETIME_S, Tokens

PATH = "/msi/token"


class IdentityEndpoint:
    """Answers apps that have a managed identity."""

    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens

    def routes(self) -> list[web.RouteDef]:
        """For the plain-http port: clients take http here, and only here."""
        return [web.get(PATH, self.token)]

    async def token(self, request: web.Request) -> web.Response:
        """A token for the identity behind the secret header."""
        header = request.headers.get("X-IDENTITY-HEADER") or request.headers.get("Secret") or ""
        identity = self._directory.identity_of(header) if header else None
        if identity is None:
            return _refused(
                403 if header else 400,
                "The X-IDENTITY-HEADER header is missing or of no app with an identity.",
            )
        resource = request.query.get("resource", "").removesuffix("/.default")
        if not resource:
            return _refused(400, "The resource query parameter is missing.")
        wanted = (
            request.query.get("client_id")
            or request.query.get("principal_id")
            or request.query.get("object_id")
        )
        elsewhere = request.query.get("mi_res_id") or request.query.get(
            "msi_res_id"
        )  # user-assigned ones have resource ids
        if elsewhere or wanted and wanted.lower() not in (identity.app_id, identity.id):
            return _refused(
                400, "No Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            )
        if not self._directory.knows_resource(resource):
            return _refused(
                400, f"The resource principal named {resource} was not found in the tenant."
            )
        return web.json_response(
            {
                "access_token": self._tokens.issue(
                    resource, {**app_claims(identity), "xms_mirid": identity.name}
                ),
                "expires_on": str(int(time.time()) + LIFETIME_S),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": identity.app_id,
            },
            headers={"Cache-Control": "no-store"},
        )


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)
