"""Signing in through a real Jupyter server on another host, and nothing goes past the proxy."""

from __future__ import annotations

import asyncio
import http
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from chatkit.core.ports import any_free
from chatkit.workshop import Workshop
from tests.remote.conftest import PREFIX, TOKEN
from tests.web.conftest import sign_in
from tests.web.deployed import finished_workshop

NAME = "X-MS-CLIENT-PRINCIPAL-NAME"
PAGE = """<!doctype html><meta charset="utf-8"><title>app</title><h1>%s</h1><p></p><script>
const way = new URL("live", location.href); way.protocol = way.protocol.replace("http", "ws");
const socket = new WebSocket(way);
socket.onmessage = ({ data }) => document.querySelector("p").textContent = data;
</script>"""

pytestmark = pytest.mark.slow


class App:
    """Anybody's app: a page that says who is signed in, and a WebSocket that does."""

    def __init__(self) -> None:
        self.port = any_free()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    def __enter__(self) -> App:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        async with serve(self._talk, "127.0.0.1", self.port, process_request=self._answer):
            self._ready.set()
            await self._over.wait()

    async def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        await connection.send(f"live: {connection.request.headers.get(NAME, 'nobody')}")
        await connection.wait_closed()

    def _answer(self, _: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            return None
        body = (PAGE % request.headers.get(NAME, "nobody")).encode()
        headers = Headers({"Content-Type": "text/html", "Content-Length": str(len(body))})
        return Response(http.HTTPStatus.OK, "OK", headers, body)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """The chat with sign-in, deployed and run locally, with what JupyterHub tells its servers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTERHUB_SERVICE_PREFIX", PREFIX)
        home = tmp_path_factory.mktemp("remote") / "home"
        with finished_workshop(home, sign_in=True) as workshop:
            yield workshop


@pytest.fixture
def visit(browser: Browser, jupyter: str) -> Iterator[Callable[[str], Page]]:
    """A function that lets somebody into the Jupyter server, and opens one of its addresses."""
    pages: list[Page] = []

    def enter(url: str) -> Page:
        page = browser.new_context(locale="en-GB").new_page()
        pages.append(page)
        page.set_default_timeout(20_000)
        page.goto(f"{jupyter}api/me?token={TOKEN}")
        page.on("request", lambda request: reached.add(urlsplit(request.url).netloc))
        page.goto(urljoin(jupyter, url))
        return page

    reached: set[str] = set()
    yield enter
    assert reached == {urlsplit(jupyter).netloc}
    for page in pages:
        page.context.close()


def link(result: object) -> str:
    """The address in a verb's result, as a notebook shows it."""
    html = result._repr_mimebundle_()["text/html"]  # type: ignore[attr-defined]
    return str(re.findall(r'href="([^"]+)"', html)[0])


def test_alice_signs_in_to_the_deployed_page(
    workshop: Workshop, visit: Callable[[str], Page]
) -> None:
    """There and back through the proxy, to the page that she came from."""
    page = visit(link(workshop.web_url))
    before = page.url
    sign_in(page, "alice")
    assert page.url == before
    page.reload()
    page.wait_for_selector(".connected")


def test_bob_signs_in_to_the_local_page(workshop: Workshop, visit: Callable[[str], Page]) -> None:
    """With functions that are not deployed, and sign-in in front of them."""
    workshop.start_functions(auth=True)
    workshop.prepare_page()
    page = visit(link(workshop.start_page()))
    sign_in(page, "bob")
    workshop.stop_page()


@pytest.fixture(scope="module")
def front(workshop: Workshop) -> Iterator[str]:
    """The address that `chatkit auth` prints for an app of any kind."""
    with App() as app:
        command = [sys.executable, "-m", "chatkit", "auth", "--for", f"http://localhost:{app.port}"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env={**os.environ}
        ) as process:
            assert process.stdout is not None
            line = next(one for one in process.stdout if " Open " in one)
            yield line.rpartition(" Open ")[2].strip()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


def test_any_app_has_sign_in_below_the_prefix(
    front: str, jupyter: str, visit: Callable[[str], Page]
) -> None:
    """Login, callback, the app's page and WebSocket, sign-out; cookies stay below the prefix."""
    assert re.fullmatch(rf"{PREFIX}proxy/\d+/", front)
    page = visit(front)
    expect(page.locator("h1")).to_have_text("nobody")
    page.goto(urljoin(jupyter, f"{front}.auth/login/aad?post_login_redirect_uri=/"))
    page.get_by_role("button", name="carol", exact=True).click()
    expect(page.locator("h1")).to_have_text(re.compile("^carol@"))
    expect(page.locator("p")).to_have_text(re.compile("^live: carol@"))
    assert urlsplit(page.url).path == front
    given = [
        cookie for cookie in page.context.cookies() if "AppServiceAuth" in cookie.get("name", "")
    ]
    assert given and {cookie.get("path", "") + "/" for cookie in given} == {front}
    page.goto(urljoin(jupyter, f"{front}.auth/logout?post_logout_redirect_uri=/"))
    expect(page.locator("h1")).to_have_text("nobody")
    assert urlsplit(page.url).path == front


def test_nobody_gets_in_without_the_jupyter_servers_token(
    browser: Browser, jupyter: str, front: str
) -> None:
    """The sign-in is as closed as the rest."""
    page = browser.new_context().new_page()
    page.goto(urljoin(jupyter, f"{front}.auth/login/aad"))
    assert urlsplit(page.url).path == f"{PREFIX}login"
    page.context.close()
