"""What the token endpoint grants, one function per grant type. Plain Python: forms in, token answers out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chatkit.localcloud.entra import errors
from chatkit.localcloud.entra.models import Directory, Principal
from chatkit.localcloud.entra.tokens import LIFETIME_S, Tokens

Form = Mapping[str, str]


class Grants:
    """The token endpoint's rules."""

    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens
        self._grants: dict[str, Callable[[Form], dict[str, Any]]] = {"client_credentials": self._client_credentials}

    def answer(self, form: Form) -> dict[str, Any]:
        """Grant a token.

        Args:
            form: The fields of the request body.

        Raises:
            EntraError: The request is refused.
        """
        grant = form.get("grant_type", "")
        if not grant:
            raise errors.missing_parameter("grant_type")
        handler = self._grants.get(grant)
        if handler is None:
            raise errors.unsupported_grant(grant)
        if not form.get("client_id"):
            raise errors.missing_parameter("client_id")
        return handler(form)

    def _client_credentials(self, form: Form) -> dict[str, Any]:
        client_id = form["client_id"].lower()
        resource = self._resource(form)
        if self._directory.application(client_id) is None:
            raise errors.client_not_found(client_id, self._directory.tenant_id)
        if not form.get("client_secret"):
            raise errors.missing_credential()
        self._directory.check_secret(client_id, form["client_secret"])
        principal = self._directory.create_service_principal(client_id)
        return self._bearer(resource, app_claims(principal))

    def _resource(self, form: Form) -> str:
        if form.get("resource"):
            resource = form["resource"]
        elif form.get("scope"):
            scope = form["scope"].split()[0]
            if not scope.endswith("/.default"):
                raise errors.invalid_scope(form["scope"])
            resource = scope.removesuffix("/.default")
        else:
            raise errors.missing_parameter("scope")
        if not self._directory.knows_resource(resource):
            raise errors.resource_not_found(resource, self._directory.tenant_id)
        return resource

    def _bearer(self, audience: str, claims: dict[str, Any]) -> dict[str, Any]:
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
            "ext_expires_in": LIFETIME_S,
            "access_token": self._tokens.issue(audience, claims),
        }


def app_claims(principal: Principal) -> dict[str, Any]:
    """Claims of a token that an application or a managed identity got for itself."""
    return {
        "oid": principal.id,
        "sub": principal.id,
        "appid": principal.app_id,
        "azp": principal.app_id,
        "app_displayname": principal.name,
        "idtyp": "app",
    }
