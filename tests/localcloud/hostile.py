"""The whole local cloud in memory, and a client that sends it bytes which no library would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import aiohttp
import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    ResourceTypes,
    generate_account_sas,
)

from chatkit.core import tls
from chatkit.localcloud import cloud as composition
from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.core.platform import Platform, StoredPorts
from chatkit.localcloud.functions.host.spec import Cors, HostKeys, SiteSpec
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.storage.service import DEV_ACCOUNT, DEV_KEY
from chatkit.localcloud.storage.state.spec import AccountSpec, StaticWebsite
from tests.localcloud.functions.deployed.deployed_cloud import app_zip
from tests.localcloud.memory_transport import MemoryNetwork, Receiver, connect

LIMIT_S = 20.0
NAME = "chat"
KEY = "k" * 44
OWNERS = ("entra", "graph", "sign-in", "resource-manager", "control", "blob", "dev-storage")
ECHO = """
@app.route(route='{*path}', methods=['GET', 'POST'])
def echo(req): return json.dumps([dict(req.params), req.get_body().decode(errors='replace')])
"""
Check = Callable[["Reply"], None]


@dataclass(frozen=True)
class Sent:
    """One request: bytes where a library would have rules."""

    method: bytes
    target: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""

    def encoded(self) -> bytes:
        """What goes over the wire."""
        lines = [self.method + b" " + self.target + b" HTTP/1.1", b"Host: localhost"]
        lines += [name + b": " + value for name, value in self.headers]
        if self.body:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join([*lines, b"Connection: close", b"", self.body])


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def text(self) -> str:
        """The body as text; it is UTF-8."""
        return self.body.decode()


@dataclass
class Hostile:
    """The cloud, and where its services are."""

    network: MemoryNetwork
    cloud: LocalCloud
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def start(cls, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hostile:
        """Start every service, each with something in it."""
        network = MemoryNetwork()
        certificates = tls.load(folder / "tls")

        class InMemory:
            @staticmethod
            def open(folder: Path, *, addressed: Sequence[str]) -> Platform:
                platform = Platform.open(
                    folder,
                    certificates=certificates,
                    open_port=network.listen,
                    addressed=addressed,
                )
                for port, owner in enumerate(OWNERS, start=1):
                    StoredPorts(platform.store).put(owner, port)
                return platform

        monkeypatch.setattr(composition, "Platform", InMemory)
        monkeypatch.setattr("chatkit.core.listeners.ports.is_free", lambda _: True)
        started = cls(network, LocalCloud(folder / "local", on_stop=lambda: None))
        await started.cloud.start()
        await started._fill()
        return started

    async def _fill(self) -> None:
        known = self.cloud.endpoints()
        async with aiohttp.ClientSession(connector=self.network.connector()) as http:
            for resource in ("https://management.azure.com", "https://graph.microsoft.com"):
                form = {
                    "grant_type": "client_credentials",
                    "client_id": known["client_id"],
                    "client_secret": known["client_secret"],
                    "scope": f"{resource}/.default",
                }
                url = f"{known['authority']}/{known['tenant_id']}/oauth2/v2.0/token"
                async with http.post(url, data=form) as answer:
                    self.tokens[resource] = (await answer.json())["access_token"]
            await self.cloud.signalr.apply(InstanceSpec(NAME, 101, KEY, KEY))
            await self.cloud.storage.apply(AccountSpec(NAME, KEY, KEY))
            self.cloud.storage.set_website(NAME, StaticWebsite(enabled=True))
            await self.cloud.functions.apply(self._site())
            headers = {"Authorization": f"Bearer {self.tokens['https://management.azure.com']}"}
            url = "https://localhost:103/api/zipdeploy"
            async with http.post(url, data=app_zip("1", script=ECHO), headers=headers) as answer:
                assert answer.status == 200, await answer.text()
        sas = generate_account_sas(
            DEV_ACCOUNT,
            DEV_KEY,
            ResourceTypes(service=True, container=True, object=True),
            AccountSasPermissions.from_string("rwdlacup"),
            datetime.now(UTC) + timedelta(hours=1),
        )
        self.tokens["storage"] = sas

    def _site(self) -> SiteSpec:
        return SiteSpec(
            NAME,
            102,
            103,
            {},
            HostKeys("m"),
            Cors(("http://127.0.0.1:1",)),
            sku="Dynamic",
            scope=f"/subscriptions/{self.cloud.endpoints()['subscription_id']}",
        )

    async def stop(self) -> None:
        """End every service."""
        await self.cloud.stop()

    def port(self, service: str) -> int:
        """Where a service is."""
        fixed = {"signalr": 101, "site": 102, "scm": 103}
        if service in fixed:
            return fixed[service]
        if service == "website":
            url = self.cloud.storage.web_endpoint(NAME)
            return urlsplit(url).port or 0
        return OWNERS.index(service) + 1

    async def ask(self, service: str, sent: Sent | bytes) -> Reply:
        """Send one request on a connection of its own."""
        receiver = Receiver()
        transport = connect(self.network.factory(self.port(service)), receiver)
        transport.write(sent if isinstance(sent, bytes) else sent.encoded())
        async with asyncio.timeout(LIMIT_S):
            await receiver.ended.wait()
        return parse(bytes(receiver.received))


def parse(received: bytes) -> Reply:
    """Read a response; its connection has ended."""
    received = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, end, body = received.partition(b"\r\n\r\n")
    assert end, received
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ")
    assert version in ("HTTP/1.1", "HTTP/1.0"), first
    pairs = [line.partition(":") for line in lines]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return Reply(int(status), headers, body)


def _joined(body: bytes) -> bytes:
    joined = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        joined += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return joined


# How each service says no


def arm(reply: Reply) -> None:
    """`{"error": {"code", "message"}}`, or the form of Microsoft.Web."""
    document = json.loads(reply.body)
    error = document.get("error", document)
    names = {name.lower() for name in error}
    assert {"code", "message"} <= names, document


def graph(reply: Reply) -> None:
    """`{"error": {"code", "message", "innerError"}}`."""
    assert {"code", "message", "innerError"} <= json.loads(reply.body)["error"].keys()


def entra(reply: Reply) -> None:
    """RFC 6749 §5.2 with a number; a page where people look."""
    if reply.kind == "text/html":
        page(reply)
        return
    document = json.loads(reply.body)
    if isinstance(document["error"], dict):  # userinfo belongs to Graph
        return
    assert document["error_description"].startswith("AADSTS")


def storage(reply: Reply) -> None:
    """XML with the code that the header has."""
    code = reply.headers["x-ms-error-code"]
    if reply.body:
        assert ElementTree.fromstring(reply.body.removeprefix(b"\xef\xbb\xbf"))[0].text == code


def website(reply: Reply) -> None:
    """A page with the code that the header has."""
    if reply.body:
        assert reply.headers["x-ms-error-code"] in reply.text


def page(reply: Reply) -> None:
    """An HTML page."""
    assert reply.kind == "text/html"
    HTMLParser().feed(reply.text)


def signalr(reply: Reply) -> None:
    """Nothing, a sentence for a client, or the service's JSON."""
    if reply.kind == "application/json":
        assert {"code", "message", "target"} <= json.loads(reply.body).keys()


def control(reply: Reply) -> None:
    """`{"error": "a sentence"}`."""
    assert isinstance(json.loads(reply.body)["error"], str)


def quiet(reply: Reply) -> None:
    """Functions and their deployment: a sentence or nothing."""
    assert reply.kind in ("", "text/plain", "text/html", "application/json", *BINARY)


BINARY = ("application/octet-stream",)
FORMATS: dict[str, Check] = {
    "resource-manager": arm,
    "graph": graph,
    "entra": entra,
    "sign-in": page,
    "control": control,
    "dev-storage": storage,
    "blob": storage,
    "website": website,
    "signalr": signalr,
    "site": quiet,
    "scm": quiet,
}


def quoted(text: str) -> bytes:
    """A path segment."""
    return quote(text, safe="").encode()
