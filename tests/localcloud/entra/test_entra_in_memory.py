"""Entra as a factory of protocols: signing in without a socket."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from chatkit.core import tls
from chatkit.localcloud.core.platform import Platform, StoredPorts
from chatkit.localcloud.entra.service import EntraService
from tests.localcloud.memory_transport import MemoryNetwork, refuse_sockets


async def test_an_application_signs_in_without_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discovery leads to the token endpoint, and the token is for who asked."""
    network = MemoryNetwork()
    certificates = tls.load(tmp_path / "trust")
    platform = Platform.open(
        tmp_path / "local", certificates=certificates, open_port=network.listen
    )
    for port, owner in enumerate(("entra", "graph", "sign-in"), start=1):
        StoredPorts(platform.store).put(owner, port)

    refuse_sockets(monkeypatch)
    service = EntraService(platform)
    await service.start()
    known = service.endpoints()
    form = {
        "grant_type": "client_credentials",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
        "scope": "https://management.azure.com/.default",
    }
    discovery = f"{known['authority']}/{known['tenant_id']}/v2.0/.well-known/openid-configuration"
    async with aiohttp.ClientSession(connector=network.connector()) as http:
        async with http.get(discovery) as answer:
            token_url = (await answer.json())["token_endpoint"]
        async with http.post(token_url, data=form) as answer:
            token = (await answer.json())["access_token"]
    claims = service.tokens.verify(token, ("https://management.azure.com/",))
    assert claims.appid == known["client_id"]
    await service.stop()
    await platform.close()
