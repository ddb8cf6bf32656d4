"""Every attempt of the attack table, against the sign-in in front of a local app."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from urllib.parse import quote, urlencode

import aiohttp
import pytest
import pytest_asyncio
from multidict import CIMultiDict
from yarl import URL

from chatkit.core.errors import SetupError
from chatkit.core.peers import listening_users as listening
from chatkit.localcloud.easy_auth.proxy.run import Front
from chatkit.localcloud.easy_auth.proxy.target import Target
from tests.attacks import local_sign_in
from tests.attacks.sign_in import SPOOFED_HEADERS
from tests.localcloud.easy_auth.deployed_stack import Browser
from tests.localcloud.easy_auth.proxy.front_stack import (
    END,
    UPGRADE,
    Asked,
    Cloud,
    RawApp,
    answer,
    raw,
    told,
)
from tests.localcloud.easy_auth.proxy.test_local_app import identity, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
HUB = "hub.example"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def closed(cloud: Cloud, app: RawApp) -> AsyncIterator[Front]:
    """Sign-in in front of another app, which needs it everywhere but at /open."""
    other = RawApp()
    await other.start()
    async with cloud.front(other.port, action="Return401", excluded_paths=("/open",)) as front:
        other.answers["/ws"] = other.answers["/open/../ws"] = _websocket
        yield front
    await other.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def leading(cloud: Cloud) -> AsyncIterator[tuple[Front, RawApp]]:
    """Sign-in in front of another app, to which everybody is sent first; and the app."""
    other = RawApp()
    await other.start()
    async with cloud.front(other.port, action="RedirectToLoginPage") as front:
        yield front, other
    await other.stop()


async def _websocket(asked: Asked) -> None:
    await asked.agree()
    await asked.reader.read(1)  # the closing frame
    asked.writer.close()


def request(method: str, path: str, host: str, *headers: str) -> bytes:
    """The head of a request, to be sent as it stands."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("name", SPOOFED_HEADERS)
async def test_a_spoofed_header_never_arrives(front: Front, browser: Browser, name: str) -> None:
    """Nobody stays nobody, and alice stays alice."""
    spoofed = CIMultiDict(SPOOFED_HEADERS[name])
    assert identity(await told(browser.http, f"{front.url}/who", headers=spoofed)) == {}
    await sign_in(browser, front)
    expected = identity(await told(browser.http, f"{front.url}/who"))
    assert identity(await told(browser.http, f"{front.url}/who", headers=spoofed)) == expected


@pytest.mark.parametrize("host", local_sign_in.FOREIGN_HOSTS)
async def test_421(front: Front, app: RawApp, host: str) -> None:
    """DNS rebinding ends in front of the app, and in front of the sign-in."""
    before = len(app.asked)
    for path in ("/", "/.auth/me", "/.auth/login/aad"):
        reply = await raw(front.url, request("GET", path, host) + END)
        assert reply.startswith(b"HTTP/1.1 421 ")
    assert len(app.asked) == before


@pytest.mark.parametrize("name", local_sign_in.SMUGGLED)
async def test_nothing_is_smuggled(front: Front, app: RawApp, name: str) -> None:
    """The app never sees a request that the front has not seen as one."""
    head = b"POST /outer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    hidden = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\nX-MS-CLIENT-PRINCIPAL-NAME: bob\r\n\r\n"
    before = len(app.asked)
    reply = await raw(front.url, head + local_sign_in.SMUGGLED[name] + hidden)
    assert reply.split(b" ")[1] == b"400"
    assert not [one for one in app.asked[before:] if "smuggled" in one.line]


@pytest.mark.parametrize("name", local_sign_in.TUNNELS)
async def test_only_websockets_tunnel(front: Front, app: RawApp, name: str) -> None:
    """Whoever had a bare connection to the app could write any name into it."""

    async def refuse(asked: Asked) -> None:
        await answer(asked, b"no", status=b"400 Bad Request")

    app.answers["/refuses"] = refuse
    path = "/refuses" if "not agree" in name else "/x"
    method = "POST" if "POST" in name else "GET"
    lines = [f"{key}: {value}" for key, value in UPGRADE.items() if key != "Connection"]
    if "h2c" in name:
        lines = ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]
    if "body" in name:
        lines.append("Content-Length: 5")
    body = b"hello" if "body" in name else b""
    hidden = request("GET", "/hidden", "localhost") + END
    before = len(app.asked)
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines])
    if "h2c" in name or "POST" in name:
        head += "\r\nConnection: close, Upgrade"
    else:
        head += "\r\nConnection: Upgrade"
    reply = await raw(front.url, head.encode() + END + body + hidden, until=END)
    assert b" 101 " not in reply
    assert not [one for one in app.asked[before:] if "hidden" in one.line]


