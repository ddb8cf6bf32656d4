"""Two deployed apps behind authentication, the local Entra, and browsers with their cookies."""

from __future__ import annotations

import asyncio
import html
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import aiohttp
from yarl import URL

from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.functions.host.spec import Cors, HostKeys, SiteSpec
from tests.localcloud.functions.deployed.deployed_cloud import app_zip

PAGE = "http://127.0.0.1:1"  # nothing is served there: only addresses matter
SECRET = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
ECHO = """
@app.route(route='{*path}')
def echo(req):
    known = {k: v for k, v in req.headers.items() if 'ms' in k and 'principal' in k or 'token' in k}
    return json.dumps(known)
"""


class Browser:
    """One profile: keeps cookies as a browser does, follows nothing by itself."""

    def __init__(self) -> None:
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def ask(
        self, method: str, url: str | URL, **options: Any
    ) -> tuple[int, str, Mapping[str, str]]:
        """Status, text and headers of one request."""
        async with self.http.request(method, url, allow_redirects=False, **options) as answer:
            return answer.status, await answer.text(), answer.headers

    async def to_page(self, login: str) -> tuple[str, str]:
        """Begin to sign in; returns the address of the sign-in page and its hidden request."""
        status, text, headers = await self.ask("GET", login)
        assert status == 302, text
        _, text, _ = await self.ask("GET", headers["Location"])
        hidden = re.search(r'name="request" value="([^"]*)"', text)
        assert hidden is not None, text
        return headers["Location"], html.unescape(hidden[1])

    async def to_callback(self, login: str, user: str = "alice") -> str:
        """Pick a user; returns the callback address with code and state."""
        page, hidden = await self.to_page(login)
        _, text, headers = await self.ask("POST", page, data={"request": hidden, "user": user})
        assert "Location" in headers, text
        return headers["Location"]

    async def sign_in(self, app: App, user: str = "alice", **query: str) -> str:
        """The whole round trip; returns where it ends."""
        query = {"post_login_redirect_uri": "/api/done", **query}
        callback = await self.to_callback(f"{app.url}/.auth/login/aad?{urlencode(query)}", user)
        status, text, headers = await self.ask("GET", callback)
        assert status == 302, text
        return headers["Location"]

    async def token(self, app: App, user: str = "alice") -> str:
        """Sign in for a token."""
        end = await self.sign_in(app, user, session_mode="token")
        return str(
            json.loads(unquote(urlsplit(end).fragment.removeprefix("token=")))[
                "authenticationToken"
            ]
        )


class App:
    """One site with its registration."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._stack = stack
        reserve = stack.cloud.platform.listeners.reserve
        self.spec = SiteSpec(
            name,
            reserve(f"sites/{name}"),
            reserve(f"scm/{name}"),
            {},
            HostKeys("m"),
            Cors((PAGE,)),
            sku="Dynamic",
            scope=f"{stack.group}/providers/Microsoft.Web/sites/{name}",
        )
        self.url = f"http://localhost:{self.spec.port}"
        directory = stack.cloud.entra.directory
        application = directory.create_application(name)
        application["web"] = {"redirectUris": [f"{self.url}/.auth/login/aad/callback"]}
        directory.save_application(application)
        self.client_id = application["appId"]

    async def configure(self, settings: Mapping[str, str] | None = None, **validation: Any) -> None:
        """Turn authentication on as the kit does, over what Resource Manager would apply."""
        authentication = {
            "platform": {"enabled": True},
            "globalValidation": {"unauthenticatedClientAction": "AllowAnonymous", **validation},
            "identityProviders": {
                "azureActiveDirectory": {
                    "registration": {
                        "openIdIssuer": self._stack.cloud.entra.tokens.issuer,
                        "clientId": self.client_id,
                        "clientSecretSettingName": SECRET,
                    },
                    "login": {"loginParameters": ["scope=openid profile email offline_access"]},
                }
            },
            "login": {"tokenStore": {"enabled": True}, "allowedExternalRedirectUrls": [PAGE]},
        }
        self.spec = replace(
            self.spec,
            authentication=authentication,
            app_settings={SECRET: self._stack.secret(self.client_id), **(settings or {})},
        )
        await self._stack.cloud.functions.apply(self.spec)

    async def deploy(self) -> None:
        """Deploy an app that answers which identity it was told."""
        await self._stack.cloud.functions.apply(self.spec)
        token = self._stack.cloud.entra.tokens.issue(
            "https://management.azure.com", {"oid": "x", **self._stack.owner}
        )
        url = f"https://localhost:{self.spec.scm_port}/api/zipdeploy"
        headers = {"Authorization": f"Bearer {token}"}
        async with self._stack.outsider.http.post(
            url,
            data=app_zip("one", script=self._stack.script),
            headers=headers,
            ssl=self._stack.trust,
        ) as answer:
            assert answer.status == 200, await answer.text()


class Stack:
    """The local cloud in this process, with two apps.

    Args:
        folder: Of the cloud.
        script: Functions of the first app.
    """

    def __init__(self, folder: Path, *, script: str = ECHO) -> None:
        self.script = script
        self.cloud = LocalCloud(folder, on_stop=lambda: None)
        self.trust = ssl.create_default_context(
            cafile=str(self.cloud.platform.certificates.ca_file)
        )
        directory = self.cloud.entra.directory
        principal = directory.create_service_principal(directory.client_id)
        self.owner = {"oid": principal.id, "appid": directory.client_id}
        subscription = self.cloud.resource_manager.context.subscription_id
        self.group = f"/subscriptions/{subscription}/resourceGroups/chat"
        self._secrets: dict[str, str] = {}
        self._browsers: list[Browser] = []

    async def __aenter__(self) -> Stack:
        for service in (self.cloud.entra, self.cloud.functions):
            await service.start()
        self.outsider = self.browser()
        self.app, self.other = App(self, "one"), App(self, "two")
        try:
            for app in (self.app, self.other):
                await app.configure()
            await self.app.deploy()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.gather(*(browser.http.close() for browser in self._browsers))
        for service in (self.cloud.functions, self.cloud.easy_auth, self.cloud.entra):
            await service.stop()
        await self.cloud.platform.listeners.close_all()
        self.cloud.platform.store.close()

    def browser(self) -> Browser:
        """A profile without cookies."""
        self._browsers.append(Browser())
        return self._browsers[-1]

    def secret(self, client_id: str) -> str:
        """The client secret of an application, made on first use."""
        if client_id not in self._secrets:
            from chatkit.localcloud.entra.core.applications import password_credential

            self._secrets[client_id] = f"secret-of-{client_id}"
            document = self.cloud.entra.directory.application(client_id)
            assert document is not None
            document["passwordCredentials"].append(
                password_credential("test", self._secrets[client_id])
            )
            self.cloud.entra.directory.save_application(document)
        return self._secrets[client_id]


def sent(url: str) -> dict[str, str]:
    """Query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
