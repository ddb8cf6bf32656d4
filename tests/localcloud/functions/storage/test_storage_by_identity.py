"""Blobs of an account that takes no keys: the host asks for a token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.functions.host.errors import BindingFailed
from chatkit.localcloud.functions.storage.blobs import BlobStorage, StorageUnavailable
from chatkit.localcloud.functions.storage.paths import BlobPath
from chatkit.localcloud.storage.service import StorageService
from chatkit.localcloud.storage.state.spec import AccountSpec
from chatkit.wire.connection_strings import Credential

PATH = BlobPath("rooms", "hall.txt")


class Keyless:
    """An account without shared keys, and somebody who may use it."""

    def __init__(self, service: StorageService, tokens: Tokens, ca_file: Path) -> None:
        self._tokens = tokens
        self.asked: list[tuple[Credential, str]] = []
        settings = {
            "Store__accountName": "chat",
            "Store__blobServiceUri": service.blob_endpoint("chat"),
            "Store__credential": "managedidentity",
        }
        self.storage = BlobStorage(settings, ca_file, self._token)
        self.has_identity = True

    async def _token(self, credential: Credential, resource: str) -> str:
        self.asked.append((credential, resource))
        if not self.has_identity:
            raise BindingFailed("The app has no managed identity.")
        return self._tokens.issue(f"{resource}/", {"oid": "alice"})


@pytest.fixture
async def keyless(tmp_path: Path) -> AsyncIterator[Keyless]:
    """A storage service with such an account."""
    platform = Platform.open(tmp_path)
    tokens = Tokens(platform.store, tenant_id="tenant", authority="https://localhost:1")
    service = StorageService(platform, tokens, role_check=lambda *_: True)
    await service.start()
    await service.apply(AccountSpec("chat", "a2V5", "a2V5", allow_shared_key=False))
    made = Keyless(service, tokens, platform.certificates.ca_file)
    yield made
    await made.storage.close()
    await service.stop()
    await platform.close()


async def test_blobs_are_read_and_written_with_a_token(keyless: Keyless) -> None:
    """Of the identity that the settings name, for storage."""
    await keyless.storage.write("Store", PATH, [b"hello"], {})
    blob = await keyless.storage.read("Store", PATH)
    assert blob is not None and blob.content == b"hello"
    listed = [blob.name async for blob in keyless.storage.list("Store", "rooms", "")]
    assert listed == ["hall.txt"]
    [(credential, resource), *_] = keyless.asked
    assert (credential.kind, resource) == ("managed identity", "https://storage.azure.com")


async def test_an_app_without_identity_is_told(keyless: Keyless) -> None:
    """The sentence of Entra ID's side arrives."""
    keyless.has_identity = False
    with pytest.raises(StorageUnavailable, match="no managed identity"):
        await keyless.storage.read("Store", PATH)
