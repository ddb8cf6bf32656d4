"""What clients of SignalR Service meet while a drill is on."""

from __future__ import annotations

import time

import aiohttp
import pytest

from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.rooms import EVERYWHERE, Room
from chatkit.localcloud.drills.table import DROP, EXPIRED
from tests.localcloud.signalr.harness import RawClient, Running

BEFORE = time.time() - 5
NEGOTIATE = "/client/negotiate?hub=chat&negotiateVersion=1"


async def status(running: Running, token: str) -> int:
    """Of a negotiation."""
    headers = {"Authorization": f"Bearer {token}"}
    async with running.http.post(f"{running.url}{NEGOTIATE}", headers=headers) as answer:
        return answer.status


async def connected(running: Running, token: str) -> RawClient:
    """A WebSocket."""
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{running.url}/client/?hub=chat"
    return RawClient(await running.http.ws_connect(url, headers=headers))


async def test_everybody_is_thrown_out_and_gets_in_after_it(running: Running) -> None:
    """Negotiation and WebSockets are refused meanwhile."""
    client = await connected(running, running.token("alice"))
    drills = running.service._drills
    drills.begin(DROP, EVERYWHERE, for_s=30)
    message = await client.socket.receive()
    assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
    assert await status(running, running.token("alice")) == 503
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await connected(running, running.token("alice"))
    assert refused.value.status == 503
    drills.end(DROP)
    assert await status(running, running.token("alice")) == 200


async def test_without_a_time_they_may_come_back_at_once(running: Running) -> None:
    """As after a restart of the service."""
    await connected(running, running.token("alice"))
    running.service._drills.begin(DROP, EVERYWHERE, for_s=0)
    assert await status(running, running.token("alice")) == 200


async def test_tokens_of_before_are_expired(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody is thrown out; a new token opens."""
    monkeypatch.setattr("chatkit.wire.tokens.time.time", lambda: BEFORE)
    old = running.token("alice")
    monkeypatch.undo()
    client = await connected(running, old)
    running.service._drills.begin(EXPIRED, EVERYWHERE, for_s=30)
    message = await client.socket.receive()
    assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
    assert await status(running, old) == 401
    assert await status(running, running.token("alice")) == 200


async def test_other_hubs_do_not_notice(running: Running) -> None:
    """Of the same instance, too: somebody else's chat goes on."""
    client = await connected(running, running.token("alice"))
    drills = running.service._drills
    name = next(iter(running.service._instances))
    drills.begin(DROP, Room.of([rooms.hub(name, "elsewhere")]), for_s=30)
    assert await status(running, running.token("alice")) == 200
    assert not client.socket.closed
    drills.begin(DROP, Room.of([rooms.hub(name, "chat")]), for_s=30)
    assert await status(running, running.token("alice")) == 503
