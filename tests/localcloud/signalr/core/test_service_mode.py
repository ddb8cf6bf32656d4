"""An instance that waits for app servers takes no clients of a serverless app."""

from __future__ import annotations

import pytest

from chatkit.localcloud.signalr.core.incoming import NO_APP_SERVERS
from tests.localcloud.signalr.harness import RawClient, Running


async def answer(running: Running) -> object:
    """What an instance says to a handshake."""
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    url = f"{running.url}/client/?hub=chat"
    client = RawClient(await running.http.ws_connect(url, headers=headers))
    await client.socket.send_str('{"protocol":"json","version":1}\x1e')
    return await client.next()


@pytest.mark.parametrize(
    ("mode", "said"),
    [("Default", {"error": NO_APP_SERVERS}), ("Serverless", {}), ("Classic", {})],
)
async def test_the_mode_decides_about_the_handshake(
    running: Running, mode: str, said: dict[str, str]
) -> None:
    """AzureSignalR-samples#133 in mode Default; Classic falls back to serverless."""
    await running.change(service_mode=mode)
    assert await answer(running) == said


async def test_another_mode_counts_at_once(running: Running) -> None:
    """`az signalr update --service-mode Serverless` is all that it needs."""
    await running.change(service_mode="Default")
    assert await answer(running) == {"error": NO_APP_SERVERS}
    await running.change(service_mode="Serverless")
    assert await answer(running) == {}
