"""Tokens, open connections and quotas of an instance when somebody sets the clock."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.core.tls import Certificates
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.signalr import heartbeat, message_counts
from chatkit.localcloud.signalr.core import quotas
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from tests.localcloud.signalr.harness import RawClient, Running, service_on
from tests.times import DAY_S, HOUR_S, Times


async def negotiate(running: Running, token: str) -> int:
    """The status of a negotiation."""
    url = f"{running.url}/client/negotiate?hub=chat&negotiateVersion=1"
    headers = {"Authorization": f"Bearer {token}"}
    async with running.http.post(url, headers=headers) as answer:
        return answer.status


async def test_a_client_token_is_of_the_clock(
    running: Running, times: Times, jump_s: float
) -> None:
    """An old one is refused while the clock is elsewhere; a new one counts at once."""
    old = running.token("alice")
    times.jump(jump_s)
    assert await negotiate(running, old) == 401
    assert await negotiate(running, running.token("alice")) == 200
    times.jump(-jump_s)
    assert await negotiate(running, old) == 200
    times.suspend(2 * HOUR_S)
    assert await negotiate(running, old) == 401


async def test_a_rest_token_is_of_the_clock(running: Running, times: Times, jump_s: float) -> None:
    """An app whose clock is right sends at once."""
    await running.say("before")
    times.jump(jump_s)
    await running.say("after")
    times.suspend(HOUR_S)
    await running.say("later")


async def open_until(running: Running, seconds: float) -> RawClient:
    """A client whose token ends its connection after some seconds."""
    ends = int(time.time() + seconds)
    token = running.token("alice", claims={"asrs.s.coae": "true", "asrs.s.aeo": ends})
    url = f"{running.url}/client/?hub=chat&access_token={token}"
    client = RawClient(await running.http.ws_connect(url))
    await client.socket.send_bytes(b'{"protocol":"json","version":1}\x1e')
    assert await client.next() == {}
    return client


async def test_an_open_connection_lasts_as_long_as_its_token_said(
    running: Running, times: Times, jump_s: float
) -> None:
    """Setting the clock neither cuts it nor lets it live on; the time that passes ends it."""
    client = await open_until(running, 1800)
    times.jump(jump_s)
    running.instance.connections.tick()
    await running.say("still here")
    assert await client.text() == "still here"
    times.suspend(HOUR_S)
    running.instance.connections.tick()
    assert (await client.next())["type"] == 7
    assert await client.next() is None


async def test_the_days_messages_are_not_refilled_by_the_clock(
    running: Running, times: Times, jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 until a day has passed."""
    monkeypatch.setattr(quotas, "FREE_MESSAGES_A_DAY", 2)
    running.spec = replace(running.spec, sku="Free_F1")
    await running.service.apply(running.spec)
    client = await running.client("alice")
    for number in range(2):
        await running.say(f"{number}")
        assert await client.text() == f"{number}"
    assert await send(running) == 429
    times.jump(jump_s)
    assert await send(running) == 429
    times.suspend(DAY_S)
    assert await send(running) == 202


async def test_a_membership_ends_while_the_machine_sleeps(
    running: Running, times: Times, jump_s: float
) -> None:
    """Its time to live is time that passes, whatever the clock shows."""
    path = "/api/hubs/chat/users/alice/groups/red"
    await running.rest("PUT", path, query="ttl=60")
    times.jump(jump_s)
    assert (await running.rest("HEAD", path))[0] == 200
    times.suspend(HOUR_S)
    assert (await running.rest("HEAD", path))[0] == 404


async def test_the_days_messages_count_on_after_a_restart(
    tmp_path: Path, certificates: Certificates, times: Times, jump_s: float
) -> None:
    """Of a cloud that was killed, too; an instance that was deleted begins anew."""

    async def counted(messages: int = 0, *, is_removed: bool = False) -> int:
        """Count in a cloud of its own, and say what it has counted."""
        times.new_process()
        platform = Platform.open(tmp_path, certificates=certificates)
        service = service_on(platform)
        port = platform.listeners.reserve("signalr/room")
        await service.apply(InstanceSpec("room", port, "key", "key", sku="Free_F1"))
        instance = service.instance("room")
        assert instance is not None
        instance.quotas.count(messages, 1)
        if is_removed:
            await service.remove("room")
        await service.stop()
        await platform.close()
        return instance.quotas.messages_today

    assert await counted(120) == 120
    times.jump(jump_s)
    assert await counted() == 120
    times.suspend(DAY_S)
    assert await counted() == 0
    assert await counted(7, is_removed=True) == 7
    assert await counted() == 0


async def test_a_killed_cloud_has_written_what_it_counted(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every beat of its clock."""
    monkeypatch.setattr(heartbeat, "PERIOD_S", 0)
    store = running.platform.store
    running.instance.quotas.count(3, 1)
    while (store.get(message_counts.COLLECTION, "room") or {}).get("messages") != 3:
        await asyncio.sleep(0)


async def send(running: Running) -> int:
    """The status of one message."""
    body = {"target": "newMessage", "arguments": ["x"]}
    status, _, _ = await running.rest("POST", "/api/v1/hubs/chat", body)
    return status
