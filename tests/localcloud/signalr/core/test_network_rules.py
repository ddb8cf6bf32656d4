"""Network rules keep types of requests out, before any token is looked at."""

from __future__ import annotations

import pytest
from aiohttp import WSServerHandshakeError

from tests.localcloud.signalr.harness import Running

CLIENT = frozenset({"ClientConnection"})
REST = frozenset({"RESTAPI"})
MESSAGE = {"target": "newMessage", "arguments": ["a"]}


async def negotiated(running: Running) -> int:
    """The status of a client's negotiation."""
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    url = f"{running.url}/client/negotiate?hub=chat&negotiateVersion=1"
    async with running.http.post(url, headers=headers) as answer:
        return answer.status


async def sent(running: Running, token: str | None = None) -> int:
    """The status of a message to everybody."""
    status, _, _ = await running.rest("POST", "/api/v1/hubs/chat", MESSAGE, token=token)
    return status


async def test_clients_stay_out_and_rest_goes_on(running: Running) -> None:
    """With or without negotiation before."""
    await running.change(denied=CLIENT)
    assert await negotiated(running) == 403
    with pytest.raises(WSServerHandshakeError) as caught:
        await running.client("alice")
    assert caught.value.status == 403
    assert await sent(running) == 202


async def test_rest_stays_out_and_clients_go_on(running: Running) -> None:
    """As behind a template that allows client connections alone; a wrong token is 403, too."""
    await running.change(denied=REST)
    assert await negotiated(running) == 200
    assert await sent(running) == 403
    assert await sent(running, token="wrong") == 403
    await running.change(denied=frozenset())
    assert await sent(running) == 202