@pytest.mark.parametrize("name", local_sign_in.UPGRADES)
async def test_a_websocket_needs_a_session(
    closed: Front, front: Front, browser: Browser, name: str
) -> None:
    """401 or 403 before anything reaches the app, and 101 for alice."""
    target, path, headers = closed, "/ws", dict(UPGRADE)
    match name:
        case "with a session of another app":
            end = await sign_in(browser, front, session_mode="token")
            headers["X-ZUMO-AUTH"] = end
        case "with a spoofed name":
            headers["X-MS-CLIENT-PRINCIPAL-NAME"] = "alice"
        case "with a token in the query":
            token = await sign_in(browser, closed, session_mode="token")
            path = f"/ws?access_token={token}"
        case "from another site's page, with the cookie":
            await sign_in(browser, closed)
            headers |= {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        case "from a page at another port, with the cookie":
            await sign_in(browser, closed)
            headers |= {"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"}
        case "in an odd spelling of the path":
            path = "/open/%2e%2e/ws"
    status, _, _ = await browser.ask("GET", target.url + path, headers=headers)
    assert status == (403 if "the cookie" in name else 401)


async def test_alice_opens_the_websocket(closed: Front, browser: Browser) -> None:
    """With her cookie from the app's own page, and with her token."""
    token = await sign_in(browser, closed, session_mode="token")
    async with aiohttp.ClientSession() as other:
        headers = {"X-ZUMO-AUTH": token}
        async with other.ws_connect(f"{closed.url}/ws", headers=headers):
            pass
    await sign_in(browser, closed)
    async with browser.http.ws_connect(f"{closed.url}/ws", headers={"Origin": closed.url}):
        pass


@pytest.mark.parametrize("method", local_sign_in.METHODS)
async def test_a_method_is_not_passed_on(front: Front, app: RawApp, method: str) -> None:
    """TRACE would tell a page what only the app is told."""
    before = len(app.asked)
    path = "localhost:80" if method == "CONNECT" else "/"
    reply = await raw(front.url, request(method, path, "localhost") + END, until=END)
    assert reply.split(b" ")[1] in (b"405", b"400", b"404")
    assert len(app.asked) == before


@pytest.mark.parametrize("text", local_sign_in.TARGETS)
async def test_only_local_apps(text: str) -> None:
    """Nobody makes a relay to other machines of it."""
    with pytest.raises(SetupError):
        Target.parse(text)


@pytest.mark.parametrize("name", local_sign_in.PROXY_HEADERS)
async def test_a_false_proxy_leads_nowhere(front: Front, browser: Browser, name: str) -> None:
    """Words of a proxy that is none change no address."""
    port = front.url.rpartition(":")[2]
    false = {
        "a context on another host": {"X-Forwarded-Context": f"//evil.example/proxy/{port}"},
        "a context without this port": {"X-Forwarded-Context": "/user/mallory/proxy/1"},
        "a context with a port that ends alike": {"X-Forwarded-Context": f"/proxy/1{port}"},
        "a context that leads up": {"X-Forwarded-Context": f"/\\evil.example/{port}"},
        "a forwarded host": {"X-Forwarded-Host": "evil.example"},
    }[name]
    url = f"{front.url}/.auth/logout"
    status, _, headers = await browser.ask("GET", url, headers=false)
    assert (status, headers["Location"]) == (302, "/.auth/logout/done")
    login = f"{front.url}/.auth/login/aad?" + urlencode({"post_login_redirect_uri": "/x"})
    _, _, headers = await browser.ask("GET", login, headers=false)
    assert headers["Location"].startswith("http://localhost:")
    assert f"localhost%3A{port}%2F.auth" in headers["Location"]


@pytest.mark.parametrize("name", local_sign_in.PROXY_TARGETS)
async def test_there_is_no_open_redirect_behind_a_proxy(
    front: Front, browser: Browser, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The hub's host has many people; only the app's own prefix is the app's."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    port = front.url.rpartition(":")[2]
    prefix = f"/user/alice/proxy/{port}"
    target = {
        "another user's server of the hub": f"https://{HUB}/user/mallory/proxy/{port}/",
        "another port of the proxy": f"https://{HUB}/user/alice/proxy/1/",
        "a look-alike of the hub": f"https://{HUB}.evil.example{prefix}/",
        "two slashes below the prefix": f"https://{HUB}{prefix}//evil.example",
        "the hub itself by another scheme": f"javascript://{HUB}{prefix}/",
    }[name]
    for what, query in (
        ("login/aad", "post_login_redirect_uri"),
        ("logout", "post_logout_redirect_uri"),
    ):
        url = f"{front.url}/.auth/{what}?{query}={quote(target, safe='')}"
        told_by_proxy = {"Host": HUB, "X-Forwarded-Context": prefix}
        status, text, _ = await browser.ask("GET", url, headers=told_by_proxy)
        assert (status, "not among the allowed" in text) == (403, True)


@pytest.mark.parametrize("name", local_sign_in.LOOK_ALIKES)
async def test_a_sign_in_leads_back_to_this_host(
    leading: tuple[Front, RawApp], browser: Browser, name: str
) -> None:
    """The browser goes to no other host, and the app gets the path that was asked for."""
    front, app = leading
    host = front.url.removeprefix("http://")
    path = local_sign_in.LOOK_ALIKES[name].format(host=host)
    reply = await raw(front.url, request("GET", path, host, "Accept: text/html") + END, until=END)
    login = reply.decode().partition("Location: ")[2].partition("\r\n")[0]
    callback = await browser.to_callback(f"{front.url}{login}")
    _, _, headers = await browser.ask("GET", callback)
    back = path.removeprefix(front.url).replace("\\", "%5C")
    assert headers["Location"] == front.url + back
    await browser.ask("GET", URL(headers["Location"], encoded=True))
    assert app.asked[-1].line == f"GET {back} HTTP/1.1"


@pytest.mark.parametrize("name", local_sign_in.MARKUP)
async def test_markup_is_text(
    front: Front, browser: Browser, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A link to a sentence runs no script at the app's own origin."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    markup = '"><img src=x onerror=alert(1)>'
    path, more = {
        "in a provider's name": (f"login/{quote(markup, safe='')}", {}),
        "in the address where it ends": (f"login/aad?post_login_redirect_uri={quote(markup)}", {}),
        "in the host of a proxy": (
            "login/done",
            {"Host": HUB, "X-Forwarded-Host": markup, "X-Forwarded-Context": "/user/alice/proxy/1"},
        ),
    }[name]
    sent = {"Accept": "text/html", **more}
    _, page, headers = await browser.ask("GET", f"{front.url}/.auth/{path}", headers=sent)
    assert "<a href=" in page and "<img" not in page
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("name", local_sign_in.ONWARD)
async def test_the_apps_redirect_gets_no_new_host(
    front: Front, app: RawApp, browser: Browser, name: str
) -> None:
    """What is made of the app's address is an address of the app."""
    after = {
        "two slashes after the app's address": "//evil.example/",
        "a look-alike of the app's port": "0@evil.example/",
    }[name]

    async def onward(asked: Asked) -> None:
        location = f"Location: http://localhost:{app.port}{after}".encode()
        await answer(asked, b"", location, status=b"302 Found")

    app.answers["/onward"] = onward
    _, _, headers = await browser.ask("GET", f"{front.url}/onward")
    assert headers["Location"] == f"http://localhost:{app.port}{after}"


@pytest.mark.parametrize("name", local_sign_in.OTHERS)
async def test_another_user_learns_nothing(
    cloud: Cloud, browser: Browser, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Names and tokens go to programs of this user only, or of root."""
    mallory = RawApp()
    await mallory.start()
    mine = {os.stat("/proc/self").st_uid} if "beside" in name else set()
    monkeypatch.setattr(listening, "listening_users", lambda _: {*mine, 4242})
    async with cloud.front(mallory.port) as front:
        await sign_in(browser, front)
        for method in ("GET", "POST"):
            status, text, _ = await browser.ask(method, f"{front.url}/x")
            assert (status, "belongs to another user" in text) == (502, True)
        status, _, _ = await browser.ask("GET", f"{front.url}/ws", headers=UPGRADE)
        assert (status, mallory.asked) == (502, [])
        monkeypatch.setattr(
            listening, "listening_users", lambda _: {os.stat("/proc/self").st_uid, 0}
        )
        assert await told(browser.http, f"{front.url}/x")
    await mallory.stop()
