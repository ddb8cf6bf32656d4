"""Signing in to the local Entra with the unmodified azure-identity."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from chatkit.localcloud import tls
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.service import EntraService
from chatkit.localcloud.listeners import Listeners
from chatkit.localcloud.platform import Platform
from chatkit.localcloud.store import Store
from chatkit.localcloud.trace import Trace

ARM = "https://management.azure.com"


@pytest.fixture
async def entra(tmp_path: Path) -> AsyncIterator[EntraService]:
    """A running local Entra in a fresh home."""
    store = Store(tmp_path / "state.db")
    service = EntraService(Platform(tmp_path, store, tls.load(tmp_path / "tls"), Listeners(store), Trace()))
    service.ca_file = str(tmp_path / "tls" / "ca.pem")  # type: ignore[attr-defined]
    await service.start()
    yield service
    await service.stop()
    store.close()


def credential(entra: EntraService, **changes: str) -> ClientSecretCredential:
    """The credential a person would make from `chatkit local status`."""
    known = {**entra.endpoints(), **changes}
    return ClientSecretCredential(
        known["tenant_id"],
        known["client_id"],
        known["client_secret"],
        authority=known["authority"],
        disable_instance_discovery=True,
        connection_verify=entra.ca_file,  # type: ignore[attr-defined]
    )


async def get_token(entra: EntraService, scope: str, **changes: str) -> str:
    """Ask for a token on a thread, as a kernel would."""
    with credential(entra, **changes) as one:
        return (await asyncio.to_thread(one.get_token, scope)).token


async def test_a_client_secret_gets_a_token_that_resource_manager_accepts(entra: EntraService) -> None:
    """azure-identity, unmodified, against the local authority."""
    token = await get_token(entra, f"{ARM}/.default")
    claims = entra.tokens.verify(token, [ARM])
    assert (claims.appid, claims.tid) == (entra.directory.client_id, entra.directory.tenant_id)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "11111111-1111-1111-1111-111111111111"}, "AADSTS700016"),
        ({"tenant_id": "11111111-1111-1111-1111-111111111111"}, "AADSTS90002|tenant_discovery|authority"),
    ],
)
async def test_a_wrong_credential_is_refused_in_entras_words(entra: EntraService, changes: dict[str, str], number: str) -> None:
    """The learner must see the error that the real Entra gives."""
    with pytest.raises((ClientAuthenticationError, ValueError), match=number):
        await get_token(entra, f"{ARM}/.default", **changes)


async def test_a_token_for_another_audience_is_rejected(entra: EntraService) -> None:
    """A storage token must not open Resource Manager."""
    token = await get_token(entra, "https://storage.azure.com/.default")
    with pytest.raises(TokenRejected) as refusal:
        entra.tokens.verify(token, [ARM])
    assert refusal.value.code == "audience"


async def test_an_unknown_resource_is_refused(entra: EntraService) -> None:
    """The scope must name something in the tenant."""
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        await get_token(entra, "https://unknown.example/.default")
