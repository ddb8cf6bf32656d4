"""Input that means harm or comes from a mistake.

Each gets its own answer, and no other client notices.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatkit.localcloud.signalr.core.spec import UpstreamTemplate
from chatkit.wire.tokens import rest_token
from tests.localcloud.signalr.harness import WAIT_S, Running

V1 = "/api/v1/hubs/chat"
INVOCATION = {"type": 1, "invocationId": "1", "target": "x", "arguments": []}


async def posted(
    running: Running, body: str, *, query: str = "", headers: dict[str, str] | None = None
) -> int:
    """Broadcast a body as it is; the status."""
    headers = {"Authorization": f"Bearer {rest_token(running.connection, V1)}", **(headers or {})}
    async with running.http.post(
        running.url + V1 + query, data=io.BytesIO(body.encode()), headers=headers
    ) as answer:
        return answer.status


@pytest.mark.parametrize("argument", ['"\\ud800"', "1e999", "NaN", "[" * 300 + "]" * 300])
async def test_a_message_that_json_cannot_carry_is_refused(running: Running, argument: str) -> None:
    """400, and messages sent at the same moment arrive."""
    client = await running.client("alice")
    bodies = [f'{{"target":"t","arguments":[{text}]}}' for text in (argument, '"fine"')]
    statuses = await asyncio.gather(*(posted(running, body) for body in bodies))
    assert (statuses, await client.text()) == ([400, 202], "fine")


async def test_numbers_past_64_bits_reach_clients_of_both_encodings(running: Running) -> None:
    """JSON as it is, MessagePack as a float."""
    headers = {"Authorization": f"Bearer {running.token('bob')}"}
    client = await running.client("alice")
    async with running.http.ws_connect(f"{running.url}/client/?hub=chat", headers=headers) as other:
        await other.send_str('{"protocol":"messagepack","version":1}\x1e')
        await other.receive()
        assert await posted(running, f'{{"target":"t","arguments":[{10**30}]}}') == 202
        assert (await client.next())["arguments"] == [10**30]
        assert (await asyncio.wait_for(other.receive(), WAIT_S)).type is aiohttp.WSMsgType.BINARY


@pytest.mark.parametrize(
    "text",
    [
        '{"type":8,"sequenceId":1e999}',
        '{"type":9,"sequenceId":1.5}',
        '{"type":1,"target":"\\ud800","arguments":[]}',
        '{"type":1,"invocationId":"1","target":"x","arguments":[1e999]}',
        '{"type":1,"target":"x","arguments":[' + "[" * 500 + "]" * 500 + "]}",
    ],
)
async def test_a_message_past_the_protocol_ends_the_connection(running: Running, text: str) -> None:
    """Close with an error, never a broken service."""
    client = await running.client("alice")
    await client.socket.send_str(text + "\x1e")
    assert await client.next() == {"type": 7, "error": "Connection closed with an error."}


async def test_a_frame_too_long_is_answered_before_it_ends(running: Running) -> None:
    """The hub's close message, then WebSocket code 1009."""
    client = await running.client("alice")
    await client.socket.send_str("x" * 1_100_000)
    assert await client.next() == {"type": 7, "error": "Connection closed with an error."}
    closing = await asyncio.wait_for(client.socket.receive(), WAIT_S)
    assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1009)


@pytest.mark.parametrize("target", ["a\r\nX-Evil: 1", "a\0b", "grüße", "a" * 3000])
async def test_an_event_named_by_a_client_cannot_break_the_request(
    running: Running, aiohttp_app: Callable[..., Any], target: str
) -> None:
    """The app is asked, and the invocation completes."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers.get("X-Evil", ""))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", handle)
    await running.change(upstream=(UpstreamTemplate(await aiohttp_app(app)),))
    client = await running.client("alice")
    await client.send({**INVOCATION, "target": target})
    assert await asyncio.wait_for(client.next(), WAIT_S) == {"type": 3, "invocationId": "1"}
    assert set(seen) == {""}


@pytest.mark.parametrize(("size", "status"), [(11_000, 202), (13_000, 414), (40_000, 414)])
async def test_a_long_address_is_refused_as_such(running: Running, size: int, status: int) -> None:
    """12 KB and not aiohttp's 8."""
    assert await posted(running, '{"target":"t"}', query="?excluded=" + "x" * size) == status


@pytest.mark.parametrize(("size", "status"), [(15_000, 202), (17_000, 431), (40_000, 431)])
async def test_long_headers_are_refused_as_such(running: Running, size: int, status: int) -> None:
    """16 KB of all headers."""
    assert await posted(running, '{"target":"t"}', headers={"Cookie": "x" * size}) == status


@pytest.mark.parametrize("path", ["/api/v1/nonsense", "/api/hubs/chat/nope"])
async def test_an_unknown_operation_is_refused_in_the_services_format(
    running: Running, path: str
) -> None:
    """JSON with a code, not a page."""
    status, body, _ = await running.rest("PATCH", path)
    assert (status, set(body)) == (404, {"code", "message", "target", "details", "inner"})


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


