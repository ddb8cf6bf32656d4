"""The map's page, and what notebooks ask: behind a token, with what local runs have seen."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from chatkit.core import ports
from chatkit.core.running.presence import FUNCTIONS, present
from chatkit.core.running.reachable import Reachable, those_running, told
from chatkit.localcloud.core.browser.page_token import proof
from chatkit.localcloud.core.control import Control
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.trace import Trace, caused
from chatkit.localcloud.functions.http.requests import AppTrace
from chatkit.localcloud.journeys import reader
from chatkit.localcloud.journeys.service import MapService
from tests.attacks.chat_map import FROM_OTHER_PAGES, WITHOUT_TOKEN
from tests.localcloud.memory_transport import MemoryNetwork

pytestmark = pytest.mark.asyncio(loop_scope="module")
CAUSE = "0a1b2c3d-0000-1111-2222-0123456789ab"


def send(trace: Trace, text: str) -> None:
    """What a message leaves in the trace of a local cloud with a deployed app."""
    with caused(CAUSE):
        call = {"method": "POST", "path": "/api/hubs/chat/:send", "status": 202, "ms": 0.2}
        frame = {"direction": "out", "hub": "chat", "target": "newMessage", "receivers": 2}
        said = f'[{{"sender": "alice", "text": "{text}"}}]'
        trace.emit("signalr/chat", "frame", **frame, arguments=said, cause=CAUSE)
        trace.emit("signalr/chat", "request", **call, cause=CAUSE)


def answer(app: AppTrace) -> None:
    """The end of the request that sent it."""
    request = {"method": "POST", "path": "/api/messages", "status": 200, "ms": 5.0}
    app.trace.emit(app.source, "request", cause=CAUSE, function="SendMessage", **request)


@dataclass
class Asking:
    """A client of the map's port and of the control endpoint."""

    platform: Platform
    http: aiohttp.ClientSession
    map: str
    control: str
    control_token: str

    @property
    def token(self) -> str:
        return self.map.partition("#")[2]

    def url(self, path: str) -> str:
        """Of the map's port, but for the trace."""
        if path == "/trace":
            return f"{self.control}{path}"
        return f"{self.map.partition('/#')[0]}{path}"

    async def ask(self, path: str) -> Any:
        """JSON, shown to who has the token."""
        async with self.http.get(self.url(path), headers=await self.headers()) as got:
            return await got.json()

    async def headers(self) -> dict[str, str]:
        """What the page sends."""
        async with self.http.get(self.url("/run")) as got:
            run = (await got.json())["run"]
        return {"x-chatkit-token": proof(self.token, run)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asking]:
    """A map in memory, over a trace that holds a message."""
    network = MemoryNetwork()
    folder = tmp_path_factory.mktemp("home") / "local"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "LOOK_EVERY_S", 0.0)
        opened = partial(Platform.open, open_port=network.listen)
        platform = opened(folder)
        service = MapService(platform)
        control = Control(platform, on_stop=lambda: None, routes=service.control_routes())
        await service.start()
        await control.start()
        send(platform.trace, "Hello")
        answer(AppTrace(platform.trace, "functions/site"))
        async with aiohttp.ClientSession(connector=network.connector()) as http:
            yield Asking(platform, http, **service.endpoints(), **control.endpoints())
        await platform.close()


async def test_the_page_is_told_the_ways_and_draws_them(asking: Asking) -> None:
    """With what a reader without this package needs, and a picture for each step."""
    news = await asking.ask("/journeys")
    first = news["journeys"][0]
    assert first["line"].startswith("alice: Hello: browsers -> functions -> SignalR -> browsers")
    assert [row[0] for row in first["rows"]] == ["1", "2", "3", "4"]
    drawn = await asking.ask("/picture?way=1&steps=2")
    assert drawn["svg"].startswith("<svg ") and "hop 2 of 4" in drawn["words"]
    assert "No message" in (await asking.ask("/picture?way=0"))["words"]
    for path in ("/picture?way=99", "/picture?way=1&run=another"):
        assert await asking.ask(path) == {"error": "The way is not known any more."}
    assert await asking.ask(f"/picture?way=1&steps=2&run={news['run']}") == drawn
    assert (await asking.ask(f"/journeys?after={first['number']}"))["run"] == news["run"]


