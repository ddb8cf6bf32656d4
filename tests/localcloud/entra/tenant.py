"""A running local Entra, and a browser that only follows forms."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from azure.identity import ClientSecretCredential

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.entra.service import EntraService
from tests.localcloud.credentials import credential_of

ARM = "https://management.azure.com"


@dataclass
class Tenant:
    """The service with what tests need around it."""

    service: EntraService
    store: Store
    http: aiohttp.ClientSession
    ca_file: str
    folder: Path
    known: dict[str, str] = field(default_factory=dict)

    @property
    def token_url(self) -> str:
        """The token endpoint."""
        return f"{self.known['authority']}/{self.known['tenant_id']}/oauth2/v2.0/token"

    async def post(self, **form: str) -> tuple[int, dict[str, Any]]:
        """Ask the token endpoint."""
        async with self.http.post(self.token_url, data=form) as answer:
            return answer.status, await answer.json()

    async def token(self, scope: str) -> str:
        """A token for the tenant's own service principal."""
        status, answer = await self.post(
            grant_type="client_credentials",
            client_id=self.known["client_id"],
            client_secret=self.known["client_secret"],
            scope=scope,
        )
        assert status == 200, answer["error_description"]
        return str(answer["access_token"])

    def credential(self, **changes: str) -> ClientSecretCredential:
        """The credential a person would make from `chatkit local status`."""
        return credential_of({**self.known, "ca_file": self.ca_file, **changes})

    async def get_token(self, scope: str, **changes: str) -> str:
        """Ask through azure-identity on a thread, as a kernel would."""
        with self.credential(**changes) as one:
            return (await asyncio.to_thread(one.get_token, scope)).token

    async def register(self, **properties: Any) -> tuple[str, str]:
        """Register an application through Graph; returns its application id and a secret."""
        headers = {
            "Authorization": f"Bearer {await self.token('https://graph.microsoft.com/.default')}"
        }
        url = f"{self.known['graph']}/v1.0/applications"
        async with self.http.post(
            url, json={"displayName": "chat", **properties}, headers=headers
        ) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
        async with self.http.post(
            f"{url}/{made['id']}/addPassword", json={}, headers=headers
        ) as answer:
            return made["appId"], (await answer.json())["secretText"]

    async def sign_in(self, asked: dict[str, str], user: str = "alice") -> dict[str, str]:
        """Open the sign-in page, pick a user and return what the application is sent."""
        authority = f"{self.service.pages_origin}/{self.known['tenant_id']}"
        page = f"{authority}/oauth2/v2.0/authorize?{urlencode(asked)}"
        async with self.http.get(page, allow_redirects=False) as answer:
            if answer.status == 302:
                return sent(answer.headers["Location"])
            text = await answer.text()
            assert answer.status == 200, text
        hidden = re.search(r'name="request" value="([^"]*)"', text)
        assert hidden is not None
        form = {"request": unescape(hidden[1]), "user": user}
        async with self.http.post(page, data=form, allow_redirects=False) as answer:
            return sent(answer.headers["Location"])


def sent(location: str) -> dict[str, str]:
    """Query or fragment of a redirect."""
    url = urlsplit(location)
    return {name: values[0] for name, values in parse_qs(url.query or url.fragment).items()}


@asynccontextmanager
async def running_in(folder: Path) -> AsyncIterator[Tenant]:
    """A running local Entra."""
    platform = Platform.open(folder)
    platform.listeners.settle()
    service = EntraService(platform)
    await service.start()
    trust = ssl.create_default_context(cafile=str(platform.certificates.ca_file))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http:
        ca_file = str(platform.certificates.ca_file)
        yield Tenant(service, platform.store, http, ca_file, folder, service.endpoints())
    await service.stop()
    await platform.close()


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    """A running local Entra in a fresh home."""
    async with running_in(tmp_path) as tenant:
        yield tenant
