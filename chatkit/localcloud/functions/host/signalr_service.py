"""Where SignalR Service is, by an app's settings, and requests to its data plane.

Follows Microsoft's page "Identity-based connections" for its extension and the extension in bundle
4.38 (Management SDK 1.29). A connection with an access key signs a token for each request; one
without a key asks Entra ID. What signs tokens is imported when the first one is needed: it takes
longer to import than the whole host.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp

from chatkit.core import strict_json
from chatkit.core.errors import ChatkitError
from chatkit.core.tls import trusting
from chatkit.localcloud.core.trace import CAUSE, CAUSE_HEADER
from chatkit.localcloud.functions.host.credentials import EntraTokens
from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed
from chatkit.localcloud.functions.worker_process.calls import Wire
from chatkit.wire.connection_strings import (
    Credential,
    SignalRConnectionString,
)

API_VERSION = "2022-06-01"
TOKEN_API_VERSION = "2022-11-01"
AUDIENCE = "https://signalr.azure.com"
DEFAULT_SETTING = "AzureSignalRConnectionString"
TRANSPORT_SETTING = "AzureSignalRServiceTransportType"
NOT_FOUND_IS_FINE = "x-ms-error-code"
CLIENT_MINUTES = 60


@dataclass(frozen=True)
class RestCall:
    """One request to the service's data plane.

    Attributes:
        method: HTTP method; empty for a call that does nothing.
        path: Without a query.
        body: JSON.
        query: Besides the api-version; it is not part of what a token is signed for.
        api_version: The oldest that has the operation.
    """

    method: str
    path: str
    body: Wire | None = None
    query: str = ""
    api_version: str = API_VERSION


def connection(settings: Mapping[str, str], setting: str) -> SignalRConnectionString:
    """Find and parse the connection string a binding names.

    Raises:
        AppInvalid: The setting is missing, malformed or asks for something there is no stand-in
            for.
    """
    if settings.get(TRANSPORT_SETTING, "").lower() == "persistent":
        raise AppInvalid(
            f"{TRANSPORT_SETTING}=Persistent asks for a server connection, which the "
            "local service does not have.",
            hint="Set it to Transient, which is the default: messages go over the REST API.",
        )
    name = setting or DEFAULT_SETTING
    text = next((settings[key] for key in _places(name) if settings.get(key)), "")
    try:
        if text:
            return SignalRConnectionString.parse(text)
        identity_based = SignalRConnectionString.of_settings(settings, name)
    except ChatkitError as error:
        raise AppInvalid(f"{name}: {error.message}", hint=error.hint) from None
    if identity_based is None:
        raise AppInvalid(
            "The SignalR Service connection string or endpoints are not set.",
            hint=f"Add an app setting named {name}, or {name}__serviceUri for a connection"
            " without a key.",
        )
    return identity_based


def _places(name: str) -> tuple[str, ...]:
    return (
        f"ConnectionStrings:{name}",
        f"ConnectionStrings__{name}",
        name,
        "Azure__SignalR__ConnectionString",
    )


def hub_path(hub: str) -> str:
    """Path of a hub in the data plane."""
    return f"/api/hubs/{quote(hub.lower(), safe='')}"


class RestSender:
    """Sends to SignalR Service over one kept-alive client session.

    Args:
        ca_file: Certificate authorities to trust; the system's without.
    """

    def __init__(self, ca_file: Path | None = None) -> None:
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None
        self._tokens: EntraTokens | None = None

    async def send(
        self,
        service: SignalRConnectionString,
        calls: Iterable[RestCall],
        environment: Mapping[str, str],
    ) -> None:
        """Send requests one after another; what went out before a failure stays sent.

        Args:
            service: Where to.
            calls: What.
            environment: Of the app, which says who asks for tokens where there is no key.

        Raises:
            BindingFailed: The service refused one or cannot be reached.
        """
        for call in calls:
            if call.method:
                await self._send_one(service, call, environment)

    async def client_token(
        self,
        service: SignalRConnectionString,
        hub: str,
        user_id: str,
        environment: Mapping[str, str],
    ) -> str:
        """A token with which a client connects, made by the service: here is no key to sign with.

        Raises:
            BindingFailed: The service refused or cannot be reached.
        """
        query = {"minutesToExpire": str(CLIENT_MINUTES)}
        if user_id:
            query["userId"] = user_id
        call = RestCall(
            "POST",
            f"{hub_path(hub)}/:generateToken",
            query=urlencode(query),
            api_version=TOKEN_API_VERSION,
        )
        answer = await self._send_one(service, call, environment)
        try:
            return str(json.loads(answer)["token"])
        except (ValueError, KeyError, TypeError):
            raise BindingFailed(
                f"The SignalR Service at {service.base_url} answered no client token."
            ) from None

    async def _send_one(
        self, service: SignalRConnectionString, call: RestCall, environment: Mapping[str, str]
    ) -> str:
        path = f"{call.path}?api-version={call.api_version}"
        token = await self._token(service, path, environment)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if CAUSE.get():
            headers[CAUSE_HEADER] = CAUSE.get()
        data = _body(call)
        if call.query:
            path += f"&{call.query}"
        try:
            url = _exact(f"{service.server_url}{path}")
            async with self._http().request(
                call.method, url, data=data, headers=headers
            ) as response:
                text = await response.text()
                if response.status >= 400 and not _is_harmless(call, response):
                    raise _refused(response.status, text, service)
                return text
        except (aiohttp.ClientError, TimeoutError) as error:
            raise BindingFailed(
                f"The SignalR Service at {service.base_url} cannot be reached: "
                f"{error or type(error).__name__}.",
                hint="Is it running? `chatkit local status` shows it.",
            ) from None

    async def _token(
        self, service: SignalRConnectionString, path: str, environment: Mapping[str, str]
    ) -> str:
        if service.credential is None:
            from chatkit.wire import tokens

            return tokens.rest_token(service, path)
        return await self.entra_token(service.credential, AUDIENCE, environment)

    async def entra_token(
        self, credential: Credential, resource: str, environment: Mapping[str, str]
    ) -> str:
        """A token of Entra ID for a resource, for other services' connections without keys, too.

        Raises:
            BindingFailed: There is nobody to ask as, or Entra ID refused.
        """
        if self._tokens is None:
            self._tokens = EntraTokens(self._http())
        return await self._tokens.token(credential, resource, environment)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            trust: ssl.SSLContext | bool = True
            if self._ca_file is not None:
                trust = trusting(self._ca_file)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trust),
                timeout=aiohttp.ClientTimeout(total=100),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _body(call: RestCall) -> bytes | None:
    """The request's body: JSON as the service reads it, which is stricter than Python's."""
    if call.body is None:
        return None
    try:
        return strict_json.dumps(call.body)
    except ValueError as error:
        raise BindingFailed(
            f"The message for the SignalR Service cannot be written as JSON: {error}."
        ) from None


def _exact(url: str) -> Any:
    from yarl import URL

    return URL(url, encoded=True)


def _is_harmless(call: RestCall, response: aiohttp.ClientResponse) -> bool:
    """Removing what is not there: the SDK takes a 404 with the service's error header as done."""
    return (
        response.status == 404 and call.method == "DELETE" and NOT_FOUND_IS_FINE in response.headers
    )


def _refused(status: int, text: str, service: SignalRConnectionString) -> BindingFailed:
    if status in (401, 403) and service.credential is not None:
        return BindingFailed(
            f"Authorization failed ({status}). If you were using Microsoft Entra ID, please note"
            " that role assignments can take up to 30 minutes to take effect.",
            hint="The app's identity needs the role 'SignalR Service Owner' or 'SignalR REST API"
            " Owner' at the SignalR Service.",
        )
    if status == 401:
        return BindingFailed(
            "Authorization failed. If you were using AccessKey, please check connection string "
            "and see if the AccessKey is correct.",
            hint="Was the key of the SignalR Service regenerated since the setting was made, or"
            " local authentication disabled?",
        )
    return BindingFailed(
        f"The SignalR Service at {service.base_url} answered {status}: {text[:300]}".rstrip(": ")
    )
