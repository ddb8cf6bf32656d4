"""What a local app gets through the sign-in in front of it, and what comes back of its answers."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from pathlib import Path

import aiohttp
import pytest

from chatkit.core import ports
from chatkit.localcloud.easy_auth.proxy.run import Front
from tests.localcloud.easy_auth.proxy.front_stack import (
    END,
    Asked,
    Cloud,
    RawApp,
    answer,
    body_of,
    named,
    raw,
    told,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "target",
    ["/a%2Fb%20c?x=1&x=2&y=", "/%c3%a4/..;/x", "/a//b/", "/?", "/x?a=%2B+%00", "/%2e%2e/x"],
)
async def test_the_path_arrives_letter_by_letter(front: Front, app: RawApp, target: str) -> None:
    """Who decodes a path decides what it means: that is the app."""
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    await raw(front.url, request.encode())
    assert app.asked[-1].line in (f"GET {target} HTTP/1.1", f"GET {target.rstrip('?')} HTTP/1.1")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
async def test_every_method_is_passed_on(
    front: Front, http: aiohttp.ClientSession, method: str
) -> None:
    """Also those that nobody here has heard of."""
    assert (await told(http, f"{front.url}/x", method=method))["line"] == f"{method} /x HTTP/1.1"


async def test_headers_of_one_hop_stay_there(front: Front, app: RawApp) -> None:
    """RFC 9110 §7.6.1: those that Connection names, too."""
    request = (
        "GET /hop HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"
        "Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: AAMA\r\nX-Kept: 1\r\nx-kept: 2\r\nUser-Agent: me\r\n\r\n"
    )
    await raw(front.url, request.encode())
    names = {name.lower() for name, _ in app.asked[-1].headers}
    assert not names & {"keep-alive", "te", "proxy-authorization", "upgrade", "x-mine"}
    assert app.asked[-1].values("x-kept") == ["1", "2"]
    assert app.asked[-1].values("accept") == []


async def test_the_app_learns_how_it_was_reached(front: Front, http: aiohttp.ClientSession) -> None:
    """From those in front of it alone: what a client says of it is left out."""
    false = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=203.0.113.7",
        "X_Forwarded_Host": "evil.example",
    }
    document = await told(http, f"{front.url}/x", headers=false)
    host = front.url.removeprefix("http://")
    assert named(document, "Host") == [host]
    assert named(document, "X-Forwarded-Host") == [host]
    assert named(document, "X-Forwarded-For") in (["127.0.0.1"], ["::1"])
    assert named(document, "X-Forwarded-Proto") == ["http"]
    assert "evil" not in json.dumps(document) and "203.0.113.7" not in json.dumps(document)


@pytest.mark.parametrize("way", ["known length", "chunked", "expecting 100"])
async def test_an_upload_arrives_whole(front: Front, http: aiohttp.ClientSession, way: str) -> None:
    """However it is sent, and bigger than any buffer."""
    content = b"x" * 3_000_000

    async def pieces() -> object:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    data: object = pieces() if way == "chunked" else io.BytesIO(content)
    expect = way == "expecting 100"
    document = await told(http, f"{front.url}/up", method="POST", data=data, expect100=expect)
    assert document["body"] == len(content)
    assert named(document, "Expect") == []
    assert bool(named(document, "Content-Length")) == (way != "chunked")


async def test_an_upload_is_not_collected_first(front: Front, app: RawApp) -> None:
    """Its first bytes are at the app before the client has sent the last."""
    arrived = asyncio.Event()

    async def watch(asked: Asked) -> None:
        await asked.reader.readexactly(5)
        arrived.set()
        await asked.reader.readexactly(5)
        await answer(asked, b"thanks")

    app.answers["/slow-upload"] = watch
    port = int(front.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /slow-upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nfirst"
    )
    async with asyncio.timeout(10):
        await arrived.wait()
        writer.write(b"later")
        assert (await reader.readuntil(b"thanks")).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_the_first_byte_of_an_answer_comes_at_once(
    front: Front, app: RawApp, http: aiohttp.ClientSession
) -> None:
    """Events of a server, for example: headers first, then each as it is sent."""
    release = asyncio.Event()
    ended = asyncio.Event()

    async def stream(asked: Asked) -> None:
        await asked.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        await release.wait()
        await asked.send(b"data: one\n\n")
        await asked.reader.read()
        ended.set()

    app.answers["/events"] = stream
    async with asyncio.timeout(10):
        async with http.get(f"{front.url}/events") as reply:
            assert reply.headers["Content-Type"] == "text/event-stream"
            release.set()
            assert await reply.content.readany() == b"data: one\n\n"
        # And the app learns that the reader has gone.
        await ended.wait()


@pytest.mark.parametrize(
    ("method", "status", "lines", "kept"),
    [
        ("HEAD", b"200 OK", [b"Content-Length: 1234"], {"Content-Length": "1234"}),
        ("GET", b"304 Not Modified", [b'Etag: "1"'], {"Etag": '"1"'}),
        ("GET", b"204 No Content", [b"X-A: 1"], {"X-A": "1"}),
    ],
)
async def test_an_answer_without_body_stays_one(
    front: Front, app: RawApp, method: str, status: bytes, lines: list[bytes], kept: dict[str, str]
) -> None:
    """Nothing is added: neither a length nor a kind."""

    async def bare(asked: Asked) -> None:
        await asked.send(b"\r\n".join([b"HTTP/1.1 " + status, *lines]) + END)

    app.answers["/bare"] = bare
    request = f"{method} /bare HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    head, _, body = (await raw(front.url, request.encode())).partition(END)
    found = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert body == b"" and head.startswith(b"HTTP/1.1 " + status[:3])
    assert kept.items() <= found.items()
    assert not {"Server", "Content-Type", "Transfer-Encoding"} & {*found}
    assert ("Content-Length" in found) == ("Content-Length" in kept)


async def test_an_answer_is_passed_back_as_it_is(
    front: Front, app: RawApp, http: aiohttp.ClientSession
) -> None:
    """Compressed bytes, two cookies, odd headers; no Server and no kind that the app has not
    said.
    """
    packed = gzip.compress(b"hello" * 1000)

    async def odd(asked: Asked) -> None:
        await answer(
            asked,
            packed,
            b"Content-Encoding: gzip",
            b"Set-Cookie: a=1; Path=/",
            b"Set-Cookie: b=2; HttpOnly",
            b"X-Name: Andr\xe9",
            b"Connection: X-Private",
            b"X-Private: 1",
            status=b"299 Odd Enough",
        )

    app.answers["/odd"] = odd
    async with http.get(f"{front.url}/odd") as reply:
        assert (reply.status, reply.reason) == (299, "Odd Enough")
        assert await reply.read() == packed
        assert reply.headers.getall("Set-Cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
        assert reply.headers["X-Name"] == "André"
        assert not {"Server", "Content-Type", "X-Private"} & {*reply.headers}


async def test_an_answer_that_breaks_off_does(
    front: Front, app: RawApp, http: aiohttp.ClientSession
) -> None:
    """Half an answer is never taken for a whole one."""

    async def half(asked: Asked) -> None:
        await asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        asked.writer.close()

    app.answers["/half"] = half
    async with http.get(f"{front.url}/half") as reply:
        with pytest.raises(aiohttp.ClientPayloadError):
            await reply.read()


@pytest.mark.parametrize("said", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("path", ["/there?x=1", "", "?x=1"])
async def test_a_redirect_to_the_apps_own_port_stays_in_front(
    front: Front, app: RawApp, http: aiohttp.ClientSession, said: str, path: str
) -> None:
    """Else the browser would go on without a name."""

    async def away(asked: Asked) -> None:
        location = f"Location: http://{said}:{app.port}{path}".encode()
        await answer(asked, b"", location, status=b"302 Found")

    app.answers["/away"] = away
    async with http.get(f"{front.url}/away", allow_redirects=False) as reply:
        assert reply.headers["Location"] == (path if path.startswith("/") else f"/{path}")


async def test_another_redirect_is_the_apps_own(
    front: Front, app: RawApp, http: aiohttp.ClientSession
) -> None:
    """A look-alike of its port, for example."""
    location = f"http://127.0.0.1:{app.port}1/x"

    async def away(asked: Asked) -> None:
        await answer(asked, b"", f"Location: {location}".encode(), status=b"302 Found")

    app.answers["/other"] = away
    async with http.get(f"{front.url}/other", allow_redirects=False) as reply:
        assert reply.headers["Location"] == location


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("http://localhost:{front}/there?x=1", "//hub.example/user/alice/proxy/{front}/there?x=1"),
        ("http://127.0.0.1:1/other", "//hub.example/user/alice/proxy/1/other"),
        ("/user/alice/proxy/{front}/there", "//hub.example/user/alice/proxy/{front}/there"),
        ("there", "there"),
        ("//localhost/there", "//localhost/there"),
        ("https://example.com/", "https://example.com/"),
    ],
)
async def test_a_redirect_stays_at_the_proxy(
    front: Front,
    app: RawApp,
    http: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    shown: str,
) -> None:
    """Flask's `url_for(_external=True)` names the host that the app was asked for."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    port = front.url.rpartition(":")[2]

    async def away(asked: Asked) -> None:
        location = f"Location: {said.format(front=port)}".encode()
        await answer(asked, b"", location, status=b"302 Found")

    app.answers["/at-proxy"] = away
    sent = {"X-Forwarded-Context": f"/user/alice/proxy/{port}", "Host": "hub.example"}
    url = f"{front.url}/at-proxy"
    async with http.get(url, headers=sent, allow_redirects=False) as reply:
        assert reply.headers["Location"] == shown.format(front=port)


