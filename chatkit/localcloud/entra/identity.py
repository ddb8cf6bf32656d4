"""The managed identity endpoint of App Service.

A running app asks for tokens without any secret of its own in the code.

Follows Microsoft's page "How to use managed identities for App Service": `IDENTITY_ENDPOINT`,
`IDENTITY_HEADER`.
"""

from __future__ import annotations

import time

from aiohttp import web

from chatkit.localcloud.entra.grants import app_claims
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.tokens import LIFETIME_S, Tokens

PATH = "/msi/token"
NO_IDENTITY = "The X-IDENTITY-HEADER header is missing or of no app with an identity."
NOT_FOUND = "No Managed Identity found for specified ClientId/ResourceId/PrincipalId."


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
        if not header:
            return _refused(400, NO_IDENTITY)
        identity = self._directory.identity_of(header)
        if identity is None:
            return _refused(403, NO_IDENTITY)
        resource = request.query.get("resource", "").removesuffix("/.default")
        if not resource:
            return _refused(400, "The resource query parameter is missing.")
        wanted = (
            request.query.get("client_id")
            or request.query.get("principal_id")
            or request.query.get("object_id")
        )
        # Only user-assigned identities have resource ids, and there are none here.
        if request.query.get("mi_res_id") or request.query.get("msi_res_id"):
            return _refused(400, NOT_FOUND)
        if wanted and wanted.lower() not in (identity.app_id, identity.id):
            return _refused(400, NOT_FOUND)
        if not self._directory.knows_resource(resource):
            return _refused(
                400, f"The resource principal named {resource} was not found in the tenant."
            )
        claims = {
            **app_claims(self._directory, identity, resource),
            "xms_mirid": identity.name,
        }
        return web.json_response(
            {
                "access_token": self._tokens.issue(resource, claims),
                "expires_on": str(int(time.time()) + LIFETIME_S),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": identity.app_id,
            },
            headers={"Cache-Control": "no-store"},
        )


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)
