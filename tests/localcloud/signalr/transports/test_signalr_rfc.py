"""What RFC 6455 (WebSocket) and RFC 9112 (HTTP/1.1) ask of a server when clients are odd."""

from __future__ import annotations

import gzip

import pytest

from chatkit.wire.tokens import rest_token
from tests.localcloud.signalr.harness import Running
from tests.localcloud.signalr.transports.raw_socket import (
    BINARY,
    CLOSE,
    CONTINUED,
    PING,
    PONG,
    TEXT,
    connected,
    frame,
    opened,
    upgrade,
)

CALL = b'{"type":1,"invocationId":"1","target":"\xc3\xa9","arguments":[]}\x1e'
ECHOED = "event 'é'".encode()
PATH = "/api/v1/hubs/chat"


async def test_fragments_are_one_message_and_a_ping_may_come_between(running: Running) -> None:
    """RFC 6455 §5.4: even a character may be cut; control frames are answered."""
    async with opened(running) as socket:
        cut = CALL.index(b"\xa9")
        parts = (
            frame(TEXT, CALL[:cut], fin=False) + frame(PING, b"p" * 125),
            frame(CONTINUED, CALL[cut:-1], fin=False),
        )
        socket.writer.write(b"".join(parts) + frame(CONTINUED, CALL[-1:]))
        received = dict([await socket.frame(), await socket.frame()])
        assert (received[PONG], ECHOED in received[TEXT]) == (b"p" * 125, True)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b'{"x":"', fin=False) + frame(CONTINUED, b'\xff"}'), 1007),
        (frame(TEXT, b'{"type":6}\x1e', fin=False) + frame(CONTINUED, b"\xc3"), 1007),
        (frame(CONTINUED, b"x"), 1002),
        (frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"), 1002),
        (frame(PING, b"p" * 126), 1002),
        (frame(PING, b"p", fin=False), 1002),
        (frame(TEXT, b"x", reserved=4), 1002),
        (frame(3, b"x"), 1002),
        (frame(11, b"x"), 1002),
        (b"\x81\x01x", 1002),
        (frame(CLOSE, b"\x03"), 1002),
        (frame(CLOSE, (1005).to_bytes(2, "big")), 1002),
        (frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff"), 1007),
        (frame(CLOSE, (4321).to_bytes(2, "big") + b"bye"), 4321),
    ],
    ids=range(15),
)
async def test_a_frame_against_the_protocol_closes_with_its_code(
    running: Running, sent: bytes, code: int
) -> None:
    """RFC 6455 §7.4.1: 1002 for framing, 1007 for broken UTF-8, for a close the client's code."""
    async with opened(running) as socket:
        socket.writer.write(sent)
        assert await socket.close_code() == code


async def test_bytes_that_are_no_text_may_come_in_binary_fragments(running: Running) -> None:
    """RFC 6455 §5.6: a binary message carries anything; text after it is looked at anew."""
    async with opened(running) as socket:
        socket.writer.write(
            frame(BINARY, b'{"type":6}', fin=False) + frame(CONTINUED, b"\x1e") + frame(TEXT, CALL)
        )
        assert ECHOED in (await socket.frame())[1]


@pytest.mark.parametrize(
    "target", ["/client/?hub=chat", "http://localhost/client/?hub=chat", "/cli%65nt/?hub=ch%61t"]
)
@pytest.mark.parametrize("name", ["Upgrade: ", "upgrade:"])
@pytest.mark.parametrize("before", [b"", b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"])
async def test_a_websocket_may_be_asked_for_in_every_form(
    running: Running, target: str, name: str, before: bytes
) -> None:
    """RFC 9112 §3.2.2, §5.1, §9.3.

    Absolute form, no space after the colon, on a connection that has carried a request.
    """
    async with connected(running) as socket:
        if before:
            socket.writer.write(before)
            assert "200 OK" in await socket.head()
        socket.writer.write(upgrade(running, target, name=name))
        assert "101 Switching Protocols" in await socket.head()
        socket.writer.write(frame(PING, b"there?"))
        assert await socket.frame() == (PONG, b"there?")


@pytest.mark.parametrize(
    "more", ["Authorization: Bearer x\r\n", "Host: localhost\r\n", "Content-Length: 5\r\n"]
)
async def test_an_ambiguous_websocket_request_is_answered_400(running: Running, more: str) -> None:
    """RFC 9110 §5.3, RFC 9112 §3.2: headers that may be there once; a body has no place in it."""
    async with connected(running) as socket:
        socket.writer.write(upgrade(running, more=more))
        assert " 400 " in await socket.head()


async def posted(running: Running, body: bytes, **headers: str) -> int:
    """Broadcast a body as it is; the status."""
    headers = {"Authorization": f"Bearer {rest_token(running.connection, PATH)}", **headers}
    async with running.http.post(running.url + PATH, data=body, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    "body",
    [b'{"Target":"t","Arguments":["hello"]}', b'\xef\xbb\xbf{"target":"t","arguments":["hello"]}'],
)
async def test_a_message_may_be_written_as_dotnet_writes_it(running: Running, body: bytes) -> None:
    """Members in Pascal case as in Microsoft's sample, or a byte order mark (RFC 8259 §8.1)."""
    client = await running.client("alice")
    assert await posted(running, body) == 202
    assert await client.text() == "hello"


async def test_a_compressed_body_is_no_message(running: Running) -> None:
    """400, as ASP.NET Core decompresses nothing that it is not told to."""
    body = b'{"target":"t"}'
    headers = {"Content-Encoding": "gzip"}
    assert [
        await posted(running, content, **headers) for content in (gzip.compress(body), b"broken")
    ] == [400, 400]


async def test_two_authorization_headers_are_refused(running: Running) -> None:
    """Two readers could take two tokens (RFC 9110 §5.3)."""
    token = f"Bearer {rest_token(running.connection, PATH)}"
    headers = [("Authorization", token), ("Authorization", token)]
    async with running.http.post(
        running.url + PATH, json={"target": "t"}, headers=headers
    ) as answer:
        assert answer.status == 400


async def test_a_broken_chunked_body_is_refused_in_the_services_format(running: Running) -> None:
    """RFC 9112 §7.1: 400, never a failure of the service."""
    token = rest_token(running.connection, PATH)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    async with connected(running) as socket:
        socket.writer.write(head.encode() + b"2\r\n{}\r\n")
        socket.writer.write(b"nonsense\r\n\r\n")
        assert " 400 " in await socket.head()