async def test_the_app_may_start_later(cloud: Cloud, http: aiohttp.ClientSession) -> None:
    """Until it is there a sentence says so, as a page to a browser; then it answers."""
    late = RawApp()
    port = ports.any_free()
    async with cloud.front(port) as front:
        assert f"Nothing answers at http://127.0.0.1:{port} yet" in "\n".join(front.lines())
        for accept, kind in (("*/*", "text/plain"), ("text/html", "text/html")):
            async with http.get(f"{front.url}/x", headers={"Accept": accept}) as reply:
                assert (reply.status, reply.content_type) == (502, kind)
                assert f"Nothing answers at http://127.0.0.1:{port}." in await reply.text()
        await late.start(port)
        assert (await told(http, f"{front.url}/x"))["line"] == "GET /x HTTP/1.1"
        await late.stop()


@pytest.mark.parametrize(
    "said", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: x"]
)
async def test_an_app_that_speaks_no_http_is_named(
    front: Front, app: RawApp, http: aiohttp.ClientSession, said: bytes
) -> None:
    """With 502 and a sentence, never with a traceback."""

    async def broken(asked: Asked) -> None:
        await body_of(asked)
        await asked.send(said)
        asked.writer.close()

    app.answers["/broken"] = broken
    for method in ("GET", "POST"):
        async with http.request(method, f"{front.url}/broken", data=b"x") as reply:
            assert reply.status == 502
            assert "gave no answer" in await reply.text()


async def test_a_body_is_sent_once(front: Front, app: RawApp, http: aiohttp.ClientSession) -> None:
    """Also where HTTP would allow to send the request again: half of it would be missing."""
    before = len(app.asked)

    async def hang_up(asked: Asked) -> None:
        await body_of(asked)
        asked.writer.close()

    app.answers["/once"] = hang_up
    async with http.put(f"{front.url}/once", data=b"x" * 100_000) as reply:
        assert reply.status == 502
    assert len(app.asked) == before + 1


async def test_a_home_keeps_one_registration_for_each_app(cloud: Cloud, tmp_path: Path) -> None:
    """The next start has the same client id, at whatever port; after the local cloud was emptied
    a new one is made.
    """
    port = ports.any_free()
    async with cloud.front(port) as front:
        first = front.client_id
    async with cloud.front(port) as front:
        assert front.client_id == first
    assert cloud.applications().count(first) == 1
    cloud.forget(first)
    async with cloud.front(port) as front:
        assert front.client_id != first
        assert front.client_id in cloud.applications()
