"""`func start --auth`: the module of a deployed app in front of an app that runs here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from chatkit.localcloud.functions.local.local_server import LocalRun
from chatkit.localcloud.functions.local.startup import LocalOptions, prepare
from tests.localcloud.easy_auth.deployed_stack import Browser
from tests.localcloud.easy_auth.proxy.front_stack import Cloud
from tests.localcloud.functions.functions_testing import settings_json, until, write_app

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = "http://127.0.0.1:5500"
ECHO = """
@app.route(route='who')
def who(req):
    return json.dumps({k: v for k, v in req.headers.items() if k.startswith('x-ms-')})

from azurefunctions.extensions.http.fastapi import Request, StreamingResponse
@app.route(route='wait')
async def wait(req: Request) -> StreamingResponse:
    async def pieces():
        yield req.headers.get('x-ms-client-principal-name', 'nobody')
        await asyncio.sleep(3600)
    return StreamingResponse(pieces(), media_type='text/event-stream')
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cloud(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cloud]:
    """The local Entra."""
    cloud = Cloud(tmp_path_factory.mktemp("home"))
    await cloud.start()
    yield cloud
    await cloud.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app whose settings let one page call it."""
    settings = settings_json(CORS=PAGE, CORSCredentials=True)
    return write_app(tmp_path_factory.mktemp("app"), ECHO, local_settings_json=settings)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def run(cloud: Cloud, folder: Path) -> AsyncIterator[tuple[LocalRun, list[str]]]:
    """The app with sign-in in front, and what it has printed."""
    lines: list[str] = []
    options = LocalOptions(port=0, echo=lines.append, sign_in=cloud.options())
    run = await LocalRun.start(prepare(folder, options))
    yield run, lines
    await run.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A new profile."""
    browser = Browser()
    yield browser
    await browser.http.close()


async def test_functions_are_told_who_is_signed_in(
    run: tuple[LocalRun, list[str]], browser: Browser
) -> None:
    """Nobody before, alice after, and never whom a request names."""
    url = f"http://localhost:{run[0].port}"
    spoofed = {"X-MS-CLIENT-PRINCIPAL-NAME": "bob"}
    assert (await browser.ask("GET", f"{url}/api/who", headers=spoofed))[:2] == (200, "{}")
    callback = await browser.to_callback(f"{url}/.auth/login/aad")
    assert (await browser.ask("GET", callback))[0] == 302
    _, text, _ = await browser.ask("GET", f"{url}/api/who", headers=spoofed)
    assert json.loads(text)["x-ms-client-principal-name"].startswith("alice@")


async def test_a_stream_passes_the_sign_in_piece_by_piece(
    run: tuple[LocalRun, list[str]], browser: Browser
) -> None:
    """The function learns who is signed in, and that the client has left."""
    pytest.importorskip("azurefunctions.extensions.http.fastapi")
    url = f"http://localhost:{run[0].port}"
    callback = await browser.to_callback(f"{url}/.auth/login/aad")
    await browser.ask("GET", callback)
    spoofed = {"X-MS-CLIENT-PRINCIPAL-NAME": "bob"}
    async with browser.http.get(f"{url}/api/wait", headers=spoofed) as answer:
        assert (await answer.content.readany()).startswith(b"alice@")
        answer.close()
    await until(lambda: "Executed 'Functions.wait'" in "\n".join(run[1]))


async def test_the_page_of_the_settings_may_sign_people_in(
    run: tuple[LocalRun, list[str]], browser: Browser
) -> None:
    """What Host.CORS names is what allowedExternalRedirectUrls name on Azure, and nothing else."""
    login = f"http://localhost:{run[0].port}/.auth/login/aad?"
    for target, status in ((f"{PAGE}/", 302), ("http://127.0.0.1:5501/", 403)):
        query = urlencode({"post_login_redirect_url": target, "session_mode": "token"})
        assert (await browser.ask("GET", login + query))[0] == status


async def test_a_page_at_another_origin_asks_who_it_is(
    run: tuple[LocalRun, list[str]], browser: Browser
) -> None:
    """The preflight is answered before the sign-in, as on Azure."""
    headers = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    headers["Access-Control-Request-Headers"] = "x-zumo-auth"
    url = f"http://localhost:{run[0].port}/.auth/me"
    status, _, answered = await browser.ask("OPTIONS", url, headers=headers)
    assert (status, answered["Access-Control-Allow-Origin"]) == (204, PAGE)


async def test_the_console_says_where_to_sign_in(run: tuple[LocalRun, list[str]]) -> None:
    """Below the functions."""
    text = "\n".join(run[1])
    assert f"Sign-in:\thttp://localhost:{run[0].port}/.auth/login/aad" in text
