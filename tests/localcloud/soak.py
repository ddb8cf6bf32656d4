"""Mixed traffic against a running local cloud, with clients that leave and processes that end.

It is what a class does in an afternoon, faster. Memory and descriptors of the cloud's process are
measured between rounds, while nobody is connected: what grows then is lost.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

import aiohttp
import psutil

from chatkit.cloud.local_cloud import Endpoints
from chatkit.core.system.programs import kill_group
from chatkit.wire import tokens
from chatkit.wire.connection_strings import SignalRConnectionString

HUB = "soak"
PEOPLE = 10
RECORD = b"\x1e"
SETTLED_S = 0.3
LIMIT_S = 30.0


@dataclass(frozen=True)
class Targets:
    """What the traffic goes to.

    Attributes:
        known: Endpoints of the cloud.
        signalr: Connection string of an instance.
        app_url: A deployed function app; empty for none.
        web_url: A website; empty for none.
    """

    known: Endpoints
    signalr: str
    app_url: str = ""
    web_url: str = ""


@dataclass(frozen=True)
class Sample:
    """The process between two rounds."""

    at_s: float
    memory_mb: float
    descriptors: int
    rounds: int


@dataclass
class Soak:
    """Runs rounds and keeps samples."""

    targets: Targets
    samples: list[Sample] = field(default_factory=list)
    rounds: int = 0

    async def run(self, seconds: float, *, rounds_a_sample: int = 5) -> None:
        """Send traffic for some time."""
        began = monotonic()
        trust = ssl.create_default_context(cafile=self.targets.known["ca_file"])
        while monotonic() - began < seconds:
            for _ in range(rounds_a_sample):
                connector = aiohttp.TCPConnector(ssl=trust)
                async with aiohttp.ClientSession(connector=connector) as http:
                    await self._round(http)
                self.rounds += 1
            await asyncio.sleep(SETTLED_S)
            self.samples.append(self._sample(monotonic() - began))

    def _sample(self, at_s: float) -> Sample:
        process = psutil.Process(self.targets.known["pid"])
        if sys.platform == "win32":
            descriptors = process.num_handles()
        else:
            descriptors = process.num_fds()
        return Sample(at_s, process.memory_info().rss / 1e6, descriptors, self.rounds)

    async def _round(self, http: aiohttp.ClientSession) -> None:
        token = await self._token(http)
        await asyncio.gather(
            self._resources(http, token),
            self._blobs(http),
            self._people(http),
            self._half_open(),
            self._cut_upload(),
            self._pages(http),
        )
        if self.rounds % 10 == 0:
            self._kill_workers()

    async def _token(self, http: aiohttp.ClientSession) -> str:
        known = self.targets.known
        form = {
            "grant_type": "client_credentials",
            "client_id": known["client_id"],
            "client_secret": known["client_secret"],
            "scope": "https://management.azure.com/.default",
        }
        url = f"{known['authority']}/{known['tenant_id']}/oauth2/v2.0/token"
        async with http.post(url, data=form) as answer:
            return str((await answer.json())["access_token"])

    async def _resources(self, http: aiohttp.ClientSession, token: str) -> None:
        """Make a group, look at it, delete it; one request that fails."""
        known = self.targets.known
        group = f"{known['resource_manager']}/subscriptions/{known['subscription_id']}"
        group += f"/resourceGroups/soak-{self.rounds % 7}?api-version=2025-04-01"
        headers = {"Authorization": f"Bearer {token}"}
        for method, body in (("PUT", {"location": "eastus"}), ("GET", None), ("PUT", [1])):
            async with http.request(method, group, json=body, headers=headers) as answer:
                await answer.read()
        async with http.delete(group, headers=headers) as answer:
            await answer.read()

    async def _blobs(self, http: aiohttp.ClientSession) -> None:
        """Requests that the development account refuses; they read and write its trace and log."""
        url = f"{self.targets.known['dev_storage']}/box/{secrets.token_hex(4)}"
        for method in ("PUT", "GET", "DELETE"):
            async with http.request(method, url, data=secrets.token_bytes(20_000)) as answer:
                await answer.read()

    async def _people(self, http: aiohttp.ClientSession) -> None:
        """People connect, everybody is sent something, half of them leave without a word."""
        service = SignalRConnectionString.parse(self.targets.signalr)
        people = await asyncio.gather(*(self._connect(http, service) for _ in range(PEOPLE)))
        path = f"/api/hubs/{HUB}/:send?api-version=2022-06-01"
        headers = {"Authorization": f"Bearer {tokens.rest_token(service, path)}"}
        message = {"target": "newMessage", "arguments": ["x" * 1000]}
        url = service.server_url + path
        async with http.post(url, json=message, headers=headers) as answer:
            await answer.read()
        for person in people:
            await person.receive(timeout=LIMIT_S)
        for number, person in enumerate(people):
            if number % 2:
                await person.close()
            else:
                _drop(person)

    async def _connect(
        self, http: aiohttp.ClientSession, service: SignalRConnectionString
    ) -> aiohttp.ClientWebSocketResponse:
        token = tokens.client_token(service, HUB, user_id=secrets.token_hex(4))
        url = tokens.client_url(service, HUB)
        person = await http.ws_connect(url, headers={"Authorization": f"Bearer {token}"})
        handshake = json.dumps({"protocol": "json", "version": 1}).encode()
        await person.send_bytes(handshake + RECORD)
        await person.receive(timeout=LIMIT_S)
        return person

    async def _half_open(self) -> None:
        """Connections that end in the middle of a handshake, of headers, of nothing."""
        known = self.targets.known
        for url in (known["resource_manager"], known["authority"], known["dev_storage"]):
            for sent in (b"", b"\x16\x03", b"POST / HTTP/1.1\r\nHost: local"):
                _, writer = await _open(url)
                writer.write(sent)
                await asyncio.sleep(0)
                writer.transport.abort()

    async def _cut_upload(self) -> None:
        """A client that leaves in the middle of its body."""
        _, writer = await _open(self.targets.known["dev_storage"])
        writer.write(b"PUT /devstoreaccount1/box/a HTTP/1.1\r\nHost: localhost\r\n")
        writer.write(
            b"x-ms-blob-type: BlockBlob\r\nContent-Length: 1000000\r\n\r\n" + bytes(50_000)
        )
        await writer.drain()
        writer.transport.abort()

    async def _pages(self, http: aiohttp.ClientSession) -> None:
        targets = self.targets
        urls = [targets.web_url, f"{targets.web_url}no-such-page"] if targets.web_url else []
        if targets.app_url:
            urls += [f"{targets.app_url}/api/messages", f"{targets.app_url}/no-such-function"]
        for url in urls:
            async with http.get(url) as answer:
                await answer.read()

    def _kill_workers(self) -> None:
        """Processes of apps end by themselves from time to time; new ones are started."""
        for child in psutil.Process(self.targets.known["pid"]).children():
            kill_group(child.pid)


def _drop(person: aiohttp.ClientWebSocketResponse) -> None:
    """End a connection without the closing frame."""
    person.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


async def _open(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return await asyncio.open_connection(parts.hostname, parts.port)


def floors(samples: Sequence[Sample], *, seconds: float = 60) -> list[Sample]:
    """Of each minute the sample with the least memory.

    What is in use rises and falls with the traffic, and an allocator gives a peak back late. What
    is lost raises the least, too.
    """
    least: dict[int, Sample] = {}
    for sample in samples:
        minute = int(sample.at_s // seconds)
        if minute not in least or sample.memory_mb < least[minute].memory_mb:
            least[minute] = sample
    return [*least.values()]


def slope(samples: Sequence[Sample], what: str) -> float:
    """How much something grows in a minute: least squares."""
    times = [sample.at_s / 60 for sample in samples]
    values = [float(getattr(sample, what)) for sample in samples]
    middle = sum(times) / len(times)
    mean = sum(values) / len(values)
    above = sum((t - middle) * (v - mean) for t, v in zip(times, values, strict=True))
    below = sum((t - middle) ** 2 for t in times)
    return above / below