DEEP = b'{"aud":' + b"[" * 1400 + b"]" * 1400 + b"}"
HEAD = _part(b'{"alg":"HS256"}')


@pytest.mark.parametrize(
    "token",
    ["...", "a.b.c", f"{_part(DEEP)}.e30.x", f"{HEAD}.{_part(DEEP)}.x"],
    ids=["dots", "letters", "deep head", "deep claims"],
)
async def test_a_token_made_to_break_its_reader_is_refused(running: Running, token: str) -> None:
    """401 at both endpoints."""
    headers = {"Authorization": f"Bearer {token}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        assert answer.status == 401
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await running.http.ws_connect(f"{running.url}/client/?hub=chat&access_token={token}")
    assert caught.value.status == 401


async def test_an_expired_token_is_told_when(running: Running) -> None:
    """As ASP.NET Core says it, in UTC."""
    headers = {"Authorization": f"Bearer {running.token('alice', lifetime_s=-60)}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith(
        'Bearer error="invalid_token", error_description="The token expired at \''
    )


async def test_a_filter_of_many_terms_is_evaluated(running: Running) -> None:
    """As many as an address holds."""
    client = await running.client("alice")
    command = [{"type": "SendMessage", "message": {"target": "t"}}]
    query = "filter=" + "+or+".join(["false"] * 900) + "+or+true"
    assert (await running.rest("POST", "/api/hubs/chat/:execute", command, query=query))[0] == 202
    assert (await client.next())["target"] == "t"


@pytest.mark.parametrize(
    "query",
    ["continuationToken=x", "continuationToken=-1", "top=0", "maxpagesize=201", "maxpagesize=²"],
)
async def test_a_page_that_is_no_number_is_refused(running: Running, query: str) -> None:
    """400."""
    assert (await running.rest("GET", "/api/hubs/chat/groups/red/connections", query=query))[
        0
    ] == 400


async def test_an_app_that_falls_behind_is_not_buried(
    running: Running, aiohttp_app: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past a limit of waiting bytes an invocation fails at once instead of filling the memory."""
    monkeypatch.setattr("chatkit.localcloud.signalr.core.upstream.MAX_WAITING_BYTES", 3000)
    release = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", handle)
    await running.change(upstream=(UpstreamTemplate(await aiohttp_app(app)),))
    client = await running.client("alice")
    await client.send(
        *(
            {**INVOCATION, "invocationId": str(number), "arguments": ["y" * 600]}
            for number in (1, 2)
        )
    )
    assert "too slow" in (await client.next())["error"]
    release.set()
    assert await client.next() == {"type": 3, "invocationId": "1"}


@pytest.mark.parametrize("size", [100, 700_000])
async def test_an_answer_of_any_size_arrives_whole(
    running: Running, aiohttp_app: Callable[..., Any], size: int
) -> None:
    """Not only what came in the first packet."""
    completion = {"type": 3, "invocationId": "1", "result": "z" * size}

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=json.dumps(completion).encode() + b"\x1e")

    app = web.Application()
    app.router.add_post("/", handle)
    await running.change(
        upstream=(UpstreamTemplate(await aiohttp_app(app), category_pattern="messages"),)
    )
    client = await running.client("alice")
    await client.send(INVOCATION)
    assert await asyncio.wait_for(client.next(), WAIT_S) == completion


@pytest.mark.parametrize(
    ("path", "status"), [("/clientele", 404), ("/client/other", 404), ("/", 404), ("/client/", 401)]
)
async def test_a_web_socket_is_for_one_path(running: Running, path: str, status: int) -> None:
    """Others are not there, whoever asks."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await running.http.ws_connect(f"{running.url}{path}?hub=chat")
    assert caught.value.status == status


@pytest.mark.parametrize("host", ["[::1]:{}", "127.0.0.1", "LOCALHOST:{}"])
async def test_this_machine_has_many_names(running: Running, host: str) -> None:
    """A token for one is a token for all, with and without the port."""
    headers = {
        "Host": host.format(running.spec.port),
        "Authorization": f"Bearer {running.token('alice')}",
    }
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        assert answer.status == 200
    socket = await running.http.ws_connect(f"{running.url}/client/?hub=chat", headers=headers)
    await socket.close()


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:80", "[::2]:80", "::1", "localhost:x", "[", ""]
)
async def test_another_name_is_refused_at_both_doors(running: Running, host: str) -> None:
    """DNS rebinding: 421, or 400 for what is no name."""
    headers = {"Host": host, "Authorization": f"Bearer {running.token('alice')}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        assert answer.status in (400, 421)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await running.http.ws_connect(f"{running.url}/client/?hub=chat", headers=headers)
    assert caught.value.status in (400, 421)
