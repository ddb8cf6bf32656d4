"""The emulator's well-known key at an instance of the local cloud: only while somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.localcloud.core.control import Control
from chatkit.localcloud.signalr import well_known
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token, rest_token
from tests.attacks import emulator
from tests.localcloud.signalr.harness import WAIT_S, Running

SEND = "/api/v1/hubs/chat"
MESSAGE = {"target": "newMessage", "arguments": ["hello"]}


def sample(running: Running) -> SignalRConnectionString:
    """The connection string that every sample has."""
    return SignalRConnectionString.parse(well_known.connection_string(running.spec.port))


async def negotiate(running: Running) -> int:
    """How an instance answers a client with a token that the well-known key has signed."""
    token = client_token(sample(running), "chat")
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{running.url}/client/negotiate?hub=chat&negotiateVersion=1"
    async with running.http.post(url, headers=headers) as answer:
        return answer.status


async def send(running: Running) -> int:
    """How it answers such a REST call."""
    token = rest_token(sample(running), SEND)
    status, _, _ = await running.rest("POST", SEND, MESSAGE, token=token)
    return status


@pytest.fixture
async def control(running: Running) -> AsyncIterator[dict[str, str]]:
    """Address and token of the control API of the instance's cloud."""
    routes = running.service.control_routes()
    made = Control(running.platform, on_stop=lambda: None, routes=routes)
    await made.start()
    yield made.endpoints()


def attach(
    running: Running, control: dict[str, str], body: object = None, *, name: str = "room"
) -> aiohttp.client._RequestContextManager:
    url = f"{control['control']}/signalr/{name}/attach"
    return running.http.post(url, json=body, headers={TOKEN_HEADER: control["control_token"]})


@asynccontextmanager
async def attached(
    running: Running, control: dict[str, str], body: object = None
) -> AsyncIterator[None]:
    """While the block runs, the instance takes the key."""
    async with attach(running, control, body) as answer:
        assert answer.status == 200 and await answer.content.readline() == b"attached\n"
        yield
        answer.close()


async def until_gone(running: Running) -> None:
    """Wait until the instance takes the key no more."""
    async with asyncio.timeout(WAIT_S):
        while running.instance.spec.emulator_key:
            await asyncio.sleep(0.01)


async def test_an_attached_instance_takes_both_kinds_of_keys(
    running: Running, control: dict[str, str]
) -> None:
    """Samples work, and what has the instance's own keys goes on."""
    async with attached(running, control):
        assert await negotiate(running) == 200
        client = await running.client("alice")
        assert await send(running) == 202
        assert await client.text() == "hello"
        # A change by Resource Manager meanwhile does not take the key away.
        await running.change(capacity=2)
        assert await negotiate(running) == 200


async def test_who_leaves_can_come_back_at_once(running: Running, control: dict[str, str]) -> None:
    """As `--attach` does when its settings change; who stays is not pushed out."""
    async with attached(running, control):
        pass
    async with attached(running, control), attach(running, control) as second:
        assert second.status == 409


async def test_upstream_of_the_settings_comes_first(
    running: Running, control: dict[str, str], aiohttp_app: Callable[..., AsyncIterator[str]]
) -> None:
    """Events go there while attached, signed with the well-known key, too."""
    seen: list[web.Request] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response()

    app = web.Application()
    app.router.add_post("/samples", take)
    url = f"{await aiohttp_app(app)}/samples"  # type: ignore[misc]
    settings = {"UpstreamSettings": {"Templates": [{"UrlTemplate": url}]}}
    async with attached(running, control, settings):
        client = await running.client("alice")
        await client.send({"type": 1, "target": "say", "arguments": []})
        async with asyncio.timeout(WAIT_S):
            while len(seen) < 2:
                await asyncio.sleep(0.01)
    signatures = seen[1].headers["X-ASRS-Signature"].split(",")
    assert len(signatures) == 3
    await until_gone(running)
    assert running.instance.spec.upstream == ()


@pytest.mark.parametrize("name", emulator.WELL_KNOWN_KEY)
async def test_the_well_known_key_opens_nothing_unasked(
    running: Running, control: dict[str, str], name: str
) -> None:
    """401, before an attachment and after it."""
    if "has ended" in name:
        async with attached(running, control):
            assert await negotiate(running) == 200
        await until_gone(running)
    ask = negotiate if name.startswith("a client") else send
    assert await ask(running) == 401


@pytest.mark.parametrize("name", emulator.ATTACH)
async def test_only_the_owner_attaches_the_key(
    running: Running, control: dict[str, str], name: str
) -> None:
    """It takes the control token, and an instance that has access keys."""
    cases = {
        "without the control token": ("", "room", 403),
        "with the well-known key in the place of the control token": (well_known.KEY, "room", 403),
        "to an instance whose access keys are disabled": (control["control_token"], "room", 409),
        "to an instance that is not there": (control["control_token"], "other", 404),
    }
    token, instance, expected = cases[name]
    if "disabled" in name:
        await running.change(disable_local_auth=True)
    asked = {**control, "control_token": token}
    async with attach(running, asked, name=instance) as answer:
        assert answer.status == expected
    assert running.instance.spec.emulator_key == ""


async def test_settings_that_are_none_attach_nothing(
    running: Running, control: dict[str, str]
) -> None:
    """400 with the sentence that the terminal shows."""
    body: object = {"UpstreamSettings": {"Templates": [{}]}}
    async with attach(running, control, body) as answer:
        assert answer.status == 400 and "UrlTemplate" in (await answer.json())["error"]
    assert running.instance.spec.emulator_key == ""


async def test_an_attachment_ends_with_its_instance(
    running: Running, control: dict[str, str]
) -> None:
    """Whoever waits is told, and an instance of the same name begins without the key."""
    async with attach(running, control) as answer:
        await answer.content.readline()
        await running.service.remove("room")
        async with asyncio.timeout(WAIT_S):
            assert await answer.content.read() == b""
    await running.service.apply(running.spec)
    assert running.instance.spec.emulator_key == ""
