"""Tokens of Entra ID for bindings, in the place of keys.

What an app's environment has decides who asks, as in Microsoft's pages "Identity-based connections"
(Azure Functions) and "How to use managed identities for App Service". Apart from them: an
application's certificate, and who is signed in to az or Visual Studio on a developer's machine,
because their tokens would go to whatever answers at the address in a setting.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp

from chatkit.core.time import clock
from chatkit.localcloud.functions.host.errors import BindingFailed
from chatkit.wire.connection_strings import APPLICATION, DEFAULT, MANAGED_IDENTITY, Credential

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
API_VERSION = "2019-08-01"
# As azure-identity does: a token with less than this left is asked for anew.
RENEWED_BEFORE_S = 300
LONGEST_S = 24 * 3600
WAYS = (
    "A deployed app has a managed identity (`IDENTITY_ENDPOINT`); on this machine set"
    " AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."
)
Environment = Mapping[str, str]
Key = tuple[Credential, str, str, str]


class EntraTokens:
    """Gets tokens, and keeps each until shortly before its end.

    Args:
        http: The session to ask with.
    """

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._known: dict[Key, tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def token(self, credential: Credential, resource: str, environment: Environment) -> str:
        """A token for a resource, such as "https://signalr.azure.com".

        Args:
            credential: Who asks.
            resource: What the token is for.
            environment: Of the app: where its managed identity is, and its variables.

        Raises:
            BindingFailed: There is nobody to ask as, or Entra ID refused.
        """
        chosen = _chosen(credential, environment)
        where = environment.get("IDENTITY_ENDPOINT", "") + _authority(environment)
        key = (chosen, resource, where, environment.get("IDENTITY_HEADER", ""))
        async with self._asking:
            known, ends = self._known.get(key, ("", 0.0))
            if known and RENEWED_BEFORE_S < ends - clock.wall() < LONGEST_S:
                return known
            if chosen.kind == MANAGED_IDENTITY:
                answer = await self._of_managed_identity(chosen, resource, environment)
            else:
                answer = await self._of_application(chosen, resource, environment)
            self._known[key] = answer
            return answer[0]

    async def _of_managed_identity(
        self, credential: Credential, resource: str, environment: Environment
    ) -> tuple[str, float]:
        endpoint = environment.get("IDENTITY_ENDPOINT", "")
        if not endpoint:
            raise BindingFailed("The app has no managed identity.", hint=WAYS)
        query = {"api-version": API_VERSION, "resource": resource}
        names = {
            "client_id": credential.client_id,
            "mi_res_id": credential.resource_id,
            "object_id": credential.object_id,
        }
        query |= {name: value for name, value in names.items() if value}
        headers = {"X-IDENTITY-HEADER": environment.get("IDENTITY_HEADER", "")}
        found = await self._ask("GET", endpoint, params=query, headers=headers)
        return str(found["access_token"]), float(found["expires_on"])

    async def _of_application(
        self, credential: Credential, resource: str, environment: Environment
    ) -> tuple[str, float]:
        url = f"{_authority(environment)}/{credential.tenant_id}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": credential.client_id,
            "client_secret": credential.client_secret,
            "scope": f"{resource}/.default",
        }
        found = await self._ask("POST", url, data=form)
        return str(found["access_token"]), clock.wall() + float(found["expires_in"])

    async def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            async with self._http.request(method, url, allow_redirects=False, **options) as answer:
                found = json.loads(await answer.text())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BindingFailed(
                f"No token of Entra ID: {url} does not answer ({type(error).__name__})."
            ) from None
        if not isinstance(found, dict) or "access_token" not in found:
            reason = ""
            if isinstance(found, dict):
                reason = str(found.get("error_description") or found.get("message") or "")
            raise BindingFailed(f"No token of Entra ID: {reason[:300] or answer.status}")
        return found


def _chosen(credential: Credential, environment: Environment) -> Credential:
    """Who asks: the default is the application that the environment names, then the identity."""
    if credential.kind != DEFAULT:
        return credential
    if credential.client_secret:
        return replace(credential, kind=APPLICATION)
    names = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET")
    values = [environment.get(name, "") for name in names]
    if all(values):
        client_id, tenant_id, secret = values
        return Credential(APPLICATION, client_id, tenant_id, secret)
    if not environment.get("IDENTITY_ENDPOINT"):
        raise BindingFailed(
            "Nobody is signed in: the connection has no key, and the app no identity.", hint=WAYS
        )
    # azure-identity: AZURE_CLIENT_ID alone names a user-assigned identity.
    client_id = credential.client_id or values[0]
    return replace(credential, kind=MANAGED_IDENTITY, client_id=client_id)


def _authority(environment: Environment) -> str:
    host = environment.get("AZURE_AUTHORITY_HOST") or PUBLIC_AUTHORITY
    if "://" not in host:
        host = f"https://{host}"
    return host.rstrip("/")
