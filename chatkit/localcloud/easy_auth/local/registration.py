"""An app's registration in the local Entra, through Microsoft Graph, as any client makes one.

Follows Microsoft's pages "Create application" and "application: addPassword" of Graph v1.0. The
kit's own module for this needs the Azure SDKs, which take longer to import than `func start` takes.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypedDict, cast

import aiohttp

from chatkit.core.errors import NotStarted, ServiceError
from chatkit.core.time import clock
from chatkit.localcloud.easy_auth.local.options import Entra

APPLICATIONS = "/v1.0/applications"
SCOPE = "https://graph.microsoft.com/.default"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
TIMEOUT = aiohttp.ClientTimeout(total=20)
# With `chatkit local time azure` Graph does not find at once what it made.
CONSISTENT_S = 90.0
ASK_AGAIN_S = 0.2
NOT_FOUND = 404
NOT_YET = ("AADSTS700016", "AADSTS7000215")  # an unknown application, an unknown secret


@dataclass(frozen=True)
class Registration:
    """A registration with a secret."""

    client_id: str
    secret: str = field(repr=False)


class _Web(TypedDict):
    redirectUris: list[str]


class _Secret(TypedDict):
    hint: str
    endDateTime: str


class _Application(TypedDict):
    """An application as Graph shows it, as far as it is used here."""

    id: str
    appId: str
    web: _Web
    passwordCredentials: list[_Secret]


async def register(
    entra: Entra, trust: ssl.SSLContext, *, name: str, callback: str, known: Registration | None
) -> Registration:
    """Make sure that an app is registered, with this callback and a secret that works.

    Args:
        entra: Where.
        trust: Its certificate authority.
        name: What the sign-in page calls the app.
        callback: The one address that people are sent back to.
        known: What was made before, perhaps in an Entra that has begun anew since.

    Raises:
        NotStarted: The local cloud does not answer.
        ServiceError: It refuses.
    """
    connector = aiohttp.TCPConnector(ssl=trust)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as http:
        graph = _Graph(entra, http)
        await graph.sign_in()
        application = await graph.find(known)
        if application is None:
            application = await graph.create(name, callback)
        elif application["web"]["redirectUris"] != [callback]:
            await graph.set_callback(application, callback)
        if known is not None and _is_current(application, known.secret):
            return known
        made = Registration(application["appId"], await graph.new_secret(application))
        await graph.wait_until_taken(made)
        return made


class _Graph:
    """Microsoft Graph, asked by the client that may register applications."""

    def __init__(self, entra: Entra, http: aiohttp.ClientSession) -> None:
        self._entra = entra
        self._http = http
        self._headers: dict[str, str] = {}

    async def sign_in(self) -> None:
        """Get a token (RFC 6749 §4.4)."""
        entra = self._entra
        form = {
            "grant_type": "client_credentials",
            "client_id": entra.client_id,
            "client_secret": entra.client_secret,
            "scope": SCOPE,
        }
        url = f"{entra.authority}/{entra.tenant_id}/oauth2/v2.0/token"
        _, document = await self._send("POST", url, form=form)
        self._headers = {"Authorization": f"Bearer {document['access_token']}"}

    async def find(self, known: Registration | None) -> _Application | None:
        """The application that was made before; None when it is not there any more."""
        if known is None:
            return None
        url = f"{APPLICATIONS}(appId='{known.client_id}')"
        status, document = await self._send("GET", self._url(url), allowed=(NOT_FOUND,))
        if status == NOT_FOUND:
            return None
        return cast(_Application, document)

    async def create(self, name: str, callback: str) -> _Application:
        """Make an application that may sign people in."""
        access = {"id": USER_READ, "type": "Scope"}
        wanted = {
            "displayName": name,
            "signInAudience": "AzureADMyOrg",
            "web": {"redirectUris": [callback]},
            "requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": [access]}],
        }
        _, document = await self._send("POST", self._url(APPLICATIONS), json=wanted)
        application = cast(_Application, document)
        await self._wait_until_found(application)
        principal = {"appId": application["appId"]}
        await self._send("POST", self._url("/v1.0/servicePrincipals"), json=principal)
        return application

    async def _wait_until_found(self, application: _Application) -> None:
        """Return when Graph finds what it has just made, or when that takes too long."""
        url = self._url(f"{APPLICATIONS}/{application['id']}")
        async for _ in _asking_again():
            status, _document = await self._send("GET", url, allowed=(NOT_FOUND,))
            if status != NOT_FOUND:
                return

    async def set_callback(self, application: _Application, callback: str) -> None:
        """Let people be sent back to this address, and to no other."""
        body = {"web": {"redirectUris": [callback]}}
        await self._send("PATCH", self._url(f"{APPLICATIONS}/{application['id']}"), json=body)

    async def new_secret(self, application: _Application) -> str:
        """Make a secret."""
        body = {"passwordCredential": {"displayName": "App Service Authentication"}}
        url = self._url(f"{APPLICATIONS}/{application['id']}/addPassword")
        _, document = await self._send("POST", url, json=body)
        return str(document["secretText"])

    async def wait_until_taken(self, made: Registration) -> None:
        """Return when sign-in knows a registration and its secret, or when that takes too long."""
        entra = self._entra
        url = f"{entra.authority}/{entra.tenant_id}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": made.client_id,
            "client_secret": made.secret,
            "scope": SCOPE,
        }
        async for _ in _asking_again():
            _status, document = await self._send("POST", url, form=form, allowed=(400, 401))
            refusal = str(document.get("error_description", ""))
            if not refusal.startswith(NOT_YET):
                return

    def _url(self, path: str) -> str:
        return self._entra.graph + path

    async def _send(
        self,
        method: str,
        url: str,
        *,
        form: dict[str, str] | None = None,
        json: object = None,
        allowed: tuple[int, ...] = (),
    ) -> tuple[int, dict[str, object]]:
        try:
            async with self._http.request(
                method, url, data=form, json=json, headers=self._headers
            ) as answer:
                document = await answer.json() if answer.status != 204 else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise NotStarted(
                "The local cloud does not answer.", hint="`chatkit local up` starts it."
            ) from error
        if answer.status >= 400 and answer.status not in allowed:
            what = f"The app could not be registered in the local Entra: status {answer.status}."
            raise ServiceError(answer.status, "RegistrationFailed", what)
        return answer.status, document


async def _asking_again() -> AsyncIterator[None]:
    """Come back until what is new should be known."""
    until = clock.steady() + CONSISTENT_S
    while clock.steady() < until:
        yield
        await asyncio.sleep(ASK_AGAIN_S)


def _is_current(application: _Application, secret: str) -> bool:
    """Whether a secret is one of the application's, and lasts for more than a day."""
    tomorrow = datetime.now(UTC).timestamp() + 86_400
    for known in application["passwordCredentials"]:
        end = datetime.fromisoformat(known["endDateTime"]).timestamp()
        if known["hint"] and secret.startswith(known["hint"]) and end > tomorrow:
            return True
    return False