@pytest.mark.parametrize("path", ["/journeys?after=x", "/picture?way=-1", "/picture?steps=1e3"])
async def test_a_number_that_is_none_is_refused(asking: Asking, path: str) -> None:
    """In a sentence."""
    async with asking.http.get(asking.url(path), headers=await asking.headers()) as got:
        assert got.status == 400 and "whole numbers" in (await got.json())["error"]


@pytest.mark.parametrize("name", WITHOUT_TOKEN)
async def test_nothing_is_told_without_the_token(asking: Asking, name: str) -> None:
    """One token opens the map and nothing else, in one place of the request."""
    path, headers = WITHOUT_TOKEN[name]
    right = (await asking.headers())["x-chatkit-token"]
    known = {"token": asking.token, "control": asking.control_token, "proof": right}
    known |= {"half": right[:32], "before": proof(asking.token, "0123456789abcdef")}
    shown = {key: value.format(**known) for key, value in headers.items()}
    async with asking.http.get(asking.url(path.format(**known)), headers=shown) as got:
        assert got.status == 403 and "alice" not in await got.text()


@pytest.mark.parametrize("name", FROM_OTHER_PAGES)
async def test_no_other_page_reads_the_map(asking: Asking, name: str) -> None:
    """A browser gets no word that would allow it, and the page stands in no frame."""
    method, headers = FROM_OTHER_PAGES[name]
    async with asking.http.request(method, asking.url("/"), headers=headers) as got:
        assert not [key for key in got.headers if key.startswith("Access-Control")]
        if method == "GET":
            assert "frame-ancestors 'none'" in got.headers["Content-Security-Policy"]
            assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_the_page_holds_no_token_and_takes_nothing_from_elsewhere(asking: Asking) -> None:
    """Its address has the token behind the #, which no request carries."""
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{40,}", asking.map)
    for path in ("/", "/map.js", "/map.css"):
        async with asking.http.get(asking.url(path)) as got:
            text = await got.text()
            assert got.status == 200 and asking.token not in text
            assert not re.findall(r"https?://|innerHTML|eval\(", text)


async def test_an_open_page_goes_on_after_a_start_and_not_at_another_port(tmp_path: Path) -> None:
    """The token is kept with the port: what listened there meanwhile knows none for another."""
    network = MemoryNetwork()
    tokens: list[str] = []
    for taken in (False, False, True):
        platform = Platform.open(tmp_path, open_port=network.listen)
        if taken:
            platform.store.put("ports", "map", {"port": 1})
        address = MapService(platform).endpoints()["map"]
        tokens.append(address.partition("#")[2])
        await platform.close()
    assert tokens[0] == tokens[1] != tokens[2]


async def test_a_local_runs_requests_are_on_the_map(asking: Asking) -> None:
    """A process of its own, found by what lies beside its lock."""
    home = asking.platform.folder.parent
    run = Trace()

    async def show(request: web.Request) -> web.Response:
        assert request.headers["x-chatkit-token"] == "secret"
        events = [event.as_json() for event in run.after(int(request.query["after"]))]
        return web.json_response({"events": events})

    runner = web.AppRunner(web.Application())
    runner.app.router.add_get("/", show)
    await runner.setup()
    (sock,) = ports.bind(0, ipv4_only=True, wanted_for="a test")
    await web.SockSite(runner, sock).start()
    reachable = Reachable(ports.port_of([sock]), "secret")
    with present(home, FUNCTIONS), told(home, FUNCTIONS, reachable):
        send(asking.platform.trace, "from a local run")
        answer(AppTrace(run, "functions/functions"))
        news = await asking.ask("/journeys?after=1")
        (path,) = home.glob("running/*.json")
        assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600
        again = await asking.ask("/journeys?after=1")
        path.write_text('{"port": "none"}', encoding="utf-8")
        assert those_running(home, FUNCTIONS) == []
    await runner.cleanup()
    assert [one["title"] for one in news["journeys"]] == ["alice: from a local run"]
    assert [hop["target"] for hop in news["journeys"][0]["hops"]][0] == "functions"
    assert again == news and not path.exists()


async def test_a_run_that_answers_no_more_is_passed_over(asking: Asking) -> None:
    """Killed in this moment, or suspended: the others are told."""
    home = asking.platform.folder.parent
    with present(home, FUNCTIONS), told(home, FUNCTIONS, Reachable(1, "secret")):
        assert (await asking.ask("/journeys"))["journeys"]
