"""A running storage service, with the Entra it takes tokens from, on a thread of its own."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment
from chatkit.localcloud.entra.service import EntraService
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.storage.auth.access import by_roles
from chatkit.localcloud.storage.service import StorageService
from chatkit.localcloud.storage.state.spec import AccountSpec
from tests.localcloud.credentials import credential_of

T = TypeVar("T")
NAME = "chatkitx1y2z3"
KEY1 = "a2V5" * 16
KEY2 = "a2V6" * 16
SCOPE = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{NAME}"
TIMEOUT_S = 20


@dataclass
class Answer:
    """A plain HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def code(self) -> str:
        """The storage error code."""
        return self.headers.get("x-ms-error-code", "")


@dataclass
class StorageCloud:
    """Entra and storage with one account.

    Attributes:
        url: The account's blob address.
        web_url: The account's website address.
        dev_url: The development account's address.
        role_check: What decides about principals of tokens: the tenant's roles, unless a test
            replaces it.
        clock: Which host names are known late.
    """

    folder: Path
    spec: AccountSpec = AccountSpec(NAME, KEY1, KEY2, allow_blob_public_access=True, scope=SCOPE)
    credentials: list[ClientSecretCredential] = field(default_factory=list)

    def start(self) -> None:
        """Run a loop on a thread and start the services on it."""
        self.clock = Clock()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self._start())

    async def _start(self) -> None:
        self.platform = Platform.open(self.folder)
        self.platform.listeners.settle()
        self.entra = EntraService(self.platform)
        self.role_check = by_roles(self.entra.tokens.roles)
        self.storage = StorageService(
            self.platform,
            self.entra.tokens,
            role_check=lambda *asked: self.role_check(*asked),
            clock=self.clock,
        )
        await self.entra.start()
        await self.storage.start()
        await self.storage.apply(self.spec)
        self.url = self.storage.blob_endpoint(NAME)
        self.web_url = self.storage.web_endpoint(NAME)
        self.dev_url = self.storage.dev_endpoint()
        own = self.entra.directory.create_service_principal(self.entra.directory.client_id)
        self.assign("Owner", own.id)
        self.assign("Storage Blob Data Owner", own.id)

    def assign(self, role: str, principal_id: str) -> Assignment:
        """Give a principal a role on the account; to be called on the services' loop."""
        id_ = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        assignment = Assignment(id_, SCOPE, BY_NAME[role], principal_id)
        self.entra.tokens.roles.assign(assignment)
        return assignment

    def stop(self) -> None:
        """Close everything."""
        for credential in self.credentials:
            credential.close()
        self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _stop(self) -> None:
        await self.storage.stop()
        await self.entra.stop()
        await self.platform.close()
        for transport in [*getattr(self.loop, "_transports", {}).values()]:
            transport.abort()  # a connection that its client is just closing
        await asyncio.sleep(0)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the services' loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT_S)

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Call a plain function on the services' loop, where the store lives."""

        async def work() -> T:
            return function(*args)

        return self.run(work())

    def apply(self, **changes: Any) -> None:
        """Change the account's rules."""
        self.run(self.storage.apply(replace(self.spec, **changes)))

    @property
    def ca_file(self) -> str:
        """The authority to trust."""
        return str(self.platform.certificates.ca_file)

    def service(self, credential: Any = KEY1, **options: Any) -> BlobServiceClient:
        """The SDK's client of the account."""
        options = {"retry_total": 0, "connection_verify": self.ca_file, **options}
        return BlobServiceClient(self.url, credential, **options)

    def credential(self) -> ClientSecretCredential:
        """The kit's own principal."""
        made = credential_of({**self.entra.endpoints(), "ca_file": self.ca_file})
        self.credentials.append(made)
        return made

    @contextmanager
    def answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request without any SDK, and leave the answer's body to be read.

        A path alone is one below the account.
        """
        at = urlsplit(url if "://" in url else f"{self.url}/{url}")
        port = at.port or 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        if at.scheme == "https":
            connection = http.client.HTTPSConnection(
                "localhost", port, context=self._context(), timeout=TIMEOUT_S
            )
        path = at.path
        if at.query:
            path += f"?{at.query}"
        try:
            connection.request(method, path, body, dict(headers or {}))
            yield connection.getresponse()
        finally:
            connection.close()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request without any SDK, and read its answer."""
        with self.answer(method, url, headers, body) as answer:
            return Answer(answer.status, answer.headers, answer.read())

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageCloud]:
    """A storage service for the tests of a module."""
    running = StorageCloud(tmp_path_factory.mktemp("local"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def blob_service(cloud: StorageCloud) -> Iterator[BlobServiceClient]:
    """The account's owner."""
    with cloud.service() as client:
        yield client


@pytest.fixture
def container(
    blob_service: BlobServiceClient, request: pytest.FixtureRequest
) -> Iterator[ContainerClient]:
    """A container of the test's own."""
    name = (
        "c"
        + "".join(character for character in request.node.name.lower() if character.isalnum())[:60]
    )
    client = blob_service.create_container(name)
    yield client
    blob_service.delete_container(name)
